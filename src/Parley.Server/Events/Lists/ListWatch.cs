namespace Parley.Server.Events.Lists;

/// <summary>A subscription to a list: what it watches of each member, and what it was told last.</summary>
/// <remarks>The members' states are this server's own; no request is sent for them. Source: RFC 4662 4.</remarks>
/// <param name="package">The package.</param>
/// <param name="uri">The list.</param>
internal sealed class ListWatch(ServerPackage package, string uri)
{
    /// <summary>The package.</summary>
    public ServerPackage Package => package;

    /// <summary>The list's URI.</summary>
    public string Uri => uri;

    /// <summary>The number of the next document.</summary>
    public uint Version { get; set; }

    /// <summary>The members, in the list's order.</summary>
    public List<WatchedMember> Members { get; } = [];
}

/// <summary>A member of a list, as one subscription watches it.</summary>
/// <param name="uri">Who.</param>
internal sealed class WatchedMember(string uri)
{
    /// <summary>What the package keeps of what was told last.</summary>
    public object? Told;

    /// <summary>Who.</summary>
    public string Uri => uri;

    /// <summary>What is watched; null when there is nothing, or nothing that the watcher may see.</summary>
    public WatchedResource? Resource { get; init; }

    /// <summary>Who watches it.</summary>
    public Watcher? Watcher { get; init; }

    /// <summary>Why it is not watched, as RFC 6665 4.1.3 names reasons.</summary>
    public string? Refusal { get; init; }

    /// <summary>The state that was told last, without what changes with time alone.</summary>
    public byte[] State { get; set; } = [];

    /// <summary>The number of the member's next document.</summary>
    public uint Version { get; set; }
}

/// <summary>A member of a list that somebody wants to watch.</summary>
/// <param name="Uri">Who.</param>
/// <param name="User">His address of record; null when he is not watched.</param>
/// <param name="Refusal">Why not.</param>
internal sealed record ListMember(string Uri, string? User, string? Refusal);
