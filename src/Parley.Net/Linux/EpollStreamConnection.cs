using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Parley.Core;
using Parley.Net.Streams;
using static Parley.Net.Linux.LibC;

namespace Parley.Net.Linux;

/// <summary>A stream connection in a loop's epoll.</summary>
/// <remarks>Unsafe because the system reads and fills memory by address.</remarks>
internal sealed unsafe class EpollStreamConnection(EpollLoop loop, int fd, NetworkAddress remote, IStreamHandler? handler)
    : StreamConnection(loop, remote, handler), IEpollSource
{
    private const int MaxVectors = 64;

    private int _fd = fd;
    private int _slot = -1;
    private uint _events;

    /// <summary>Starts a connection.</summary>
    public static EpollStreamConnection Start(EpollLoop loop, NetworkAddress remote, IStreamHandler handler)
    {
        int fd = socket(remote.IsIPv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        var connection = new EpollStreamConnection(loop, fd, remote, handler);
        if (fd >= 0)
        {
            SetOption(fd, SOL_TCP, TCP_NODELAY, 1);
            byte* address = stackalloc byte[SocketAddress.MaxLengthBytes];
            uint length = SocketAddress.Write(remote, address);
            if (connect(fd, address, length) == 0 || Error == EINPROGRESS)
            {
                connection.BeginConnecting();
                return connection;
            }
        }

        connection.FailConnecting();
        return connection;
    }

    /// <summary>Accepts a connection that waits.</summary>
    public static AcceptResult TryAccept(EpollLoop loop, int listener, Func<IStreamConnection, IStreamHandler?> accept)
    {
        byte* address = stackalloc byte[SocketAddress.MaxLengthBytes];
        uint length = SocketAddress.MaxLengthBytes;
        int fd = accept4(listener, address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
        {
            return Error switch
            {
                EAGAIN => AcceptResult.NoneWaits,
                EMFILE or ENFILE or ENOBUFS or ENOMEM => AcceptResult.NoRoom,
                _ => AcceptResult.Accepted,     // it waited and broke
            };
        }

        if (loop.AcceptedConnections >= loop.Options.MaxAcceptedConnections)
        {
            loop.Counters.ConnectionsTurnedAway++;
            close(fd);
            return AcceptResult.Accepted;
        }

        SetOption(fd, SOL_TCP, TCP_NODELAY, 1);
        new EpollStreamConnection(loop, fd, SocketAddress.Read(address), null).Begin(LocalOf(fd), accept);
        return AcceptResult.Accepted;
    }

    public void OnReady(uint events)
    {
        if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) OnWritable();
        if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) OnReadable();
    }

    protected override int Read(Span<byte> buffer)
    {
        fixed (byte* to = buffer)
        {
            nint length = recv(_fd, to, (nuint)buffer.Length, MSG_DONTWAIT);
            if (length >= 0) return (int)length;
        }

        return Error is EAGAIN or EINTR ? SocketResult.WouldBlock : SocketResult.Failed;
    }

    protected override int Write(ReadOnlySpan<PooledBuffer> buffers, int offset)
    {
        IoVector* vectors = stackalloc IoVector[MaxVectors];
        int count = Math.Min(buffers.Length, MaxVectors);
        for (int i = 0; i < count; i++)
        {
            Span<byte> bytes = buffers[i].Span[offset..];
            // Pooled memory is pinned, and the queue holds the lease.
            vectors[i] = new IoVector { Base = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes)), Length = (nuint)bytes.Length };
            offset = 0;
        }

        var message = new MessageHeader { Vectors = vectors, VectorCount = (nuint)count };
        nint length = sendmsg(_fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (length >= 0) return (int)length;
        return Error is EAGAIN or EINTR or ENOBUFS ? SocketResult.WouldBlock : SocketResult.Failed;
    }

    protected override bool FinishConnect(out NetworkAddress local)
    {
        int error = 0;
        uint length = sizeof(int);
        bool stands = getsockopt(_fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0;
        local = stands ? LocalOf(_fd) : default;
        return stands;
    }

    protected override void ShutdownSend() => shutdown(_fd, SHUT_WR);

    protected override void SetInterest(bool read, bool write)
    {
        uint events = (read ? EPOLLIN : 0) | (write ? EPOLLOUT : 0);
        if (_slot < 0) _slot = loop.Epoll.Add(_fd, this, events);
        else if (events != _events) loop.Epoll.Modify(_fd, _slot, events);
        _events = events;
    }

    protected override void CloseSocket()
    {
        if (_slot >= 0) loop.Epoll.Remove(_fd, _slot);
        if (_fd >= 0) close(_fd);
        (_slot, _fd) = (-1, -1);
    }

    private static NetworkAddress LocalOf(int fd)
    {
        byte* address = stackalloc byte[SocketAddress.MaxLengthBytes];
        uint length = SocketAddress.MaxLengthBytes;
        return getsockname(fd, address, &length) == 0 ? SocketAddress.Read(address) : default;
    }
}
