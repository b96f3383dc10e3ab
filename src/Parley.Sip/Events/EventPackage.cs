using System.Text;

namespace Parley.Sip.Events;

/// <summary>What an event package lays down: its name, its bodies, how long a subscription lasts and how often its state is told.</summary>
/// <param name="Name">The event type: <c>presence</c>, <c>presence.winfo</c>.</param>
/// <param name="Body">The media type of its bodies that everybody takes who says nothing else; empty where there is none.</param>
/// <param name="DefaultExpiry">How long a subscription lasts that does not ask.</param>
/// <param name="NotifyInterval">The least time between two NOTIFYs that nobody asked for.</param>
/// <param name="AllowsForks">Whether one SUBSCRIBE may make several subscriptions, one for each notifier that it was forked to.</param>
/// <remarks>Source: RFC 6665 5.4; each package's RFC for its values. How to add one: docs/recipes/add-an-event-package.md.</remarks>
public sealed record EventPackage(string Name, string Body, TimeSpan DefaultExpiry, TimeSpan NotifyInterval, bool AllowsForks)
{
    private readonly byte[] _nameBytes = Encoding.ASCII.GetBytes(Name);

    /// <summary>The event type in bytes.</summary>
    public ReadOnlySpan<byte> NameBytes => _nameBytes;

    /// <summary>True when a NOTIFY may tell only what changed, so that bodies are counted by version.</summary>
    public bool HasPartialState { get; init; }
}

/// <summary>The one table of event packages.</summary>
public static class EventPackages
{
    /// <summary>Whether somebody can be reached.</summary>
    /// <remarks>Source: RFC 3856 6.</remarks>
    public static EventPackage Presence { get; } = Package("presence", "application/pidf+xml", 3600, 5, allowsForks: false);

    /// <summary>Who watches somebody's presence.</summary>
    /// <remarks>Source: RFC 3857 4.</remarks>
    public static EventPackage PresenceWatchers { get; } = Package("presence.winfo", "application/watcherinfo+xml", 3600, 5, allowsForks: false) with { HasPartialState = true };

    /// <summary>The calls that somebody has: busy lamps.</summary>
    /// <remarks>Source: RFC 4235 3, which recommends a default of two hours for the subscription to single dialogs and of an hour for those to all of a user.</remarks>
    public static EventPackage Dialog { get; } = Package("dialog", "application/dialog-info+xml", 3600, 1, allowsForks: true) with { HasPartialState = true };

    /// <summary>Whether messages wait.</summary>
    /// <remarks>Source: RFC 3842 3, which leaves the interval to the notifier.</remarks>
    public static EventPackage MessageSummary { get; } = Package("message-summary", "application/simple-message-summary", 3600, 1, allowsForks: true);

    /// <summary>Which contacts are registered.</summary>
    /// <remarks>Source: RFC 3680 4.</remarks>
    public static EventPackage Registration { get; } = Package("reg", "application/reginfo+xml", 3761, 5, allowsForks: false) with { HasPartialState = true };

    /// <summary>Who takes part in a conference.</summary>
    /// <remarks>Source: RFC 4575 3.</remarks>
    public static EventPackage Conference { get; } = Package("conference", "application/conference-info+xml", 3600, 5, allowsForks: false) with { HasPartialState = true };

    /// <summary>How far a REFER has come.</summary>
    /// <remarks>Source: RFC 3515 3. Each state is told at once: the last of them ends the subscription, and nothing follows that could be held back for.</remarks>
    public static EventPackage Refer { get; } = Package("refer", "message/sipfrag", 180, 0, allowsForks: true);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<EventPackage> All { get; } = [Presence, PresenceWatchers, Dialog, MessageSummary, Registration, Conference, Refer];

    /// <summary>Finds a package by its event type, which is compared byte by byte (RFC 6665 8.2.1).</summary>
    /// <returns>Null for one that is not in the table.</returns>
    public static EventPackage? Find(ReadOnlySpan<byte> name)
    {
        foreach (EventPackage package in All)
        {
            if (package.NameBytes.SequenceEqual(name)) return package;
        }

        return null;
    }

    /// <inheritdoc cref="Find(ReadOnlySpan{byte})"/>
    public static EventPackage? Find(string name) => Find(Encoding.UTF8.GetBytes(name));

    private static EventPackage Package(string name, string body, int expirySeconds, int intervalSeconds, bool allowsForks) =>
        new(name, body, TimeSpan.FromSeconds(expirySeconds), TimeSpan.FromSeconds(intervalSeconds), allowsForks);
}
