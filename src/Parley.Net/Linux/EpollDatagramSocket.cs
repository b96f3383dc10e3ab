using System.Net.Sockets;
using Parley.Core;
using static Parley.Net.Linux.LibC;

namespace Parley.Net.Linux;

/// <summary>A datagram socket that receives and sends in batches and hears ICMP errors.</summary>
internal sealed class EpollDatagramSocket(EpollLoop loop, Socket socket, IDatagramHandler handler)
    : DatagramSocket(loop, Sockets.LocalAddress(socket), handler), IEpollSource
{
    private const int Attempts = 4;

    private readonly int _fd = (int)socket.SafeHandle.DangerousGetHandle();     // the socket lives as long as this object
    private int _slot = -1;

    public void OnReady(uint events)
    {
        if ((events & EPOLLERR) != 0) TakeErrors();
        if ((events & (EPOLLIN | EPOLLERR)) != 0 && !IsDisposed) Receive();
        if ((events & EPOLLOUT) != 0 && !IsDisposed) OnWritable();
    }

    protected override int Transmit(DatagramQueue queue, out long bytes)
    {
        int attempt = 0;
        while (true)
        {
            int taken = loop.Batch.Send(_fd, queue, out bytes);
            if (taken > 0) return taken;
            if (Error is EAGAIN or ENOBUFS) return TransmitResult.WouldBlock;

            // The answer may be an ICMP error for an earlier datagram, which then stands in the queue of errors as well.
            if (++attempt == Attempts) return TransmitResult.Refused;
        }
    }

    protected override void Register() => _slot = loop.Epoll.Add(_fd, this, EPOLLIN);

    protected override void SetWriteInterest(bool wanted)
    {
        if (_slot >= 0) loop.Epoll.Modify(_fd, _slot, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }

    protected override void CloseSocket()
    {
        if (_slot >= 0)
        {
            loop.Epoll.Remove(_fd, _slot);
            _slot = -1;
        }

        socket.Dispose();
    }

    private void Receive()
    {
        DatagramBatch batch = loop.Batch;
        int count = batch.Receive(_fd);
        if (count <= 0) return;     // nothing, or an error that stands in the queue of errors too
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
    }

    private void TakeErrors()
    {
        for (int i = 0; i < BatchSize && !IsDisposed && ErrorQueue.TryTake(_fd, out NetworkAddress remote); i++)
        {
            if (remote.IsSpecified) ReportUnreachable(remote);
        }
    }
}
