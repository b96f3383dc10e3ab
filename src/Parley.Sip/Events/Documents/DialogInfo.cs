using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Xml.Linq;

namespace Parley.Sip.Events.Documents;

/// <summary>The calls that somebody has: <c>application/dialog-info+xml</c>.</summary>
/// <remarks>Source: RFC 4235 4.</remarks>
/// <param name="Entity">Whose: a SIP URI.</param>
/// <param name="Dialogs">The calls.</param>
public sealed record DialogInfo(string Entity, IReadOnlyList<DialogInfoEntry> Dialogs)
{
    private const int MaxDialogs = 256;
    private static readonly XNamespace Namespace = "urn:ietf:params:xml:ns:dialog-info";
    private static readonly string[] States = ["trying", "proceeding", "early", "confirmed", "terminated"];

    /// <summary>The number of the document in its subscription.</summary>
    public uint Version { get; init; }

    /// <summary>False when only what changed is told.</summary>
    public bool IsFull { get; init; } = true;

    /// <summary>Reads a document.</summary>
    /// <returns>False when it is malformed, or breaks a bound.</returns>
    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out DialogInfo? info)
    {
        info = null;
        if (!EventXml.TryRead(body, Namespace + "dialog-info", out XElement? root) || root.Attribute("entity")?.Value is not { } entity) return false;
        if (!uint.TryParse(root.Attribute("version")?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out uint version)) return false;
        List<DialogInfoEntry> dialogs = [];
        foreach (XElement dialog in root.Elements(Namespace + "dialog"))
        {
            string? state = dialog.Text(Namespace + "state");
            if (dialogs.Count == MaxDialogs || dialog.Attribute("id")?.Value is not { } id || Array.IndexOf(States, state) is var index && index < 0) return false;
            dialogs.Add(new DialogInfoEntry(id, (DialogInfoState)index)
            {
                IsInitiator = dialog.Attribute("direction")?.Value switch { "initiator" => true, "recipient" => false, _ => null },
                CallId = dialog.Attribute("call-id")?.Value,
                LocalTag = dialog.Attribute("local-tag")?.Value,
                RemoteTag = dialog.Attribute("remote-tag")?.Value,
                RemoteIdentity = dialog.Element(Namespace + "remote")?.Text(Namespace + "identity"),
            });
        }

        info = new DialogInfo(entity, dialogs) { Version = version, IsFull = root.Attribute("state")?.Value != "partial" };
        return true;
    }

    /// <summary>Writes the document.</summary>
    public byte[] Write()
    {
        var root = new XElement(Namespace + "dialog-info", new XAttribute("version", Version), new XAttribute("state", IsFull ? "full" : "partial"), new XAttribute("entity", EventXml.Clean(Entity)));
        foreach (DialogInfoEntry dialog in Dialogs)
        {
            root.Add(new XElement(
                Namespace + "dialog",
                new XAttribute("id", EventXml.Clean(dialog.Id)),
                EventXml.Attribute("call-id", dialog.CallId),
                EventXml.Attribute("local-tag", dialog.LocalTag),
                EventXml.Attribute("remote-tag", dialog.RemoteTag),
                dialog.IsInitiator is { } isInitiator ? new XAttribute("direction", isInitiator ? "initiator" : "recipient") : null,
                new XElement(Namespace + "state", States[(int)dialog.State]),
                dialog.RemoteIdentity is { } remote ? new XElement(Namespace + "remote", new XElement(Namespace + "identity", EventXml.Clean(remote))) : null));
        }

        return EventXml.Write(root);
    }
}

/// <summary>One call in a <see cref="DialogInfo"/>.</summary>
/// <param name="Id">Its name in the document.</param>
/// <param name="State">Where it is.</param>
public sealed record DialogInfoEntry(string Id, DialogInfoState State)
{
    /// <summary>Whether the user called; null when that is not said.</summary>
    public bool? IsInitiator { get; init; }

    /// <summary>Its Call-ID.</summary>
    public string? CallId { get; init; }

    /// <summary>The user's tag.</summary>
    public string? LocalTag { get; init; }

    /// <summary>The other side's tag.</summary>
    public string? RemoteTag { get; init; }

    /// <summary>Who the other side is.</summary>
    public string? RemoteIdentity { get; init; }
}

/// <summary>Where a call is.</summary>
/// <remarks>Source: RFC 4235 3.7.1.</remarks>
public enum DialogInfoState
{
    /// <summary>The INVITE was sent.</summary>
    Trying,

    /// <summary>A provisional response without a tag came.</summary>
    Proceeding,

    /// <summary>It rings.</summary>
    Early,

    /// <summary>It is answered.</summary>
    Confirmed,

    /// <summary>It is over.</summary>
    Terminated,
}
