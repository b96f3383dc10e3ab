using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Xml.Linq;

namespace Parley.Sip.Events.Documents;

/// <summary>A conference and who takes part in it: <c>application/conference-info+xml</c>.</summary>
/// <remarks>Sidebars, host information and associated addresses are passed over. Source: RFC 4575 5.</remarks>
/// <param name="Entity">The conference: a SIP URI.</param>
/// <param name="Users">Who takes part.</param>
public sealed record ConferenceInfo(string Entity, IReadOnlyList<ConferenceUser> Users)
{
    internal const int MaxUsers = 1000;
    internal static readonly XNamespace Namespace = "urn:ietf:params:xml:ns:conference-info";
    private static readonly string[] States = ["full", "partial", "deleted"];

    /// <summary>The number of the document in its subscription.</summary>
    public uint Version { get; init; }

    /// <summary>Whether all is told, or what changed, or that the conference is over.</summary>
    public ConferenceElementState State { get; init; }

    /// <summary>What it is about; null where that is not said.</summary>
    public string? Subject { get; init; }

    /// <summary>Its name for people; null where that is not said.</summary>
    public string? DisplayText { get; init; }

    /// <summary>How many may take part; null where that is not said.</summary>
    public uint? MaximumUserCount { get; init; }

    /// <summary>How many take part; null where that is not said.</summary>
    public uint? UserCount { get; init; }

    /// <summary>Whether the conference goes on; null where that is not said.</summary>
    public bool? IsActive { get; init; }

    /// <summary>Whether nobody may join; null where that is not said.</summary>
    public bool? IsLocked { get; init; }

    /// <summary>Reads a document.</summary>
    /// <returns>False when it is malformed, or breaks a bound.</returns>
    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out ConferenceInfo? info)
    {
        info = null;
        return EventXml.TryRead(body, Namespace + "conference-info", out XElement? root) && TryRead(root, out info);
    }

    internal static bool TryRead(XElement root, [NotNullWhen(true)] out ConferenceInfo? info)
    {
        info = null;
        if (root.Attribute("entity")?.Value is not { } entity || !TryReadState(root, out ConferenceElementState state)) return false;
        if (!uint.TryParse(root.Attribute("version")?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out uint version)) return false;
        XElement? description = root.Element(Namespace + "conference-description"), conference = root.Element(Namespace + "conference-state");
        List<ConferenceUser> users = [];
        foreach (XElement element in root.Elements(Namespace + "users").Elements(Namespace + "user"))
        {
            if (users.Count == MaxUsers || !ConferenceUser.TryRead(element, out ConferenceUser? user)) return false;
            users.Add(user);
        }

        info = new ConferenceInfo(entity, users)
        {
            Version = version,
            State = state,
            Subject = description?.Text(Namespace + "subject"),
            DisplayText = description?.Text(Namespace + "display-text"),
            MaximumUserCount = Number(description?.Text(Namespace + "maximum-user-count")),
            UserCount = Number(conference?.Text(Namespace + "user-count")),
            IsActive = Flag(conference?.Text(Namespace + "active")),
            IsLocked = Flag(conference?.Text(Namespace + "locked")),
        };
        return true;
    }

    /// <summary>What a watcher who was told another document has to be told, with the next version: users who came, changed or left, and what else is another.</summary>
    /// <remarks>Source: RFC 4575 4.4.</remarks>
    public ConferenceInfo ChangesSince(ConferenceInfo told)
    {
        ArgumentNullException.ThrowIfNull(told);
        bool isDescribedAlike = (Subject, DisplayText, MaximumUserCount) == (told.Subject, told.DisplayText, told.MaximumUserCount);
        bool isStateAlike = (UserCount, IsActive, IsLocked) == (told.UserCount, told.IsActive, told.IsLocked);
        Dictionary<string, ConferenceUser> before = new(StringComparer.Ordinal);
        foreach (ConferenceUser user in told.Users) before[user.Entity] = user;
        List<ConferenceUser> changed = [];
        foreach (ConferenceUser user in Users)
        {
            if (!before.Remove(user.Entity, out ConferenceUser? old) || !old.Equals(user)) changed.Add(user);
        }

        changed.AddRange(before.Values.Select(left => new ConferenceUser(left.Entity, []) { State = ConferenceElementState.Deleted }));
        return new ConferenceInfo(Entity, changed)
        {
            Version = told.Version + 1,
            State = ConferenceElementState.Partial,
            Subject = isDescribedAlike ? null : Subject,
            DisplayText = isDescribedAlike ? null : DisplayText,
            MaximumUserCount = isDescribedAlike ? null : MaximumUserCount,
            UserCount = isStateAlike ? null : UserCount,
            IsActive = isStateAlike ? null : IsActive,
            IsLocked = isStateAlike ? null : IsLocked,
        };
    }

    /// <summary>Writes the document.</summary>
    public byte[] Write()
    {
        var root = new XElement(
            Namespace + "conference-info", new XAttribute("entity", EventXml.Clean(Entity)), new XAttribute("state", States[(int)State]), new XAttribute("version", Version));
        AddSome(root, "conference-description", [Element("display-text", DisplayText), Element("subject", Subject), Element("maximum-user-count", MaximumUserCount)]);
        AddSome(root, "conference-state", [Element("user-count", UserCount), Element("active", IsActive), Element("locked", IsLocked)]);
        if (Users.Count > 0 || State == ConferenceElementState.Full)
        {
            root.Add(new XElement(Namespace + "users", State == ConferenceElementState.Partial ? new XAttribute("state", "partial") : null, Users.Select(user => user.Write())));
        }

        return EventXml.Write(root);
    }

    internal static bool TryReadState(XElement element, out ConferenceElementState state)
    {
        int index = element.Attribute("state") is { } attribute ? Array.IndexOf(States, attribute.Value) : 0;
        state = (ConferenceElementState)Math.Max(index, 0);
        return index >= 0;
    }

    internal static XAttribute? Attribute(ConferenceElementState state) => state == ConferenceElementState.Full ? null : new XAttribute("state", States[(int)state]);

    internal static XElement? Element(string name, string? text) => text is null ? null : new XElement(Namespace + name, EventXml.Clean(text));

    private static XElement? Element(string name, uint? number) => number is null ? null : new XElement(Namespace + name, number);

    private static XElement? Element(string name, bool? flag) => flag is null ? null : new XElement(Namespace + name, flag);

    private static void AddSome(XElement root, string name, XElement?[] children)
    {
        if (Array.Exists(children, child => child is not null)) root.Add(new XElement(Namespace + name, children));
    }

    private static uint? Number(string? text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) ? number : null;

    private static bool? Flag(string? text) => text switch { "true" or "1" => true, "false" or "0" => false, _ => null };
}

/// <summary>How much of an element a document tells.</summary>
/// <remarks>Source: RFC 4575 4.4.</remarks>
public enum ConferenceElementState
{
    /// <summary>All of it.</summary>
    Full,

    /// <summary>What changed.</summary>
    Partial,

    /// <summary>That it is no more.</summary>
    Deleted,
}
