using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Parley.Core;
using Parley.Sip.Messages;
using Parley.Sip.Transactions;

namespace Parley.Endpoint.Sip;

/// <summary>Transactions over datagrams that have their final response and that no transaction user has to do with any more, until their time is over.</summary>
/// <remarks>
/// The Completed state of a request other than INVITE (RFC 3261 17.2.2): the only thing that can happen in it is that the request comes again
/// and gets the same response. The Accepted state of an INVITE that was forwarded (RFC 6026 7): on the server's side it is absorbed
/// when it comes again, on the client's side a 2xx that comes again goes the way of the first. All of them last 64*T1, and a busy server
/// has more transactions in these states than in all others together: they are kept as bytes, outside the managed heap, not as
/// machines. Entries stand in blocks in the order of their time, and leave in it.
/// <code>
///  hashes     positions          block 17                        block 18
/// +------+   +---------+       +-------------------------------+-------------------------+
/// | 8f.. |   |       o-+------>| header, response | header, .. | header, response | free |
/// | 0    |   |         |       +-------------------------------+-------------------------+
/// | 92.. |   |       o-+-- ...                                                     ^
/// +------+   +---------+                                                        the tail
/// </code>
/// A position is a count of bytes since the first block. The table is open addressed with linear probing, at most half full, and closes the gap
/// that a removal leaves; a look-up for a new request, which most are, ends in the hashes. When there is no room the oldest entries leave
/// early: at the default of 128 MiB and 30,000 registrations a second after 9 s, by when a phone has asked four times. Not thread-safe: a lane owns it.
/// </remarks>
internal sealed class SettledTransactions
{
    private const int SmallestTable = 64;
    private static readonly int HeaderBytes = Unsafe.SizeOf<Header>();

    private readonly int _capacity;
    private readonly int _maxBlocks;
    private readonly Stack<NativeBlock> _spare = new();
    private NativeBlock?[] _blocks = new NativeBlock?[4];       // by the number of the block, modulo their count
    private uint[] _hashes = new uint[SmallestTable];           // of the keys; 0 for an empty slot
    private long[] _positions = new long[SmallestTable];        // of the entries
    private long _head;         // the oldest entry
    private long _tail;         // where the next one goes

    /// <summary>Holds nothing yet.</summary>
    /// <param name="capacity">How many are kept at most.</param>
    /// <param name="maxBytes">How much memory they take at most; not less than two <see cref="BlockBytes"/> are taken for it.</param>
    public SettledTransactions(int capacity, long maxBytes) =>
        (_capacity, _maxBlocks) = (capacity, (int)Math.Clamp(maxBytes / BlockBytes, 2, int.MaxValue));

    /// <summary>The most that an entry can have, and what memory is taken in.</summary>
    public const int BlockBytes = 256 * 1024;

    /// <summary>How many are kept.</summary>
    public int Count { get; private set; }

    /// <summary>When the oldest one leaves.</summary>
    /// <value><see cref="Instant.Never"/> when none is kept.</value>
    public Instant NextDeadline => Count == 0 ? Instant.Never : HeaderAt(_head).ExpiresAt;

    /// <summary>Memory that is taken, in use or not.</summary>
    public long MemoryBytes => (BlocksInUse + _spare.Count) * (long)BlockBytes;

    private long BlocksInUse => Count == 0 ? 0 : ((_tail - 1) / BlockBytes) - (_head / BlockBytes) + 1;

    /// <summary>Keeps a transaction.</summary>
    /// <param name="key">Its key, which is not kept yet.</param>
    /// <param name="expiresAt">Not before that of the one kept last.</param>
    /// <param name="flow">Where its responses go; a datagram flow.</param>
    /// <param name="response">The whole message to be sent again; empty where nothing is.</param>
    /// <returns>False when it is too long to be kept.</returns>
    public bool TryAdd(in TransactionKey key, Instant expiresAt, in SipFlow flow, ReadOnlySpan<byte> response)
    {
        int bytes = SizeOf(response.Length);
        if (bytes > BlockBytes) return false;
        while (Count >= _capacity) RemoveOldest();
        if (2 * (Count + 1) > _hashes.Length) Rehash(2 * _hashes.Length);
        MakeRoom(bytes);
        Span<byte> entry = BlockAt(_tail).Span[OffsetOf(_tail)..];
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

    /// <summary>True when a transaction is kept.</summary>
    public bool Contains(in TransactionKey key) => TryFind(key, out _, out _);

    /// <summary>Finds a transaction.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="flow">Where its responses go.</param>
    /// <param name="response">What is to be sent again, empty for nothing; valid until the next call that changes something.</param>
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
            response = BlockAt(position).Span.Slice(OffsetOf(position) + HeaderBytes, header.LengthBytes);
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

    /// <summary>Lets go of all, and gives the memory back. Who forgets it leaves that to the finalizers of the blocks.</summary>
    public void Clear()
    {
        while (Count > 0) RemoveOldest();
        ReleaseSpare(left: 0);
    }

    private static int SizeOf(int responseBytes) => (HeaderBytes + responseBytes + 7) & ~7;

    private static int OffsetOf(long position) => (int)(position % BlockBytes);

    private ref NativeBlock? SlotAt(long position) => ref _blocks[(int)(position / BlockBytes) & (_blocks.Length - 1)];

    private NativeBlock BlockAt(long position) => SlotAt(position)!;

    private ref Header HeaderAt(long position) => ref MemoryMarshal.AsRef<Header>(BlockAt(position).Span[OffsetOf(position)..]);

    private static uint HashOf(in TransactionKey key) => (uint)key.GetHashCode() | 0x8000_0000;

    /// <summary>Moves the tail to where an entry fits, into a new block when there is none.</summary>
    private void MakeRoom(int bytes)
    {
        int used = OffsetOf(_tail);
        if (used > 0 && used + bytes <= BlockBytes) return;
        if (used > 0)
        {
            BlockAt(_tail).Used = used;
            _tail += BlockBytes - used;
        }

        while (BlocksInUse >= _maxBlocks) RemoveOldest();
        if (Count == 0) _head = _tail;
        if ((_tail / BlockBytes) - (_head / BlockBytes) >= _blocks.Length) GrowBlocks();
        NativeBlock block = _spare.TryPop(out NativeBlock? spare) ? spare : new NativeBlock(BlockBytes);
        block.Used = BlockBytes;        // until an entry does not fit into the rest
        SlotAt(_tail) = block;
    }

    private void GrowBlocks()
    {
        var grown = new NativeBlock?[2 * _blocks.Length];
        for (long number = _head / BlockBytes; number < _tail / BlockBytes; number++)
        {
            grown[(int)number & (grown.Length - 1)] = _blocks[(int)number & (_blocks.Length - 1)];
        }

        _blocks = grown;
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

    /// <summary>Moves to the entry behind one; a block that is left behind for good is spare.</summary>
    private void Advance(ref long position, int bytes)
    {
        long next = position + bytes;
        bool isLast = position / BlockBytes == _tail / BlockBytes;
        if (!isLast && (OffsetOf(next) == 0 || OffsetOf(next) >= BlockAt(position).Used))
        {
            Spare(ref SlotAt(position));
            next = position - OffsetOf(position) + BlockBytes;
        }

        position = next;
    }

    /// <summary>Nothing is kept: the last block is spare, most memory is given back, and the table is as small as at first.</summary>
    private void ReleaseAll()
    {
        Spare(ref SlotAt(Math.Max(0, _tail - 1)));
        _tail = (_tail + BlockBytes - 1) / BlockBytes * BlockBytes;
        _head = _tail;
        ReleaseSpare(left: 1);
        if (_hashes.Length > SmallestTable) (_hashes, _positions) = (new uint[SmallestTable], new long[SmallestTable]);
    }

    private void Spare(ref NativeBlock? block)
    {
        if (block is not null) _spare.Push(block);
        block = null;
        ReleaseSpare((int)BlocksInUse + 1);     // what a busier time took does not stay
    }

    private void ReleaseSpare(int left)
    {
        while (_spare.Count > left) _spare.Pop().Dispose();
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
