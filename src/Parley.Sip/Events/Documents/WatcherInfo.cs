using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Xml.Linq;

namespace Parley.Sip.Events.Documents;

/// <summary>Who watches somebody: <c>application/watcherinfo+xml</c>.</summary>
/// <param name="Resource">Who is watched: a SIP URI.</param>
/// <param name="Package">The event that they watch.</param>
/// <param name="Watchers">Who watches.</param>
/// <remarks>Source: RFC 3858 3.</remarks>
public sealed record WatcherInfo(string Resource, string Package, IReadOnlyList<WatcherInfoEntry> Watchers)
{
    private const int MaxWatchers = 1024;
    private static readonly XNamespace Namespace = "urn:ietf:params:xml:ns:watcherinfo";

    /// <summary>The number of the document in its subscription.</summary>
    public uint Version { get; init; }

    /// <summary>Reads a document with one list.</summary>
    /// <returns>False when it is malformed, or breaks a bound.</returns>
    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out WatcherInfo? info)
    {
        info = null;
        if (!EventXml.TryRead(body, Namespace + "watcherinfo", out XElement? root) || root.Element(Namespace + "watcher-list") is not { } list) return false;
        if (!uint.TryParse(root.Attribute("version")?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out uint version) || list.Elements().Count() > MaxWatchers) return false;
        info = new WatcherInfo(
            list.Attribute("resource")?.Value ?? "",
            list.Attribute("package")?.Value ?? "",
            [.. list.Elements(Namespace + "watcher").Select(watcher => new WatcherInfoEntry(watcher.Attribute("id")?.Value ?? "", watcher.Value.Trim(), watcher.Attribute("status")?.Value ?? "", watcher.Attribute("event")?.Value ?? ""))])
        {
            Version = version,
        };
        return true;
    }

    /// <summary>Writes the document, with all watchers.</summary>
    public byte[] Write()
    {
        var list = new XElement(Namespace + "watcher-list", new XAttribute("resource", EventXml.Clean(Resource)), new XAttribute("package", Package));
        foreach (WatcherInfoEntry watcher in Watchers)
        {
            list.Add(new XElement(Namespace + "watcher", new XAttribute("id", watcher.Id), new XAttribute("event", watcher.Event), new XAttribute("status", watcher.Status), EventXml.Clean(watcher.Uri)));
        }

        return EventXml.Write(new XElement(Namespace + "watcherinfo", new XAttribute("version", Version), new XAttribute("state", "full"), list));
    }
}

/// <summary>Somebody who watches.</summary>
/// <param name="Id">The name of the subscription.</param>
/// <param name="Uri">Who.</param>
/// <param name="Status">Where the subscription is: <c>active</c>, <c>pending</c>, <c>waiting</c>, <c>terminated</c>.</param>
/// <param name="Event">What brought it there: <c>subscribe</c>, <c>approved</c>, <c>timeout</c>.</param>
public sealed record WatcherInfoEntry(string Id, string Uri, string Status, string Event);
