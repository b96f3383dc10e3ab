using Parley.Core;

namespace Parley.Sip.Messages;

/// <summary>Addresses as the host of a URI or a Via has them.</summary>
/// <remarks>
/// The grammar of RFC 3261 leads to three colons before an IPv4 address, <c>[2001:db8:::192.0.2.1]</c>, where two are
/// meant. Both are read. Source: RFC 3261 25.1 (IPv6address), RFC 5118 4.10.
/// </remarks>
public static class SipHost
{
    private const int LongestAddressBytes = 64;

    /// <summary>Reads an IPv4 address, or an IPv6 address with or without brackets.</summary>
    /// <returns>False when it is a name.</returns>
    public static bool TryParseAddress(ReadOnlySpan<byte> host, ushort port, out NetworkAddress address)
    {
        if (NetworkAddress.TryParseHost(host, port, out address)) return true;
        int colons = host.IndexOf(":::"u8);
        if (colons < 0 || host.Length > LongestAddressBytes) return false;
        ReadOnlySpan<byte> last = host[(colons + 3)..];
        if (last.Contains((byte)':') || !last.Contains((byte)'.')) return false;
        Span<byte> meant = stackalloc byte[LongestAddressBytes];
        host[..(colons + 2)].CopyTo(meant);
        last.CopyTo(meant[(colons + 2)..]);
        return NetworkAddress.TryParseHost(meant[..(host.Length - 1)], port, out address);
    }
}
