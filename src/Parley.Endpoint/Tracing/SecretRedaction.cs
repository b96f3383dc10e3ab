using System.Text;
using System.Text.RegularExpressions;

namespace Parley.Endpoint.Tracing;

/// <summary>Makes a message fit to be shown: who reads a trace must not be able to use or guess a password or a key.</summary>
/// <remarks>
/// Left out are digest responses (a password can be searched for with one), passwords in URIs, bearer tokens, SDES keys
/// (RFC 4568) and ICE passwords (RFC 8839).
/// </remarks>
public static partial class SecretRedaction
{
    private const string Mark = "***";

    /// <summary>The message as text, with each secret replaced by three stars.</summary>
    public static string Redact(ReadOnlySpan<byte> message)
    {
        string text = Encoding.UTF8.GetString(message);
        text = Credentials().Replace(text, Mark);
        text = UriPasswords().Replace(text, Mark);
        return Keys().Replace(text, Mark);
    }

    // response="..." and rspauth="..." of digest rows, and the token of a bearer row.
    [GeneratedRegex("""(?<=(?:\bresponse|\brspauth)\s*=\s*")[^"\r\n]*(?=")|(?<=^(?:Proxy-)?Authorization\s*:\s*Bearer\s+)\S+""",
        RegexOptions.IgnoreCase | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Credentials();

    // sip:user:password@host
    [GeneratedRegex("""(?<=\bsips?:[^@:;>\s]{1,128}:)[^@\s>]{1,128}(?=@)""", RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UriPasswords();

    // a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY|...   a=ice-pwd:...
    [GeneratedRegex("""(?<=^a=crypto:[^\r\n]{0,1024}inline:)[^|;\s]+|(?<=^a=ice-pwd:)\S+""", RegexOptions.IgnoreCase | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Keys();
}
