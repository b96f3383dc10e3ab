using System.Net.Sockets;
using Parley.Core;
using Parley.Endpoint.Sip.Locating;
using Parley.Net;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Sip;

/// <summary>A SIP element's place in the network: the addresses it listens on, and the lanes that its messages are spread over.</summary>
/// <remarks>
/// Each lane has a loop and, for every UDP listen point, a socket of its own on the shared port. A message belongs to the
/// lane of its Call-ID; the system is asked to give it to that lane's socket, and one that comes in elsewhere (over a connection,
/// with a compact Call-ID, far behind in a long message, on another system) is handed over. Source: RFC 3261 18.
/// </remarks>
public sealed class SipEndpoint : IDisposable
{
    private const int PortPairTries = 32;

    private readonly List<SipListenPoint> _listenPoints = [];
    private readonly List<IDisposable> _sockets = [];
    private readonly SipLane[] _lanes;
    private readonly FieldSteering _steering = new("Call-ID");
    private readonly byte[]? _serverName;
    private volatile bool _isListening;
    private bool _isDisposed;

    private SipEndpoint(SipEndpointOptions options, IReadOnlyList<INetworkLoop> loops)
    {
        Options = options;
        _serverName = options.Server is null ? null : System.Text.Encoding.UTF8.GetBytes(options.Server);
        _lanes = new SipLane[loops.Count];
        for (int i = 0; i < loops.Count; i++) _lanes[i] = new SipLane(this, i, loops[i]);
        Groups = new MulticastGroups(_lanes[0]);
    }

    /// <summary>What the endpoint was started with.</summary>
    public SipEndpointOptions Options { get; }

    /// <summary>Where it listens, in the order of the options, with the ports that were chosen.</summary>
    public IReadOnlyList<SipListenPoint> ListenPoints => _listenPoints;

    /// <summary>The lanes.</summary>
    public IReadOnlyList<SipLane> Lanes => _lanes;

    /// <summary>Stream connections that stand or are being made.</summary>
    public int ConnectionCount => Connections.Count;

    /// <summary>False until all listen points are open: what comes before is dropped, for nobody knows yet where answers to it are to come.</summary>
    internal bool IsListening => _isListening;

    internal SeededHash128 Hash { get; } = SeededHash128.CreateRandom();

    /// <summary>Another key than <see cref="Hash"/>: what it makes is shown to others, who must learn nothing about our tables.</summary>
    internal SeededHash128 PublicHash { get; } = SeededHash128.CreateRandom();

    internal byte[]? ServerName => _serverName;

    internal SipConnectionTable Connections { get; } = new();

    internal AvoidedServers Avoided { get; } = new();

    internal MulticastGroups Groups { get; }

    /// <summary>Opens the listen points and starts the lanes.</summary>
    /// <param name="options">Where to listen and what to bound.</param>
    /// <param name="loops">A lane is made on each; one at least. They stay the caller's.</param>
    /// <param name="user">Gives the transaction user of each lane.</param>
    /// <exception cref="SipListenException">An address cannot be listened on. Nothing is left open.</exception>
    public static SipEndpoint Start(SipEndpointOptions options, IReadOnlyList<INetworkLoop> loops, Func<SipLane, ITransactionUser> user)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loops);
        ArgumentNullException.ThrowIfNull(user);
        ArgumentOutOfRangeException.ThrowIfZero(loops.Count, nameof(loops));
        var endpoint = new SipEndpoint(options, loops);
        foreach (SipLane lane in endpoint._lanes) lane.Start(user(lane));
        try
        {
            endpoint.Listen();
        }
        catch
        {
            endpoint.Dispose();
            throw;
        }

        return endpoint;
    }

    /// <summary>The lane that a dialog's messages belong to.</summary>
    public SipLane LaneOf(ReadOnlySpan<byte> callId) =>
        _lanes.Length == 1 ? _lanes[0] : _lanes[_steering.SocketOf(callId, _lanes.Length)];

    /// <summary>Stops listening and closes the connections. Transactions are left as they are: end calls first.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        Connections.CloseAll();     // before as well: a web server waits for its connections
        foreach (IDisposable socket in _sockets) socket.Dispose();
        Groups.Dispose();
        Connections.CloseAll();
    }

    /// <summary>The address in whose network a multicast group is: the one that is listened on, should that be a single one.</summary>
    internal NetworkAddress GroupInterface(NetworkAddress group)
    {
        foreach (SipListen listen in Options.Listen)
        {
            if (listen.Address.IsIPv4 == group.IsIPv4 && !listen.Address.IsMulticast && !listen.Address.IsAny) return listen.Address;
        }

        return default;
    }

    private void Listen()
    {
        var opened = new SipListenPoint?[Options.Listen.Count];
        for (int i = 0; i < Options.Listen.Count; i++)
        {
            if (opened[i] is not null) continue;
            SipListen listen = Options.Listen[i];
            int partner = listen.Address.Port == 0 ? FindPartner(i) : -1;
            try
            {
                if (partner >= 0) ListenPair(i, partner, opened);
                else opened[i] = ListenOne(i, listen.Transport, listen.Address);
            }
            catch (SocketException problem)
            {
                throw new SipListenException(listen, problem);
            }
        }

        foreach (SipListenPoint? point in opened) _listenPoints.Add(point!);
        foreach (SipLane lane in _lanes) lane.Transport.ListenPoints = [.. _listenPoints];
        _isListening = true;
    }

    /// <summary>A UDP and a TCP point that both take a free port get the same one (RFC 3261 18.2.1).</summary>
    private int FindPartner(int index)
    {
        SipListen one = Options.Listen[index];
        SipTransport wanted = one.Transport == SipTransport.Udp ? SipTransport.Tcp : SipTransport.Udp;
        if (one.Transport is not (SipTransport.Udp or SipTransport.Tcp)) return -1;
        for (int i = index + 1; i < Options.Listen.Count; i++)
        {
            SipListen other = Options.Listen[i];
            if (other.Transport == wanted && other.Address == one.Address) return i;
        }

        return -1;
    }

    private void ListenPair(int first, int second, SipListenPoint?[] opened)
    {
        for (int attempt = 1; ; attempt++)
        {
            SipListenPoint point = ListenOne(first, Options.Listen[first].Transport, Options.Listen[first].Address);
            int socketsBefore = _sockets.Count;
            try
            {
                opened[second] = ListenOne(second, Options.Listen[second].Transport, point.Address);
                opened[first] = point;
                return;
            }
            catch (SocketException) when (attempt < PortPairTries)
            {
                // Somebody has this port for the other transport: another free one is as good.
                foreach (IDisposable socket in _sockets[(socketsBefore - SocketsOf(point))..]) socket.Dispose();
                _sockets.RemoveRange(socketsBefore - SocketsOf(point), SocketsOf(point));
            }
        }
    }

    private int SocketsOf(SipListenPoint point) => point.Transport == SipTransport.Udp ? _lanes.Length : 1;

    private SipListenPoint ListenOne(int index, SipTransport transport, NetworkAddress address)
    {
        switch (transport)
        {
            case SipTransport.Udp when address.IsMulticast:
                return new SipListenPoint(index, transport, Groups.Listen(address, index).LocalAddress, advertisedHost: null);

            case SipTransport.Udp:
                IDatagramSocket? leader = null;
                foreach (SipLane lane in _lanes)
                {
                    DatagramSharing sharing = _lanes.Length == 1 ? DatagramSharing.Exclusive : lane.Number == 0 ? DatagramSharing.Leads : DatagramSharing.Joins;
                    IDatagramSocket socket = lane.Transport.OpenDatagram(index, address, sharing);
                    _sockets.Add(socket);
                    address = socket.LocalAddress;
                    leader ??= socket;
                }

                if (_lanes.Length > 1) leader!.TrySteer(_steering, _lanes.Length);
                return new SipListenPoint(index, transport, address, Options.AdvertisedHost);

            case SipTransport.Tcp:
            case SipTransport.Tls or SipTransport.Ws or SipTransport.Wss when Options.StreamListener is not null:
                IStreamListener listener = Options.StreamListener is { } other
                    ? other.Listen(transport, address, _lanes, (lane, connection, provedHosts) => SipConnection.Accept(lane, transport, connection, provedHosts))
                    : _lanes[0].Loop.ListenStream(address, connection => SipConnection.Accept(_lanes[0], transport, connection, provedHosts: []));
                _sockets.Add(listener);
                return new SipListenPoint(index, transport, listener.LocalAddress, Options.AdvertisedHost);

            default:
                throw new NotSupportedException($"Listening by {transport} is not supported.");
        }
    }
}
