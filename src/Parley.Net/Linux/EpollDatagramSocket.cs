using System.Net.Sockets;
using Parley.Core;
using static Parley.Net.Linux.LibC;

namespace Parley.Net.Linux;

/// <summary>A datagram socket that receives and sends in batches and hears ICMP errors.</summary>
/// <remarks>
/// The system tells once that something has come (EPOLLET), and needs not look again before each wait whether something is left. So who
/// leaves something has to ask for a turn in the next round.
/// </remarks>
internal sealed class EpollDatagramSocket(EpollLoop loop, Socket socket, IDatagramHandler handler)
    : DatagramSocket(loop, Sockets.LocalAddress(socket), handler), IEpollSource
{
    private const int Attempts = 4;
    private const int MemoryFields = 9;         // bytes that wait, the most of them, and what is of no use here (linux/sock_diag.h)
    private const int BatchesForOther = 16;     // before this loop sees to its own again

    private readonly int _fd = (int)socket.SafeHandle.DangerousGetHandle();     // the socket lives as long as this object
    private DatagramFilter? _filter;
    private int _slot = -1;
    private int _fullness;
    private int _waitingBytes;
    private bool _merges = loop.Options.MergesDatagrams;        // until the system says that it cannot

    /// <inheritdoc/>
    public override int Fullness => _fullness;

    /// <inheritdoc/>
    public override int WaitingBytes => _waitingBytes;

    private SafeSocketHandle Handle => socket.SafeHandle;

    public void OnReady(uint events)
    {
        if ((events & (EPOLLIN | EPOLLERR)) != 0) Take(alsoErrors: (events & EPOLLERR) != 0);
        if ((events & EPOLLOUT) != 0 && !IsDisposed) OnWritable();
    }

    public override void SetTimeToLive(int hops) => Sockets.SetTimeToLive(socket, hops);

    public override bool TrySteer(FieldSteering steering, int sockets) => SteeringProgram.TryAttach(_fd, steering, sockets);

    public override bool AdjustsThinning => _filter is { IsAdjustable: true };

    public override bool TryThin(DatagramThinning? thinning) => !IsDisposed && (_filter ??= new DatagramFilter(_fd)).TrySet(thinning);

    protected override int Transmit(DatagramQueue queue, out long bytes)
    {
        int attempt = 0;
        while (true)
        {
            int taken = loop.Batch.Send(_fd, queue, ref _merges, out bytes);
            if (taken > 0) return taken;
            if (Error is EAGAIN or ENOBUFS) return TransmitResult.WouldBlock;

            // The answer may be an ICMP error for an earlier datagram, which then stands in the queue of errors as well.
            if (++attempt == Attempts) return TransmitResult.Refused;
        }
    }

    protected override void Register() => _slot = loop.Epoll.Add(_fd, this, EPOLLIN | EPOLLET);

    protected override void OnTurn() => Take(alsoErrors: true);

    protected override void SetWriteInterest(bool wanted)
    {
        if (_slot >= 0) loop.Epoll.Modify(_fd, _slot, wanted ? EPOLLIN | EPOLLOUT | EPOLLET : EPOLLIN | EPOLLET);
    }

    protected override void CloseSocket()
    {
        if (_slot >= 0)
        {
            loop.Epoll.Remove(_fd, _slot);
            _slot = -1;
        }

        loop.Forget(this);
        _filter?.Dispose();
        socket.Dispose();
    }

    /// <summary>Receives what has come to another loop's socket on the same port.</summary>
    public void ReceiveFor(EpollDatagramSocket other)
    {
        bool isHeld = false;
        try
        {
            other.Handle.DangerousAddRef(ref isHeld);       // its loop may close it meanwhile
            for (int batches = 0; batches < BatchesForOther && !IsDisposed && Receive(other._fd) == BatchSize; batches++)
            {
            }
        }
        catch (ObjectDisposedException)
        {
            // It is closed.
        }
        finally
        {
            if (isHeld) other.Handle.DangerousRelease();
        }
    }

    private void Take(bool alsoErrors)
    {
        bool isMore = alsoErrors && TakeErrors() == BatchSize;
        if (!IsDisposed) isMore |= Receive(_fd) == BatchSize;
        if (isMore && !IsDisposed) loop.Signal(this);
    }

    private int Receive(int fd)
    {
        DatagramBatch batch = loop.Batch;
        int count = batch.Receive(fd);
        for (int attempt = 1; count < 0 && Error != EAGAIN; attempt++)
        {
            // An error for an earlier datagram, which stands in the queue of errors too: what has come stands behind it.
            if (attempt == Attempts) return BatchSize;
            count = batch.Receive(fd);
        }

        if (count <= 0) return 0;
        (_fullness, _waitingBytes) = count == BatchSize ? ReadFullness(fd) : default;
        long bytes = 0;
        for (int i = 0; i < count; i++) bytes += batch.Datagram(i).Length;
        CountReceived(count, bytes);

        // A fault loses the datagram that made it, not the rest of the batch.
        for (int i = 0; i < count && !IsDisposed;)
        {
            try
            {
                while (i < count && !IsDisposed)
                {
                    int next = i++;
                    Handler.OnDatagram(loop.Now, this, batch.Datagram(next), batch.Remote(next));
                }
            }
            catch (Exception exception)
            {
                loop.Fault(exception);
            }
        }

        return count;
    }

    /// <summary>Asks what still waits: in 256 parts of what may wait, and in bytes.</summary>
    private static unsafe (int Fullness, int WaitingBytes) ReadFullness(int fd)
    {
        Span<uint> memory = stackalloc uint[MemoryFields];
        uint length = MemoryFields * sizeof(uint);
        fixed (uint* first = memory)
        {
            if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, first, &length) != 0 || memory[1] == 0) return default;
        }

        return ((int)Math.Min(memory[0] * 256UL / memory[1], 256), (int)Math.Min(memory[0], int.MaxValue));
    }

    /// <returns>How many were taken, a batch at most.</returns>
    private int TakeErrors()
    {
        int taken = 0;
        while (taken < BatchSize && !IsDisposed && ErrorQueue.TryTake(_fd, out NetworkAddress remote))
        {
            taken++;
            if (!remote.IsSpecified) continue;
            try
            {
                ReportUnreachable(remote);
            }
            catch (Exception exception)
            {
                loop.Fault(exception);      // what has come besides would not be told again
            }
        }

        return taken;
    }
}
