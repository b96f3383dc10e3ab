using System.Diagnostics;
using Parley.Core;

namespace Parley.Net;

/// <summary>A datagram socket of a loop: what both engines have in common, which is all but the calls of the system.</summary>
/// <remarks>
/// What is sent waits in a queue for the end of the round, or until it makes a batch. What the system does not take stays there until
/// the socket is writable again; what does not fit in is dropped and counted. A full batch may go out while a handler runs, so what the
/// system refuses is reported when the round ends.
/// </remarks>
internal abstract class DatagramSocket(NetworkLoop loop, NetworkAddress local, IDatagramHandler handler) : LoopSource, IDatagramSocket
{
    /// <summary>How many datagrams one call of the system takes or gives.</summary>
    public const int BatchSize = 64;

    private const int MaxReports = 256;

    private readonly DatagramQueue _queue = new(loop.Options.DatagramQueueCapacity);
    private readonly List<NetworkAddress> _refused = [];
    private volatile bool _isDisposed;
    private bool _isRegistered;
    private bool _isBlocked;

    public NetworkAddress LocalAddress { get; } = local;

    public virtual int Fullness => 0;

    public virtual int WaitingBytes => 0;

    protected NetworkLoop Loop { get; } = loop;

    protected IDatagramHandler Handler { get; } = handler;

    /// <summary>True when no more datagrams are to be handed to the handler.</summary>
    protected bool IsDisposed => _isDisposed;

    public void Send(PooledBuffer datagram, NetworkAddress remote)
    {
        if (CanQueue(remote)) Queue(datagram.Retain(), remote);
    }

    public void Send(ReadOnlySpan<byte> datagram, NetworkAddress remote)
    {
        if (CanQueue(remote)) Queue(Loop.Buffers.Copy(datagram), remote);
    }

    public abstract void SetTimeToLive(int hops);

    public virtual bool TrySteer(FieldSteering steering, int sockets) => false;

    public virtual bool AdjustsThinning => false;

    public virtual bool TryThin(DatagramThinning? thinning) => false;

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        if (Loop.IsLoopThread) End();
        else Loop.Signal(this);
    }

    /// <summary>Registers the socket with its loop; called once, on any thread.</summary>
    public void Begin()
    {
        if (Loop.IsLoopThread) OnSignal();
        else Loop.Signal(this);
    }

    public override void OnSignal()
    {
        if (_isDisposed)
        {
            End();
        }
        else if (!_isRegistered)
        {
            _isRegistered = true;
            Register();
        }
        else
        {
            OnTurn();
        }
    }

    public override void OnFlush()
    {
        if (!_isBlocked) Transmit();
        for (int i = 0; i < _refused.Count && !_isDisposed; i++) Handler.OnUnreachable(Loop.Now, this, _refused[i]);
        _refused.Clear();
    }

    public override void End()
    {
        _isDisposed = true;
        if (!_isBlocked) Transmit();
        Loop.Counters.DatagramsDropped += _queue.Count;
        _queue.Remove(_queue.Count);
        CloseSocket();
    }

    /// <summary>The system takes datagrams again.</summary>
    protected void OnWritable()
    {
        _isBlocked = false;
        SetWriteInterest(false);
        Transmit();
    }

    protected void CountReceived(int datagrams, long bytes)
    {
        Loop.Counters.DatagramsReceived += datagrams;
        Loop.Counters.DatagramBytesReceived += bytes;
    }

    /// <summary>The system reported that nothing gets there.</summary>
    protected void ReportUnreachable(NetworkAddress remote)
    {
        Loop.Counters.UnreachableReports++;
        if (!_isDisposed) Handler.OnUnreachable(Loop.Now, this, remote);
    }

    /// <summary>Hands the first datagrams of a queue that is not empty to the system.</summary>
    /// <param name="queue">The queue; it is left as it is.</param>
    /// <param name="bytes">Bytes in those taken.</param>
    /// <returns>How many were taken, or what became of the first one.</returns>
    protected abstract int Transmit(DatagramQueue queue, out long bytes);

    protected abstract void Register();

    /// <summary>A turn that the socket asked for by a signal of its own.</summary>
    protected virtual void OnTurn()
    {
    }

    protected abstract void SetWriteInterest(bool wanted);

    /// <summary>Gives the socket back to the system; may be called twice.</summary>
    protected abstract void CloseSocket();

    private bool CanQueue(NetworkAddress remote)
    {
        Debug.Assert(Loop.IsLoopThread, "Datagrams are sent on the loop.");
        if (!remote.IsSpecified) throw new ArgumentException("No address.", nameof(remote));
        if (!_isDisposed && !_queue.IsFull) return true;
        Loop.Counters.DatagramsDropped++;
        return false;
    }

    private void Queue(PooledBuffer datagram, NetworkAddress remote)
    {
        _queue.Add(datagram, remote);
        if (_isBlocked) return;
        if (_queue.Count >= BatchSize) Transmit();
        else Loop.RequestFlush(this);
    }

    private void Transmit()
    {
        while (_queue.Count > 0)
        {
            int taken = Transmit(_queue, out long bytes);
            if (taken > 0)
            {
                Loop.Counters.DatagramsSent += taken;
                Loop.Counters.DatagramBytesSent += bytes;
                _queue.Remove(taken);
            }
            else if (taken == TransmitResult.WouldBlock)
            {
                _isBlocked = true;
                SetWriteInterest(true);
                return;
            }
            else
            {
                Loop.Counters.DatagramsRefused++;
                if (_refused.Count < MaxReports) _refused.Add(_queue[0].Remote);
                _queue.Remove(1);
                Loop.RequestFlush(this);
            }
        }
    }
}
