using System.Runtime.CompilerServices;
using System.Text;

namespace Parley.Sip.Authentication;

/// <summary>The parameters of challenges and credentials that mean something here.</summary>
internal enum AuthenticationParameter
{
    Username,
    UsernameExtended,
    UserHash,
    Realm,
    Nonce,
    Opaque,
    Uri,
    Response,
    Cnonce,
    NonceCount,
    Qop,
    Algorithm,
    Stale,
}

/// <summary>The parameters of an authentication header's value, as spans of it.</summary>
/// <remarks>
/// <code>
/// value = scheme LWS parameter *("," parameter)      parameter = token "=" (token / quoted-string)
/// </code>
/// White space is allowed around every mark, line folds included, and so are empty parameters; unknown ones are passed over.
/// Values are kept without their quotes, quoting slashes still in them. Source: RFC 3261 25.1 (challenge, credentials).
/// </remarks>
internal ref struct AuthenticationParameters
{
    private const int Names = (int)AuthenticationParameter.Stale + 1;

    private readonly ReadOnlySpan<byte> _value;
    private Slots _slots;
    private int _seen;

    private AuthenticationParameters(ReadOnlySpan<byte> value) => _value = value;

    /// <summary>The parameter's value; empty when it is not there.</summary>
    public readonly ReadOnlySpan<byte> this[AuthenticationParameter name] => Has(name) ? _value.Slice(_slots[(int)name].Start, _slots[(int)name].Length) : default;

    public readonly bool Has(AuthenticationParameter name) => (_seen & (1 << (int)name)) != 0;

    public readonly bool IsTrue(AuthenticationParameter name) => Ascii.EqualsIgnoreCase(this[name], "true"u8);

    /// <summary>Finds the parameters of a value whose scheme is Digest.</summary>
    public static DigestParseResult Parse(ReadOnlySpan<byte> value, out AuthenticationParameters parameters)
    {
        ReadOnlySpan<byte> scheme = "Digest"u8;
        parameters = new AuthenticationParameters(value);
        int at = SkipSpace(value, 0);
        if (value.Length - at <= scheme.Length || !Ascii.EqualsIgnoreCase(value.Slice(at, scheme.Length), scheme)) return DigestParseResult.OtherScheme;
        at += scheme.Length;
        if (SkipSpace(value, at) == at) return DigestParseResult.OtherScheme;

        while (true)
        {
            at = SkipSpace(value, at);
            if (at == value.Length) return DigestParseResult.Ok;
            if (value[at] == ',')
            {
                at++;
                continue;
            }

            if (!parameters.TryReadOne(ref at)) return DigestParseResult.Malformed;
        }
    }

    /// <summary>Copies the inside of a quoted string without its quoting slashes.</summary>
    /// <returns>Bytes written: as many as are in the value, or fewer.</returns>
    public static int Unquote(ReadOnlySpan<byte> value, Span<byte> destination)
    {
        if (!value.Contains((byte)'\\'))
        {
            value.CopyTo(destination);
            return value.Length;
        }

        int written = 0;
        for (int i = 0; i < value.Length; i++)
        {
            if (value[i] == '\\' && i + 1 < value.Length) i++;
            destination[written++] = value[i];
        }

        return written;
    }

    /// <summary>Compares the inside of a quoted string, without its quoting slashes, to plain bytes.</summary>
    public static bool UnquotedEquals(ReadOnlySpan<byte> value, ReadOnlySpan<byte> plain)
    {
        int matched = 0;
        for (int i = 0; i < value.Length; i++)
        {
            if (value[i] == '\\' && i + 1 < value.Length) i++;
            if (matched == plain.Length || plain[matched] != value[i]) return false;
            matched++;
        }

        return matched == plain.Length;
    }

    private static int SkipSpace(ReadOnlySpan<byte> value, int at)
    {
        while (at < value.Length && value[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n') at++;
        return at;
    }

    private static int FindEnd(ReadOnlySpan<byte> value, int at, ReadOnlySpan<byte> ends)
    {
        int length = value[at..].IndexOfAny(ends);
        return length < 0 ? value.Length : at + length;
    }

    private static int Find(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < Names; i++)
        {
            if (Ascii.EqualsIgnoreCase(name, Name((AuthenticationParameter)i))) return i;
        }

        return -1;
    }

    private static ReadOnlySpan<byte> Name(AuthenticationParameter parameter) => parameter switch
    {
        AuthenticationParameter.Username => "username"u8,
        AuthenticationParameter.UsernameExtended => "username*"u8,
        AuthenticationParameter.UserHash => "userhash"u8,
        AuthenticationParameter.Realm => "realm"u8,
        AuthenticationParameter.Nonce => "nonce"u8,
        AuthenticationParameter.Opaque => "opaque"u8,
        AuthenticationParameter.Uri => "uri"u8,
        AuthenticationParameter.Response => "response"u8,
        AuthenticationParameter.Cnonce => "cnonce"u8,
        AuthenticationParameter.NonceCount => "nc"u8,
        AuthenticationParameter.Qop => "qop"u8,
        AuthenticationParameter.Algorithm => "algorithm"u8,
        _ => "stale"u8,
    };

    /// <summary>Reads one parameter and the comma behind it.</summary>
    /// <returns>False when it is malformed, or known and there for the second time.</returns>
    private bool TryReadOne(ref int at)
    {
        int nameStart = at;
        int nameEnd = FindEnd(_value, at, " \t\r\n,\"="u8);
        at = SkipSpace(_value, nameEnd);
        if (nameEnd == nameStart || at == _value.Length || _value[at] != '=') return false;
        at = SkipSpace(_value, at + 1);
        if (at == _value.Length) return false;

        int start;
        int end;
        if (_value[at] == '"')
        {
            start = end = at + 1;
            while (end < _value.Length && _value[end] != '"') end += _value[end] == '\\' ? 2 : 1;
            if (end >= _value.Length) return false;
            at = end + 1;
        }
        else
        {
            start = at;
            at = end = FindEnd(_value, at, " \t\r\n,\""u8);   // more than a token: old phones write URIs and base64 so
            if (start == end) return false;
        }

        at = SkipSpace(_value, at);
        if (at < _value.Length && _value[at++] != ',') return false;

        int name = Find(_value[nameStart..nameEnd]);
        if (name < 0) return true;
        if (Has((AuthenticationParameter)name)) return false;
        _seen |= 1 << name;
        _slots[name] = (start, end - start);
        return true;
    }

    [InlineArray(Names)]
    private struct Slots
    {
        private (int Start, int Length) _first;
    }
}
