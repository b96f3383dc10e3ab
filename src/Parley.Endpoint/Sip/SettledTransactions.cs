using System.Numerics;
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
///  indexes                       block 17                        block 18
/// +----------------+           +-------------------------------+-------------------------+
/// | hash, position-+---------->| header, reply | header, ..    | header, reply | free    |
/// |       -        |           +-------------------------------+-------------------------+
/// | hash, position-+--- ...                                                       ^
/// +----------------+                                                          the tail
/// </code>
/// A position is a count of bytes since the first block. When the index is full a larger one takes what comes, and the full one goes with the last
/// of its entries: nothing is ever moved, and after 32 s there is one index again, in which a look-up for a new request, which most are, ends
/// at its first empty slot. When there is no room the oldest entries leave early: at the default of 128 MiB and 30,000 registrations a second
/// after 9 s, by when a phone has asked again four times. Not thread-safe: a lane owns it.
/// </remarks>
internal sealed class SettledTransactions
{
    private const int SmallestIndex = 1024;
    private const int LargestIndex = 1 << 26;
    private const int IndexGrowth = 8;       // few at a time: a look-up for a new request looks into each
    private const int PositionUnit = 8;     // an index has positions in it as 32-bit numbers: 32 GiB until they come again
    private static readonly int HeaderBytes = Unsafe.SizeOf<Header>();

    private readonly int _capacity;
    private readonly int _maxBlocks;
    private readonly Stack<NativeBlock> _spare = new();
    private NativeBlock?[] _blocks = new NativeBlock?[4];       // by the number of the block, modulo their count
    private readonly List<SettledIndex> _indexes = [];          // the oldest first, whose entries are the oldest
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

    /// <summary>How many positions its indexes take.</summary>
    internal int IndexCapacity => _indexes.Sum(static index => index.Capacity);

    private long BlocksInUse => Count == 0 ? 0 : ((_tail - 1) / BlockBytes) - (_head / BlockBytes) + 1;

    /// <summary>Keeps a transaction.</summary>
    /// <param name="key">Its key, which is not kept yet.</param>
    /// <param name="expiresAt">Not before that of the one kept last.</param>
    /// <param name="flow">Where its responses go; a datagram flow.</param>
    /// <param name="kind">What is kept of it.</param>
    /// <param name="lengthBytes">How much that is.</param>
    /// <param name="room">Where to write it, before anything else is called.</param>
    /// <returns>False when it is too long to be kept.</returns>
    public bool TryAdd(in TransactionKey key, Instant expiresAt, in SipFlow flow, SettledKind kind, int lengthBytes, out Span<byte> room)
    {
        room = default;
        int bytes = SizeOf(lengthBytes);
        if (bytes > BlockBytes) return false;
        while (Count >= _capacity) RemoveOldest();
        MakeRoom(bytes);
        Span<byte> entry = BlockAt(_tail).Span[OffsetOf(_tail)..];
        MemoryMarshal.Write(entry, new Header
        {
            Key = key,
            ExpiresAt = expiresAt,
            Remote = flow.Remote,
            ListenPoint = flow.ListenPoint,
            Kind = kind,
            LengthBytes = lengthBytes,
        });
        room = entry.Slice(HeaderBytes, lengthBytes);
        IndexWithRoom().Add(HashOf(key), Shorten(_tail));
        _tail += bytes;
        Count++;
        return true;
    }

    /// <summary>True when a transaction is kept.</summary>
    public bool Contains(in TransactionKey key) => TryFind(key, out _, out _, out _);

    /// <summary>Finds a transaction.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="flow">Where its responses go.</param>
    /// <param name="kind">What is kept of it.</param>
    /// <param name="kept">That; valid until the next call that changes something.</param>
    public bool TryFind(in TransactionKey key, out SipFlow flow, out SettledKind kind, out ReadOnlySpan<byte> kept)
    {
        uint hash = HashOf(key);
        for (int i = _indexes.Count - 1; i >= 0; i--)
        {
            for (int step = 0; _indexes[i].TryNext(hash, ref step, out uint position);)
            {
                NativeBlock block = BlockAt(position);
                Span<byte> entry = block.Span[OffsetOf(position)..];
                ref readonly Header header = ref MemoryMarshal.AsRef<Header>(entry);
                if (!header.Key.Equals(key)) continue;
                flow = new SipFlow(SipTransport.Udp, header.Remote, connection: null, header.ListenPoint);
                kind = header.Kind;
                kept = entry.Slice(HeaderBytes, header.LengthBytes);
                return true;
            }
        }

        flow = default;
        kind = default;
        kept = default;
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
        while (_indexes.Count > 0) RemoveIndex();
        ReleaseSpare(left: 0);
    }

    private static int SizeOf(int responseBytes) => (HeaderBytes + responseBytes + PositionUnit - 1) & ~(PositionUnit - 1);

    private static int OffsetOf(long position) => (int)(position % BlockBytes);

    private static int OffsetOf(uint shortened) => (int)(shortened % (BlockBytes / PositionUnit)) * PositionUnit;

    private static uint Shorten(long position) => (uint)(position / PositionUnit);

    private ref NativeBlock? SlotAt(long position) => ref _blocks[(int)(position / BlockBytes) & (_blocks.Length - 1)];

    private NativeBlock BlockAt(long position) => SlotAt(position)!;

    private NativeBlock BlockAt(uint shortened) => _blocks[(int)(shortened / (BlockBytes / PositionUnit)) & (_blocks.Length - 1)]!;

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
        NativeBlock block = _spare.TryPop(out NativeBlock? spare) ? spare : NativeBlock.Create(BlockBytes);
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
        _indexes[0].Remove(HashOf(oldest.Key), Shorten(_head));
        if (_indexes[0].Count == 0 && _indexes.Count > 1) RemoveIndex();
        Count--;
        Advance(ref _head, SizeOf(oldest.LengthBytes));
        if (Count == 0) ReleaseAll();
    }

    private SettledIndex IndexWithRoom()
    {
        if (_indexes.Count == 0) _indexes.Add(new SettledIndex(SmallestIndex));
        SettledIndex newest = _indexes[^1];
        if (newest.Count < newest.Capacity) return newest;
        // Sized by all that is kept: when the older ones have emptied, their number will be in it. Not by more than there is room to keep, as each
        // page of an index is touched for the first time by an entry, which takes longer than all the rest of keeping it.
        long wanted = Math.Min(LargestIndex, Math.Min(IndexGrowth * (Count + 1L), Math.Max(SmallestIndex, MostKept())));
        var next = new SettledIndex((int)BitOperations.RoundUpToPowerOf2((uint)wanted));
        _indexes.Add(next);
        return next;
    }

    /// <summary>How many there is room for when they are as long as those that are kept.</summary>
    private long MostKept() => Count == 0 ? _capacity : Math.Min(_capacity, (long)_maxBlocks * BlockBytes / Math.Max(1, (_tail - _head) / Count));

    private void RemoveIndex()
    {
        _indexes[0].Release();
        _indexes.RemoveAt(0);
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

    /// <summary>Nothing is kept: the last block is spare, most memory is given back, and so is the index.</summary>
    private void ReleaseAll()
    {
        Spare(ref SlotAt(Math.Max(0, _tail - 1)));
        _tail = (_tail + BlockBytes - 1) / BlockBytes * BlockBytes;
        _head = _tail;
        ReleaseSpare(left: 1);
        while (_indexes.Count > 0 && _indexes[0].Capacity > SmallestIndex) RemoveIndex();
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

    private struct Header
    {
        public TransactionKey Key;
        public Instant ExpiresAt;
        public NetworkAddress Remote;
        public int ListenPoint;
        public SettledKind Kind;
        public int LengthBytes;
    }
}
