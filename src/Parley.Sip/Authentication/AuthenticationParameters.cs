using System.Runtime.CompilerServices;
using System.Text;
using Parley.Sip.Messages;

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

/// <summary>The known parameters of a value whose scheme is Digest, found in one pass and each there once.</summary>
/// <remarks>Values are without their quotes, quoting slashes still in them. Source: RFC 3261 25.1 (challenge, credentials).</remarks>
internal ref struct AuthenticationParameters
{
    private const int Names = (int)AuthenticationParameter.Stale + 1;

    private readonly ReadOnlySpan<byte> _value;
    private Slots _slots;
    private int _seen;

    private AuthenticationParameters(ReadOnlySpan<byte> value) => _value = value;

    /// <summary>The parameter's value; empty when it is not there.</summary>
    public readonly ReadOnlySpan<byte> this[AuthenticationParameter name] => Has(name) ? _value[_slots[(int)name]] : default;

    public readonly bool Has(AuthenticationParameter name) => (_seen & (1 << (int)name)) != 0;

    public readonly bool IsTrue(AuthenticationParameter name) => Ascii.EqualsIgnoreCase(this[name], "true"u8);

    public static DigestParseResult Parse(ReadOnlySpan<byte> value, out AuthenticationParameters parameters)
    {
        parameters = new AuthenticationParameters(value);
        int schemeEnd = Grammar.TokenEnd(value, 0);
        if (!Ascii.EqualsIgnoreCase(value[..schemeEnd], "Digest"u8)) return DigestParseResult.OtherScheme;
        if (Grammar.SkipWhiteSpace(value, schemeEnd) == schemeEnd) return DigestParseResult.Malformed;

        var all = new CredentialParametersView(value[schemeEnd..]);
        while (all.MoveNext())
        {
            if (!TryFind(all.Current.Name, out AuthenticationParameter name)) continue;
            if (parameters.Has(name)) return DigestParseResult.Malformed;
            parameters._seen |= 1 << (int)name;
            ReadOnlySpan<byte> found = all.Current.Value;
            value.Overlaps(found, out int offset);
            parameters._slots[(int)name] = offset..(offset + found.Length);
        }

        return all.IsMalformed ? DigestParseResult.Malformed : DigestParseResult.Ok;
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

    private static bool TryFind(ReadOnlySpan<byte> name, out AuthenticationParameter parameter)
    {
        // By length and first letter one candidate is left, or two.
        parameter = (name.Length, name[0] | 0x20) switch
        {
            (2, 'n') => AuthenticationParameter.NonceCount,
            (3, 'q') => AuthenticationParameter.Qop,
            (3, 'u') => AuthenticationParameter.Uri,
            (5, 'n') => AuthenticationParameter.Nonce,
            (5, 'r') => AuthenticationParameter.Realm,
            (5, 's') => AuthenticationParameter.Stale,
            (6, 'c') => AuthenticationParameter.Cnonce,
            (6, 'o') => AuthenticationParameter.Opaque,
            (8, 'r') => AuthenticationParameter.Response,
            (8, 'u') => (name[4] | 0x20) == 'h' ? AuthenticationParameter.UserHash : AuthenticationParameter.Username,
            (9, 'a') => AuthenticationParameter.Algorithm,
            _ => AuthenticationParameter.UsernameExtended,
        };
        return Ascii.EqualsIgnoreCase(name, Name(parameter));
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

    [InlineArray(Names)]
    private struct Slots
    {
        private Range _first;
    }
}
