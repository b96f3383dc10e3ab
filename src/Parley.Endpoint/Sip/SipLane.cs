using Parley.Core;
using Parley.Net;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Sip;

/// <summary>One owner's share of an endpoint: the transactions of the Call-IDs that hash to it, run on one loop, without locks.</summary>
/// <remarks>
/// What comes from a socket is indexed, given to the lane of its Call-ID (<see cref="SipReceiver"/>), matched to a
/// transaction, run through its machine, and what the machine asks for is done at once. All members are for the lane's
/// loop alone, but for <see cref="Post"/>. Source: RFC 3261 17 and 18.
/// </remarks>
public sealed class SipLane
{
    private readonly SipReceiver _receiver;
    private readonly SipBranches _branches;
    private readonly ISipResolver _resolver;

    internal SipLane(SipEndpoint endpoint, int number, INetworkLoop loop)
    {
        (Endpoint, Number, Loop) = (endpoint, number, loop);
        Transport = new SipTransportLayer(this);
        Transactions = new SipTransactionLayer(this);
        _receiver = new SipReceiver(this);
        _branches = new SipBranches(endpoint.PublicHash, number);
        _resolver = endpoint.Options.Resolver;
    }

    /// <summary>The endpoint that the lane is part of.</summary>
    public SipEndpoint Endpoint { get; }

    /// <summary>0 for the first lane.</summary>
    public int Number { get; }

    /// <summary>The loop that the lane runs on.</summary>
    public INetworkLoop Loop { get; }

    /// <summary>The time of the current round.</summary>
    public Instant Now => Loop.Now;

    /// <summary>What the lane has counted.</summary>
    public SipLaneCounters Counters { get; } = new();

    /// <summary>Server transactions that are not over.</summary>
    public int ServerTransactionCount => Transactions.ServerCount;

    /// <summary>Client transactions that are not over.</summary>
    public int ClientTransactionCount => Transactions.ClientCount;

    /// <summary>Deadlines of transactions that are set.</summary>
    public int DeadlineCount => Transactions.DeadlineCount;

    internal SipTransportLayer Transport { get; }

    internal SipTransactionLayer Transactions { get; }

    internal SipReceiver Receiver => _receiver;

    internal ITransactionUser User { get; private set; } = null!;

    /// <summary>The flows of this lane that are kept open.</summary>
    internal List<SipKeepAlive> KeepAlives { get; } = [];

    /// <summary>Runs work on the lane. May be called on any thread.</summary>
    /// <returns>False when the lane's loop has ended or its inbox is full: the work will not run.</returns>
    public bool Post(ILoopWork work) => Loop.Post(work);

    /// <summary>Sends a request in a transaction of its own.</summary>
    /// <param name="method">Its method; not ACK.</param>
    /// <param name="branch">The branch in its topmost Via, made by <see cref="WriteBranch"/>.</param>
    /// <param name="request">The whole request; the lease is taken over, sent or not.</param>
    /// <param name="flow">Where to, as <see cref="FlowFor"/> gave it and <see cref="WriteVia"/> wrote it.</param>
    /// <param name="user">Who hears of it; calls may come before this method returns only after an input of its own, never from within.</param>
    /// <param name="state">What the user keeps for it.</param>
    /// <returns>Null when the lane has as many transactions as it may: nothing was sent, and nobody is told.</returns>
    public SipClientTransaction? SendRequest(
        SipMethod method, ReadOnlySpan<byte> branch, PooledBuffer request, in SipFlow flow, ITransactionUser user, object? state) =>
        Transactions.SendRequest(method, branch, request, flow, user, state);

    /// <summary>Sends a message that no transaction owns: the ACK of a 2xx, a 2xx once more, what is forwarded statelessly.</summary>
    /// <param name="message">The whole message; the lease is taken over.</param>
    /// <param name="flow">Where to.</param>
    /// <returns>False when there is no way to.</returns>
    public bool Send(PooledBuffer message, in SipFlow flow)
    {
        ArgumentNullException.ThrowIfNull(message);
        bool sent = Transport.Send(message, flow);
        message.Release();
        return sent;
    }

    /// <summary>Writes a branch that no other request has.</summary>
    /// <param name="destination">At least <see cref="MaxBranchBytes"/>.</param>
    /// <returns>Bytes written.</returns>
    public int WriteBranch(Span<byte> destination) => _branches.Write(destination);

    /// <summary>Room that <see cref="WriteBranch"/> needs.</summary>
    public const int MaxBranchBytes = SipBranches.LengthBytes;

    /// <summary>Room that <see cref="WriteVia"/> needs besides the branch.</summary>
    public const int MaxViaBytes = 320;

    /// <summary>Writes the Via value of a request that is to go over a flow.</summary>
    /// <remarks><c>SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK...;rport</c> (RFC 3261 18.1.1, RFC 3581 3); <c>;alias</c> where the connection may serve the other direction too (RFC 5923 8.1).</remarks>
    /// <returns>Bytes written.</returns>
    public int WriteVia(Span<byte> destination, in SipFlow flow, ReadOnlySpan<byte> branch)
    {
        var writer = new SpanWriter(destination);
        writer.Write("SIP/2.0/"u8);
        writer.Write(flow.Transport.ViaName);
        writer.Write(" "u8);
        writer.Advance(Transport.WriteSentBy(writer.Remaining, flow));
        writer.Write(";branch="u8);
        writer.Write(branch);
        writer.Write(";rport"u8);
        if (flow.Remote.IsMulticast) WriteGroup(ref writer, flow);
        if (flow.Transport == SipTransport.Tls && Transport.OffersAlias(flow)) writer.Write(";alias"u8);
        return writer.Written;
    }

    private static void WriteGroup(ref SpanWriter writer, in SipFlow flow)
    {
        writer.Write(";maddr="u8);
        writer.Advance(flow.Remote.FormatHost(writer.Remaining));
        writer.Write(";ttl="u8);
        _ = MulticastGroups.Hops(flow).TryFormat(writer.Remaining, out int digits);
        writer.Advance(digits);
    }

    /// <summary>Writes host and port that the other side of a flow reaches this endpoint by: for Contact and Record-Route.</summary>
    /// <param name="destination">At least <see cref="MaxViaBytes"/>.</param>
    /// <param name="flow">The flow.</param>
    /// <returns>Bytes written.</returns>
    public int WriteHostAndPort(Span<byte> destination, in SipFlow flow) => Transport.WriteSentBy(destination, flow);

    /// <summary>The address that packets to another one leave from, with port 0.</summary>
    /// <returns>The default value when there is no route.</returns>
    public NetworkAddress LocalAddressTowards(NetworkAddress remote) => Transport.LocalAddressTowards(remote);

    /// <summary>The flow for a request of a length: one that is too long for a datagram goes by TCP.</summary>
    /// <remarks>When no connection can be made, the lane sends it by UDP after all. Source: RFC 3261 18.1.1.</remarks>
    public SipFlow FlowFor(in SipFlow flow, int requestLengthBytes) =>
        flow.Transport == SipTransport.Udp && requestLengthBytes > Endpoint.Options.MaxDatagramRequestBytes && !flow.Remote.IsMulticast
            ? SipFlow.ForLength(flow)
            : flow;

    /// <summary>True when a connection to the other side of a flow stands, so that nothing has to be opened to send over it.</summary>
    public bool HasConnection(in SipFlow flow) => flow.IsConnected || Endpoint.Connections.Find(flow) is not null;

    /// <summary>The transports that requests can be sent by where nobody asks for another, the preferred ones first.</summary>
    public static IReadOnlyList<SipTransport> ClientTransports { get; } = [SipTransport.Udp, SipTransport.Tcp, SipTransport.Tls];

    /// <summary>The flow to a URI whose host is an address.</summary>
    /// <param name="uri">A SIP URI: its maddr, host, port and transport count (RFC 3263 4).</param>
    /// <param name="flow">The flow.</param>
    /// <param name="isSecure">True to take a <c>sip</c> URI as if it were a <c>sips</c> one (RFC 3261 16.6 step 7).</param>
    /// <returns>False when the host is a name (see <see cref="Locate"/>) or the transport is not supported.</returns>
    public static bool TryLocate(in SipUriView uri, out SipFlow flow, bool isSecure = false)
    {
        flow = default;
        if (!SipDestination.TryGetTransport(uri, isSecure, out SipTransport transport)) return false;
        if (transport == SipTransport.Unknown) transport = SipTransport.Udp;
        if (!CanSendBy(transport)) return false;
        ushort port = uri.Port != 0 ? uri.Port : SipDestination.PortOf(transport);
        if (!SipHost.TryParseAddress(SipDestination.HostOf(uri), port, out NetworkAddress address)) return false;
        flow = new SipFlow(transport, address);
        if (transport == SipTransport.Tls) flow = flow.To(address.HostToString());
        if (address.IsMulticast)
        {
            if (transport != SipTransport.Udp || !address.IsIPv4) return false;
            flow = flow with { TimeToLive = (byte)Math.Max(0, uri.TimeToLive) };
        }

        return true;
    }

    /// <summary>Finds the flows to a URI, best first, and calls back on this lane, never from within.</summary>
    /// <param name="uri">The URI.</param>
    /// <param name="request">Who is called back.</param>
    /// <param name="isSecure">True to take a <c>sip</c> URI as if it were a <c>sips</c> one (RFC 3261 16.6 step 7).</param>
    /// <remarks>Source: RFC 3263 4.</remarks>
    public void Locate(in SipUriView uri, SipLocateRequest request, bool isSecure = false)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (TryLocate(uri, out SipFlow flow, isSecure)) request.Complete(this, [flow]);
        else if (!SipDestination.TryFrom(uri, out SipDestination destination, isSecure)) request.Complete(this, []);
        else if (destination.Transport != SipTransport.Unknown && !CanSendBy(destination.Transport)) request.Complete(this, []);
        else _resolver.Resolve(destination, this, request);
    }

    /// <summary>Finds the flows to a destination that names its transport, best first, and calls back on this lane, never from within.</summary>
    internal void LocateServers(in SipDestination destination, SipLocateRequest request)
    {
        ushort port = destination.Port != 0 ? destination.Port : SipDestination.PortOf(destination.Transport);
        if (SipHost.TryParseAddress(System.Text.Encoding.ASCII.GetBytes(destination.Host), port, out NetworkAddress address))
            request.Complete(this, [new SipFlow(destination.Transport, address).To(address.HostToString())]);
        else _resolver.Resolve(destination, this, request);
    }

    internal void Start(ITransactionUser user) => User = user;

    internal void OnConnectionClosed(SipConnection connection, bool isOnLoop)
    {
        if (isOnLoop) Transactions.OnConnectionClosed(connection);
        else Post(new ConnectionClosed(this, connection));
    }

    private static bool CanSendBy(SipTransport transport) => transport is SipTransport.Udp or SipTransport.Tcp or SipTransport.Tls;

    private sealed class ConnectionClosed(SipLane lane, SipConnection connection) : ILoopWork
    {
        public void Run(Instant now) => lane.Transactions.OnConnectionClosed(connection);
    }
}
