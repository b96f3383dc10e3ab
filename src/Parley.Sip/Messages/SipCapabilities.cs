using System.Text;

namespace Parley.Sip.Messages;

/// <summary>An extension of SIP, by its option tag.</summary>
/// <param name="Tag">The tag, in lower case.</param>
/// <param name="OnlyIn">The method whose requests alone may demand it; null for any.</param>
/// <param name="IsDeclared">False for one that is understood where it is demanded, and not offered in Supported.</param>
public readonly record struct SipExtension(string Tag, SipMethod? OnlyIn = null, bool IsDeclared = true);

/// <summary>What an element says that it can do, and holds others to: the one table behind Allow, Supported, Accept and Allow-Events in every answer that has them.</summary>
/// <remarks>
/// The 200 to an OPTIONS has all rows, a 405 Allow, a 415 Accept and Accept-Encoding, a 420 Unsupported. No body is ever encoded here, and people are told things
/// in English. Source: RFC 3261 8.2, 11.2, 20.1 to 20.5, 20.32, 20.37, 20.40; RFC 6665 4.4.4.
/// </remarks>
public sealed class SipCapabilities
{
    private static readonly byte[] AcceptEncoding = "Accept-Encoding: identity\r\n"u8.ToArray();

    private readonly SipMethod[] _methods;
    private readonly SipExtension[] _extensions;
    private readonly (SipMethod Method, string Type)[] _bodies;

    /// <summary>What an element can do.</summary>
    /// <param name="methods">The methods that it takes, in the order of Allow.</param>
    /// <param name="extensions">The extensions that it has, in the order of Supported.</param>
    /// <param name="bodies">The media types that the bodies of its methods may have.</param>
    /// <param name="events">The event types that can be subscribed to here; those of a template are not named (RFC 6665 4.4.4).</param>
    public SipCapabilities(
        IEnumerable<SipMethod> methods, IEnumerable<SipExtension> extensions, IEnumerable<(SipMethod Method, string Type)> bodies, IEnumerable<string> events)
    {
        (_methods, _extensions, _bodies) = ([.. methods], [.. extensions], [.. bodies]);
        Allow = Row("Allow", _methods.Select(method => method.Text));
        string[] tags = [.. _extensions.Where(extension => extension.IsDeclared).Select(extension => extension.Tag)];
        Supported = tags.Length == 0 ? [] : Row("Supported", tags);
        string[] names = [.. events.Where(name => !name.Contains('.', StringComparison.Ordinal))];
        AllowEvents = names.Length == 0 ? [] : Row("Allow-Events", names);
        Options = [.. Allow, .. Supported, .. AllowEvents, .. Row("Accept", _bodies.Select(body => body.Type).Distinct()), .. AcceptEncoding, .. "Accept-Language: en\r\n"u8];
    }

    /// <summary>The Allow row.</summary>
    public byte[] Allow { get; }

    /// <summary>The Supported row; empty when there is nothing to say.</summary>
    public byte[] Supported { get; }

    /// <summary>The Allow-Events row; empty when nothing can be subscribed to.</summary>
    public byte[] AllowEvents { get; }

    /// <summary>All rows, for the 200 to an OPTIONS.</summary>
    public byte[] Options { get; }

    /// <summary>True for a method that is taken.</summary>
    public bool Takes(SipMethod method) => _methods.AsSpan().Contains(method);

    /// <summary>True for an extension that a request of a method may demand.</summary>
    public bool Understands(SipMethod method, ReadOnlySpan<byte> tag)
    {
        foreach (SipExtension extension in _extensions)
        {
            if ((extension.OnlyIn is null || extension.OnlyIn == method) && Ascii.EqualsIgnoreCase(tag, extension.Tag)) return true;
        }

        return false;
    }

    /// <summary>True for a media type that the body of a request of a method may have.</summary>
    public bool Accepts(SipMethod method, in MediaTypeView type)
    {
        foreach ((SipMethod taken, string name) in _bodies)
        {
            int slash = name.IndexOf('/');
            if (taken == method && Ascii.EqualsIgnoreCase(type.Type, name.AsSpan(0, slash)) && Ascii.EqualsIgnoreCase(type.Subtype, name.AsSpan(slash + 1))) return true;
        }

        return false;
    }

    /// <summary>The rows of a 415 to a method. An empty Accept says that it takes no body at all.</summary>
    public byte[] AcceptRows(SipMethod method) =>
        [.. Row("Accept", _bodies.Where(body => body.Method == method).Select(body => body.Type)), .. AcceptEncoding];

    /// <summary>The row of a 420.</summary>
    /// <returns>Empty when a request demands nothing that is not there.</returns>
    public byte[] UnsupportedRow(in SipMessageView request)
    {
        if (!request.Has(HeaderId.Require)) return [];
        List<string> missing = [];
        foreach (HeaderValue tag in request.Values(HeaderId.Require))
        {
            if (!Understands(request.Method, tag.Bytes)) missing.Add(Encoding.UTF8.GetString(tag.Bytes));
        }

        return missing.Count == 0 ? [] : Row("Unsupported", missing);
    }

    private static byte[] Row(string name, IEnumerable<string> values) => Encoding.UTF8.GetBytes($"{name}: {string.Join(", ", values)}\r\n");
}
