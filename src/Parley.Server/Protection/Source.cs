using Parley.Core;

namespace Parley.Server.Protection;

/// <summary>Who is counted as one: an IPv4 address, or the /64 of an IPv6 one, as whoever has one address of it has all of them (RFC 4291 2.5.4).</summary>
internal static class Source
{
    private const int PrefixBytes = 8;

    /// <summary>The source that an address belongs to: without its port, its zone and, by IPv6, its last 64 bits.</summary>
    public static NetworkAddress Of(NetworkAddress address)
    {
        if (!address.IsIPv6) return address.WithPort(0);
        Span<byte> bytes = stackalloc byte[16];
        address.WriteBytes(bytes);
        bytes[PrefixBytes..].Clear();
        return NetworkAddress.FromBytes(bytes, 0);
    }

    /// <summary>As people write it: <c>192.0.2.1</c>, <c>2001:db8::</c>.</summary>
    public static string Show(NetworkAddress source) => source.HostToString().Trim('[', ']');
}
