using Parley.Core;

namespace Parley.Net.Streams;

/// <summary>A connection over a socket of its loop: what both engines have in common, which is all but the calls of the system.</summary>
/// <remarks>
/// <code>
/// Connecting --stands--> Open --Close()--> Draining --queue written--> Lingering --other side ended, or time is over--> Closed
///      |                   |                  |
///      +-- no answer ------+-- ended, broke --+-- broke, time is over ------------------------------------------------> Closed
/// </code>
/// The handler hears of the end when Lingering or Closed begins. Lingering exists because a system that closes a socket with unread
/// bytes resets the connection, and the other side may then never read what was written last.
/// </remarks>
internal abstract class StreamConnection : LoopSource, IStreamConnection
{
    private readonly StreamQueue _queue;
    private IStreamHandler? _handler;
    private Timer? _timer;
    private State _state;
    private bool _wantsToWrite;         // the system took less than there was
    private bool _otherSideEnded;       // nothing more to read

    /// <param name="loop">The connection's loop.</param>
    /// <param name="remote">The other side.</param>
    /// <param name="handler">Of a connection that is started; null for an accepted one.</param>
    protected StreamConnection(NetworkLoop loop, NetworkAddress remote, IStreamHandler? handler)
    {
        (Loop, RemoteAddress, IsAccepted, _handler) = (loop, remote, handler is null, handler);
        Id = ConnectionIds.Next();
        _queue = new StreamQueue(loop.Options.StreamQueueBytes);
        _state = handler is null ? State.Open : State.Connecting;
    }

    private enum State { Connecting, Open, Draining, Lingering, Closed }

    public long Id { get; }

    public NetworkAddress LocalAddress { get; protected set; }

    public NetworkAddress RemoteAddress { get; }

    public bool IsAccepted { get; }

    protected NetworkLoop Loop { get; }

    public bool Send(PooledBuffer bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        bool isQueued = _queue.TryAdd(bytes);
        if (isQueued || _queue.HasOverflowed) AskForTurn();
        return isQueued;
    }

    public void Close()
    {
        if (_queue.Close()) AskForTurn();
    }

    /// <summary>An accepted connection begins: it is registered, its handler hears of it.</summary>
    public void Begin(NetworkAddress local, Func<IStreamConnection, IStreamHandler?> accept)
    {
        LocalAddress = local;
        Loop.Counters.Connections++;
        Loop.AcceptedConnections++;
        try
        {
            _handler = accept(this);
        }
        finally
        {
            if (_handler is null)
            {
                Loop.Counters.ConnectionsTurnedAway++;
                Shut();
            }
        }

        if (_handler is null) return;
        Loop.Counters.ConnectionsAccepted++;
        Watch();
        _handler.OnConnected(Loop.Now, this);
    }

    /// <summary>A started connection begins to wait until it stands.</summary>
    public void BeginConnecting()
    {
        Loop.Counters.Connections++;
        SetTimer(Loop.Options.ConnectTimeout);
        Watch();
    }

    /// <summary>A started connection could not even be tried; the handler hears it at the end of the round.</summary>
    public void FailConnecting()
    {
        Loop.Counters.Connections++;
        _otherSideEnded = true;
        Loop.RequestFlush(this);
    }

    public override void OnSignal() => OnFlush();

    public override void OnFlush()
    {
        bool isClosed = _queue.IsClosed;        // once: another thread may close or overflow it meanwhile, and gives this a turn again
        switch (_state)
        {
            case State.Connecting when _otherSideEnded:
                Abort(StreamCloseReason.ConnectFailed);
                break;
            case State.Connecting or State.Open when isClosed && _queue.HasOverflowed:
                Abort(StreamCloseReason.SendQueueFull);
                break;
            case State.Connecting when isClosed && _queue.IsEmpty:
                Abort(StreamCloseReason.ClosedHere);
                break;
            case State.Open:
            case State.Draining:
                if (_state == State.Open && isClosed) Drain();
                if (!_wantsToWrite) WriteQueue();
                break;
        }
    }

    public override void End()
    {
        if (_state is State.Open or State.Draining) WriteOnce();
        if (_state is State.Lingering) Shut();
        else Abort(StreamCloseReason.ClosedHere);
    }

    /// <summary>There is something to read, or the other side has ended.</summary>
    protected void OnReadable()
    {
        if (_state is State.Connecting or State.Closed || _otherSideEnded) return;
        Span<byte> buffer = Loop.StreamBuffer;
        int length = Read(buffer);
        if (length == SocketResult.WouldBlock) return;
        if (length > 0)
        {
            Loop.Counters.StreamBytesReceived += length;
            if (_state == State.Open && !_queue.IsClosed) _handler!.OnReceived(Loop.Now, this, buffer[..length]);
            return;
        }

        switch (_state)
        {
            case State.Open when length == 0:
                WriteOnce();
                Abort(StreamCloseReason.ClosedByPeer);
                break;
            case State.Draining when length == 0:
                _otherSideEnded = true;     // it may still read
                Watch();
                break;
            case State.Lingering:
                Shut();
                break;
            default:
                Abort(StreamCloseReason.Failed);
                break;
        }
    }

    /// <summary>The system takes more, or the connection stands or does not.</summary>
    protected void OnWritable()
    {
        switch (_state)
        {
            case State.Connecting when !_otherSideEnded:
                if (FinishConnect(out NetworkAddress local)) Stand(local);
                else Abort(StreamCloseReason.ConnectFailed);
                break;
            case State.Open or State.Draining:
                _wantsToWrite = false;
                WriteQueue();
                break;
        }
    }

    /// <summary>Reads what is there.</summary>
    /// <returns>Bytes; 0 at the end of the stream; <see cref="SocketResult"/>.</returns>
    protected abstract int Read(Span<byte> buffer);

    /// <summary>Writes as much of some buffers as the system takes.</summary>
    /// <param name="buffers">One or more.</param>
    /// <param name="offset">Where in the first one to begin.</param>
    /// <returns>Bytes; <see cref="SocketResult"/>.</returns>
    protected abstract int Write(ReadOnlySpan<PooledBuffer> buffers, int offset);

    /// <summary>Asks how the attempt to connect went.</summary>
    protected abstract bool FinishConnect(out NetworkAddress local);

    /// <summary>Tells the other side that nothing more comes.</summary>
    protected abstract void ShutdownSend();

    /// <summary>Says which turns the connection wants from now on.</summary>
    protected abstract void SetInterest(bool read, bool write);

    /// <summary>Gives the socket back to the system.</summary>
    protected abstract void CloseSocket();

    private void AskForTurn()
    {
        if (Loop.IsLoopThread) Loop.RequestFlush(this);
        else Loop.Signal(this);
    }

    private void Stand(NetworkAddress local)
    {
        _state = State.Open;
        LocalAddress = local;
        SetTimer(null);
        Watch();
        Loop.RequestFlush(this);
        _handler!.OnConnected(Loop.Now, this);
    }

    private void Drain()
    {
        _state = State.Draining;
        SetTimer(Loop.Options.CloseTimeout);
    }

    private void WriteQueue()
    {
        bool? isWritten = WriteOnce();
        if (isWritten is null)
        {
            Abort(StreamCloseReason.Failed);
            return;
        }

        _wantsToWrite = isWritten == false;
        if (_state == State.Draining && isWritten == true)
        {
            ShutdownSend();
            if (_otherSideEnded) Shut();
            else
            {
                _state = State.Lingering;
                SetTimer(Loop.Options.CloseTimeout);
                Watch();
            }

            Hear(StreamCloseReason.ClosedHere);
            return;
        }

        Watch();
    }

    /// <summary>Writes what the system takes.</summary>
    /// <returns>True when all is written, null when the connection is broken.</returns>
    private bool? WriteOnce()
    {
        Span<PooledBuffer> buffers = Loop.StreamWriteBatch;
        while (true)
        {
            int count = _queue.Peek(buffers, out int offset);
            if (count == 0) return true;
            int length = Write(buffers[..count], offset);
            if (length < 0) return length == SocketResult.WouldBlock ? false : null;
            Loop.Counters.CountStreamBytesSent(length);
            if (_queue.Consume(length)) return true;
        }
    }

    private void OnDeadline()
    {
        switch (_state)
        {
            case State.Connecting:
                Abort(StreamCloseReason.ConnectFailed);
                break;
            case State.Draining:
                Abort(StreamCloseReason.ClosedHere);
                break;
            case State.Lingering:
                Shut();
                break;
        }
    }

    private void Abort(StreamCloseReason reason)
    {
        if (_state == State.Closed) return;
        bool isKnown = _state == State.Lingering;
        Shut();
        if (!isKnown) Hear(reason);
    }

    /// <summary>Gives everything back; the handler is not told.</summary>
    private void Shut()
    {
        _state = State.Closed;
        SetTimer(null);
        _queue.Clear();
        CloseSocket();
        Loop.Counters.Connections--;
        if (IsAccepted) Loop.AcceptedConnections--;
    }

    private void Hear(StreamCloseReason reason)
    {
        IStreamHandler? handler = _handler;
        _handler = null;
        handler?.OnClosed(Loop.Now, this, reason);
    }

    private void Watch()
    {
        if (_state == State.Closed) return;
        SetInterest(read: _state != State.Connecting && !_otherSideEnded, write: _state == State.Connecting || _wantsToWrite);
    }

    private void SetTimer(TimeSpan? span)
    {
        if (span is null && _timer is null) return;
        _timer ??= new Timer(this);
        Loop.Schedule(_timer, span is { } until ? Loop.Now + until : Instant.Never);
    }

    private sealed class Timer(StreamConnection connection) : LoopTimer
    {
        public override void OnDeadline(Instant now) => connection.OnDeadline();
    }
}
