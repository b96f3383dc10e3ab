using System.Net;
using System.Net.Sockets;

namespace Parley.Net.Portable;

/// <summary>A datagram socket that receives and sends one datagram per call.</summary>
internal sealed class PortableDatagramSocket(PortableLoop loop, Socket socket, IDatagramHandler handler)
    : DatagramSocket(loop, Sockets.LocalAddress(socket), handler), IPortableSource
{
    private readonly SocketAddress _remote = new(socket.AddressFamily);
    private readonly SocketAddress _target = new(socket.AddressFamily);
    private bool _isClosed;

    public Socket Socket => socket;

    public bool WantsToRead => true;

    public bool WantsToWrite { get; private set; }

    public override void SetTimeToLive(int hops) => Sockets.SetTimeToLive(socket, hops);

    public void OnReadable()
    {
        byte[] buffer = loop.DatagramBuffer;
        for (int i = 0; i < BatchSize && !IsDisposed; i++)
        {
            if (i > 0 && socket.Available == 0) return;
            int length;
            try
            {
                length = socket.ReceiveFrom(buffer.AsSpan(), SocketFlags.None, _remote);
            }
            catch (SocketException)
            {
                continue;   // nothing there after all, or a report about an earlier datagram that does not say which
            }

            CountReceived(1, length);
            try
            {
                Handler.OnDatagram(Loop.Now, this, buffer.AsSpan(0, length), PortableAddress.Read(_remote));
            }
            catch (Exception exception)
            {
                loop.Fault(exception);
            }
        }
    }

    void IPortableSource.OnWritable()
    {
        if (WantsToWrite) OnWritable();
    }

    protected override int Transmit(DatagramQueue queue, out long bytes)
    {
        DatagramQueue.Entry entry = queue[0];
        bytes = entry.Datagram.Length;
        if (entry.Remote.AddressFamily != socket.AddressFamily) return TransmitResult.Refused;
        PortableAddress.Write(entry.Remote, _target);
        try
        {
            socket.SendTo(entry.Datagram.Span, SocketFlags.None, _target);
            return 1;
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode is SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable
                ? TransmitResult.WouldBlock
                : TransmitResult.Refused;
        }
    }

    protected override void Register() => loop.Add(this);

    protected override void SetWriteInterest(bool wanted) => WantsToWrite = wanted;

    protected override void CloseSocket()
    {
        if (_isClosed) return;
        _isClosed = true;
        loop.Remove(this);
        socket.Dispose();
    }
}
