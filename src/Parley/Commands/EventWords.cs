using System.Globalization;
using System.Text;
using Parley.Sip.Events;
using Parley.Sip.Events.Documents;

namespace Parley.Commands;

/// <summary>What bodies of events say, in words for people: one line for each thing.</summary>
internal static class EventWords
{
    /// <summary>Describes a body; one of another type, or that cannot be read, as it came.</summary>
    public static IReadOnlyList<string> Describe(string contentType, ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty) return [];
        string type = contentType.Split(';')[0].Trim();
        IReadOnlyList<string>? words = EventPackages.All.FirstOrDefault(package => package.Body.Equals(type, StringComparison.OrdinalIgnoreCase))?.Name switch
        {
            "presence" when PresenceDocument.TryRead(body, out PresenceDocument? presence) => Describe(presence),
            "presence.winfo" when WatcherInfo.TryRead(body, out WatcherInfo? watchers) => [.. watchers.Watchers.Select(watcher => $"{watcher.Uri} watches ({watcher.Status})")],
            "dialog" when DialogInfo.TryRead(body, out DialogInfo? dialogs) => Describe(dialogs),
            "message-summary" when MessageSummary.TryRead(body, out MessageSummary summary) => [summary.IsWaiting ? "messages wait" : "no messages", .. summary.Counts.Select(counts => counts.ToString())],
            "reg" when RegistrationInfo.TryRead(body, out RegistrationInfo? registration) => Describe(registration),
            _ => null,
        };
        return words ?? Encoding.UTF8.GetString(body).ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
    }

    private static List<string> Describe(PresenceDocument presence)
    {
        List<string> words = [presence.IsOpen ? "open" : "closed"];
        words.AddRange(presence.Activities);
        foreach (PresenceTuple tuple in presence.Tuples)
        {
            if (presence.Tuples.Count > 1 || tuple.Note is not null) words.Add($"{tuple.Id}: {(tuple.IsOpen == true ? "open" : "closed")}{(tuple.Note is { } note ? $", {note}" : "")}");
        }

        words.AddRange(presence.Notes);
        return words;
    }

    private static List<string> Describe(DialogInfo info) => info.Dialogs.Count == 0
        ? ["no calls"]
        : [.. info.Dialogs.Select(dialog => $"{dialog.State.ToString().ToLowerInvariant()}{(dialog.IsInitiator switch { true => " to", false => " from", _ => " with" })} {dialog.RemoteIdentity ?? "somebody"}")];

    private static List<string> Describe(RegistrationInfo info) => info.Contacts.Count == 0
        ? ["not registered"]
        : [.. info.Contacts.Select(contact => string.Create(CultureInfo.InvariantCulture, $"{contact.Uri} for {contact.ExpiresSeconds} s"))];
}
