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
    private const int ControlBytes = 24;                // a header of 16 bytes, the segment size, and padding
    private const int FewestToMerge = 16;               // with fewer the gain is small, and a capture shows them as they are
    private const int SmallestSegmentBytes = 256;       // what is less is speech, of which a capture should show each packet
    private const int LargestSegmentBytes = 1200;       // with its headers within the least that IPv6 paths carry (RFC 8200 5)
    private const int LargestMergedBytes = 64_000;

    private readonly byte* _buffers;
    private readonly byte* _addresses;
    private readonly BatchHeader* _receive;
    private readonly BatchHeader* _send;
    private readonly IoVector* _sendVectors;
    private readonly byte* _sendAddresses;
    private readonly void* _headers;
    private readonly byte* _control;
    private readonly int[] _merged = new int[Size];     // how many datagrams each header stands for
    private int _received = Size;

    public DatagramBatch()
    {
        _buffers = (byte*)NativeMemory.Alloc((nuint)(Size * BufferDistance));
        nuint bytes = Size * (nuint)((2 * sizeof(BatchHeader)) + (2 * sizeof(IoVector)) + (2 * AddressDistance) + ControlBytes);
        _headers = NativeMemory.AllocZeroed(bytes);
        _receive = (BatchHeader*)_headers;
        _send = _receive + Size;
        var receiveVectors = (IoVector*)(_send + Size);
        _sendVectors = receiveVectors + Size;
        _addresses = (byte*)(_sendVectors + Size);
        _sendAddresses = _addresses + (Size * AddressDistance);
        _control = _sendAddresses + (Size * AddressDistance);
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
    /// <param name="fd">The socket.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="merges">
    /// Whether datagrams of one length to one receiver, of which a busy server sends many to a proxy or a trunk, go as one piece that the system parts
    /// again (UDP_SEGMENT): they go down its layers once. Set to false when it cannot.
    /// </param>
    /// <param name="bytes">Bytes in those taken.</param>
    /// <returns>How many it took; -1 when none, see <see cref="Error"/>.</returns>
    public int Send(int fd, DatagramQueue queue, ref bool merges, out long bytes)
    {
        int headers = Prepare(queue, merges);
        int sent = sendmmsg(fd, _send, (uint)headers, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && _merged[0] > 1 && Error is EINVAL or EIO or EMSGSIZE or EOPNOTSUPP or ENOPROTOOPT)
        {
            merges = false;
            headers = Prepare(queue, merges);
            sent = sendmmsg(fd, _send, (uint)headers, MSG_DONTWAIT | MSG_NOSIGNAL);
        }

        bytes = 0;
        int taken = sent < 0 ? -1 : 0;
        for (int i = 0; i < sent; i++)
        {
            bytes += _send[i].Length;
            taken += _merged[i];
        }

        return taken;
    }

    /// <summary>Fills the headers for the first datagrams of a queue.</summary>
    /// <returns>How many headers.</returns>
    private int Prepare(DatagramQueue queue, bool merges)
    {
        int count = Math.Min(queue.Count, Size);
        if (count < FewestToMerge) merges = false;
        int headers = 0;
        for (int first = 0; first < count; headers++)
        {
            ref readonly DatagramQueue.Entry entry = ref queue[first];
            int length = SetVector(first, entry);
            int merged = 1;
            if (merges && length is >= SmallestSegmentBytes and <= LargestSegmentBytes)
            {
                // All as long as the first, but for the last, which may be shorter: that is how the system knows where to part them.
                int last = length;
                for (int total = length; first + merged < count && last == length; merged++)
                {
                    ref readonly DatagramQueue.Entry next = ref queue[first + merged];
                    if (next.Datagram.Length is 0 || next.Datagram.Length > length || total + length > LargestMergedBytes || next.Remote != entry.Remote) break;
                    last = SetVector(first + merged, next);
                    total += last;
                }
            }

            _merged[headers] = merged;
            ref MessageHeader message = ref _send[headers].Message;
            message.NameLength = SocketAddress.Write(entry.Remote, message.Name);
            message.Vectors = _sendVectors + first;
            message.VectorCount = (nuint)merged;
            message.Control = merged > 1 ? SetSegmentSize(headers, (ushort)length) : null;
            message.ControlLength = merged > 1 ? (nuint)ControlBytes : 0;
            first += merged;
        }

        return headers;
    }

    private int SetVector(int index, in DatagramQueue.Entry entry)
    {
        Span<byte> datagram = entry.Datagram.Span;
        // Pooled memory is pinned, and the queue holds the lease.
        _sendVectors[index] = new IoVector { Base = Address(datagram), Length = (nuint)datagram.Length };
        return datagram.Length;
    }

    /// <summary>struct cmsghdr with the length, level and type of the option, and its value.</summary>
    private byte* SetSegmentSize(int header, ushort bytes)
    {
        byte* control = _control + (header * ControlBytes);
        *(nuint*)control = 16 + sizeof(ushort);
        *(int*)(control + 8) = SOL_UDP;
        *(int*)(control + 12) = UDP_SEGMENT;
        *(ushort*)(control + 16) = bytes;
        return control;
    }

    public void Dispose()
    {
        NativeMemory.Free(_buffers);
        NativeMemory.Free(_headers);
    }

    private static byte* Address(Span<byte> pinned) => (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(pinned));
}
