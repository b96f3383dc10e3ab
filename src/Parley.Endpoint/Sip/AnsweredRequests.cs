using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Parley.Core;
using Parley.Sip.Messages;
using Parley.Sip.Transactions;

namespace Parley.Endpoint.Sip;

/// <summary>The final responses that requests other than INVITE got by datagrams, kept until nobody can ask for them again.</summary>
/// <remarks>
/// The Completed state of all these transactions (RFC 3261 17.2.2): the only thing that can happen in it is that the request comes again and
/// gets the same response, until 64*T1 are over. A busy registrar has more transactions in it than in all other states together, so it is
/// kept as bytes, not as machines: entries stand in chunks in the order of their time, and leave in it.
/// <code>
///  hashes     positions          chunk 17                        chunk 18
/// +------+   +---------+       +-------------------------------+-------------------------+
/// | 8f.. |   |       o-+------>| header, response | header, .. | header, response | free |
/// | 0    |   |         |       +-------------------------------+-------------------------+
/// | 92.. |   |       o-+-- ...                                                     ^
/// +------+   +---------+                                                        the tail
/// </code>
/// A position is a count of bytes since the first chunk. The table is open addressed with linear probing, at most half full, and closes the gap
/// that a removal leaves; a look-up for a new request, which most are, ends in the hashes. When there is no room the oldest entries leave early.
/// Not thread-safe: a lane owns it.
/// </remarks>
internal sealed class AnsweredRequests
{
    private const int ChunkBytes = BufferPool.MaxLengthBytes;
    private const int SmallestTable = 64;
    private static readonly int HeaderBytes = Unsafe.SizeOf<Header>();

    private readonly BufferPool _buffers;
    private readonly int _capacity;
    private PooledBuffer?[] _chunks = new PooledBuffer?[4];     // by the number of the chunk, modulo their count
    private uint[] _hashes = new uint[SmallestTable];           // of the keys; 0 for an empty slot
    private long[] _positions = new long[SmallestTable];        // of the entries
    private long _head;         // the oldest entry
    private long _tail;         // where the next one goes

    /// <summary>Holds nothing yet.</summary>
    /// <param name="buffers">Memory for the chunks.</param>
    /// <param name="capacity">How many responses are kept at most.</param>
    public AnsweredRequests(BufferPool buffers, int capacity) => (_buffers, _capacity) = (buffers, capacity);

    /// <summary>How many responses are kept.</summary>
    public int Count { get; private set; }

    /// <summary>When the oldest one leaves.</summary>
    /// <value><see cref="Instant.Never"/> when none is kept.</value>
    public Instant NextDeadline => Count == 0 ? Instant.Never : HeaderAt(_head).ExpiresAt;

    /// <summary>Keeps a response.</summary>
    /// <param name="key">The transaction's key, which is not kept yet.</param>
    /// <param name="expiresAt">Not before that of the one kept last.</param>
    /// <param name="flow">Where it went; a datagram flow.</param>
    /// <param name="response">The whole message.</param>
    /// <returns>False when it is too long to be kept.</returns>
    public bool TryAdd(in TransactionKey key, Instant expiresAt, in SipFlow flow, ReadOnlySpan<byte> response)
    {
        int bytes = SizeOf(response.Length);
        if (bytes > ChunkBytes) return false;
        while (Count >= _capacity) RemoveOldest();
        if (2 * (Count + 1) > _hashes.Length) Rehash(2 * _hashes.Length);
        MakeRoom(bytes);
        Span<byte> entry = ChunkAt(_tail).Whole[OffsetOf(_tail)..];
        MemoryMarshal.Write(entry, new Header
        {
            Key = key,
            ExpiresAt = expiresAt,
            Remote = flow.Remote,
            ListenPoint = flow.ListenPoint,
            LengthBytes = response.Length,
        });
        response.CopyTo(entry[HeaderBytes..]);
        Insert(HashOf(key), _tail);
        _tail += bytes;
        Count++;
        return true;
    }

    /// <summary>Finds the response that a request got.</summary>
    /// <param name="key">The transaction's key.</param>
    /// <param name="flow">Where it went.</param>
    /// <param name="response">The message; valid until the next call that changes something.</param>
    public bool TryFind(in TransactionKey key, out SipFlow flow, out ReadOnlySpan<byte> response)
    {
        uint hash = HashOf(key);
        int mask = _hashes.Length - 1;
        for (int slot = (int)hash & mask; _hashes[slot] != 0; slot = (slot + 1) & mask)
        {
            if (_hashes[slot] != hash) continue;
            long position = _positions[slot];
            ref readonly Header header = ref HeaderAt(position);
            if (!header.Key.Equals(key)) continue;
            flow = new SipFlow(SipTransport.Udp, header.Remote, connection: null, header.ListenPoint);
            response = ChunkAt(position).Whole.Slice(OffsetOf(position) + HeaderBytes, header.LengthBytes);
            return true;
        }

        flow = default;
        response = default;
        return false;
    }

    /// <summary>Lets go of those whose time is over.</summary>
    public void RemoveDue(Instant now)
    {
        while (Count > 0 && HeaderAt(_head).ExpiresAt <= now) RemoveOldest();
    }

    /// <summary>Lets go of all.</summary>
    public void Clear()
    {
        while (Count > 0) RemoveOldest();
    }

    private static int SizeOf(int responseBytes) => (HeaderBytes + responseBytes + 7) & ~7;

    private static int OffsetOf(long position) => (int)(position % ChunkBytes);

    private ref PooledBuffer? SlotAt(long position) => ref _chunks[(int)(position / ChunkBytes) & (_chunks.Length - 1)];

    private PooledBuffer ChunkAt(long position) => SlotAt(position)!;

    private ref Header HeaderAt(long position) => ref MemoryMarshal.AsRef<Header>(ChunkAt(position).Whole[OffsetOf(position)..]);

    private static uint HashOf(in TransactionKey key) => (uint)key.GetHashCode() | 0x8000_0000;

    /// <summary>Moves the tail to where an entry fits, into a new chunk when there is none.</summary>
    private void MakeRoom(int bytes)
    {
        int used = OffsetOf(_tail);
        if (used > 0 && used + bytes <= ChunkBytes) return;
        if (used > 0)
        {
            ChunkAt(_tail).Length = used;
            _tail += ChunkBytes - used;
        }

        if (Count == 0) _head = _tail;
        if ((_tail - (_head - OffsetOf(_head))) / ChunkBytes >= _chunks.Length) GrowChunks();
        SlotAt(_tail) = _buffers.Rent(ChunkBytes);
    }

    private void GrowChunks()
    {
        var grown = new PooledBuffer?[2 * _chunks.Length];
        for (long number = _head / ChunkBytes; number < _tail / ChunkBytes; number++)
        {
            grown[(int)number & (grown.Length - 1)] = _chunks[(int)number & (_chunks.Length - 1)];
        }

        _chunks = grown;
    }

    private void RemoveOldest()
    {
        ref Header oldest = ref HeaderAt(_head);
        Remove(HashOf(oldest.Key), _head);
        Count--;
        Advance(ref _head, SizeOf(oldest.LengthBytes));
        if (Count == 0) ReleaseAll();
    }

    private void Insert(uint hash, long position)
    {
        int mask = _hashes.Length - 1;
        int slot = (int)hash & mask;
        while (_hashes[slot] != 0) slot = (slot + 1) & mask;
        (_hashes[slot], _positions[slot]) = (hash, position);
    }

    /// <summary>Takes an entry out of the table, and moves those behind it up that were pushed on by it.</summary>
    private void Remove(uint hash, long position)
    {
        int mask = _hashes.Length - 1;
        int gap = (int)hash & mask;
        while (_positions[gap] != position || _hashes[gap] != hash) gap = (gap + 1) & mask;
        for (int slot = (gap + 1) & mask; _hashes[slot] != 0; slot = (slot + 1) & mask)
        {
            int home = (int)_hashes[slot] & mask;
            if (((slot - home) & mask) < ((slot - gap) & mask)) continue;     // it is at its home, or between there and the gap
            (_hashes[gap], _positions[gap]) = (_hashes[slot], _positions[slot]);
            gap = slot;
        }

        _hashes[gap] = 0;
    }

    /// <summary>Moves to the entry behind one; a chunk that is left behind for good is given back.</summary>
    private void Advance(ref long position, int bytes)
    {
        long next = position + bytes;
        bool isLast = position / ChunkBytes == _tail / ChunkBytes;
        if (!isLast && (OffsetOf(next) == 0 || OffsetOf(next) >= ChunkAt(position).Length))
        {
            ref PooledBuffer? chunk = ref SlotAt(position);
            next = position - OffsetOf(position) + ChunkBytes;
            chunk!.Release();
            chunk = null;
        }

        position = next;
    }

    /// <summary>Nothing is kept: the last chunk goes, and the table is as small as at first.</summary>
    private void ReleaseAll()
    {
        ref PooledBuffer? last = ref SlotAt(Math.Max(0, _tail - 1));
        last?.Release();
        last = null;
        _tail = (_tail + ChunkBytes - 1) / ChunkBytes * ChunkBytes;
        _head = _tail;
        if (_hashes.Length > SmallestTable) (_hashes, _positions) = (new uint[SmallestTable], new long[SmallestTable]);
    }

    private void Rehash(int size)
    {
        (uint[] hashes, long[] positions) = (_hashes, _positions);
        (_hashes, _positions) = (new uint[size], new long[size]);
        for (int slot = 0; slot < hashes.Length; slot++)
        {
            if (hashes[slot] != 0) Insert(hashes[slot], positions[slot]);
        }
    }

    private struct Header
    {
        public TransactionKey Key;
        public Instant ExpiresAt;
        public NetworkAddress Remote;
        public int ListenPoint;
        public int LengthBytes;
    }
}
