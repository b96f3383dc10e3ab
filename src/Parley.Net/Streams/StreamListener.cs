using Parley.Core;

namespace Parley.Net.Streams;

/// <summary>A listener: what both engines have in common.</summary>
internal abstract class StreamListener(NetworkLoop loop, NetworkAddress local) : LoopSource, IStreamListener
{
    private static readonly TimeSpan PauseSpan = TimeSpan.FromMilliseconds(100);

    private volatile bool _isDisposed;
    private bool _isRegistered;
    private Timer? _timer;

    public NetworkAddress LocalAddress { get; } = local;

    protected NetworkLoop Loop { get; } = loop;

    protected bool IsDisposed => _isDisposed;

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        if (Loop.IsLoopThread) End();
        else Loop.Signal(this);
    }

    /// <summary>Registers the listener with its loop; called once, on any thread.</summary>
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
    }

    public override void OnFlush()
    {
    }

    public override void End()
    {
        _isDisposed = true;
        if (_timer is not null) Loop.Schedule(_timer, Instant.Never);
        CloseSocket();
    }

    /// <summary>The process has no room for one more connection: waits a little, or the loop would turn for nothing.</summary>
    protected void Pause()
    {
        SetInterest(false);
        Loop.Schedule(_timer ??= new Timer(this), Loop.Now + PauseSpan);
    }

    protected abstract void Register();

    protected abstract void SetInterest(bool wanted);

    /// <summary>Gives the socket back to the system; may be called twice.</summary>
    protected abstract void CloseSocket();

    private sealed class Timer(StreamListener listener) : LoopTimer
    {
        public override void OnDeadline(Instant now) => listener.SetInterest(true);
    }
}
