using Parley.Core;
using Parley.Net;
using Parley.Net.Streams;
using Parley.Net.Tls;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Sip;

/// <summary>A stream connection that carries SIP: cut into messages, answered when pinged, and closed when it misbehaves.</summary>
/// <remarks>
/// Owned by the lane whose loop it is on; <see cref="Send"/> and <see cref="Close"/> may be called on any thread. Source:
/// RFC 3261 18, RFC 5626 3.5.1 and 4.4.1.
/// </remarks>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "OnClosed, which comes once and last, gives the framer's memory back.")]
internal sealed class SipConnection : LoopTimer, IStreamHandler
{
    private readonly SipLane _lane;
    private readonly SipStreamFramer _framer;
    private IStreamConnection _stream = null!;
    private Instant _lastReceived;
    private Instant _messageStarted = Instant.Never;
    private volatile bool _isOpen = true;
    private volatile bool _hasStood;
    private bool _isReserved;
    private int _waiting;       // client transactions of all lanes

    private readonly IReadOnlyList<string> _provedHosts;
    private ushort _aliasPort;

    private SipConnection(SipLane lane, SipTransport transport, NetworkAddress remote, string? serverName, bool isAccepted, IReadOnlyList<string>? provedHosts = null)
    {
        _provedHosts = provedHosts ?? [];
        (_lane, Transport, Remote, ServerName) = (lane, transport, remote, serverName);
        _framer = new SipStreamFramer(lane.Endpoint.Options.Limits, lane.Loop.Buffers, isAccepted);
        _lastReceived = lane.Now;
    }

    /// <summary>The transport protocol.</summary>
    public SipTransport Transport { get; }

    /// <summary>The other side.</summary>
    public NetworkAddress Remote { get; }

    /// <summary>The host that the other side has proved to be, or must; null for those that came to us, and without TLS.</summary>
    public string? ServerName { get; }

    /// <summary>True when the other side started it.</summary>
    public bool IsAccepted => _stream.IsAccepted;

    /// <summary>This side; not specified before the connection stands.</summary>
    public NetworkAddress LocalAddress => _stream.LocalAddress;

    /// <summary>True while it stands or is being made.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>True once it stands, also when it is over by now. May be read on any thread.</summary>
    public bool HasStood => _hasStood;

    /// <summary>The lane whose loop it is on.</summary>
    public SipLane Lane => _lane;

    /// <summary>How often something came.</summary>
    public long Received { get; private set; }

    /// <summary>Who keeps it open and hears of its end, on the same lane; null for nobody.</summary>
    public SipKeepAlive? KeepAlive { get; set; }

    private bool IsWebSocket => Transport is SipTransport.Ws or SipTransport.Wss;

    /// <summary>Takes an accepted connection.</summary>
    /// <param name="lane">The lane whose loop it is on.</param>
    /// <param name="transport">What is spoken.</param>
    /// <param name="stream">The connection.</param>
    /// <param name="provedHosts">The hosts that the other side has proved to be (<see cref="SipStreamAcceptor"/>).</param>
    /// <returns>Null when there are as many as the endpoint may have.</returns>
    public static SipConnection? Accept(SipLane lane, SipTransport transport, IStreamConnection stream, IReadOnlyList<string> provedHosts)
    {
        if (!lane.Endpoint.IsListening) return null;
        var connection = new SipConnection(lane, transport, stream.RemoteAddress, serverName: null, isAccepted: true, provedHosts) { _stream = stream };
        if (!connection.TryReserve()) return null;
        lane.Endpoint.Connections.Add(connection);
        return connection;
    }

    /// <summary>Starts a connection; what is sent before it stands waits for it.</summary>
    /// <returns>Null when there are as many as the endpoint may have.</returns>
    public static SipConnection? Connect(SipLane lane, in SipFlow flow)
    {
        NetworkAddress remote = flow.Remote;
        string? serverName = flow.Transport == SipTransport.Tls ? flow.ServerName ?? remote.HostToString() : null;
        var connection = new SipConnection(lane, flow.Transport, remote, serverName, isAccepted: false);
        if (!connection.TryReserve()) return null;
        connection._stream = serverName is null
            ? lane.Loop.ConnectStream(remote, connection)
            : ((NetworkLoop)lane.Loop).DialStream(remote, connection, cancellation => DialAsync(lane, remote, serverName, cancellation));
        lane.Endpoint.Connections.Add(connection);      // not before: other lanes send over what they find
        return connection;
    }

    /// <summary>A client transaction waits for its answer over this connection. May be called on any lane.</summary>
    public void AddWaiting() => Interlocked.Increment(ref _waiting);

    /// <summary>It does not wait any more.</summary>
    public void RemoveWaiting() => Interlocked.Decrement(ref _waiting);

    /// <summary>Queues a message. May be called on any thread.</summary>
    /// <returns>False when the connection is over.</returns>
    public bool Send(PooledBuffer message) => _isOpen && _stream.Send(message);

    /// <summary>Closes after what is queued. May be called on any thread.</summary>
    public void Close()
    {
        _isOpen = false;
        _stream?.Close();
    }

    /// <inheritdoc/>
    public void OnConnected(Instant now, IStreamConnection connection)
    {
        _lastReceived = now;
        _hasStood = true;
        SetDeadline();
    }

    /// <inheritdoc/>
    public void OnReceived(Instant now, IStreamConnection connection, ReadOnlySpan<byte> bytes)
    {
        _lastReceived = now;
        if (_lane.Receiver.Refuses(Remote))
        {
            Close();
            return;
        }

        Received++;
        if (IsWebSocket)
        {
            // RFC 7118 4.2: a message each. The keep-alive of RFC 5626 is one without a SIP message in it.
            if (bytes.SequenceEqual("\r\n\r\n"u8)) SendPong();
            else _lane.Receiver.OnWhole(now, LocalAddress, bytes, new SipFlow(Transport, Remote, this, listenPoint: -1));
            return;
        }

        SipMessageIndex index = _lane.Receiver.Index;
        while (_isOpen)
        {
            SipFrame frame = _framer.Next(ref bytes, index);
            switch (frame.Kind)
            {
                case SipFrameKind.MessageComplete:
                    _messageStarted = Instant.Never;
                    var view = new SipMessageView(frame.Bytes, index);
                    var flow = new SipFlow(Transport, Remote, this, listenPoint: -1);
                    _lane.Endpoint.Options.Trace?.OnMessage(now, isSent: false, LocalAddress, flow, view.Bytes);
                    if (_provedHosts.Count > 0 && _aliasPort == 0) AddAlias(view);
                    _lane.Receiver.OnMessage(view, flow);
                    continue;

                case SipFrameKind.Ping:
                    SendPong();
                    continue;

                case SipFrameKind.Pong:
                    continue;

                case SipFrameKind.Malformed or SipFrameKind.TooLarge:
                    _lane.Receiver.OnMalformed(frame.Bytes, frame.Result, new SipFlow(Transport, Remote, this, listenPoint: -1));
                    Close();    // where the next message starts cannot be known
                    return;
            }

            break;
        }

        if (_framer.IsWithinMessage)
        {
            if (_messageStarted.IsNever) _messageStarted = now;
        }
        else
        {
            _messageStarted = Instant.Never;
        }

        SetDeadline();
    }

    /// <inheritdoc/>
    public void OnClosed(Instant now, IStreamConnection connection, StreamCloseReason reason)
    {
        _isOpen = false;
        _framer.Dispose();
        _lane.Loop.Schedule(this, Instant.Never);
        if (_isReserved) _lane.Endpoint.Connections.Remove(this);
        if (_aliasPort != 0) foreach (string host in _provedHosts) _lane.Endpoint.Connections.RemoveAlias(this, _aliasPort, host);
        _isReserved = false;
        KeepAlive?.OnClosed();
        if (Volatile.Read(ref _waiting) == 0) return;
        foreach (SipLane lane in _lane.Endpoint.Lanes) lane.OnConnectionClosed(this, isOnLoop: ReferenceEquals(lane, _lane));
    }

    /// <summary>Nothing came for too long, or a message has begun and does not end.</summary>
    public override void OnDeadline(Instant now)
    {
        if (now >= Deadline) Close();
        else SetDeadline();
    }

    private static async Task<DialledStream> DialAsync(SipLane lane, NetworkAddress remote, string serverName, CancellationToken cancellation)
    {
        SipTlsOptions tls = lane.Endpoint.Options.Tls;
        try
        {
            var options = new TlsClientOptions(serverName, tls.Trust, certificate => SipPeerName.WhyNot(certificate, serverName), tls.OwnCertificate?.Invoke());
            return await TlsClient.ConnectAsync(remote, options, lane.Loop.Time, cancellation).ConfigureAwait(false);
        }
        catch (Exception problem)
        {
            tls.OnNotConnected?.Invoke(remote, serverName, problem is OperationCanceledException ? "it took too long, or nobody waits for it any more" : problem.Message);
            throw;
        }
    }

    private Instant Deadline => Instant.Min(
        IsWebSocket ? Instant.Never : _lastReceived + _lane.Endpoint.Options.IdleTimeout,     // pings and pongs tell whether that one lives
        _messageStarted + _lane.Endpoint.Options.MessageTimeout);

    // Each piece moves the deadline; the timer is only moved when it comes or must come earlier.
    private void SetDeadline()
    {
        Instant deadline = Deadline;
        if (ScheduledFor.IsNever || deadline < ScheduledFor) _lane.Loop.Schedule(this, deadline);
    }

    /// <summary>A server that listens asks to have its own connection used for what goes to it (RFC 5923 8.2).</summary>
    private void AddAlias(in SipMessageView request)
    {
        if (Transport != SipTransport.Tls || !request.IsRequest || request.TryGetVia(out ViaView via) != HeaderStatus.Ok || !via.HasAlias) return;
        _aliasPort = via.Port != 0 ? via.Port : SipDestination.PortOf(Transport);
        foreach (string host in _provedHosts) _lane.Endpoint.Connections.AddAlias(this, _aliasPort, host);
    }

    private bool TryReserve() => _isReserved = _lane.Endpoint.Connections.TryReserve(_lane.Endpoint.Options.MaxConnections);

    private void SendPong()
    {
        PooledBuffer pong = _lane.Loop.Buffers.Copy("\r\n"u8);
        _stream.Send(pong);
        pong.Release();
    }
}
