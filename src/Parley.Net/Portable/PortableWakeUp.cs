using System.Net;
using System.Net.Sockets;

namespace Parley.Net.Portable;

/// <summary>Ends a wait from another thread: a datagram socket that is connected to itself.</summary>
internal sealed class PortableWakeUp : IPortableSource, IDisposable
{
    private readonly Lock _gate = new();
    private bool _isDisposed;

    public PortableWakeUp()
    {
        IPAddress loopback = Socket.OSSupportsIPv4 ? IPAddress.Loopback : IPAddress.IPv6Loopback;
        Socket = new Socket(loopback.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        Socket.Bind(new IPEndPoint(loopback, 0));
        Socket.Connect(Socket.LocalEndPoint!);
        Socket.Blocking = false;
    }

    public Socket Socket { get; }

    public bool WantsToRead => true;

    public bool WantsToWrite => false;

    public void Set()
    {
        lock (_gate)
        {
            // A full socket wakes as well, so how it went does not matter.
            if (!_isDisposed) Socket.Send([1], SocketFlags.None, out _);
        }
    }

    public void OnReadable()
    {
        Span<byte> buffer = stackalloc byte[16];
        while (Socket.Receive(buffer, SocketFlags.None, out SocketError error) > 0 && error == SocketError.Success)
        {
        }
    }

    public void OnWritable()
    {
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            Socket.Dispose();
        }
    }
}
