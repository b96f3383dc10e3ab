using Parley.Core;
using Parley.Net;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Sip;

/// <summary>The multicast groups that an endpoint is a member of: those that it listens on, and those that it has sent to.</summary>
/// <remarks>
/// <para>
/// A request to a group names it as maddr in its Via, and the port of the group in sent-by: that is where its answers come, of which the first one counts (18.1.1,
/// 17.1.3). A request that comes to a group which is listened on is answered to the group (18.2.2), when its Via says so: everything else
/// would let anybody have answers sent to whomever he names. To a group that was only sent to no request is answered.
/// </para>
/// <para>The sockets are the first lane's: several on one port would each get every datagram. Source: RFC 3261 18.</para>
/// </remarks>
internal sealed class MulticastGroups(SipLane first) : IDisposable
{
    /// <summary>How far a URI may have a request go: the site, by the old scopes of the time to live.</summary>
    public const byte MostHops = 15;

    private const int MaxGroups = 16;

    private readonly List<Group> _groups = [];

    /// <summary>Joins a group that the endpoint listens on. Its first lane has not begun.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">There is no network for it.</exception>
    public IDatagramSocket Listen(NetworkAddress group, int listenPoint) => Open(group, listenPoint).Socket;

    /// <summary>Sends a datagram to a group; on any lane. The lease stays the caller's.</summary>
    /// <returns>False when it may not be sent there.</returns>
    public bool Send(SipLane from, PooledBuffer message, in SipFlow flow)
    {
        if (ReferenceEquals(from, first)) return Send(message, flow);
        if (first.Post(new Sending(this, message.Retain(), flow))) return true;
        message.Release();      // the lease of the work that will not run
        return false;
    }

    /// <summary>The group that a request came to and that it is to be answered to; false when it came otherwise, or its Via names no group.</summary>
    public bool TryAnswer(in SipFlow flow, in ViaView via, out SipFlow answer)
    {
        answer = default;
        if (via.MulticastAddress.IsEmpty || flow.ListenPoint < 0 || first.Transport.ListenPoints[flow.ListenPoint] is not { Address.IsMulticast: true } point) return false;
        ushort port = via.Port != 0 ? via.Port : SipDestination.DefaultPort;
        if (!SipHost.TryParseAddress(via.MulticastAddress, port, out NetworkAddress group) || !group.SameHost(point.Address) || port != point.Address.Port) return false;
        answer = new SipFlow(SipTransport.Udp, group, connection: null, flow.ListenPoint) { TimeToLive = (byte)Math.Clamp(via.TimeToLive, 1, MostHops) };
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Group group in _groups) group.Socket.Dispose();
    }

    private bool Send(PooledBuffer message, in SipFlow flow)
    {
        Group? group = null;
        foreach (Group known in _groups)
        {
            if (known.Address == flow.Remote) group = known;
        }

        if (group is null)
        {
            if (!first.Endpoint.Options.JoinsGroups || _groups.Count == MaxGroups) return false;
            try
            {
                group = Open(flow.Remote, listenPoint: -1);
            }
            catch (System.Net.Sockets.SocketException)
            {
                return false;
            }
        }

        int hops = Hops(flow);
        if (group.Hops != hops) group.Socket.SetTimeToLive(group.Hops = hops);
        first.Endpoint.Options.Trace?.OnMessage(first.Now, isSent: true, group.Socket.LocalAddress, flow, message.Span);
        group.Socket.Send(message, flow.Remote);
        return true;
    }

    /// <summary>How far a request is sent.</summary>
    public static int Hops(in SipFlow flow) => Math.Clamp((int)flow.TimeToLive, 1, MostHops);

    private Group Open(NetworkAddress address, int listenPoint)
    {
        var group = new Group(first, address, listenPoint);
        group.Socket = first.Loop.OpenDatagram(address, group, DatagramSharing.Exclusive, first.Endpoint.GroupInterface(address));
        _groups.Add(group);
        return group;
    }

    private sealed class Group(SipLane lane, NetworkAddress address, int listenPoint) : IDatagramHandler
    {
        public NetworkAddress Address { get; } = address;

        public IDatagramSocket Socket { get; set; } = null!;

        public int Hops { get; set; } = 1;

        public void OnDatagram(Instant now, IDatagramSocket socket, Span<byte> datagram, NetworkAddress remote)
        {
            if (!lane.Endpoint.IsListening || (listenPoint < 0 && !datagram.StartsWith("SIP/2.0 "u8))) return;
            lane.Receiver.OnGroupDatagram(now, socket.LocalAddress, datagram, remote, listenPoint);
        }

        public void OnUnreachable(Instant now, IDatagramSocket socket, NetworkAddress remote)
        {
            // Nobody reports for a group.
        }
    }

    private sealed class Sending(MulticastGroups groups, PooledBuffer message, SipFlow flow) : ILoopWork
    {
        public void Run(Instant now)
        {
            groups.Send(message, flow);
            message.Release();
        }
    }
}
