using System.Collections.Immutable;

namespace Parley.Server.Configuration;

/// <summary>Who may watch users' presence.</summary>
public sealed record PresenceOptions
{
    /// <summary>Who may watch everybody.</summary>
    /// <value>Default: users of the same domain.</value>
    public PresenceWatchers Watchers { get; init; } = PresenceWatchers.Domain;

    /// <summary>Who else may watch a user, by the user's address.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>> Allow { get; init; } = ImmutableDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>True when somebody may watch a user, who need not exist.</summary>
    /// <param name="user">The user's canonical address of record.</param>
    /// <param name="watcher">The watcher's.</param>
    /// <param name="isProven">True when the watcher proved who he is. Others are who they say only where that does not matter.</param>
    internal bool MayWatch(string user, string watcher, bool isProven)
    {
        if (Watchers == PresenceWatchers.Everyone) return true;
        if (!isProven) return false;
        if (Watchers == PresenceWatchers.Domain && DomainOf(user) == DomainOf(watcher)) return true;
        return Allow.TryGetValue(user, out ImmutableArray<string> allowed) && allowed.Contains(watcher);
    }

    private static string DomainOf(string address) => address[(address.LastIndexOf('@') + 1)..];
}

/// <summary>Who may watch everybody's presence.</summary>
public enum PresenceWatchers
{
    /// <summary>Each user himself, and whom he allows.</summary>
    Owner,

    /// <summary>Users of the same domain too.</summary>
    Domain,

    /// <summary>Anybody.</summary>
    Everyone,
}
