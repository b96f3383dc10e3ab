using System.Text;
using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>Tells whether a URI names this server itself: one of its addresses, or what it advertises, with a port that it listens on.</summary>
internal sealed class OwnAddresses
{
    private const ushort DefaultPort = 5060;

    private readonly NetworkAddress[] _hosts;
    private readonly ushort[] _ports;
    private readonly byte[]? _advertised;

    /// <summary>The addresses of a server.</summary>
    /// <param name="listening">Where it listens; an any-address stands for all <paramref name="interfaces"/> and for loopback.</param>
    /// <param name="interfaces">The machine's addresses.</param>
    /// <param name="advertised">The host that it tells others, null for none.</param>
    public OwnAddresses(IReadOnlyList<NetworkAddress> listening, IReadOnlyList<NetworkAddress> interfaces, string? advertised)
    {
        var hosts = new HashSet<NetworkAddress>();
        foreach (NetworkAddress address in listening)
        {
            if (!address.IsAny)
            {
                hosts.Add(address.WithPort(0));
                continue;
            }

            foreach (NetworkAddress candidate in interfaces)
            {
                if (candidate.IsIPv4 == address.IsIPv4) hosts.Add(candidate.WithPort(0));
            }

            hosts.Add(NetworkAddress.From(address.IsIPv4 ? System.Net.IPAddress.Loopback : System.Net.IPAddress.IPv6Loopback, 0));
        }

        if (advertised is not null)
        {
            _advertised = Encoding.ASCII.GetBytes(advertised);
            if (NetworkAddress.TryParseHost(advertised, 0, out NetworkAddress address)) hosts.Add(address);
        }

        _hosts = [.. hosts];
        _ports = [.. listening.Select(address => address.Port).Distinct()];
    }

    /// <summary>True when a port is one that the server listens on; 0 stands for a URI without one.</summary>
    public bool IsOwnPort(ushort port) => _ports.AsSpan().Contains(port == 0 ? DefaultPort : port);

    /// <summary>True when a URI's host and port are the server's.</summary>
    public bool IsOwn(scoped in SipUriView uri) => uri.IsSip && IsOwnPort(PortOf(uri)) && IsOwnHost(uri.Host);

    /// <summary>True when a host is the server's.</summary>
    public bool IsOwnHost(ReadOnlySpan<byte> host)
    {
        if (_advertised is not null && Ascii.EqualsIgnoreCase(host, _advertised)) return true;
        return SipHost.TryParseAddress(host, 0, out NetworkAddress address) && _hosts.AsSpan().Contains(address);
    }

    // RFC 3261 19.1.2, RFC 7118 5.2.2
    private static ushort PortOf(scoped in SipUriView uri) => (uri.Port, uri.Transport, uri.Scheme) switch
    {
        (0, SipTransport.Ws, SipUriScheme.Sips) => 443,
        (0, SipTransport.Ws, _) => 80,
        (0, SipTransport.Tls, _) or (0, _, SipUriScheme.Sips) => 5061,
        _ => uri.Port,
    };
}
