using System.Runtime.InteropServices;
using Parley.Core;
using static Parley.Net.Linux.LibC;

namespace Parley.Net.Linux;

/// <summary>The memory with which a loop receives and sends datagrams in batches: one per loop, whatever the number of sockets.</summary>
/// <remarks>
/// Receive buffers hold any datagram. They are mapped, not touched, so only the pages that datagrams really fill count: about a page per buffer.
/// Their distance is no multiple of a page, or their beginnings would compete for the same few lines of the processor's cache.
/// Unsafe because the headers that the system reads hold addresses.
/// </remarks>
internal sealed unsafe class DatagramBatch : IDisposable
{
    private const int Size = DatagramSocket.BatchSize;
    private const int DatagramBytes = 65_536;
    private const int BufferDistance = DatagramBytes + 704;
    private const int AddressDistance = 32;

    private readonly byte* _buffers;
    private readonly byte* _addresses;
    private readonly BatchHeader* _receive;
    private readonly BatchHeader* _send;
    private readonly IoVector* _sendVectors;
    private readonly byte* _sendAddresses;
    private readonly void* _headers;
    private int _received = Size;

    public DatagramBatch()
    {
        _buffers = (byte*)NativeMemory.Alloc((nuint)(Size * BufferDistance));
        nuint bytes = Size * (nuint)((2 * sizeof(BatchHeader)) + (2 * sizeof(IoVector)) + (2 * AddressDistance));
        _headers = NativeMemory.AllocZeroed(bytes);
        _receive = (BatchHeader*)_headers;
        _send = _receive + Size;
        var receiveVectors = (IoVector*)(_send + Size);
        _sendVectors = receiveVectors + Size;
        _addresses = (byte*)(_sendVectors + Size);
        _sendAddresses = _addresses + (Size * AddressDistance);
        for (int i = 0; i < Size; i++)
        {
            receiveVectors[i] = new IoVector { Base = _buffers + (i * BufferDistance), Length = DatagramBytes };
            _receive[i].Message = new MessageHeader { Name = _addresses + (i * AddressDistance), Vectors = receiveVectors + i, VectorCount = 1 };
            _send[i].Message = new MessageHeader { Name = _sendAddresses + (i * AddressDistance), Vectors = _sendVectors + i, VectorCount = 1 };
        }
    }

    /// <summary>Takes what a socket has, as far as it fits.</summary>
    /// <returns>How many datagrams; -1 when it has none, or an error: see <see cref="Error"/>.</returns>
    public int Receive(int fd)
    {
        // The system shortens the address lengths that it fills, and wants them long again.
        for (int i = 0; i < _received; i++) _receive[i].Message.NameLength = SocketAddress.MaxLengthBytes;
        int count = recvmmsg(fd, _receive, Size, MSG_DONTWAIT, null);
        _received = Math.Max(count, 0);
        return count;
    }

    /// <summary>A datagram of the last batch; valid until the next one.</summary>
    public Span<byte> Datagram(int index) => new(_buffers + (index * BufferDistance), (int)_receive[index].Length);

    /// <summary>Where it came from.</summary>
    public NetworkAddress Remote(int index) => SocketAddress.Read(_addresses + (index * AddressDistance));

    /// <summary>Hands the first datagrams of a queue that is not empty to the system, from where they are.</summary>
    /// <returns>How many it took; -1 when none, see <see cref="Error"/>.</returns>
    public int Send(int fd, DatagramQueue queue, out long bytes)
    {
        int count = Math.Min(queue.Count, Size);
        for (int i = 0; i < count; i++)
        {
            ref readonly DatagramQueue.Entry entry = ref queue[i];
            Span<byte> datagram = entry.Datagram.Span;
            // Pooled memory is pinned, and the queue holds the lease.
            _sendVectors[i] = new IoVector { Base = Address(datagram), Length = (nuint)datagram.Length };
            _send[i].Message.NameLength = SocketAddress.Write(entry.Remote, _sendAddresses + (i * AddressDistance));
        }

        int taken = sendmmsg(fd, _send, (uint)count, MSG_DONTWAIT | MSG_NOSIGNAL);
        bytes = 0;
        for (int i = 0; i < taken; i++) bytes += _send[i].Length;
        return taken;
    }

    public void Dispose()
    {
        NativeMemory.Free(_buffers);
        NativeMemory.Free(_headers);
    }

    private static byte* Address(Span<byte> pinned) => (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(pinned));
}
