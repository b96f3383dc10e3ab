using System.Net.Sockets;
using System.Runtime.InteropServices;
using Parley.Core;
using Parley.Net.Linux;
using static Parley.Net.Linux.LibC;

namespace Parley.Load.Network;

/// <summary>A datagram socket that speaks with one server, in batches and without waiting.</summary>
/// <remarks>
/// Made for who asks again and again and allocates nothing meanwhile: all memory is taken, and touched, in the beginning. Unsafe because
/// the headers that the system reads hold addresses.
/// </remarks>
internal sealed unsafe class BatchSocket : IOutbox, IEpollSource, IDisposable
{
    /// <summary>How many datagrams one call of the system takes or gives.</summary>
    public const int BatchSize = 32;

    /// <summary>The longest datagram; longer ones are cut when they come, and refused when they go.</summary>
    public const int MaxDatagramBytes = 4096;

    private const int SystemBufferBytes = 8 << 20;

    // No multiple of a page, or the beginnings would compete for the same few lines of the processor's cache.
    private const int BufferDistance = MaxDatagramBytes + 192;

    private readonly Socket _socket;
    private readonly int _fd;
    private readonly byte* _memory;
    private readonly byte* _sendBuffers;
    private readonly BatchHeader* _receive;
    private readonly BatchHeader* _send;
    private int _waiting;

    /// <summary>Opens a socket on the server's side of this machine.</summary>
    /// <param name="server">The only peer.</param>
    /// <param name="localPort">0 takes a free one.</param>
    /// <exception cref="SocketException">The port is taken.</exception>
    public BatchSocket(NetworkAddress server, ushort localPort)
    {
        _socket = Net.Sockets.OpenDatagram(server.IsIPv4 ? NetworkAddress.FromIPv4(0x7F000001, localPort) : NetworkAddress.From(System.Net.IPAddress.IPv6Loopback, localPort), SystemBufferBytes);
        _fd = (int)_socket.SafeHandle.DangerousGetHandle();     // the socket lives as long as this object
        SetOption(_fd, SOL_SOCKET, SO_RCVBUFFORCE, SystemBufferBytes);      // beyond the system's limit, for who may
        SetOption(_fd, SOL_SOCKET, SO_SNDBUFFORCE, SystemBufferBytes);
        _socket.Connect(server.ToIPEndPoint());
        Local = NetworkAddress.From((System.Net.IPEndPoint)_socket.LocalEndPoint!);

        nuint headerBytes = 2 * BatchSize * (nuint)(sizeof(BatchHeader) + sizeof(IoVector));
        nuint bytes = headerBytes + (2 * BatchSize * (nuint)BufferDistance);
        _memory = (byte*)NativeMemory.Alloc(bytes);
        NativeMemory.Clear(_memory, bytes);
        _receive = (BatchHeader*)_memory;
        _send = _receive + BatchSize;
        var vectors = (IoVector*)(_send + BatchSize);
        byte* receiveBuffers = _memory + headerBytes;
        _sendBuffers = receiveBuffers + (BatchSize * BufferDistance);
        for (int i = 0; i < BatchSize; i++)
        {
            vectors[i] = new IoVector { Base = receiveBuffers + (i * BufferDistance), Length = MaxDatagramBytes };
            _receive[i].Message = new MessageHeader { Vectors = vectors + i, VectorCount = 1 };
            vectors[BatchSize + i].Base = _sendBuffers + (i * BufferDistance);
            _send[i].Message = new MessageHeader { Vectors = vectors + BatchSize + i, VectorCount = 1 };
        }
    }

    /// <summary>Where the server's messages come in.</summary>
    public NetworkAddress Local { get; }

    /// <summary>How many datagrams the system did not take.</summary>
    public long Refused { get; private set; }

    /// <summary>Takes what has come, as far as it fits into a batch.</summary>
    /// <returns>How many datagrams: 0 when there are none.</returns>
    public int Receive() => Math.Max(0, recvmmsg(_fd, _receive, BatchSize, MSG_DONTWAIT, null));

    /// <summary>A datagram of the last batch; valid until the next one.</summary>
    public ReadOnlySpan<byte> Datagram(int index) => new(_receive[index].Message.Vectors->Base, (int)_receive[index].Length);

    /// <inheritdoc/>
    public void Add(ReadOnlySpan<byte> datagram)
    {
        datagram.CopyTo(new Span<byte>(_sendBuffers + (_waiting * BufferDistance), MaxDatagramBytes));
        _send[_waiting].Message.Vectors->Length = (nuint)datagram.Length;
        if (++_waiting == BatchSize) Flush();
    }

    /// <summary>Sends what waits.</summary>
    public void Flush()
    {
        int sent = 0;
        while (sent < _waiting)
        {
            int taken = sendmmsg(_fd, _send + sent, (uint)(_waiting - sent), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (taken > 0)
            {
                sent += taken;
                continue;
            }

            // Full, or the answer is an ICMP error for an earlier one: what is lost here is sent again like what is lost elsewhere.
            Refused++;
            sent++;
        }

        _waiting = 0;
    }

    /// <summary>Lets something wait until datagrams have come.</summary>
    public void Watch(Epoll epoll) => epoll.Add(_fd, this, EPOLLIN);

    /// <inheritdoc/>
    public void OnReady(uint events)
    {
        // Whoever waited looks at all sockets.
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        NativeMemory.Free(_memory);
    }
}
