using System.Xml.Linq;

namespace Parley.Sip.Events.Documents;

/// <summary>A conference as its documents have told it so far, at a watcher.</summary>
/// <remarks>What this program does not know goes along as it came. Source: RFC 4575 4.6.</remarks>
public sealed class ConferenceState
{
    private const int MaxElements = 20_000;

    private XElement? _root;
    private uint _version;

    /// <summary>The whole of it; null before the first full document.</summary>
    public ConferenceInfo? Info { get; private set; }

    /// <summary>Takes the next document.</summary>
    public ConferenceUpdate Update(ReadOnlySpan<byte> body)
    {
        if (!EventXml.TryRead(body, ConferenceInfo.Namespace + "conference-info", out XElement? root) || !ConferenceInfo.TryRead(root, out ConferenceInfo? told)) return ConferenceUpdate.Malformed;
        if (_root is null && told.State == ConferenceElementState.Partial) return ConferenceUpdate.NeedsFullState;
        if (_root is not null && told.Version <= _version) return ConferenceUpdate.Stale;
        if (told.State != ConferenceElementState.Partial)
        {
            (_root, _version, Info) = (root, told.Version, told);
            return told.State == ConferenceElementState.Deleted ? ConferenceUpdate.Deleted : ConferenceUpdate.Taken;
        }

        if (told.Version != _version + 1) return ConferenceUpdate.NeedsFullState;
        var merged = new XElement(_root!);
        Merge(merged, root);
        merged.SetAttributeValue("version", told.Version);
        if (merged.Descendants().Take(MaxElements).Count() == MaxElements || !ConferenceInfo.TryRead(merged, out ConferenceInfo? info)) return ConferenceUpdate.NeedsFullState;
        (_root, _version, Info) = (merged, told.Version, info);
        return ConferenceUpdate.Taken;
    }

    private static void Merge(XElement local, XElement update)
    {
        foreach (XElement child in update.Elements())
        {
            string? key = KeyOf(child);
            XElement? known = local.Elements(child.Name).FirstOrDefault(one => KeyOf(one) == key);
            string state = child.Attribute("state")?.Value ?? "full";
            if (state == "deleted")
            {
                known?.Remove();
            }
            else if (known is null)
            {
                // A part of what was not known is all that is known of it.
                var added = new XElement(child);
                foreach (XElement element in added.DescendantsAndSelf()) element.SetAttributeValue("state", null);
                local.Add(added);
            }
            else if (state == "partial")
            {
                Merge(known, child);
            }
            else
            {
                known.ReplaceWith(new XElement(child));
            }
        }
    }

    /// <summary>What tells elements of one name apart.</summary>
    /// <remarks>Source: RFC 4575 4.5.</remarks>
    private static string? KeyOf(XElement element) => element.Name.LocalName switch
    {
        "user" or "endpoint" => element.Attribute("entity")?.Value,
        "media" => element.Attribute("id")?.Value,
        "entry" => element.Attribute("entity")?.Value ?? element.Text(ConferenceInfo.Namespace + "uri"),
        _ => null,
    };
}

/// <summary>What became of a document of a conference.</summary>
public enum ConferenceUpdate
{
    /// <summary>It is taken in.</summary>
    Taken,

    /// <summary>It cannot be read.</summary>
    Malformed,

    /// <summary>It is older than what is known, and passed over.</summary>
    Stale,

    /// <summary>One before it was missed: the subscription is to be refreshed.</summary>
    NeedsFullState,

    /// <summary>The conference is over.</summary>
    Deleted,
}
