using System.Text;

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
        if (!TrySplit(digestUri, out ReadOnlySpan<byte> user, out ReadOnlySpan<byte> host)) return Ascii.EqualsIgnoreCase(digestUri, requestUri);
        return TrySplit(requestUri, out ReadOnlySpan<byte> requestUser, out ReadOnlySpan<byte> requestHost)
            && user.SequenceEqual(requestUser)
            && Ascii.EqualsIgnoreCase(host, requestHost);
    }

    /// <summary>Takes user (without password) and host out of a sip or sips URI.</summary>
    private static bool TrySplit(ReadOnlySpan<byte> uri, out ReadOnlySpan<byte> user, out ReadOnlySpan<byte> host)
    {
        user = host = default;
        int colon = uri.IndexOf((byte)':');
        if (colon < 0) return false;
        ReadOnlySpan<byte> scheme = uri[..colon];
        if (!Ascii.EqualsIgnoreCase(scheme, "sip"u8) && !Ascii.EqualsIgnoreCase(scheme, "sips"u8)) return false;

        host = uri[(colon + 1)..];
        int at = host.IndexOf((byte)'@');
        if (at >= 0)
        {
            user = host[..at];
            int password = user.IndexOf((byte)':');
            if (password >= 0) user = user[..password];
            host = host[(at + 1)..];
        }

        int bracket = host.IndexOf((byte)']');
        int end = bracket >= 0 ? bracket + 1 : host.IndexOfAny((byte)':', (byte)';', (byte)'?');
        if (end >= 0) host = host[..end];
        return true;
    }
}
