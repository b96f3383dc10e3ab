using Parley.Server.Events.Dialogs;
using Parley.Sip.Events;
using Parley.Sip.Events.Documents;

namespace Parley.Server.Events;

/// <summary>The event packages of this server.</summary>
internal static class ServerPackages
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<ServerPackage> All { get; } = [new PresenceOfUsers(), new WatchersOfUsers(), new MessagesOfUsers(), new RegistrationsOfUsers(), new DialogsOfUsers()];

    /// <summary>Finds a package by its event type.</summary>
    public static ServerPackage? Find(ReadOnlySpan<byte> name)
    {
        foreach (ServerPackage package in All)
        {
            if (package.Package.NameBytes.SequenceEqual(name)) return package;
        }

        return null;
    }
}

/// <summary>Presence: what the user's devices publish, and for each registered contact whose device publishes nothing that it is there.</summary>
/// <remarks>
/// A device that registers and publishes is the same when both came over one flow. Who has neither is closed. Contacts' addresses are not told: they
/// are of use to nobody, and say where somebody is. Source: RFC 3856 6, 7.
/// </remarks>
internal sealed class PresenceOfUsers() : ServerPackage(EventPackages.Presence)
{
    /// <inheritdoc/>
    public override bool IsForOthers => true;

    /// <inheritdoc/>
    public override bool TakesPublications => true;

    /// <inheritdoc/>
    public override bool IsWellFormed(ReadOnlySpan<byte> body) => PresenceDocument.TryRead(body, out _);

    /// <inheritdoc/>
    public override byte[] Write(in WatchedUser user, uint? version)
    {
        List<PresenceDocument> documents = [];
        HashSet<string> publishers = new(StringComparer.Ordinal);
        foreach (PublishedState published in user.Published)
        {
            if (!PresenceDocument.TryRead(published.Body, out PresenceDocument? document)) continue;
            documents.Add(document);
            publishers.Add(published.Publisher);
        }

        string uri = user.Uri;
        List<PresenceTuple> tuples = [];
        foreach (RegisteredContact contact in user.Contacts)
        {
            if (contact.Source.Length > 0 && publishers.Contains(contact.Source)) continue;
            tuples.Add(new PresenceTuple(contact.Id, true, uri) { Priority = contact.Preference / 1000m });
        }

        if (tuples.Count == 0 && documents.Count == 0) tuples.Add(new PresenceTuple("none", false, uri));
        if (tuples.Count > 0) documents.Add(new PresenceDocument { Entity = uri, Tuples = tuples });
        return PresenceDocument.Compose(uri, documents).Write();
    }
}

/// <summary>Who watches a user's presence.</summary>
/// <remarks>Source: RFC 3857.</remarks>
internal sealed class WatchersOfUsers() : ServerPackage(EventPackages.PresenceWatchers)
{
    /// <inheritdoc/>
    public override byte[] Write(in WatchedUser user, uint? version) =>
        new WatcherInfo(user.Uri, EventPackages.Presence.Name, [.. user.Watchers.Select(watcher => new WatcherInfoEntry($"w{watcher.Id:x}", "sip:" + watcher.Uri, "active", "subscribe"))])
        {
            Version = version ?? 0,
        }.Write();
}

/// <summary>Whether messages wait for a user: those in his mailbox here, and what was published.</summary>
/// <remarks>Source: RFC 3842.</remarks>
internal sealed class MessagesOfUsers() : ServerPackage(EventPackages.MessageSummary)
{
    /// <inheritdoc/>
    public override bool TakesPublications => true;

    /// <inheritdoc/>
    public override bool IsWellFormed(ReadOnlySpan<byte> body) => MessageSummary.TryRead(body, out _);

    /// <inheritdoc/>
    public override byte[] Write(in WatchedUser user, uint? version)
    {
        (int unheard, int heard) = user.Voicemail;
        MessageSummary all = new(unheard > 0) { Account = user.Uri, Counts = unheard + heard > 0 ? [new MessageCounts("Voice-Message", (uint)unheard, (uint)heard)] : [] };
        foreach (PublishedState published in user.Published)
        {
            // Several mailboxes are merged as RFC 3842 3.10 has it: one that waits is enough.
            if (MessageSummary.TryRead(published.Body, out MessageSummary one)) all = all with { IsWaiting = all.IsWaiting || one.IsWaiting, Counts = [.. all.Counts, .. one.Counts] };
        }

        return all.Write();
    }
}

/// <summary>Which contacts of a user are registered.</summary>
/// <remarks>Source: RFC 3680.</remarks>
internal sealed class RegistrationsOfUsers() : ServerPackage(EventPackages.Registration)
{
    /// <inheritdoc/>
    public override byte[] Write(in WatchedUser user, uint? version) =>
        new RegistrationInfo(user.Uri, [.. user.Contacts.Select(contact => new RegistrationInfoContact(contact.Id, contact.Uri, version is null ? 0 : contact.ExpiresSeconds))])
        {
            Version = version ?? 0,
        }.Write();
}
