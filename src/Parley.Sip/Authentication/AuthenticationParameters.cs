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
        if (!Ascii.EqualsIgnoreCase(value[..Grammar.TokenEnd(value, 0)], "Digest"u8)) return DigestParseResult.OtherScheme;
        if (!CredentialsView.TryParse(value, out CredentialsView credentials)) return DigestParseResult.Malformed;
        foreach (CredentialParameterView parameter in credentials.Parameters)
        {
            int name = Find(parameter.Name);
            if (name < 0) continue;
            if (parameters.Has((AuthenticationParameter)name)) return DigestParseResult.Malformed;
            parameters._seen |= 1 << name;
            value.Overlaps(parameter.Value, out int offset);
            parameters._slots[name] = offset..(offset + parameter.Value.Length);
        }

        return DigestParseResult.Ok;
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

    [InlineArray(Names)]
    private struct Slots
    {
        private Range _first;
    }
}
