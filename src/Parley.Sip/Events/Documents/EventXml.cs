using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Parley.Sip.Events.Documents;

/// <summary>Reads and writes the XML of event bodies. What comes from the wire has no DTD and no entities, and bounds.</summary>
internal static class EventXml
{
    /// <summary>More is not read.</summary>
    public const int MaxBytes = 65_536;

    private const int MaxDepth = 32;

    private static readonly XmlReaderSettings Reading = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = MaxBytes,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        IgnoreWhitespace = true,
    };

    private static readonly XmlWriterSettings Writing = new() { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), Indent = true, NewLineChars = "\n" };

    /// <summary>Reads a document whose root has a name.</summary>
    /// <returns>False when it is none, is malformed, too large or too deep, or has another root.</returns>
    public static bool TryRead(ReadOnlySpan<byte> body, XName name, [NotNullWhen(true)] out XElement? root)
    {
        root = null;
        if (body.Length > MaxBytes || body.IsEmpty || !IsShallow(body)) return false;
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(body.ToArray()), Reading);
            XElement read = XElement.Load(reader);
            root = read.Name == name ? read : null;
        }
        catch (XmlException)
        {
            return false;       // the platform's reader says by it what is malformed
        }

        return root is not null;
    }

    /// <summary>Writes a document.</summary>
    public static byte[] Write(XElement root)
    {
        using var bytes = new MemoryStream();
        using (var writer = XmlWriter.Create(bytes, Writing)) root.WriteTo(writer);
        return bytes.ToArray();
    }

    /// <summary>The text of a child; null when there is none.</summary>
    public static string? Text(this XElement element, XName name) => element.Element(name)?.Value.Trim();

    /// <summary>An attribute where there is something to say.</summary>
    public static XAttribute? Attribute(string name, string? value) => string.IsNullOrEmpty(value) ? null : new XAttribute(name, Clean(value));

    /// <summary>A text without what XML cannot have.</summary>
    public static string Clean(string text) => text.All(XmlConvert.IsXmlChar) ? text : string.Concat(text.Where(XmlConvert.IsXmlChar));

    private static bool IsShallow(ReadOnlySpan<byte> body)
    {
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(body.ToArray()), Reading);
            while (reader.Read())
            {
                if (reader.Depth > MaxDepth) return false;
            }

            return true;
        }
        catch (XmlException)
        {
            return false;
        }
    }
}
