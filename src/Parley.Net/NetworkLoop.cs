using System.Diagnostics;
using System.IO.Pipelines;
using Parley.Core;
using Parley.Net.Linux;
using Parley.Net.Portable;
using Parley.Net.Streams;

namespace Parley.Net;

/// <summary>A loop on a thread of its own, over the system's sockets.</summary>
/// <remarks>
/// <code>
/// wait -> read the clock -> what is ready: receive and handle -> signalled sources -> posted work -> due timers -> flush -> pause under load
///   ^                                                                                                                         |
///   +-------------------------------------------------------------------------------------------------------------------------+
/// </code>
/// Each step takes what is there when it begins, and no more than a batch per socket, so a busy socket holds up neither the others nor
/// the timers. An exception that a handler lets out is counted and reported (<see cref="NetworkLoopOptions.OnFault"/>); the loop lives on.
/// <para>A round that is held up (code that is compiled when it first runs, a machine that stops for a second) counts as a quarter of a second at
/// most: what it sends leaves when it ends, so a deadline that it sets for the answer must not have come by then.</para>
/// </remarks>
public abstract class NetworkLoop : INetworkLoop, IDisposable
{
    private static readonly TimeSpan LongestCounted = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(50);

    private readonly NetworkLoopOptions _options;
    private readonly MonotonicClock _clock;
    private readonly DeadlineWheel _wheel;
    private readonly LoopInbox _inbox;
    private readonly HashSet<PipeConnection> _pipes = [];
    private readonly RoundPacer _pacer;
    private readonly Thread _thread;
    private List<LoopSource> _toFlush = [];
    private List<LoopSource> _flushing = [];
    private TimeSpan _uncounted;
    private LoopSource? _signalled;
    private int _isWaiting;
    private volatile bool _isStopping;
    private volatile bool _hasEnded;

    private protected NetworkLoop(NetworkLoopOptions options)
    {
        _options = options;
        _clock = new MonotonicClock(options.Time);
        Now = Read();
        _wheel = new DeadlineWheel(Now);
        _inbox = new LoopInbox(options.InboxCapacity);
        _pacer = new RoundPacer(options.MaxPause, options.PauseFromPerSecond);
        _thread = new Thread(Run) { IsBackground = true, Name = options.Name };
    }

    /// <inheritdoc/>
    public Instant Now { get; private set; }

    /// <inheritdoc/>
    public TimeProvider Time => _options.Time;

    /// <inheritdoc/>
    public BufferPool Buffers => _options.Buffers;

    /// <summary>What it was started with.</summary>
    public NetworkLoopOptions Options => _options;

    /// <summary>What it has done.</summary>
    public NetworkCounters Counters { get; } = new();

    /// <summary>True when the calling thread is the loop's.</summary>
    public bool IsLoopThread => Thread.CurrentThread == _thread;

    /// <summary>True when loops of this engine can share a port (<see cref="DatagramSharing"/>).</summary>
    public abstract bool CanShareDatagramPorts { get; }

    /// <summary>True while it waits for something to do. Any thread may look.</summary>
    internal bool IsWaiting => Volatile.Read(ref _isWaiting) != 0;

    /// <summary>Accepted connections that are open; the loop's.</summary>
    internal int AcceptedConnections { get; set; }

    /// <summary>Where connections are read into: valid during one handler's call. The loop's.</summary>
    internal byte[] StreamBuffer => field ??= GC.AllocateUninitializedArray<byte>(65_536, pinned: true);

    /// <summary>Room for what one call writes. The loop's.</summary>
    internal PooledBuffer[] StreamWriteBatch => field ??= new PooledBuffer[64];

    /// <summary>Starts a loop.</summary>
    /// <param name="options">Defaults when absent.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside its range.</exception>
    /// <exception cref="PlatformNotSupportedException">The engine asked for is not of this system.</exception>
    public static NetworkLoop Start(NetworkLoopOptions? options = null)
    {
        options ??= new NetworkLoopOptions();
        options.Validate();
        NetworkLoop loop = options.Engine switch
        {
            NetworkEngine.Epoll when !OperatingSystem.IsLinux() => throw new PlatformNotSupportedException("epoll is Linux's."),
            NetworkEngine.Epoll => new EpollLoop(options),
            NetworkEngine.Automatic when OperatingSystem.IsLinux() => new EpollLoop(options),
            _ => new PortableLoop(options),
        };
        loop._thread.Start();
        return loop;
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The loop has ended.</exception>
    /// <exception cref="NotSupportedException">The engine cannot share ports.</exception>
    public IDatagramSocket OpenDatagram(NetworkAddress local, IDatagramHandler handler, DatagramSharing sharing = DatagramSharing.Exclusive, NetworkAddress groupInterface = default)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ObjectDisposedException.ThrowIf(_isStopping, this);
        if (sharing != DatagramSharing.Exclusive && !CanShareDatagramPorts) throw new NotSupportedException("This engine cannot share ports.");
        return OpenDatagramSocket(local, handler, sharing, groupInterface);
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The loop has ended.</exception>
    public IStreamListener ListenStream(NetworkAddress local, Func<IStreamConnection, IStreamHandler?> accept)
    {
        ArgumentNullException.ThrowIfNull(accept);
        ObjectDisposedException.ThrowIf(_isStopping, this);
        return OpenListener(local, accept);
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The loop has ended.</exception>
    public IStreamConnection ConnectStream(NetworkAddress remote, IStreamHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        if (!remote.IsSpecified) throw new ArgumentException("No address.", nameof(remote));
        ObjectDisposedException.ThrowIf(_isStopping, this);
        Debug.Assert(IsLoopThread, "Connections are started on the loop.");
        StreamConnection connection = StartConnection(remote, handler);
        Counters.ConnectionsStarted++;
        return connection;
    }

    /// <summary>Makes a connection of this loop out of a pipe that somebody else serves: a web server's connection, a TLS stream.</summary>
    /// <param name="transport">The pipe. It is the loop's until the task completes; then both its ends are completed.</param>
    /// <param name="local">This side's address.</param>
    /// <param name="remote">The other side's address.</param>
    /// <param name="accept">Gives the connection's handler, on the loop; null closes it.</param>
    /// <returns>A task that completes when the connection is closed, what was queued is written, and the handler has heard of it. It never fails.</returns>
    /// <remarks>May be called on any thread. Pieces that come from the pipe are handed to the handler in place; the next one is read when it has returned.</remarks>
    public Task AdoptStreamAsync(IDuplexPipe transport, NetworkAddress local, NetworkAddress remote, Func<IStreamConnection, IStreamHandler?> accept)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(accept);
        ObjectDisposedException.ThrowIf(_isStopping, this);
        var connection = new PipeConnection(this, transport, local, remote, accept);
        Signal(connection);
        return connection.Completion;
    }

    /// <summary>Starts a stream connection that somebody else makes: one over TLS. What is sent before it stands waits for it.</summary>
    /// <param name="remote">The other side.</param>
    /// <param name="handler">Hears when it stands or that it does not.</param>
    /// <param name="dial">Makes the connection, on another thread; its token ends the attempt, as after <see cref="NetworkLoopOptions.ConnectTimeout"/>.</param>
    /// <exception cref="ObjectDisposedException">The loop has ended.</exception>
    public IStreamConnection DialStream(NetworkAddress remote, IStreamHandler handler, Func<CancellationToken, Task<DialledStream>> dial)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(dial);
        ObjectDisposedException.ThrowIf(_isStopping, this);
        Debug.Assert(IsLoopThread, "Connections are started on the loop.");
        var connection = new PipeConnection(this, remote, handler);
        connection.Dial(dial);
        Counters.ConnectionsStarted++;
        return connection;
    }

    /// <inheritdoc/>
    public void Schedule(LoopTimer timer, Instant deadline)
    {
        Debug.Assert(IsLoopThread, "Timers are set on the loop.");
        _wheel.Schedule(timer, deadline);
    }

    /// <inheritdoc/>
    public bool Post(ILoopWork work)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (!_inbox.TryAdd(work))
        {
            Counters.CountWorkRefused();
            return false;
        }

        WakeUp();
        return true;
    }

    /// <summary>Ends the loop: posted work is run, what the system takes at once is sent, sockets and connections are closed and their handlers told.</summary>
    /// <remarks>Returns when that is done; on the loop itself it returns at once, and the loop ends after the round.</remarks>
    public void Dispose()
    {
        _isStopping = true;
        WakeUp();
        if (!IsLoopThread) _thread.Join();
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives a source a turn. May be called on any thread.</summary>
    internal void Signal(LoopSource source)
    {
        if (!source.TrySignal()) return;
        LoopSource? head;
        do
        {
            head = Volatile.Read(ref _signalled);
            source.NextSignalled = head;
        }
        while (Interlocked.CompareExchange(ref _signalled, source, head) != head);
        WakeUp();
        if (_hasEnded) EndSignalled();      // nobody else will give it a turn
    }

    /// <summary>Gives a source a turn at the end of the round. The loop's.</summary>
    internal void RequestFlush(LoopSource source)
    {
        if (source.IsFlushRequested) return;
        source.IsFlushRequested = true;
        _toFlush.Add(source);
    }

    /// <summary>Receives what has come to another loop's sockets on ports that this one shares with it, as if it had come to its own.</summary>
    internal abstract void ReceiveFor(NetworkLoop other);

    internal void Fault(Exception exception)
    {
        Counters.Faults++;
        try
        {
            _options.OnFault?.Invoke(exception);
        }
        catch (Exception)
        {
            Counters.Faults++;      // who is told of faults must not end the loop either
        }
    }

    internal void Add(PipeConnection connection) => _pipes.Add(connection);

    internal void Remove(PipeConnection connection) => _pipes.Remove(connection);

    private protected abstract IDatagramSocket OpenDatagramSocket(NetworkAddress local, IDatagramHandler handler, DatagramSharing sharing, NetworkAddress groupInterface);

    private protected abstract IStreamListener OpenListener(NetworkAddress local, Func<IStreamConnection, IStreamHandler?> accept);

    private protected abstract StreamConnection StartConnection(NetworkAddress remote, IStreamHandler handler);

    /// <summary>Waits until a socket is ready, <see cref="Interrupt"/> is called or the time is over.</summary>
    /// <param name="timeout">Negative for ever.</param>
    /// <param name="deadline">When that is: what is due next; meaningless for a wait of zero.</param>
    private protected abstract void Wait(TimeSpan timeout, Instant deadline);

    /// <summary>Lets a fraction of a millisecond go by. An engine whose pauses are too coarse returns at once.</summary>
    private protected abstract void Pause(TimeSpan time);

    /// <summary>Gives every source that the last wait found ready a turn; its own exceptions are caught.</summary>
    private protected abstract void RunReady();

    /// <summary>Ends the wait. May be called on any thread.</summary>
    private protected abstract void Interrupt();

    /// <summary>Everything that is registered with the engine.</summary>
    private protected abstract LoopSource[] Sources();

    /// <summary>Gives back what the engine holds of the system; the thread ends after it.</summary>
    private protected abstract void Release();

    private void Run()
    {
        while (!_isStopping)
        {
            Interlocked.Exchange(ref _isWaiting, 1);    // a full fence: who adds work after it sees the flag, or we see the work
            Wait(TimeToWait(out Instant deadline), deadline);
            Volatile.Write(ref _isWaiting, 0);
            Now = Read();
            Counters.Rounds++;
            RunReady();
            RunSignalled();
            RunPosted();
            RunTimers();
            Flush();
            EndRound();
            TimeSpan pause = _pacer.After(Now, Counters.DatagramsReceived);
            if (pause > TimeSpan.Zero) Pause(pause);
        }

        Stop();
    }

    private Instant Read() => _clock.Now - _uncounted;

    private void EndRound()
    {
        TimeSpan took = Read() - Now;
        if (took > Counters.LongestRound) Counters.LongestRound = took;
        if (took <= Slow) return;
        Counters.SlowRounds++;
        if (took > LongestCounted) _uncounted += took - LongestCounted;
    }

    private TimeSpan TimeToWait(out Instant deadline)
    {
        deadline = Instant.Never;
        if (!_inbox.IsEmpty || Volatile.Read(ref _signalled) is not null || _toFlush.Count > 0 || _isStopping) return TimeSpan.Zero;
        deadline = _wheel.NextDeadline;
        if (deadline.IsNever) return Timeout.InfiniteTimeSpan;
        TimeSpan rest = deadline - Read();
        return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
    }

    private void WakeUp()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _isWaiting) != 0 && Interlocked.Exchange(ref _isWaiting, 0) != 0) Interrupt();
    }

    private void RunSignalled()
    {
        if (Volatile.Read(ref _signalled) is null) return;
        for (LoopSource? source = TakeSignalled(); source is not null;)
        {
            LoopSource turn = source;
            source = source.NextSignalled;
            turn.NextSignalled = null;
            turn.ClearSignal();
            try
            {
                turn.OnSignal();
            }
            catch (Exception exception)
            {
                Fault(exception);
            }
        }
    }

    /// <summary>Takes all signalled sources, the first one to signal first.</summary>
    private LoopSource? TakeSignalled()
    {
        LoopSource? newest = Interlocked.Exchange(ref _signalled, null);
        LoopSource? first = null;
        while (newest is not null)
        {
            LoopSource? next = newest.NextSignalled;
            newest.NextSignalled = first;
            (first, newest) = (newest, next);
        }

        return first;
    }

    private void EndSignalled()
    {
        LoopSource? source = TakeSignalled();
        while (source is not null)
        {
            LoopSource ended = source;
            source = source.NextSignalled;
            ended.NextSignalled = null;
            ended.ClearSignal();
            End(ended);
        }
    }

    private void End(LoopSource source)
    {
        try
        {
            source.End();
        }
        catch (Exception exception)
        {
            Fault(exception);
        }
    }

    private void RunPosted()
    {
        if (_inbox.IsEmpty) return;
        foreach (ref ILoopWork? slot in _inbox.Take())
        {
            ILoopWork work = slot!;
            slot = null;
            try
            {
                work.Run(Now);
            }
            catch (Exception exception)
            {
                Fault(exception);
            }
        }
    }

    private void RunTimers()
    {
        // A timer that sets itself to a time that has passed gets its turn in the next round.
        for (int i = _wheel.Count; i > 0 && _wheel.TryTakeDue(Now, out DeadlineEntry entry); i--)
        {
            try
            {
                ((LoopTimer)entry).OnDeadline(Now);
            }
            catch (Exception exception)
            {
                Fault(exception);
            }
        }
    }

    private void Flush()
    {
        if (_toFlush.Count == 0) return;
        (_toFlush, _flushing) = (_flushing, _toFlush);
        foreach (LoopSource source in _flushing)
        {
            source.IsFlushRequested = false;
            try
            {
                source.OnFlush();
            }
            catch (Exception exception)
            {
                Fault(exception);
            }
        }

        _flushing.Clear();
    }

    private void Stop()
    {
        _inbox.Close();
        RunSignalled();
        RunPosted();
        Flush();
        foreach (LoopSource source in (LoopSource[])[.. Sources(), .. _pipes]) End(source);
        _hasEnded = true;
        Interlocked.MemoryBarrier();
        EndSignalled();
        _wheel.Clear();
        Release();
    }
}
