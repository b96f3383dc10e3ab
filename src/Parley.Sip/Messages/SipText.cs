using System.Buffers;
using System.Text;

namespace Parley.Sip.Messages;

/// <summary>Text of the immutable objects to and from what stands on the wire.</summary>
internal static class SipText
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Throws for text that would end the line it is written to.</summary>
    public static string OneLine(string text, string what)
    {
        ArgumentNullException.ThrowIfNull(text, what);
        return text.AsSpan().ContainsAny('\r', '\n') ? throw new ArgumentException("It has a CR or LF.", what) : text;
    }

    /// <summary>Throws for text that is no token.</summary>
    public static string Token(string text, string what)
    {
        ArgumentNullException.ThrowIfNull(text, what);
        return IsToken(text) ? text : throw new ArgumentException("It is no token.", what);
    }

    /// <summary>Throws for text that is no host name, IPv4 address or IPv6 address in brackets.</summary>
    public static string Host(string text, string what)
    {
        ArgumentNullException.ThrowIfNull(text, what);
        return Grammar.IsHost(Encoding.UTF8.GetBytes(text)) ? text : throw new ArgumentException("It is no host: a name, an IPv4 address, or an IPv6 address in brackets.", what);
    }

    public static bool IsToken(string text) => text.Length > 0 && Ascii.IsValid(text) && Grammar.IsToken(Encoding.ASCII.GetBytes(text));

    /// <summary>Text of a value as it was received: a fold is one space.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.ContainsAny((byte)'\r', (byte)'\n')) return Encoding.UTF8.GetString(bytes);
        var unfolded = new byte[bytes.Length];
        int length = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            byte b = bytes[i];
            if (b is (byte)'\r' or (byte)'\n')
            {
                i = Grammar.SkipWhiteSpace(bytes, i) - 1;
                while (length > 0 && Grammar.IsWhiteSpace(unfolded[length - 1])) length--;
                b = (byte)' ';
            }

            unfolded[length++] = b;
        }

        return Encoding.UTF8.GetString(unfolded, 0, length);
    }

    /// <summary>Text of a URI component with its escapes resolved.</summary>
    /// <returns>False when what is escaped is not UTF-8: two such texts could not be told apart.</returns>
    public static bool TryUnescape(ReadOnlySpan<byte> escaped, out string text)
    {
        text = "";
        var bytes = new byte[escaped.Length];
        int length = 0;
        for (int i = 0; i < escaped.Length; i++)
        {
            byte b = escaped[i];
            if (b == '%' && i + 2 < escaped.Length)
            {
                int value = (Grammar.HexValue(escaped[i + 1]) << 4) | Grammar.HexValue(escaped[i + 2]);
                if (value < 0) return false;
                b = (byte)value;
                i += 2;
            }

            bytes[length++] = b;
        }

        if (!System.Text.Unicode.Utf8.IsValid(bytes.AsSpan(0, length))) return false;
        text = Encoding.UTF8.GetString(bytes, 0, length);
        return true;
    }

    /// <summary>Appends a URI component, all characters escaped that the grammar does not have there.</summary>
    /// <exception cref="ArgumentException">The text has a lone surrogate.</exception>
    public static void AppendEscaped(StringBuilder builder, string text, SearchValues<byte> unescaped)
    {
        foreach (byte b in StrictUtf8.GetBytes(text))
        {
            if (unescaped.Contains(b)) builder.Append((char)b);
            else builder.Append('%').Append(b.ToString("X2"));
        }
    }

    /// <summary>A URI component, all characters escaped that the grammar does not have there.</summary>
    /// <exception cref="ArgumentException">The text has a lone surrogate.</exception>
    public static string Escape(string text, SearchValues<byte> unescaped)
    {
        var builder = new StringBuilder();
        AppendEscaped(builder, text, unescaped);
        return builder.ToString();
    }

    /// <summary>A URI component as it was received, with what ought to have been escaped.</summary>
    public static string Reescape(ReadOnlySpan<byte> escaped, SearchValues<byte> unescaped)
    {
        var builder = new StringBuilder();
        foreach (byte b in escaped)
        {
            if (b == '%' || unescaped.Contains(b)) builder.Append((char)b);
            else builder.Append('%').Append(b.ToString("X2"));
        }

        return builder.ToString();
    }

    /// <summary>Appends a quoted string.</summary>
    public static void AppendQuoted(StringBuilder builder, string text)
    {
        builder.Append('"');
        foreach (char c in text)
        {
            if (c is '"' or '\\') builder.Append('\\');
            builder.Append(c);
        }

        builder.Append('"');
    }
}
