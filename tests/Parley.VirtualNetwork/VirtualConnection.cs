using Parley.Core;

namespace Parley.Net.Virtual;

/// <summary>One end of a stream: reliable and in order; what the link does to datagrams only delays it.</summary>
/// <remarks>
/// <code>
/// Connecting --arrived, accepted--> Open --Close--> Closing --queue is on its way--> Closed
///      |  refused, no answer          |  the other end closed, broke; the queue is full     ^
///      +------------------------------+-----------------------------------------------------+
/// </code>
/// </remarks>
internal sealed class VirtualConnection : IStreamConnection
{
    private const int MaxQueuedBytes = 1 << 20;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetransmissionDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromSeconds(60);

    private readonly VirtualNetwork _network;
    private readonly VirtualLoop _loop;
    private readonly Queue<PooledBuffer> _queue = new();    // not yet on its way
    private IStreamHandler? _handler;
    private VirtualConnection? _peer;
    private VirtualNode _towards = null!;   // where its link leads: the other host, or the NAT before it
    private State _state;
    private int _unreadBytes;           // queued, or on its way to the other end
    private Instant _lastArrival;       // of what is on its way: what follows comes no earlier
    private Instant _stuckSince = Instant.Never;
    private bool _closesWhenOpen;
    private bool _retrying;
    private bool _closeReported;

    private VirtualConnection(VirtualLoop loop, NetworkAddress local, NetworkAddress remote, bool isAccepted)
    {
        (_loop, _network, LocalAddress, RemoteAddress, IsAccepted) = (loop, loop.Host.Network, local, remote, isAccepted);
        Id = _network.NextConnectionId();
    }

    private enum State { Connecting, Open, Closing, Closed }

    public long Id { get; }

    public NetworkAddress LocalAddress { get; private set; }

    public NetworkAddress RemoteAddress { get; }

    public bool IsAccepted { get; }

    private VirtualHost Host => _loop.Host;

    public static VirtualConnection Connect(VirtualLoop loop, NetworkAddress remote, IStreamHandler handler)
    {
        var connection = new VirtualConnection(loop, default, remote, isAccepted: false) { _handler = handler };
        connection.Register();
        NetworkAddress bound = remote.IsIPv4 ? NetworkAddress.FromIPv4(0, loop.Host.NextEphemeralPort()) : NetworkAddress.FromBytes(stackalloc byte[16], loop.Host.NextEphemeralPort());
        if (!loop.Host.TryChooseSource(bound, remote, out NetworkAddress source))
        {
            connection.Report(StreamCloseReason.ConnectFailed);
            return connection;
        }

        NetworkAddress seen = source;
        VirtualNode? target = connection._network.Route(loop.Host, remote, ref seen);
        if (target is null || connection._network.Link(loop.Host, target) is not { IsDown: false } link || loop.Host.IsDown)
        {
            connection.After(ConnectTimeout, () => connection.FailConnect());
            return connection;
        }

        connection._towards = target;
        connection.After(connection.DrawDelay(link), () => connection.ArriveAt(target, source, seen));
        return connection;
    }

    public bool Send(PooledBuffer bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        if (_state is State.Closing or State.Closed || _closesWhenOpen) return false;
        if (_unreadBytes + bytes.Length > MaxQueuedBytes)
        {
            Break(StreamCloseReason.SendQueueFull);
            return false;
        }

        _unreadBytes += bytes.Length;
        _queue.Enqueue(bytes.Retain());
        if (_state == State.Open) Pump();
        return true;
    }

    public void Close()
    {
        switch (_state)
        {
            case State.Connecting when _queue.Count > 0:
                _closesWhenOpen = true;
                break;
            case State.Connecting:
                Shut(StreamCloseReason.ClosedHere);
                break;
            case State.Open:
                _state = State.Closing;
                Pump();
                break;
        }
    }

    /// <summary>Ends the connection with its loop: the other end sees it closed, the handler hears it now.</summary>
    public void End()
    {
        Close();
        _state = State.Closed;
        DropQueue();
        HearClosed(StreamCloseReason.ClosedHere);
    }

    /// <summary>Breaks the connection: this end hears it now, the other when it gets there.</summary>
    public void Break(StreamCloseReason reason)
    {
        if (_state == State.Closed) return;
        Shut(reason);
        Reset();
    }

    private void Register()
    {
        _network.OpenConnections++;
        _loop.Add(this);
    }

    private void ArriveAt(VirtualNode target, NetworkAddress source, NetworkAddress seen)
    {
        if (_state == State.Closed) return;
        NetworkAddress to = RemoteAddress;
        VirtualHost? host = VirtualNetwork.TryEnter(ref target, seen, ref to) ? (VirtualHost)target : null;
        if (host is null || host.IsDown)
        {
            After(ConnectTimeout, FailConnect);
            return;
        }

        VirtualLink back = _network.Link(host, Host);
        if (host.FindListener(to) is not { } listener)
        {
            After(DrawDelay(back), FailConnect);
            return;
        }

        var accepted = new VirtualConnection(listener.Loop, to, seen, isAccepted: true) { _peer = this, _state = State.Open };
        NetworkAddress own = to;
        accepted._towards = _network.Route(host, seen, ref own) ?? Host;
        _peer = accepted;
        accepted._lastArrival = _network.Now + DrawDelay(back);
        _network.At(accepted._lastArrival, new Call(() => Stand(source)));
        accepted._handler = listener.Accept(accepted);
        if (accepted._handler is null)
        {
            accepted._closeReported = true;
            accepted.Close();
            return;
        }

        accepted.Register();
        accepted._handler.OnConnected(_network.Now, accepted);
    }

    private void Stand(NetworkAddress local)
    {
        if (_state != State.Connecting)
        {
            _peer?.Shut(StreamCloseReason.ClosedByPeer);
            return;
        }

        LocalAddress = local;
        _state = _closesWhenOpen ? State.Closing : State.Open;
        _handler?.OnConnected(_network.Now, this);
        Pump();
    }

    private void FailConnect()
    {
        if (_state == State.Connecting) Shut(StreamCloseReason.ConnectFailed);
    }

    /// <summary>Puts the queue, and the end of the stream after it, on its way; tries again later when the link is down.</summary>
    private void Pump()
    {
        if (_peer is not { } peer || _state is State.Connecting or State.Closed) return;
        while (_queue.Count > 0 || _state == State.Closing)
        {
            if (TransitTo(peer) is not { } transit)
            {
                RetryLater();
                return;
            }

            _stuckSince = Instant.Never;
            _lastArrival = Instant.Max(_lastArrival, _network.Now + transit);
            if (_queue.TryDequeue(out PooledBuffer? bytes))
            {
                _network.At(_lastArrival, new Call(() => Deliver(peer, bytes)));
                continue;
            }

            _network.At(_lastArrival, new Call(() => peer.Shut(StreamCloseReason.ClosedByPeer)));
            Shut(StreamCloseReason.ClosedHere);
        }
    }

    private void RetryLater()
    {
        if (_stuckSince.IsNever) _stuckSince = _network.Now;
        if (_network.Now - _stuckSince >= GiveUpAfter)
        {
            Break(StreamCloseReason.Failed);
            return;
        }

        if (_retrying) return;
        _retrying = true;
        After(RetransmissionDelay, () =>
        {
            _retrying = false;
            Pump();
        });
    }

    private void Deliver(VirtualConnection peer, PooledBuffer bytes)
    {
        _unreadBytes -= bytes.Length;
        if (peer._state is State.Open) peer.Receive(bytes.Span);
        else if (peer._state is State.Closed) peer.Reset();
        bytes.Release();
    }

    /// <summary>Breaks the other end, when what is on its way has got there.</summary>
    private void Reset()
    {
        if (_peer is not { } peer) return;
        _lastArrival = Instant.Max(_lastArrival, _network.Now + (TransitTo(peer) ?? GiveUpAfter));
        _network.At(_lastArrival, new Call(() => peer.Shut(StreamCloseReason.Failed)));
    }

    private void Receive(ReadOnlySpan<byte> bytes)
    {
        byte[] piece = new byte[bytes.Length];
        while (bytes.Length > 0 && _state == State.Open)
        {
            int length = bytes.Length;
            if (_network.MaxStreamPieceBytes > 0) length = Math.Min(length, 1 + _network.Random.Next(_network.MaxStreamPieceBytes));
            bytes[..length].CopyTo(piece);
            bytes = bytes[length..];
            _handler?.OnReceived(_network.Now, this, piece.AsSpan(0, length));
            piece.AsSpan(0, length).Fill(0xDD);     // spoils what is kept without a copy
        }
    }

    private void Shut(StreamCloseReason reason)
    {
        if (_state == State.Closed) return;
        _state = State.Closed;
        DropQueue();
        Report(reason);
    }

    private void DropQueue()
    {
        while (_queue.TryDequeue(out PooledBuffer? bytes))
        {
            _unreadBytes -= bytes.Length;
            bytes.Release();
        }
    }

    /// <summary>Tells the handler in an event of its own: never inside a call that it made.</summary>
    private void Report(StreamCloseReason reason)
    {
        _state = State.Closed;
        _network.At(_network.Now, new Call(() => HearClosed(reason)));
    }

    private void HearClosed(StreamCloseReason reason)
    {
        if (_closeReported) return;
        _closeReported = true;
        _network.OpenConnections--;
        _loop.Forget(this);
        _handler!.OnClosed(_network.Now, this, reason);
    }

    /// <summary>How long the next piece takes, null while nothing gets there.</summary>
    private TimeSpan? TransitTo(VirtualConnection peer)
    {
        VirtualLink link = _network.Link(Host, _towards);
        return link.IsDown || Host.IsDown || peer.Host.IsDown ? null : DrawDelay(link);
    }

    private TimeSpan DrawDelay(VirtualLink link)
    {
        TimeSpan delay = link.DrawDelay(_network.Random);
        for (int i = 0; i < 8 && link.Loses(_network.Random); i++) delay += RetransmissionDelay;
        return delay;
    }

    private void After(TimeSpan span, Action action) => _network.At(_network.Now + span, new Call(action));

    private sealed class Call(Action action) : VirtualEvent
    {
        public override void Happen() => action();
    }
}
