using System.Net.Sockets;
using Parley.Core;
using Parley.Net.Streams;
using static Parley.Net.Linux.LibC;

namespace Parley.Net.Linux;

/// <summary>A loop over epoll, with batches of datagrams.</summary>
internal sealed class EpollLoop : NetworkLoop
{
    private static readonly TimeSpan LongWait = TimeSpan.FromMilliseconds(5);

    private readonly Epoll _epoll = new();
    private readonly EpollWakeUp _wakeUp;
    private readonly EpollAlarm _alarm;
    private readonly Lock _wakeUpGate = new();
    private DatagramBatch? _batch;
    private bool _isReleased;
    private bool _hasFineTimers;

    public EpollLoop(NetworkLoopOptions options)
        : base(options)
    {
        _wakeUp = new EpollWakeUp(_epoll);
        _alarm = new EpollAlarm(_epoll);
    }

    public override bool CanShareDatagramPorts => true;

    /// <summary>What is ready or is waited for; the loop's.</summary>
    public Epoll Epoll => _epoll;

    /// <summary>The memory of datagrams that come and go; the loop's.</summary>
    public DatagramBatch Batch => _batch ??= new DatagramBatch();

    /// <summary>Sockets of ports that other loops have sockets on too. Any thread may look.</summary>
    private volatile EpollDatagramSocket[] _sharing = [];

    internal override void ReceiveFor(NetworkLoop other)
    {
        if (other is not EpollLoop { _sharing: { } theirs }) return;
        foreach (EpollDatagramSocket mine in _sharing)
        {
            foreach (EpollDatagramSocket their in theirs)
            {
                if (mine.LocalAddress == their.LocalAddress) mine.ReceiveFor(their);
            }
        }
    }

    /// <summary>A shared socket is no more. The loop's.</summary>
    internal void Forget(EpollDatagramSocket socket)
    {
        lock (_wakeUpGate) _sharing = [.. _sharing.Where(other => other != socket)];
    }

    private protected override IDatagramSocket OpenDatagramSocket(NetworkAddress local, IDatagramHandler handler, DatagramSharing sharing, NetworkAddress groupInterface)
    {
        Socket socket = Sockets.OpenDatagram(local, Options.DatagramBufferBytes, groupInterface, beforeBind: unbound =>
        {
            int fd = (int)unbound.SafeHandle.DangerousGetHandle();
            SetOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, Options.DatagramBufferBytes);     // beyond the system's limit, for who may
            SetOption(fd, SOL_SOCKET, SO_SNDBUFFORCE, Options.DatagramBufferBytes);
            if (local.IsIPv4) SetOption(fd, SOL_IP, IP_MULTICAST_ALL, 0);       // else what others of this machine have joined comes here too
            if (local.IsIPv4) SetOption(fd, SOL_IP, IP_RECVERR, 1);
            else SetOption(fd, SOL_IPV6, IPV6_RECVERR, 1);
            if (sharing == DatagramSharing.Joins) SetOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
        });
        if (sharing == DatagramSharing.Leads) SetOption((int)socket.SafeHandle.DangerousGetHandle(), SOL_SOCKET, SO_REUSEPORT, 1);
        var opened = new EpollDatagramSocket(this, socket, handler);
        if (sharing != DatagramSharing.Exclusive)
        {
            lock (_wakeUpGate) _sharing = [.. _sharing, opened];
        }

        opened.Begin();
        return opened;
    }

    private protected override IStreamListener OpenListener(NetworkAddress local, Func<IStreamConnection, IStreamHandler?> accept)
    {
        var listener = new EpollStreamListener(this, Sockets.OpenListener(local), accept);
        listener.Begin();
        return listener;
    }

    private protected override StreamConnection StartConnection(NetworkAddress remote, IStreamHandler handler) =>
        EpollStreamConnection.Start(this, remote, handler);

    private protected override void Wait(TimeSpan timeout, Instant deadline)
    {
        if (timeout > LongWait)
        {
            _alarm.SetFor(deadline, timeout);
            timeout = Timeout.InfiniteTimeSpan;
        }

        _epoll.Wait(timeout);
    }

    private protected override void Pause(TimeSpan time)
    {
        if (!_hasFineTimers)
        {
            _hasFineTimers = true;
            _ = prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);       // of this thread: the system may else add 50 µs to each pause
        }

        SleepFor(time);
    }

    private protected override void RunReady()
    {
        while (_epoll.TryTakeReady(out IEpollSource source, out uint events))
        {
            try
            {
                source.OnReady(events);
            }
            catch (Exception exception)
            {
                Fault(exception);
            }
        }
    }

    private protected override void Interrupt()
    {
        lock (_wakeUpGate)
        {
            if (!_isReleased) _wakeUp.Set();
        }
    }

    private protected override LoopSource[] Sources() => [.. _epoll.Sources.OfType<LoopSource>()];

    private protected override void Release()
    {
        lock (_wakeUpGate)
        {
            _isReleased = true;
            _wakeUp.Dispose();
            _alarm.Dispose();
        }

        _epoll.Dispose();
        _batch?.Dispose();
    }
}
