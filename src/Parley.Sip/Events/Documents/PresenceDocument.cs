using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace Parley.Sip.Events.Documents;

/// <summary>Somebody's presence: <c>application/pidf+xml</c>.</summary>
/// <remarks>
/// Of a person (RFC 4479, RFC 4480) the activities are read; all that publishers wrote into tuples and persons goes on as it came. Source: RFC 3863 4.
/// </remarks>
public sealed class PresenceDocument
{
    private const int MaxTuples = 64;
    private static readonly XNamespace Pidf = "urn:ietf:params:xml:ns:pidf";
    private static readonly XNamespace DataModel = "urn:ietf:params:xml:ns:pidf:data-model";
    private static readonly XNamespace Rpid = "urn:ietf:params:xml:ns:pidf:rpid";

    /// <summary>Whose it is: a pres or SIP URI.</summary>
    public required string Entity { get; init; }

    /// <summary>The ways to reach somebody.</summary>
    public IReadOnlyList<PresenceTuple> Tuples { get; init; } = [];

    /// <summary>What the document says in words.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>What the person does: <c>on-the-phone</c>, <c>away</c>.</summary>
    /// <remarks>Written as a person of its own where no publisher wrote one. A name of RFC 4480 3.2.</remarks>
    public IReadOnlyList<string> Activities { get; init; } = [];

    /// <summary>True when one tuple is open.</summary>
    public bool IsOpen => Tuples.Any(tuple => tuple.IsOpen == true);

    internal IReadOnlyList<XElement> Persons { get; private init; } = [];

    /// <summary>Reads a document.</summary>
    /// <returns>False when it is malformed, or breaks a bound.</returns>
    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out PresenceDocument? document)
    {
        document = null;
        if (!EventXml.TryRead(body, Pidf + "presence", out XElement? root)) return false;
        if (root.Attribute("entity")?.Value is not { Length: > 0 } entity || root.Elements(Pidf + "tuple").Count() > MaxTuples) return false;
        List<XElement> persons = [.. root.Elements(DataModel + "person")];
        document = new PresenceDocument
        {
            Entity = entity,
            Tuples = [.. root.Elements(Pidf + "tuple").Select(ReadTuple)],
            Notes = [.. root.Elements(Pidf + "note").Select(note => note.Value.Trim())],
            Activities = [.. persons.Elements(Rpid + "activities").Elements().Where(activity => activity.Name.Namespace == Rpid && activity.Name.LocalName != "note").Select(activity => activity.Name.LocalName)],
            Persons = persons,
        };
        return true;
    }

    /// <summary>One document of several: the tuples, persons and notes of all of them, each tuple with an id of its own.</summary>
    /// <param name="entity">Whose presence it is.</param>
    /// <param name="documents">The documents, of which whose they say they are does not count.</param>
    public static PresenceDocument Compose(string entity, IReadOnlyList<PresenceDocument> documents)
    {
        List<PresenceTuple> tuples = [];
        for (int i = 0; i < documents.Count; i++)
        {
            foreach (PresenceTuple tuple in documents[i].Tuples) tuples.Add(tuple with { Id = string.Create(CultureInfo.InvariantCulture, $"d{i + 1}-{tuple.Id}") });
        }

        return new PresenceDocument
        {
            Entity = entity,
            Tuples = tuples,
            Notes = [.. documents.SelectMany(document => document.Notes).Distinct()],
            Activities = [.. documents.SelectMany(document => document.Activities).Distinct()],
            Persons = [.. documents.SelectMany(document => document.Persons)],
        };
    }

    /// <summary>Writes the document.</summary>
    public byte[] Write()
    {
        var root = new XElement(Pidf + "presence", new XAttribute("entity", EventXml.Clean(Entity)));
        foreach (PresenceTuple tuple in Tuples) root.Add(WriteTuple(tuple));
        foreach (string note in Notes) root.Add(new XElement(Pidf + "note", EventXml.Clean(note)));
        foreach (XElement person in Persons) root.Add(person);
        if (Persons.Count == 0 && Activities.Count > 0) root.Add(WritePerson());
        return EventXml.Write(root);
    }

    private static PresenceTuple ReadTuple(XElement tuple)
    {
        bool? isOpen = tuple.Element(Pidf + "status")?.Text(Pidf + "basic") switch { "open" => true, "closed" => false, _ => null };
        string? priority = tuple.Element(Pidf + "contact")?.Attribute("priority")?.Value;
        return new PresenceTuple(tuple.Attribute("id")?.Value ?? "", isOpen, tuple.Text(Pidf + "contact"))
        {
            Priority = decimal.TryParse(priority, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal known) && known <= 1 ? known : null,
            Note = tuple.Text(Pidf + "note"),
            Source = tuple,
        };
    }

    private XElement WritePerson() => new(
        DataModel + "person", new XAttribute("id", "p1"), new XElement(Rpid + "activities", Activities.Select(activity => new XElement(Rpid + XmlConvert.EncodeLocalName(activity)))));

    private static XElement WriteTuple(PresenceTuple tuple)
    {
        string id = XmlConvert.EncodeNmToken(tuple.Id.Length > 0 ? tuple.Id : "t");
        if (tuple.Source is { } source)
        {
            var copy = new XElement(source);
            copy.SetAttributeValue("id", id);
            return copy;
        }

        var status = new XElement(Pidf + "status", tuple.IsOpen is { } isOpen ? new XElement(Pidf + "basic", isOpen ? "open" : "closed") : null);
        XElement? contact = tuple.Contact is { } uri
            ? new XElement(Pidf + "contact", tuple.Priority is { } q ? new XAttribute("priority", q.ToString("0.###", CultureInfo.InvariantCulture)) : null, EventXml.Clean(uri))
            : null;
        return new XElement(Pidf + "tuple", new XAttribute("id", id), status, contact, tuple.Note is { } note ? new XElement(Pidf + "note", EventXml.Clean(note)) : null);
    }
}

/// <summary>One way to reach somebody.</summary>
/// <param name="Id">Its name in the document.</param>
/// <param name="IsOpen">Whether it is ready; null when it does not say.</param>
/// <param name="Contact">Its address; null when it does not say.</param>
public sealed record PresenceTuple(string Id, bool? IsOpen, string? Contact)
{
    /// <summary>How much it is preferred, 0 to 1; null when it does not say.</summary>
    public decimal? Priority { get; init; }

    /// <summary>What it says in words; null for nothing.</summary>
    public string? Note { get; init; }

    /// <summary>What a publisher wrote, which goes on as it came.</summary>
    internal XElement? Source { get; init; }
}
