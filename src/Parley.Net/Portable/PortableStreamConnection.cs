using System.Net;
using System.Net.Sockets;
using Parley.Core;
using Parley.Net.Streams;

namespace Parley.Net.Portable;

/// <summary>A stream connection over the platform's socket.</summary>
internal sealed class PortableStreamConnection(PortableLoop loop, Socket socket, NetworkAddress remote, IStreamHandler? handler)
    : StreamConnection(loop, remote, handler), IPortableSource
{
    private bool _isRegistered;

    public Socket Socket => socket;

    public bool WantsToRead { get; private set; }

    public bool WantsToWrite { get; private set; }

    /// <summary>Starts a connection.</summary>
    public static PortableStreamConnection Start(PortableLoop loop, NetworkAddress remote, IStreamHandler handler)
    {
        var socket = new Socket(remote.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false, NoDelay = true };
        var connection = new PortableStreamConnection(loop, socket, remote, handler);
        try
        {
            socket.Connect(remote.ToIPEndPoint());
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // The ordinary case: it takes a while.
        }
        catch (SocketException)
        {
            connection.FailConnecting();
            return connection;
        }

        connection.BeginConnecting();
        return connection;
    }

    /// <summary>Accepts a connection that waits.</summary>
    public static AcceptResult TryAccept(PortableLoop loop, Socket listener, Func<IStreamConnection, IStreamHandler?> accept)
    {
        Socket socket;
        try
        {
            socket = listener.Accept();
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode switch
            {
                SocketError.WouldBlock => AcceptResult.NoneWaits,
                SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable => AcceptResult.NoRoom,
                _ => AcceptResult.Accepted,     // it waited and broke
            };
        }

        if (loop.AcceptedConnections >= loop.Options.MaxAcceptedConnections || socket.RemoteEndPoint is not IPEndPoint remote)
        {
            loop.Counters.ConnectionsTurnedAway++;
            socket.Dispose();
            return AcceptResult.Accepted;
        }

        socket.Blocking = false;
        socket.NoDelay = true;
        new PortableStreamConnection(loop, socket, NetworkAddress.From(remote), null).Begin(Sockets.LocalAddress(socket), accept);
        return AcceptResult.Accepted;
    }

    void IPortableSource.OnReadable() => OnReadable();

    void IPortableSource.OnWritable() => OnWritable();

    protected override int Read(Span<byte> buffer)
    {
        int length = socket.Receive(buffer, SocketFlags.None, out SocketError error);
        return error == SocketError.Success ? length : ResultOf(error);
    }

    protected override int Write(ReadOnlySpan<PooledBuffer> buffers, int offset)
    {
        int written = 0;
        foreach (PooledBuffer buffer in buffers)
        {
            ReadOnlySpan<byte> bytes = buffer.Span[offset..];
            int length = socket.Send(bytes, SocketFlags.None, out SocketError error);
            if (error != SocketError.Success) return written > 0 ? written : ResultOf(error);
            written += length;
            if (length < bytes.Length) break;
            offset = 0;
        }

        return written;
    }

    protected override bool FinishConnect(out NetworkAddress local)
    {
        bool stands = (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)! == 0;
        local = stands ? Sockets.LocalAddress(socket) : default;
        return stands;
    }

    protected override void ShutdownSend()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The other side was faster: the next read says so.
        }
    }

    protected override void SetInterest(bool read, bool write)
    {
        (WantsToRead, WantsToWrite) = (read, write);
        if (_isRegistered) return;
        _isRegistered = true;
        loop.Add(this);
    }

    protected override void CloseSocket()
    {
        if (_isRegistered) loop.Remove(this);
        _isRegistered = false;
        socket.Dispose();
    }

    private static int ResultOf(SocketError error) =>
        error is SocketError.WouldBlock or SocketError.Interrupted or SocketError.NoBufferSpaceAvailable ? SocketResult.WouldBlock : SocketResult.Failed;
}
