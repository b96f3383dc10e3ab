using System.Collections.Immutable;

namespace Parley.Server.Rules;

/// <summary>Several people under one name.</summary>
public sealed record RingGroup
{
    private int _calls = -1;

    /// <summary>Who they are: users of the domain, or anybody; one or more, no groups.</summary>
    public ImmutableArray<CallTarget> Members { get; init; } = [];

    /// <summary>Who rings when.</summary>
    public RingOrder Order { get; init; }

    /// <summary>How long a member's phones ring before the next member's do, or before nobody has answered.</summary>
    public TimeSpan After { get; init; } = ForwardingRules.DefaultAfter;

    /// <summary>Where a call goes that nobody has answered; null refuses it.</summary>
    public CallTarget? Otherwise { get; init; }

    /// <summary>The member that the next call begins with. Any thread.</summary>
    internal int NextFirst() => Order == RingOrder.RoundRobin ? (int)((uint)Interlocked.Increment(ref _calls) % (uint)Members.Length) : 0;

    /// <inheritdoc/>
    public bool Equals(RingGroup? other) =>
        other is not null && Members.SequenceEqual(other.Members) && Order == other.Order && After == other.After && Otherwise == other.Otherwise;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Members.Length, Order, After, Otherwise);
}

/// <summary>Which members of a group ring when.</summary>
public enum RingOrder
{
    /// <summary>All at once.</summary>
    All,

    /// <summary>One after the other, always from the first.</summary>
    InTurn,

    /// <summary>One after the other, each call beginning with the member behind the one that the call before began with.</summary>
    RoundRobin,
}
