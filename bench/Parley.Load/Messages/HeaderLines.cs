using System.Text;

namespace Parley.Load.Messages;

/// <summary>The headers that a load tool looks at.</summary>
internal enum Header
{
    Other,
    Via,
    From,
    To,
    CallId,
    CSeq,
    Contact,
    RecordRoute,
    WwwAuthenticate,
}

/// <summary>Goes through the header lines of a message, one after the other.</summary>
/// <param name="message">The message. Its lines end in CR LF, and none is folded: servers that write such ones are not measured.</param>
internal ref struct HeaderLines(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = AfterStartLine(message);

    /// <summary>Which header the line is.</summary>
    public Header Name { get; private set; }

    /// <summary>The line, without its end.</summary>
    public ReadOnlySpan<byte> Line { get; private set; }

    /// <summary>What stands after the colon, without blanks around it.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Goes to the next line.</summary>
    /// <returns>False when there is none.</returns>
    public bool Next()
    {
        int end = _rest.IndexOf("\r\n"u8);
        if (end <= 0) return false;
        Line = _rest[..end];
        _rest = _rest[(end + 2)..];
        int colon = Line.IndexOf((byte)':');
        Name = colon < 0 ? Header.Other : NameOf(Line[..colon].TrimEnd((byte)' '));
        Value = Line[(colon + 1)..].Trim((byte)' ');
        return true;
    }

    private static ReadOnlySpan<byte> AfterStartLine(ReadOnlySpan<byte> message)
    {
        int end = message.IndexOf("\r\n"u8);
        return end < 0 ? [] : message[(end + 2)..];
    }

    // The one-letter names are RFC 3261 7.3.3's.
    private static Header NameOf(ReadOnlySpan<byte> name) => name.Length switch
    {
        1 => (name[0] | 0x20) switch
        {
            'v' => Header.Via,
            'f' => Header.From,
            't' => Header.To,
            'i' => Header.CallId,
            'm' => Header.Contact,
            _ => Header.Other,
        },
        2 when Ascii.EqualsIgnoreCase(name, "To"u8) => Header.To,
        3 when Ascii.EqualsIgnoreCase(name, "Via"u8) => Header.Via,
        4 when Ascii.EqualsIgnoreCase(name, "From"u8) => Header.From,
        4 when Ascii.EqualsIgnoreCase(name, "CSeq"u8) => Header.CSeq,
        7 when Ascii.EqualsIgnoreCase(name, "Call-ID"u8) => Header.CallId,
        7 when Ascii.EqualsIgnoreCase(name, "Contact"u8) => Header.Contact,
        12 when Ascii.EqualsIgnoreCase(name, "Record-Route"u8) => Header.RecordRoute,
        16 when Ascii.EqualsIgnoreCase(name, "WWW-Authenticate"u8) => Header.WwwAuthenticate,
        _ => Header.Other,
    };
}
