using Parley.Core;
using Parley.Endpoint.Sip.Overload;
using Parley.Ice.Stun;
using Parley.Net;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Sip;

/// <summary>A lane's sockets and connections: messages out by their flow, and where answers to them are to come.</summary>
/// <remarks>Source: RFC 3261 18.</remarks>
internal sealed class SipTransportLayer(SipLane lane)
{
    private readonly LocalAddresses _localAddresses = new();
    private volatile UdpPort[] _udp = [];      // replaced as a whole: sockets are opened while the first ones already receive

    /// <summary>The endpoint's listen points, once all of them are open.</summary>
    public SipListenPoint[] ListenPoints { get; set; } = [];

    private SipEndpointOptions Options => lane.Endpoint.Options;

    public IDatagramSocket OpenDatagram(int listenPoint, NetworkAddress address, DatagramSharing sharing)
    {
        var port = new UdpPort(lane, listenPoint);
        port.Socket = lane.Loop.OpenDatagram(address, port, sharing);
        _udp = [.. _udp.Where(other => other.ListenPoint != listenPoint), port];
        return port.Socket;
    }

    /// <summary>Sends a message; the lease stays the caller's.</summary>
    /// <returns>False when there is no way to: no socket of the family, no connection and none can be made.</returns>
    public bool Send(PooledBuffer message, in SipFlow flow)
    {
        if (flow.Transport == SipTransport.Udp)
        {
            if (flow.Remote.IsMulticast) return lane.Endpoint.Groups.Send(lane, message, flow) || Fail();
            UdpPort? port = PortFor(flow);
            if (port is null) return Fail();
            Options.Trace?.OnMessage(lane.Now, isSent: true, port.Socket.LocalAddress, flow, message.Span);
            port.Socket.Send(message, flow.Remote);
            return true;
        }

        return (ConnectionFor(flow) is { } connection && SendOver(connection, message, flow)) || Fail();
    }

    /// <summary>Sends a message over a connection; the lease stays the caller's.</summary>
    /// <returns>False when it is over.</returns>
    public bool SendOver(SipConnection connection, PooledBuffer message, in SipFlow flow)
    {
        if (!connection.Send(message)) return false;
        Options.Trace?.OnMessage(lane.Now, isSent: true, connection.LocalAddress, flow, message.Span);
        return true;
    }

    /// <summary>Sends a datagram that is no SIP message.</summary>
    public void SendDatagram(ReadOnlySpan<byte> datagram, in SipFlow flow) => PortFor(flow)?.Socket.Send(datagram, flow.Remote);

    /// <summary>The connection that a flow names, else one to the same address and server, else a new one.</summary>
    /// <returns>Null when none can be made.</returns>
    public SipConnection? ConnectionFor(in SipFlow flow)
    {
        if (flow.Connection is { IsOpen: true } connection) return connection;
        SipConnection? standing = lane.Endpoint.Connections.Find(flow);
        if (standing is not null) return standing;
        bool canConnect = flow.Transport == SipTransport.Tcp || (flow.Transport == SipTransport.Tls && lane.Loop is NetworkLoop);
        return canConnect && flow.Remote.Port != 0 ? SipConnection.Connect(lane, flow) : null;
    }

    /// <summary>Host and port that the other side of a flow reaches this endpoint by.</summary>
    /// <returns>Bytes written.</returns>
    public int WriteSentBy(Span<byte> destination, in SipFlow flow)
    {
        SipListenPoint? point = PointFor(flow);
        if (point?.SentBy is { } sentBy && !flow.Remote.IsMulticast)
        {
            sentBy.CopyTo(destination);
            return sentBy.Length;
        }

        NetworkAddress local = LocalAddressTowards(flow.Remote);
        int written = local.IsSpecified ? local.FormatHost(destination) : Copy("localhost"u8, destination);
        int port = flow.Remote.IsMulticast ? flow.Remote.Port : point?.Address.Port ?? 0;      // answers come to the group's port
        if (port == 0) return written;
        destination[written++] = (byte)':';
        _ = port.TryFormat(destination[written..], out int digits);
        return written + digits;
    }

    public NetworkAddress LocalAddressTowards(NetworkAddress remote)
    {
        foreach (UdpPort port in _udp)
        {
            // A socket that is bound to one address can only send from it.
            NetworkAddress local = port.Socket.LocalAddress;
            if (!local.IsAny && local.AddressFamily == remote.AddressFamily && local.IsLoopback == remote.IsLoopback) return local.WithPort(0);
        }

        NetworkAddress routed = _localAddresses.Towards(remote, lane.Now);
        if (routed.IsSpecified) return routed;
        return PortFor(new SipFlow(SipTransport.Udp, remote))?.Socket.LocalAddress.WithPort(0) ?? default;
    }

    /// <summary>True when the server at the other side of a TLS flow may ask this endpoint over the same connection: it can prove who this is, and there is a port that it would connect to.</summary>
    public bool OffersAlias(in SipFlow flow) =>
        flow.Connection is not { IsAccepted: true } && Options.Tls.OwnCertificate?.Invoke() is not null && PointFor(flow) is { Transport: var listens } && listens == SipTransport.Tls;

    private bool Fail()
    {
        lane.Counters.SendFailures++;
        return false;
    }

    private UdpPort? PortFor(in SipFlow flow)
    {
        UdpPort? ofFamily = null;
        foreach (UdpPort port in _udp)
        {
            if (port.ListenPoint == flow.ListenPoint) return port;
            NetworkAddress local = port.Socket.LocalAddress;
            if (local.AddressFamily != flow.Remote.AddressFamily) continue;
            if (ofFamily is null || (!local.IsAny && local.IsLoopback == flow.Remote.IsLoopback)) ofFamily = port;
        }

        return ofFamily;
    }

    /// <summary>The listen point that answers to what goes over a flow come to: of its transport and family, else of its family.</summary>
    private SipListenPoint? PointFor(in SipFlow flow)
    {
        if (flow.ListenPoint >= 0 && flow.ListenPoint < ListenPoints.Length && !ListenPoints[flow.ListenPoint].Address.IsMulticast) return ListenPoints[flow.ListenPoint];
        SipListenPoint? best = null;
        int bestRank = 0;
        foreach (SipListenPoint point in ListenPoints)
        {
            if (point.Address.AddressFamily != flow.Remote.AddressFamily || point.Address.IsMulticast) continue;
            int rank = 1;
            if (point.Transport == flow.Transport) rank += 4;
            if (point.Address.IsAny || point.Address.IsLoopback == flow.Remote.IsLoopback) rank += 2;
            if (rank <= bestRank) continue;
            (best, bestRank) = (point, rank);
        }

        return best;
    }

    private static int Copy(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        text.CopyTo(destination);
        return text.Length;
    }

    /// <summary>A lane's socket on a UDP listen point.</summary>
    private sealed class UdpPort(SipLane lane, int listenPoint) : IDatagramHandler
    {
        private readonly StunAnswers _stun = new(lane);
        private readonly OverloadControl _overload = new(lane);

        public int ListenPoint { get; } = listenPoint;

        public IDatagramSocket Socket
        {
            get => _overload.Socket;
            set => _overload.Socket = value;
        }

        public void OnDatagram(Instant now, IDatagramSocket socket, Span<byte> datagram, NetworkAddress remote)
        {
            if (StunMessageView.IsStun(datagram)) _stun.OnDatagram(now, socket, datagram, remote);
            else if (lane.Endpoint.IsListening) lane.Receiver.OnDatagram(now, socket.LocalAddress, datagram, remote, ListenPoint, _overload);
        }

        public void OnUnreachable(Instant now, IDatagramSocket socket, NetworkAddress remote)
        {
            lane.Transactions.Failures.OnUnreachable(remote);
            for (int i = lane.KeepAlives.Count - 1; i >= 0; i--) lane.KeepAlives[i].OnUnreachable(remote);
        }
    }
}
