using System.Net.Sockets;
using Parley.Core;

namespace Parley.Endpoint.Sip;

/// <summary>Tells which of this machine's addresses packets to a peer leave from: what an endpoint that listens on every address puts into Via, Contact and SDP.</summary>
/// <remarks>
/// The system's routing decides: a datagram socket that is connected, and sends nothing, knows its local address. Answers
/// are kept for a minute, because routes change, and in bounded number. Not thread-safe: one lane owns it.
/// </remarks>
internal sealed class LocalAddresses
{
    private const int Capacity = 4096;
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private readonly Dictionary<NetworkAddress, (NetworkAddress Local, Instant Until)> _known = [];

    /// <summary>The local address towards a peer, with port 0.</summary>
    /// <returns>The default value when there is no route.</returns>
    public NetworkAddress Towards(NetworkAddress remote, Instant now)
    {
        if (remote.IsLoopback) return remote.WithPort(0);
        NetworkAddress host = remote.WithPort(0);
        if (_known.TryGetValue(host, out (NetworkAddress Local, Instant Until) known) && now < known.Until) return known.Local;
        if (_known.Count >= Capacity) _known.Clear();
        NetworkAddress local = Ask(remote);
        _known[host] = (local, now + Lifetime);
        return local;
    }

    /// <summary>True when packets to an address can leave this machine at all.</summary>
    public static bool HasRoute(NetworkAddress remote) => remote.IsLoopback || Ask(remote).IsSpecified;

    private static NetworkAddress Ask(NetworkAddress remote)
    {
        try
        {
            using var socket = new Socket(remote.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(remote.WithPort(remote.Port == 0 ? (ushort)9 : remote.Port).ToIPEndPoint());
            return NetworkAddress.From((System.Net.IPEndPoint)socket.LocalEndPoint!).WithPort(0);
        }
        catch (SocketException)
        {
            return default;     // no route: whoever sends to it hears that from the socket
        }
    }
}
