using System.Buffers;
using System.Runtime.CompilerServices;

namespace Parley.Sip.Messages;

/// <summary>The character classes of RFC 3261 25.1 and the small scanners over them that every parser here uses.</summary>
/// <remarks>
/// White space is SP, HT, CR and LF: the index lets CR and LF into a value only as part of a fold, and a fold means SP.
/// </remarks>
internal static class Grammar
{
    private const string Alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>token.</summary>
    public static readonly SearchValues<byte> Token = Bytes(Alphanumeric + "-.!%*_+`'~");

    /// <summary>word.</summary>
    public static readonly SearchValues<byte> Word = Bytes(Alphanumeric + "-.!%*_+`'~()<>:\\\"/[]?{}");

    /// <summary>What ends a parameter's unquoted value: it is a token or a host, and some put other characters there that cannot be mistaken.</summary>
    public static readonly SearchValues<byte> ParameterEnd = Bytes("; \t\r\n,\"<>");

    /// <summary>hostname, with the underscore that names in private networks have.</summary>
    public static readonly SearchValues<byte> HostName = Bytes(Alphanumeric + "-._");

    /// <summary>What may stand in a user as it is; "%" only with two hexadecimal digits behind it.</summary>
    public static readonly SearchValues<byte> UserUnescaped = Bytes(Alphanumeric + "-_.!~*'()&=+$,;?/");

    /// <summary>What may stand in a password as it is.</summary>
    public static readonly SearchValues<byte> PasswordUnescaped = Bytes(Alphanumeric + "-_.!~*'()&=+$,");

    /// <summary>paramchar without escapes.</summary>
    public static readonly SearchValues<byte> UriParameterUnescaped = Bytes(Alphanumeric + "-_.!~*'()[]/:&+$");

    /// <summary>What may stand in the header part of a URI as it is.</summary>
    public static readonly SearchValues<byte> UriHeaderUnescaped = Bytes(Alphanumeric + "-_.!~*'()[]/?:+$");

    /// <summary>The characters that mean something else when they are escaped in a URI (RFC 2396 2.2).</summary>
    public static readonly SearchValues<byte> UriReserved = Bytes(";/?:@&=+$,");

    /// <summary>What no URI has: controls, space, quote and angle brackets.</summary>
    public static readonly SearchValues<byte> NeverInUri = SearchValues.Create(
        [.. Enumerable.Range(0, 33).Select(b => (byte)b), (byte)'"', (byte)'<', (byte)'>', 0x7F]);

    /// <summary>What a list has to stop at: commas, and what hides commas.</summary>
    public static readonly SearchValues<byte> ListStops = Bytes(",\"<");

    /// <summary>What ends a URI that has no brackets.</summary>
    public static readonly SearchValues<byte> AddressEnd = Bytes("; \t\r\n");

    /// <summary>What ends an unquoted value among credentials.</summary>
    public static readonly SearchValues<byte> CredentialEnd = Bytes(", \t\r\n\"");

    /// <summary>A telephone number, global or local, with its visual separators (RFC 3966 3).</summary>
    public static readonly SearchValues<byte> PhoneNumber = Bytes("+0123456789abcdefABCDEF*#-.()");

    /// <summary>White space, that of a fold included.</summary>
    public static readonly SearchValues<byte> WhiteSpace = Bytes(" \t\r\n");

    private static SearchValues<byte> Bytes(string characters) => SearchValues.Create(System.Text.Encoding.ASCII.GetBytes(characters));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsWhiteSpace(byte b) => b is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';

    /// <summary>The first place at or after <paramref name="at"/> that is no white space.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SkipWhiteSpace(ReadOnlySpan<byte> text, int at)
    {
        while ((uint)at < (uint)text.Length && IsWhiteSpace(text[at])) at++;
        return at;
    }

    /// <summary>The end of <paramref name="text"/> up to <paramref name="end"/> without the white space before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int TrimEnd(ReadOnlySpan<byte> text, int start, int end)
    {
        while (end > start && IsWhiteSpace(text[end - 1])) end--;
        return end;
    }

    /// <summary>The text without the white space around it.</summary>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        int start = SkipWhiteSpace(text, 0);
        return text[start..TrimEnd(text, start, text.Length)];
    }

    /// <summary>The end of the token that starts at <paramref name="at"/>; <paramref name="at"/> itself when none does.</summary>
    public static int TokenEnd(ReadOnlySpan<byte> text, int at)
    {
        int length = text[at..].IndexOfAnyExcept(Token);
        return length < 0 ? text.Length : at + length;
    }

    /// <summary>True for one token and nothing else.</summary>
    public static bool IsToken(ReadOnlySpan<byte> text) => text.Length > 0 && !text.ContainsAnyExcept(Token);

    /// <summary>The place behind the closing quote of the quoted string that opens at <paramref name="at"/>, -1 when it never closes.</summary>
    public static int QuotedEnd(ReadOnlySpan<byte> text, int at)
    {
        at++;
        while (at < text.Length)
        {
            int skip = text[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (skip < 0) return -1;
            at += skip;
            if (text[at] == '"') return at + 1;
            at += 2;
        }

        return -1;
    }

    /// <summary>The next comma at or after <paramref name="at"/> that is neither in quotes nor in angle brackets.</summary>
    /// <returns>The length of the text when there is none; -1 when a quote or bracket is never closed.</returns>
    public static int NextComma(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length)
        {
            int skip = text[at..].IndexOfAny(ListStops);
            if (skip < 0) return text.Length;
            at += skip;
            switch (text[at])
            {
                case (byte)',':
                    return at;
                case (byte)'"':
                    at = QuotedEnd(text, at);
                    if (at < 0) return -1;
                    break;
                default:
                    skip = text[at..].IndexOf((byte)'>');
                    if (skip < 0) return -1;
                    at += skip + 1;
                    break;
            }
        }

        return text.Length;
    }

    /// <summary>Reads 1 or more digits and nothing else.</summary>
    /// <returns>False for anything else and for what does not fit.</returns>
    public static bool TryParseNumber(ReadOnlySpan<byte> digits, out uint value)
    {
        value = 0;
        if (digits.Length == 0) return false;
        ulong sum = 0;
        foreach (byte b in digits)
        {
            uint digit = (uint)(b - '0');
            if (digit > 9) return false;
            sum = (sum * 10) + digit;
            if (sum > uint.MaxValue) return false;
        }

        value = (uint)sum;
        return true;
    }

    /// <summary>Reads a count of seconds; more than fits means the most there is (RFC 3261 20.19: 2**32 - 1).</summary>
    /// <returns>False for anything but 1 or more digits.</returns>
    public static bool TryParseSeconds(ReadOnlySpan<byte> digits, out uint seconds)
    {
        seconds = 0;
        if (digits.Length == 0 || digits.ContainsAnyExceptInRange((byte)'0', (byte)'9')) return false;
        if (!TryParseNumber(digits, out seconds)) seconds = uint.MaxValue;
        return true;
    }

    /// <summary>Reads a port.</summary>
    /// <returns>False for anything but 1 to 65535 in digits.</returns>
    public static bool TryParsePort(ReadOnlySpan<byte> digits, out ushort port)
    {
        port = 0;
        if (!TryParseNumber(digits, out uint value) || value is 0 or > ushort.MaxValue) return false;
        port = (ushort)value;
        return true;
    }

    /// <summary>The value of a hexadecimal digit, -1 for any other byte.</summary>
    public static int HexValue(byte b) => b switch
    {
        >= (byte)'0' and <= (byte)'9' => b - '0',
        >= (byte)'a' and <= (byte)'f' => b - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => b - 'A' + 10,
        _ => -1,
    };

    /// <summary>True when each "%" has two hexadecimal digits behind it.</summary>
    public static bool HasValidEscapes(ReadOnlySpan<byte> text)
    {
        int at = text.IndexOf((byte)'%');
        while (at >= 0)
        {
            if (at + 2 >= text.Length || HexValue(text[at + 1]) < 0 || HexValue(text[at + 2]) < 0) return false;
            int next = text[(at + 3)..].IndexOf((byte)'%');
            at = next < 0 ? -1 : at + 3 + next;
        }

        return true;
    }

    /// <summary>True for a host name, an IPv4 address or an IPv6 address in brackets.</summary>
    public static bool IsHost(ReadOnlySpan<byte> host)
    {
        if (host.Length == 0) return false;
        if (host[0] == '[') return host[^1] == ']' && IsIPv6(host[1..^1]);
        return !host.ContainsAnyExcept(HostName) && host[0] is not ((byte)'.' or (byte)'-');
    }

    /// <summary>True for an IPv6 address without brackets and zone.</summary>
    public static bool IsIPv6(ReadOnlySpan<byte> address) =>
        address.Contains((byte)':') && !address.ContainsAny((byte)'%', (byte)'[') && SipHost.TryParseAddress(address, 0, out _);

    /// <summary>True when the text could end the header row that it is written to: it has a CR or LF that is not part of a fold.</summary>
    public static bool BreaksRow(ReadOnlySpan<byte> value)
    {
        int at = value.IndexOfAny((byte)'\r', (byte)'\n');
        while (at >= 0)
        {
            if (at + 2 >= value.Length || value[at] != '\r' || value[at + 1] != '\n' || value[at + 2] is not ((byte)' ' or (byte)'\t')) return true;
            int next = value[(at + 3)..].IndexOfAny((byte)'\r', (byte)'\n');
            at = next < 0 ? -1 : at + 3 + next;
        }

        return false;
    }
}
