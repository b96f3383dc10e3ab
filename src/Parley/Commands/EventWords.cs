using System.Globalization;
using System.Text;
using Parley.Sip.Events;
using Parley.Sip.Events.Documents;
using Parley.Sip.Messages;

namespace Parley.Commands;

/// <summary>What bodies of events say, in words for people: one line for each thing.</summary>
internal static class EventWords
{
    /// <summary>Describes a body; one of another type, or that cannot be read, as it came.</summary>
    public static IReadOnlyList<string> Describe(string contentType, ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty) return [];
        if (MultipartBody.TryRead(contentType, body, out IReadOnlyList<BodyPart>? parts) && ResourceList.TryRead(parts[0].Body.Span, out ResourceList? list)) return Describe(list, parts);
        string type = contentType.Split(';')[0].Trim();
        IReadOnlyList<string>? words = EventPackages.All.FirstOrDefault(package => package.Body.Equals(type, StringComparison.OrdinalIgnoreCase))?.Name switch
        {
            "presence" when PresenceDocument.TryRead(body, out PresenceDocument? presence) => Describe(presence),
            "presence.winfo" when WatcherInfo.TryRead(body, out WatcherInfo? watchers) => [.. watchers.Watchers.Select(watcher => $"{watcher.Uri} watches ({watcher.Status})")],
            "dialog" when DialogInfo.TryRead(body, out DialogInfo? dialogs) => Describe(dialogs),
            "message-summary" when MessageSummary.TryRead(body, out MessageSummary summary) => [summary.IsWaiting ? "messages wait" : "no messages", .. summary.Counts.Select(counts => counts.ToString())],
            "reg" when RegistrationInfo.TryRead(body, out RegistrationInfo? registration) => Describe(registration),
            "conference" when ConferenceInfo.TryRead(body, out ConferenceInfo? conference) => Describe(conference),
            _ => null,
        };
        return words ?? Encoding.UTF8.GetString(body).ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
    }

    /// <summary>One line for each member that is told of.</summary>
    private static List<string> Describe(ResourceList list, IReadOnlyList<BodyPart> parts)
    {
        List<string> words = [];
        foreach (ListedResource resource in list.Resources)
        {
            IEnumerable<string> said = resource.Instances.SelectMany(instance => parts.FirstOrDefault(part => instance.ContentId is not null && part.ContentId == instance.ContentId) is { } part
                ? Describe(part.ContentType, part.Body.Span)
                : [$"{instance.State.ToString().ToLowerInvariant()}{(instance.Reason is { } reason ? $" ({reason})" : "")}"]);
            words.Add($"{resource.Name ?? resource.Uri}: {(resource.Instances.Count == 0 ? "not known yet" : string.Join(", ", said))}");
        }

        return words;
    }

    private static List<string> Describe(ConferenceInfo conference)
    {
        List<string> words = [];
        if (conference.State == ConferenceElementState.Deleted) words.Add("the conference is over");
        if ((conference.Subject ?? conference.DisplayText) is { } subject) words.Add(subject);
        if (conference.UserCount is { } count) words.Add(string.Create(CultureInfo.InvariantCulture, $"{count} take part"));
        foreach (ConferenceUser user in conference.Users)
        {
            string where = user.State == ConferenceElementState.Deleted ? "left" : string.Join(", ", user.Endpoints.Select(endpoint => endpoint.Status ?? "there"));
            words.Add($"{user.DisplayText ?? user.Entity}{(where.Length > 0 ? $": {where}" : "")}");
        }

        return words;
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
