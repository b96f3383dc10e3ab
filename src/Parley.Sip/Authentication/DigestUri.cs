using System.Text;
using Parley.Sip.Messages;

namespace Parley.Sip.Authentication;

/// <summary>Whether a digest URI and a Request-URI mean the same user.</summary>
/// <remarks>
/// Clients write the digest URI with and without port and parameters, and proxies add to the Request-URI on its way, so
/// only what says who is meant is compared: for sip and sips the user part byte by byte and the host without regard to
/// case, for other schemes all of it. Source: RFC 3261 22.4, 6; RFC 8760 2.6, 6.
/// </remarks>
internal static class DigestUri
{
    public static bool Matches(ReadOnlySpan<byte> digestUri, ReadOnlySpan<byte> requestUri)
    {
        if (digestUri.SequenceEqual(requestUri)) return true;
        if (!SipUriView.TryParse(digestUri, out SipUriView digest) || !SipUriView.TryParse(requestUri, out SipUriView request)) return false;
        if (!digest.IsSip || !request.IsSip) return Ascii.EqualsIgnoreCase(digestUri, requestUri);
        return digest.HasUser == request.HasUser && digest.User.SequenceEqual(request.User) && Ascii.EqualsIgnoreCase(digest.Host, request.Host);
    }
}
