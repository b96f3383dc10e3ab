using System.Buffers;
using System.IO.Pipelines;
using Parley.Core;

namespace Parley.Net.Streams;

/// <summary>A connection over a pipe that somebody else serves.</summary>
/// <remarks>
/// Two long-lived tasks serve it: one reads and gives each piece to the loop, waiting until it is handled; the other writes what is
/// queued. They meet the loop in signals and turns, so no message makes a task or a closure.
/// <code>
/// New --first turn--> Open --Close()--> Draining --written, or time is over--> Closed
///  | not wanted       ^ | other side ended, broke, queue full                    ^
///  +------------------|-+--------------------------------------------------------+
/// Dialling --stands---+  --does not, Close(), queue full, time is over---------> Closed
/// </code>
/// The handler hears of the end when Closed begins. The task of the adopter completes when both tasks have ended, too.
/// </remarks>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "A source of cancellation without a timer holds nothing.")]
internal sealed class PipeConnection : LoopSource, IStreamConnection
{
    private const int BuffersPerWrite = 16;

    private readonly NetworkLoop _loop;
    private readonly Func<IStreamConnection, IStreamHandler?>? _accept;     // null for a started connection
    private readonly StreamQueue _queue;
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly AsyncTurn _readerTurn = new();     // the piece is handled
    private readonly AsyncTurn _writerTurn = new();     // something is queued, or the queue is closed
    private readonly Timer _closeTimer;
    private readonly Lock _completionGate = new();
    private readonly CancellationTokenSource? _dialling;
    private IDuplexPipe _transport;
    private IStreamHandler? _handler;
    private DialledStream? _dialled;        // until the connection stands
    private volatile bool _hasDialFailed;
    private State _state;
    private ReadOnlySequence<byte> _piece;
    private volatile bool _hasPiece;
    private volatile Task _reader = Task.CompletedTask;
    private volatile Task _writer = Task.CompletedTask;
    private volatile bool _hasReaderFailed;
    private volatile bool _hasWriterFailed;
    private bool _isOutputCompleted;            // a writer over a stream throws when it is cancelled after that
    private volatile bool _isAborted;           // what is queued is not written any more

    public PipeConnection(
        NetworkLoop loop, IDuplexPipe transport, NetworkAddress local, NetworkAddress remote, Func<IStreamConnection, IStreamHandler?> accept)
    {
        (_loop, _transport, LocalAddress, RemoteAddress, _accept) = (loop, transport, local, remote, accept);
        Id = ConnectionIds.Next();
        _queue = new StreamQueue(loop.Options.StreamQueueBytes);
        _closeTimer = new Timer(this);
    }

    /// <summary>A connection that is started; <see cref="Dial"/> follows.</summary>
    public PipeConnection(NetworkLoop loop, NetworkAddress remote, IStreamHandler handler)
    {
        (_loop, _transport, RemoteAddress, _handler) = (loop, null!, remote, handler);
        Id = ConnectionIds.Next();
        _queue = new StreamQueue(loop.Options.StreamQueueBytes);
        _closeTimer = new Timer(this);
        _dialling = new CancellationTokenSource();
        _state = State.Dialling;
    }

    private enum State { New, Dialling, Open, Draining, Closed }

    public long Id { get; }

    public NetworkAddress LocalAddress { get; private set; }

    public NetworkAddress RemoteAddress { get; }

    public bool IsAccepted => _accept is not null;

    /// <summary>Completes when all is over.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Begins to wait for somebody who makes the connection. The loop's.</summary>
    public void Dial(Func<CancellationToken, Task<DialledStream>> dial)
    {
        _loop.Add(this);
        _loop.Counters.Connections++;
        _loop.Schedule(_closeTimer, _loop.Now + _loop.Options.ConnectTimeout);
        _ = Task.Run(() => DialAsync(dial));
    }

    public bool Send(PooledBuffer bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        bool isQueued = _queue.TryAdd(bytes);
        if (_queue.HasOverflowed) _loop.Signal(this);
        else if (!isQueued) return false;
        else if (_loop.IsLoopThread) _loop.RequestFlush(this);
        else _writerTurn.Give();
        return isQueued;
    }

    public void Close()
    {
        if (_queue.Close()) _loop.Signal(this);
    }

    public override void OnSignal()
    {
        if (_state == State.New) Begin();
        if (_hasPiece) Handle();
        bool isClosed = _queue.IsClosed;        // once: another thread may close or overflow it meanwhile, and gives this a turn again
        switch (_state)
        {
            case State.Dialling when isClosed && _queue.HasOverflowed:
                GiveUp(StreamCloseReason.SendQueueFull);
                break;
            case State.Dialling when isClosed && _queue.IsEmpty:
                GiveUp(StreamCloseReason.ClosedHere);
                break;
            case State.Dialling when _dialled is not null:
                Stand(_dialled);
                break;
            case State.Dialling when _hasDialFailed:
                GiveUp(StreamCloseReason.ConnectFailed);
                break;
            case State.Open when isClosed && _queue.HasOverflowed:
                End(StreamCloseReason.SendQueueFull);
                break;
            case State.Open when _hasReaderFailed || _hasWriterFailed:
                End(StreamCloseReason.Failed);
                break;
            case State.Open when _reader.IsCompleted:
                End(StreamCloseReason.ClosedByPeer);
                break;
            case State.Open when isClosed:
                _state = State.Draining;
                _loop.Schedule(_closeTimer, _loop.Now + _loop.Options.CloseTimeout);
                _writerTurn.Give();
                break;
            case State.Draining when _writer.IsCompleted:
                End(StreamCloseReason.ClosedHere);
                break;
            case State.Closed when _dialled is not null:
                DropDialled();
                break;
            case State.Closed when _writer.IsCompleted:
                _loop.Schedule(_closeTimer, Instant.Never);
                break;
        }
    }

    public override void OnFlush() => _writerTurn.Give();

    public override void End()
    {
        if (_state == State.Dialling) GiveUp(StreamCloseReason.ClosedHere);
        DropDialled();
        if (_transport is null) return;
        if (_state is State.Open or State.Draining) End(StreamCloseReason.ClosedHere);
        else if (_state == State.New) Refuse();
        if (_hasPiece) Handle();
        CancelFlush();
    }

    private void Begin()
    {
        try
        {
            if (_loop.AcceptedConnections < _loop.Options.MaxAcceptedConnections) _handler = _accept!(this);
        }
        finally
        {
            if (_handler is null) Refuse();
        }

        if (_handler is null) return;
        _loop.Add(this);
        _loop.AcceptedConnections++;
        _loop.Counters.ConnectionsAccepted++;
        _loop.Counters.Connections++;
        Open(owner: null);
    }

    private void Open(IAsyncDisposable? owner)
    {
        _state = State.Open;
        _reader = Task.Run(ReadAsync);
        _writer = Task.Run(WriteAsync);
        _ = CompleteAsync(owner);
        _handler!.OnConnected(_loop.Now, this);
    }

    /// <summary>The connection that was started stands.</summary>
    private void Stand(DialledStream dialled)
    {
        _dialled = null;
        _loop.Schedule(_closeTimer, Instant.Never);
        (_transport, LocalAddress) = (dialled.Transport, dialled.Local);
        Open(dialled.Owner);
        if (_queue.IsClosed) _loop.Signal(this);    // it was closed while it waited, with something to write
    }

    /// <summary>The connection that was started comes to nothing.</summary>
    private void GiveUp(StreamCloseReason reason)
    {
        _state = State.Closed;
        _queue.Clear();
        _ = _dialling!.CancelAsync();
        _loop.Schedule(_closeTimer, Instant.Never);
        _loop.Remove(this);
        _loop.Counters.Connections--;
        DropDialled();
        IStreamHandler handler = _handler!;
        _handler = null;
        handler.OnClosed(_loop.Now, this, reason);
    }

    /// <summary>It was made after all, when nobody waited for it any more.</summary>
    private void DropDialled()
    {
        if (Interlocked.Exchange(ref _dialled, null) is { } late) _ = Task.Run(async () => await late.Owner.DisposeAsync().ConfigureAwait(false));
    }

    private async Task DialAsync(Func<CancellationToken, Task<DialledStream>> dial)
    {
        try
        {
            Volatile.Write(ref _dialled, await dial(_dialling!.Token).ConfigureAwait(false));
        }
        catch (Exception)   // of whatever kind who makes it has, who also knows what to say of it
        {
            _hasDialFailed = true;
        }

        _loop.Signal(this);
    }

    private void Refuse()
    {
        _loop.Counters.ConnectionsTurnedAway++;
        _state = State.Closed;
        _queue.Clear();
        _transport.Output.Complete();
        _transport.Input.Complete();
        _completion.SetResult();
    }

    private void Handle()
    {
        try
        {
            foreach (ReadOnlyMemory<byte> bytes in _piece)
            {
                if (_state != State.Open || _queue.IsClosed) break;
                _loop.Counters.StreamBytesReceived += bytes.Length;
                _handler!.OnReceived(_loop.Now, this, bytes.Span);
            }
        }
        finally
        {
            _piece = default;
            _hasPiece = false;
            _readerTurn.Give();
        }
    }

    /// <summary>Lets both tasks end, and tells the handler.</summary>
    private void End(StreamCloseReason reason)
    {
        _state = State.Closed;
        _queue.Close();
        if (reason is StreamCloseReason.SendQueueFull or StreamCloseReason.Failed)
        {
            _isAborted = true;
            CancelFlush();
        }

        _writerTurn.Give();
        _transport.Input.CancelPendingRead();
        // The writer may still wait for the other side: the timer hurries it.
        if (!_writer.IsCompleted) _loop.Schedule(_closeTimer, _loop.Now + _loop.Options.CloseTimeout);
        _loop.Remove(this);
        if (IsAccepted) _loop.AcceptedConnections--;
        _loop.Counters.Connections--;
        IStreamHandler handler = _handler!;
        _handler = null;
        try
        {
            handler.OnClosed(_loop.Now, this, reason);
        }
        finally
        {
            _told.SetResult();
        }
    }

    private async Task ReadAsync()
    {
        PipeReader input = _transport.Input;
        try
        {
            while (true)
            {
                ReadResult result = await input.ReadAsync().ConfigureAwait(false);
                if (!result.Buffer.IsEmpty)
                {
                    _piece = result.Buffer;
                    _hasPiece = true;
                    _loop.Signal(this);
                    await _readerTurn.WaitAsync().ConfigureAwait(false);
                }

                input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted || result.IsCanceled) break;
            }
        }
        catch (Exception)   // of whatever kind the transport has: it is broken
        {
            _hasReaderFailed = true;
        }

        await EndAsync(input.CompleteAsync).ConfigureAwait(false);
    }

    private async Task WriteAsync()
    {
        PipeWriter output = _transport.Output;
        var batch = new PooledBuffer[BuffersPerWrite];
        try
        {
            bool isHurried = false;
            while (!_isAborted)
            {
                bool isLast = _queue.IsClosed;
                if (!Write(output, batch))
                {
                    if (isLast) break;
                    await _writerTurn.WaitAsync().ConfigureAwait(false);
                }
                else if (!isHurried)
                {
                    FlushResult result = await output.FlushAsync().ConfigureAwait(false);
                    isHurried = result.IsCanceled;
                    if (!result.IsCompleted) continue;
                    _hasWriterFailed = !isLast;     // the other side reads no more
                    break;
                }
            }
        }
        catch (Exception)   // of whatever kind the transport has: it is broken
        {
            _hasWriterFailed = true;
        }

        _queue.Clear();
        lock (_completionGate) _isOutputCompleted = true;
        await EndAsync(output.CompleteAsync).ConfigureAwait(false);
    }

    /// <summary>Lets the writer wait no longer for the other side.</summary>
    private void CancelFlush()
    {
        lock (_completionGate)
        {
            if (!_isOutputCompleted) _transport.Output.CancelPendingFlush();
        }
    }

    /// <summary>Completes an end of the pipe; that of a stream which is broken tries once more to write what is left, and throws.</summary>
    private static async Task EndAsync(Func<Exception?, ValueTask> complete)
    {
        try
        {
            await complete(null).ConfigureAwait(false);
        }
        catch (Exception)   // of whatever kind the transport has: it is over either way
        {
        }
    }

    /// <summary>Hands the first part of what is queued to the pipe.</summary>
    /// <returns>False when nothing is queued.</returns>
    private bool Write(PipeWriter output, PooledBuffer[] batch)
    {
        int count = _queue.Peek(batch, out int offset);
        if (count == 0) return false;
        int lengthBytes = 0;
        foreach (PooledBuffer buffer in batch.AsSpan(0, count))
        {
            ReadOnlySpan<byte> bytes = buffer.Span[offset..];
            output.Write(bytes);
            lengthBytes += bytes.Length;
            offset = 0;
            (output as MessagePipeWriter)?.EndMessage();
        }

        _queue.Consume(lengthBytes);
        _loop.Counters.CountStreamBytesSent(lengthBytes);
        return true;
    }

    private async Task CompleteAsync(IAsyncDisposable? owner)
    {
        // Each end is worth a turn of the loop: it may be the reason to tell the handler.
        await Task.WhenAny(_reader, _writer).ConfigureAwait(false);
        _loop.Signal(this);
        await _writer.ConfigureAwait(false);
        _loop.Signal(this);
        await _reader.ConfigureAwait(false);
        await _told.Task.ConfigureAwait(false);
        if (owner is not null) await owner.DisposeAsync().ConfigureAwait(false);
        _completion.SetResult();
    }

    private sealed class Timer(PipeConnection connection) : LoopTimer
    {
        public override void OnDeadline(Instant now)
        {
            if (connection._state == State.Dialling) connection.GiveUp(StreamCloseReason.ConnectFailed);
            else connection.CancelFlush();
        }
    }
}
