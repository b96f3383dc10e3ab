namespace Parley.Sip.Messages;

/// <summary>An address with parameters, as From, To, Contact, Route and others have it, over the bytes it was read from.</summary>
/// <remarks>
/// <code>
/// "A. G. Bell" &lt;sip:agb@bell-telephone.example;lr&gt; ;tag=a48s
/// DisplayName   Uri                               Parameters
/// </code>
/// Without angle brackets all parameters belong to the header, and a comma or question mark in the URI is malformed.
/// Source: RFC 3261 20, 20.10, 20.20, 25.1.
/// </remarks>
public readonly ref struct NameAddressView
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly Parts _parts;

    /// <summary>Where the parts are in the value; an empty one is not there. 16 bits are enough for every message.</summary>
    internal struct Parts
    {
        public ushort DisplayNameEnd, UriStart, UriEnd, ParametersStart, TagStart, TagEnd;
    }

    internal NameAddressView(ReadOnlySpan<byte> bytes, int offset, scoped in Parts parts)
    {
        _bytes = bytes;
        Offset = offset;
        _parts = parts;
    }

    /// <summary>What reading it has found.</summary>
    internal Parts Found => _parts;

    /// <summary>The whole value.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Where it starts in the message.</summary>
    public int Offset { get; }

    /// <summary>The display name as it was written, with its quotes; empty when there is none.</summary>
    public ReadOnlySpan<byte> RawDisplayName => _bytes[.._parts.DisplayNameEnd];

    /// <summary>The display name without quotes; quoted pairs are still in it (<see cref="QuotedText"/>).</summary>
    public ReadOnlySpan<byte> DisplayName => _parts.DisplayNameEnd > 1 && _bytes[0] == '"' ? _bytes[1..(_parts.DisplayNameEnd - 1)] : RawDisplayName;

    /// <summary>The URI as it was written, without brackets. That it has a scheme was checked, no more.</summary>
    public ReadOnlySpan<byte> Uri => _bytes[_parts.UriStart.._parts.UriEnd];

    /// <summary>Where the URI starts in the message.</summary>
    public int UriOffset => Offset + _parts.UriStart;

    /// <summary>True when the URI is in angle brackets.</summary>
    public bool IsBracketed => _parts.UriStart > 0;

    /// <summary>The parameters of the header, not of the URI.</summary>
    public ParametersView Parameters => new(_bytes[_parts.ParametersStart..], Offset + _parts.ParametersStart);

    /// <summary>The tag parameter; empty when there is none.</summary>
    public ReadOnlySpan<byte> Tag => _bytes[_parts.TagStart.._parts.TagEnd];

    /// <summary>Where the value ends in the message: a parameter can be appended here.</summary>
    public int End => Offset + _bytes.Length;

    /// <summary>Reads the URI.</summary>
    public bool TryGetUri(out SipUriView uri) => SipUriView.TryParse(Uri, UriOffset, out uri);

    /// <summary>Reads a value.</summary>
    public static bool TryParse(scoped in HeaderValue value, out NameAddressView address)
    {
        address = default;
        return value.IsClosed && TryParse(value.Bytes, value.Offset, out address);
    }

    /// <summary>Reads a value.</summary>
    /// <param name="bytes">The value and nothing else, without white space around it.</param>
    /// <param name="offset">Where it is in the message.</param>
    /// <param name="address">The value.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, int offset, out NameAddressView address)
    {
        address = default;
        if (bytes.Length > SipLimits.LargestMessageBytes) return false;
        int nameEnd = DisplayNameEnd(bytes);
        if (nameEnd < 0) return false;
        int at = Grammar.SkipWhiteSpace(bytes, nameEnd);
        int uriStart, uriEnd;
        if (at < bytes.Length && bytes[at] == '<')
        {
            uriStart = at + 1;
            int length = bytes[uriStart..].IndexOf((byte)'>');
            if (length < 0) return false;
            uriEnd = uriStart + length;
            at = uriEnd + 1;
        }
        else
        {
            if (bytes[0] == '"') return false;
            nameEnd = uriStart = 0;
            int length = bytes.IndexOfAny(Grammar.AddressEnd);
            uriEnd = at = length < 0 ? bytes.Length : length;
            if (bytes[..uriEnd].ContainsAny((byte)',', (byte)'?')) return false;
        }

        ReadOnlySpan<byte> uri = bytes[uriStart..uriEnd];
        if (!SipUriView.IsScheme(uri, uri.IndexOf((byte)':')) || uri.ContainsAny(Grammar.NeverInUri)) return false;
        if (!TryFindTag(new ParametersView(bytes[at..], at), out int tagStart, out int tagEnd)) return false;
        address = new NameAddressView(bytes, offset, new Parts
        {
            DisplayNameEnd = (ushort)nameEnd,
            UriStart = (ushort)uriStart,
            UriEnd = (ushort)uriEnd,
            ParametersStart = (ushort)at,
            TagStart = (ushort)tagStart,
            TagEnd = (ushort)tagEnd,
        });
        return true;
    }

    // display-name  =  *(token LWS) / quoted-string
    // Bytes above ASCII are let through without quotes: many phones write names so, and nothing can be mistaken.
    private static int DisplayNameEnd(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0) return -1;
        if (bytes[0] == '"') return Grammar.QuotedEnd(bytes, 0);
        int at = 0, end = 0;
        while (at < bytes.Length)
        {
            byte b = bytes[at++];
            if (b == '<') return end;
            if (Grammar.IsWhiteSpace(b)) continue;
            if (b < 0x80 && !Grammar.Token.Contains(b)) return 0;
            end = at;
        }

        return 0;
    }

    // A tag is compared and copied but never read, so it may have what a token may not; but it may be there once.
    private static bool TryFindTag(ParametersView parameters, out int start, out int end)
    {
        start = end = 0;
        while (parameters.MoveNext())
        {
            if (!parameters.Is("tag"u8)) continue;
            ParameterView tag = parameters.Current;
            if (end != 0 || !tag.HasValue || tag.IsQuoted) return false;
            (start, end) = (tag.ValueOffset, tag.End);
        }

        return !parameters.IsMalformed;
    }
}

/// <summary>A Contact value: an address with its q and expires, or the star.</summary>
/// <remarks>Source: RFC 3261 10.2 and 20.10.</remarks>
public readonly ref struct ContactView
{
    /// <summary>True for <c>*</c>: all bindings. There is no address then.</summary>
    public bool IsStar { get; private init; }

    /// <summary>The address.</summary>
    public NameAddressView Address { get; private init; }

    /// <summary>The preference.</summary>
    /// <value>0 to 1000 thousandths; -1 when there is none.</value>
    public int Q { get; private init; }

    /// <summary>True when there is an expires parameter.</summary>
    public bool HasExpires { get; private init; }

    /// <summary>The expires parameter in seconds; one that is no number counts as 3600 (RFC 3261 10.3 step 6 leaves it to the registrar).</summary>
    public uint ExpiresSeconds { get; private init; }

    /// <summary>Reads a value.</summary>
    public static bool TryParse(scoped in HeaderValue value, out ContactView contact)
    {
        contact = default;
        if (value.Bytes.SequenceEqual("*"u8))
        {
            contact = new ContactView { IsStar = true, Q = -1 };
            return true;
        }

        if (!NameAddressView.TryParse(value, out NameAddressView address)) return false;
        int q = -1;
        if (address.Parameters.TryGet("q"u8, out ParameterView parameter) && !TryReadQ(parameter.RawValue, out q)) return false;
        uint expires = 0;
        bool hasExpires = address.Parameters.TryGet("expires"u8, out parameter);
        if (hasExpires && !Grammar.TryParseSeconds(parameter.RawValue, out expires)) expires = 3600;
        contact = new ContactView { Address = address, Q = q, HasExpires = hasExpires, ExpiresSeconds = expires };
        return true;
    }

    // qvalue  =  ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )
    private static bool TryReadQ(ReadOnlySpan<byte> text, out int thousandths)
    {
        thousandths = 0;
        if (text.Length is 0 or > 5 || text[0] is not ((byte)'0' or (byte)'1')) return false;
        if (text.Length > 1 && text[1] != '.') return false;
        thousandths = (text[0] - '0') * 1000;
        int unit = 100;
        for (int i = 2; i < text.Length; i++, unit /= 10)
        {
            if ((uint)(text[i] - '0') > 9) return false;
            thousandths += (text[i] - '0') * unit;
        }

        return thousandths <= 1000;
    }
}
