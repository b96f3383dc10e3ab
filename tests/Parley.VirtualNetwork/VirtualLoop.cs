using Parley.Core;

namespace Parley.Net.Virtual;

/// <summary>A loop of a virtual host: called by the network when it is its turn.</summary>
public sealed class VirtualLoop : INetworkLoop, IDisposable
{
    private const int InboxCapacity = 65_536;

    private readonly VirtualNetwork _network;
    private readonly DeadlineWheel _wheel;
    private readonly List<VirtualDatagramSocket> _sockets = [];
    private readonly List<VirtualStreamListener> _listeners = [];
    private readonly List<VirtualConnection> _connections = [];
    private Instant _wakeAt = Instant.Never;
    private int _posted;
    private volatile bool _ended;

    internal VirtualLoop(VirtualNetwork network, VirtualHost host)
    {
        (_network, Host) = (network, host);
        _wheel = new DeadlineWheel(network.Now);
    }

    /// <summary>The host that it belongs to.</summary>
    public VirtualHost Host { get; }

    /// <inheritdoc/>
    public Instant Now => _network.Now;

    /// <inheritdoc/>
    public TimeProvider Time => _network.Time;

    /// <inheritdoc/>
    public BufferPool Buffers => _network.Buffers;

    /// <summary>Timers in its wheel.</summary>
    public int ScheduledTimers => _wheel.Count;

    /// <inheritdoc/>
    public IDatagramSocket OpenDatagram(NetworkAddress local, IDatagramHandler handler, DatagramSharing sharing = DatagramSharing.Exclusive, NetworkAddress groupInterface = default)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ObjectDisposedException.ThrowIf(_ended, this);
        var socket = new VirtualDatagramSocket(this, local, handler, sharing);
        _sockets.Add(socket);
        return socket;
    }

    /// <inheritdoc/>
    public IStreamListener ListenStream(NetworkAddress local, Func<IStreamConnection, IStreamHandler?> accept)
    {
        ArgumentNullException.ThrowIfNull(accept);
        ObjectDisposedException.ThrowIf(_ended, this);
        var listener = new VirtualStreamListener(this, local, accept);
        _listeners.Add(listener);
        return listener;
    }

    /// <inheritdoc/>
    public IStreamConnection ConnectStream(NetworkAddress remote, IStreamHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ObjectDisposedException.ThrowIf(_ended, this);
        return VirtualConnection.Connect(this, remote, handler);
    }

    /// <inheritdoc/>
    public void Schedule(LoopTimer timer, Instant deadline)
    {
        if (_ended) return;
        _wheel.Schedule(timer, deadline);
        PlanWake();
    }

    /// <inheritdoc/>
    public bool Post(ILoopWork work)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (_ended) return false;
        if (Interlocked.Increment(ref _posted) > InboxCapacity)
        {
            Interlocked.Decrement(ref _posted);
            return false;
        }

        _network.Post(this, work);
        return true;
    }

    /// <summary>Ends the loop: its sockets and connections are closed, its timers forgotten.</summary>
    public void Dispose()
    {
        if (_ended) return;
        _ended = true;
        foreach (VirtualDatagramSocket socket in _sockets.ToArray()) socket.Dispose();
        foreach (VirtualStreamListener listener in _listeners.ToArray()) listener.Dispose();
        foreach (VirtualConnection connection in _connections.ToArray()) connection.End();
        _wheel.Clear();
    }

    internal void RunPosted(ILoopWork work)
    {
        Interlocked.Decrement(ref _posted);
        work.Run(Now);
    }

    internal void Forget(VirtualDatagramSocket socket) => _sockets.Remove(socket);

    internal void Forget(VirtualStreamListener listener) => _listeners.Remove(listener);

    internal void Add(VirtualConnection connection) => _connections.Add(connection);

    internal void Forget(VirtualConnection connection) => _connections.Remove(connection);

    /// <summary>Has the network call when the wheel wants to be asked.</summary>
    private void PlanWake()
    {
        Instant next = _wheel.NextDeadline;
        if (next >= _wakeAt) return;
        _wakeAt = next;
        _network.At(next, new Wake(this, next));
    }

    private void RunTimers()
    {
        _wakeAt = Instant.Never;
        try
        {
            for (int i = _wheel.Count; i > 0 && _wheel.TryTakeDue(Now, out DeadlineEntry entry); i--)
            {
                ((LoopTimer)entry).OnDeadline(Now);
            }
        }
        finally
        {
            PlanWake();     // an exception leaves the other timers due
        }
    }

    /// <summary>Asks the wheel; the timers in it are what is waited for, not this.</summary>
    private sealed class Wake : VirtualEvent
    {
        private readonly VirtualLoop _loop;
        private readonly Instant _at;

        public Wake(VirtualLoop loop, Instant at) => (_loop, _at, IsIdle) = (loop, at, true);

        public override void Happen()
        {
            if (_at == _loop._wakeAt) _loop.RunTimers();
        }
    }
}
