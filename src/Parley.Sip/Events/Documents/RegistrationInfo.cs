using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Xml.Linq;

namespace Parley.Sip.Events.Documents;

/// <summary>Which contacts are registered: <c>application/reginfo+xml</c>.</summary>
/// <param name="AddressOfRecord">Whose: a SIP URI.</param>
/// <param name="Contacts">The contacts.</param>
/// <remarks>Source: RFC 3680 5.</remarks>
public sealed record RegistrationInfo(string AddressOfRecord, IReadOnlyList<RegistrationInfoContact> Contacts)
{
    private const int MaxContacts = 256;
    private static readonly XNamespace Namespace = "urn:ietf:params:xml:ns:reginfo";

    /// <summary>The number of the document in its subscription.</summary>
    public uint Version { get; init; }

    /// <summary>Reads a document with one registration.</summary>
    /// <returns>False when it is malformed, or breaks a bound.</returns>
    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out RegistrationInfo? info)
    {
        info = null;
        if (!EventXml.TryRead(body, Namespace + "reginfo", out XElement? root) || root.Element(Namespace + "registration") is not { } registration) return false;
        if (!uint.TryParse(root.Attribute("version")?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out uint version) || registration.Elements().Count() > MaxContacts) return false;
        info = new RegistrationInfo(
            registration.Attribute("aor")?.Value ?? "",
            [.. registration.Elements(Namespace + "contact").Where(contact => contact.Attribute("state")?.Value == "active").Select(contact =>
                new RegistrationInfoContact(contact.Attribute("id")?.Value ?? "", contact.Text(Namespace + "uri") ?? "", int.TryParse(contact.Attribute("expires")?.Value, out int expires) ? expires : 0))])
        {
            Version = version,
        };
        return true;
    }

    /// <summary>Writes the document, with all contacts.</summary>
    public byte[] Write()
    {
        var registration = new XElement(
            Namespace + "registration", new XAttribute("aor", EventXml.Clean(AddressOfRecord)), new XAttribute("id", "r1"), new XAttribute("state", Contacts.Count > 0 ? "active" : "init"));
        foreach (RegistrationInfoContact contact in Contacts)
        {
            registration.Add(new XElement(
                Namespace + "contact",
                new XAttribute("id", contact.Id),
                new XAttribute("state", "active"),
                new XAttribute("event", "registered"),
                contact.ExpiresSeconds > 0 ? new XAttribute("expires", contact.ExpiresSeconds) : null,
                new XElement(Namespace + "uri", EventXml.Clean(contact.Uri))));
        }

        return EventXml.Write(new XElement(Namespace + "reginfo", new XAttribute("version", Version), new XAttribute("state", "full"), registration));
    }
}

/// <summary>One registered contact.</summary>
/// <param name="Id">Its name, the same in each document.</param>
/// <param name="Uri">The contact address.</param>
/// <param name="ExpiresSeconds">The time left; 0 when that is not said.</param>
public sealed record RegistrationInfoContact(string Id, string Uri, int ExpiresSeconds);
