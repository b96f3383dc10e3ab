using System.Collections.Immutable;
using Parley.Core;
using Parley.Server.Configuration;
using Parley.Sip.Messages;

namespace Parley.Server.Rules;

/// <summary>Who may use this server, and for whom. What is denied is denied, whatever is allowed.</summary>
public sealed record AccessRules
{
    /// <summary>The only networks that may send anything; empty for all.</summary>
    public ImmutableArray<NetworkPrefix> AllowFrom { get; init; } = [];

    /// <summary>Networks that may send nothing.</summary>
    public ImmutableArray<NetworkPrefix> DenyNetworks { get; init; } = [];

    /// <summary>Callers who may call nobody, by what they say who they are.</summary>
    public ImmutableArray<UriPattern> DenyCallers { get; init; } = [];

    /// <summary>The only destinations that may be called, besides users of our domains; empty for all.</summary>
    public ImmutableArray<UriPattern> AllowTo { get; init; } = [];

    /// <summary>Destinations that may not be called.</summary>
    public ImmutableArray<UriPattern> DenyTo { get; init; } = [];

    /// <summary>True when nothing is set about networks.</summary>
    internal bool AllowsAllNetworks => AllowFrom.IsEmpty && DenyNetworks.IsEmpty;

    /// <summary>True when nothing is set about callers and destinations.</summary>
    internal bool AllowsAllCalls => DenyCallers.IsEmpty && AllowTo.IsEmpty && DenyTo.IsEmpty;

    /// <summary>True when an address may send something.</summary>
    public bool MaySend(NetworkAddress address)
    {
        foreach (NetworkPrefix network in DenyNetworks)
        {
            if (network.Contains(address)) return false;
        }

        foreach (NetworkPrefix network in AllowFrom)
        {
            if (network.Contains(address)) return true;
        }

        return AllowFrom.IsEmpty;
    }

    /// <summary>True when a caller may call.</summary>
    public bool MayCall(scoped in SipUriView caller) => !IsIn(DenyCallers, caller);

    /// <summary>True when a destination may be called.</summary>
    /// <param name="destination">Its URI.</param>
    /// <param name="isOwn">True for a user of one of our domains.</param>
    public bool MayBeCalled(scoped in SipUriView destination, bool isOwn) =>
        !IsIn(DenyTo, destination) && (isOwn || AllowTo.IsEmpty || IsIn(AllowTo, destination));

    /// <inheritdoc/>
    public bool Equals(AccessRules? other) =>
        other is not null && AllowFrom.SequenceEqual(other.AllowFrom) && DenyNetworks.SequenceEqual(other.DenyNetworks) && DenyCallers.SequenceEqual(other.DenyCallers)
        && AllowTo.SequenceEqual(other.AllowTo) && DenyTo.SequenceEqual(other.DenyTo);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(AllowFrom.Length, DenyNetworks.Length, DenyCallers.Length, AllowTo.Length, DenyTo.Length);

    private static bool IsIn(ImmutableArray<UriPattern> patterns, scoped in SipUriView uri)
    {
        foreach (UriPattern pattern in patterns)
        {
            if (pattern.Matches(uri)) return true;
        }

        return false;
    }
}
