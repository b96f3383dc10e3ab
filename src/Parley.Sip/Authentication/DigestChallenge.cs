using System.Text;
using Parley.Sip.Messages;

namespace Parley.Sip.Authentication;

/// <summary>What a WWW-Authenticate or Proxy-Authenticate header says.</summary>
/// <remarks>Source: RFC 3261 25.1 (challenge), RFC 7616 3.3.</remarks>
public sealed record DigestChallenge
{
    private DigestChallenge()
    {
    }

    /// <summary>Realm, without quotes and quoting slashes.</summary>
    public string Realm { get; private init; } = "";

    /// <summary>Nonce, as between the quotes.</summary>
    public string Nonce { get; private init; } = "";

    /// <summary>Opaque, as between the quotes; null when there is none.</summary>
    public string? Opaque { get; private init; }

    /// <summary>Hash algorithm: MD5 when none is named.</summary>
    public DigestAlgorithm Algorithm { get; private init; }

    /// <summary>True for the algorithm's "-sess" variant.</summary>
    public bool IsSession { get; private init; }

    /// <summary>True when the challenge names its algorithm.</summary>
    public bool NamesAlgorithm { get; private init; }

    /// <summary>What may be covered; <see cref="DigestQop.None"/> when the server is of RFC 2069.</summary>
    public DigestQop Qop { get; private init; }

    /// <summary>True when only the nonce was too old, and the password was right.</summary>
    public bool IsStale { get; private init; }

    /// <summary>Reads a header's value.</summary>
    public static DigestParseResult TryParse(ReadOnlySpan<byte> value, out DigestChallenge? challenge)
    {
        challenge = null;
        if (value.ContainsAny((byte)'\r', (byte)'\n')) value = Encoding.UTF8.GetBytes(SipText.Decode(value));      // nonce and opaque are given back on one line
        DigestParseResult result = AuthenticationParameters.Parse(value, out AuthenticationParameters parameters);
        if (result != DigestParseResult.Ok) return result;
        if (!parameters.Has(AuthenticationParameter.Realm) || !parameters.Has(AuthenticationParameter.Nonce)) return DigestParseResult.Malformed;

        DigestAlgorithm algorithm = DigestAlgorithm.Md5;
        bool isSession = false;
        ReadOnlySpan<byte> algorithmName = parameters[AuthenticationParameter.Algorithm];
        if (!algorithmName.IsEmpty && !DigestAlgorithms.TryParse(algorithmName, out algorithm, out isSession)) return DigestParseResult.Unsupported;

        DigestQop qop = DigestQop.None;
        if (parameters.Has(AuthenticationParameter.Qop))
        {
            ReadOnlySpan<byte> names = parameters[AuthenticationParameter.Qop];
            foreach (Range name in names.Split((byte)',')) qop |= DigestCredentials.ParseQop(names[name].Trim(" \t\r\n"u8));
            if (qop == DigestQop.None) return DigestParseResult.Unsupported;
        }

        ReadOnlySpan<byte> realm = parameters[AuthenticationParameter.Realm];
        Span<byte> plainRealm = new byte[realm.Length];
        challenge = new DigestChallenge
        {
            Realm = Encoding.UTF8.GetString(plainRealm[..QuotedText.Unescape(realm, plainRealm)]),
            Nonce = Encoding.UTF8.GetString(parameters[AuthenticationParameter.Nonce]),
            Opaque = parameters.Has(AuthenticationParameter.Opaque) ? Encoding.UTF8.GetString(parameters[AuthenticationParameter.Opaque]) : null,
            Algorithm = algorithm,
            NamesAlgorithm = !algorithmName.IsEmpty,
            IsSession = isSession,
            Qop = qop,
            IsStale = parameters.IsTrue(AuthenticationParameter.Stale),
        };
        return DigestParseResult.Ok;
    }
}
