using System.Buffers.Text;
using System.Text;
using Parley.Sip.Messages;

namespace Parley.Sip.Authentication;

/// <summary>Answers of the parsers of challenges and credentials.</summary>
public enum DigestParseResult
{
    /// <summary>Read.</summary>
    Ok,

    /// <summary>The scheme is not Digest: the value is for somebody else.</summary>
    OtherScheme,

    /// <summary>Not by the grammar, a parameter is missing or stands twice, or one has no sense: 400.</summary>
    Malformed,

    /// <summary>A hash algorithm or qop that is not known here: to be ignored.</summary>
    Unsupported,
}

/// <summary>What an Authorization or Proxy-Authorization header says, as a view over its bytes.</summary>
/// <remarks>
/// The strings are as written between the quotes. Unknown parameters are ignored; quotes are accepted where a token should
/// stand, as old phones write them. Source: RFC 3261 25.1 (digest-response), RFC 7616 3.4, RFC 8760 2.7.
/// </remarks>
public readonly ref struct DigestCredentials
{
    /// <summary>User name; see <see cref="GetUsername"/>.</summary>
    public ReadOnlySpan<byte> Username { get; private init; }

    /// <summary>Realm.</summary>
    public ReadOnlySpan<byte> Realm { get; private init; }

    /// <summary>The server's nonce; empty in what a client sends before it was challenged.</summary>
    public ReadOnlySpan<byte> Nonce { get; private init; }

    /// <summary>The digest URI.</summary>
    public ReadOnlySpan<byte> Uri { get; private init; }

    /// <summary>The response in hexadecimal.</summary>
    public ReadOnlySpan<byte> Response { get; private init; }

    /// <summary>The client's nonce; empty without qop.</summary>
    public ReadOnlySpan<byte> Cnonce { get; private init; }

    /// <summary>The nonce count as written: 8 digits; empty without qop.</summary>
    public ReadOnlySpan<byte> NonceCountDigits { get; private init; }

    /// <summary>The nonce count.</summary>
    /// <value>1 or more; 0 without qop.</value>
    public uint NonceCount { get; private init; }

    /// <summary>What the response covers: one value.</summary>
    public DigestQop Qop { get; private init; }

    /// <summary>Hash algorithm.</summary>
    public DigestAlgorithm Algorithm { get; private init; }

    /// <summary>True for the algorithm's "-sess" variant.</summary>
    public bool IsSession { get; private init; }

    /// <summary>True when <see cref="Username"/> is a hash (RFC 7616 3.4.4). It is never asked for here.</summary>
    public bool IsUsernameHashed { get; private init; }

    /// <summary>True when the name came as username* (RFC 7616 3.4, RFC 8187).</summary>
    public bool IsUsernameExtended { get; private init; }

    /// <summary>Reads a header's value.</summary>
    public static DigestParseResult TryParse(ReadOnlySpan<byte> value, out DigestCredentials credentials)
    {
        credentials = default;
        DigestParseResult result = AuthenticationParameters.Parse(value, out AuthenticationParameters parameters);
        if (result != DigestParseResult.Ok) return result;

        bool isExtended = parameters.Has(AuthenticationParameter.UsernameExtended);
        if (isExtended == parameters.Has(AuthenticationParameter.Username)) return DigestParseResult.Malformed;
        if (!parameters.Has(AuthenticationParameter.Realm)
            || !parameters.Has(AuthenticationParameter.Nonce)
            || !parameters.Has(AuthenticationParameter.Uri)
            || !parameters.Has(AuthenticationParameter.Response))
        {
            return DigestParseResult.Malformed;
        }

        DigestAlgorithm algorithm = DigestAlgorithm.Md5;
        bool isSession = false;
        ReadOnlySpan<byte> algorithmName = parameters[AuthenticationParameter.Algorithm];
        if (!algorithmName.IsEmpty && !DigestAlgorithms.TryParse(algorithmName, out algorithm, out isSession)) return DigestParseResult.Unsupported;

        DigestQop qop = DigestQop.None;
        uint count = 0;
        ReadOnlySpan<byte> nonce = parameters[AuthenticationParameter.Nonce];
        ReadOnlySpan<byte> qopName = parameters[AuthenticationParameter.Qop];
        ReadOnlySpan<byte> cnonce = parameters[AuthenticationParameter.Cnonce];
        ReadOnlySpan<byte> countDigits = parameters[AuthenticationParameter.NonceCount];
        if (nonce.IsEmpty)
        {
            // RFC 8760 2.7: a client that was not challenged yet says who it is and leaves the rest empty.
        }
        else if (!qopName.IsEmpty)
        {
            qop = ParseQop(qopName);
            if (qop == DigestQop.None) return DigestParseResult.Unsupported;
            if (cnonce.IsEmpty || !TryParseCount(countDigits, out count)) return DigestParseResult.Malformed;
        }
        else if (isSession && cnonce.IsEmpty)
        {
            return DigestParseResult.Malformed;
        }

        credentials = new DigestCredentials
        {
            Username = parameters[isExtended ? AuthenticationParameter.UsernameExtended : AuthenticationParameter.Username],
            IsUsernameExtended = isExtended,
            IsUsernameHashed = parameters.IsTrue(AuthenticationParameter.UserHash),
            Realm = parameters[AuthenticationParameter.Realm],
            Nonce = nonce,
            Uri = parameters[AuthenticationParameter.Uri],
            Response = parameters[AuthenticationParameter.Response],
            Cnonce = cnonce,
            NonceCountDigits = count == 0 ? default : countDigits,
            NonceCount = count,
            Qop = qop,
            Algorithm = algorithm,
            IsSession = isSession,
        };
        return DigestParseResult.Ok;
    }

    /// <summary>The user name as the account knows it, in UTF-8: without quoting slashes, and decoded where it came as username*.</summary>
    /// <param name="scratch">Room for the name where it is not as written; <see cref="Username"/>'s length suffices.</param>
    /// <returns>Empty when a username* cannot be decoded or the room does not suffice.</returns>
    public ReadOnlySpan<byte> GetUsername(Span<byte> scratch)
    {
        if (IsUsernameExtended) return DecodeExtended(Username, scratch);
        if (!Username.Contains((byte)'\\')) return Username;
        return scratch.Length < Username.Length ? default : scratch[..QuotedText.Unescape(Username, scratch)];
    }

    /// <summary>True when the realm is this one.</summary>
    /// <param name="realm">The realm without quotes and quoting slashes.</param>
    public bool IsForRealm(ReadOnlySpan<byte> realm) => AuthenticationParameters.UnquotedEquals(Realm, realm);

    internal static DigestQop ParseQop(ReadOnlySpan<byte> name) =>
        Ascii.EqualsIgnoreCase(name, "auth"u8) ? DigestQop.Auth :
        Ascii.EqualsIgnoreCase(name, "auth-int"u8) ? DigestQop.AuthInt : DigestQop.None;

    private static bool TryParseCount(ReadOnlySpan<byte> digits, out uint count) =>
        Utf8Parser.TryParse(digits, out count, out int consumed, 'x') && consumed == digits.Length && digits.Length == 8 && count > 0;

    /// <summary>RFC 8187 3.2.1: charset'language'value with %XX.</summary>
    private static ReadOnlySpan<byte> DecodeExtended(ReadOnlySpan<byte> value, Span<byte> scratch)
    {
        ReadOnlySpan<byte> prefix = "UTF-8'"u8;
        if (value.Length < prefix.Length || !Ascii.EqualsIgnoreCase(value[..prefix.Length], prefix)) return default;
        value = value[prefix.Length..];
        int language = value.IndexOf((byte)'\'');
        if (language < 0) return default;
        value = value[(language + 1)..];
        if (scratch.Length < value.Length) return default;

        int written = 0;
        for (int i = 0; i < value.Length; i++)
        {
            byte b = value[i];
            if (b == '%')
            {
                if (i + 2 >= value.Length) return default;
                if (!Utf8Parser.TryParse(value.Slice(i + 1, 2), out b, out int consumed, 'x') || consumed != 2) return default;
                i += 2;
            }

            scratch[written++] = b;
        }

        return scratch[..written];
    }
}
