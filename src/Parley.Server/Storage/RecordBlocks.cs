using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Parley.Server.Storage;

/// <summary>Memory for records: blocks cut from a few large arrays, so that a million records are a few hundred objects. One thread writes, any thread copies.</summary>
/// <remarks>
/// <code>
/// block    = head record              ; 16 bytes or a multiple of it
/// head     = sequence length          ; one 64-bit word, the sequence in its upper half: odd while the record is being changed
/// </code>
/// A block never moves and its room stays the same. It is rewritten in place by a record that needs as much room, and once it is
/// freed by another record of that room. So a reader may find another record in a block than it came for, and looks at the key.
/// <para>
/// Why a copy is never torn, on processors that reorder as well: the writer's odd head is before its bytes (write barrier), and they are before
/// its even head (release). The reader's first look at the head is before its copying (acquire), and that is before its second look (read
/// barrier). If a byte of some write came into the copy, the second look sees that write's odd head or a later one; if a byte of it is
/// missing, the first look did not see its even head. Either way the looks differ or are odd, unless a reader sleeps through
/// exactly 2^31 writes of one block.
/// </para>
/// </remarks>
internal sealed class RecordBlocks
{
    private const int HeadBytes = sizeof(ulong);
    private const int GranuleBytes = 16;
    private const int GranuleWords = GranuleBytes / sizeof(ulong);
    private const int ChunkBits = 16;                       // of a reference, above as many for the granule within the chunk
    private const int SmallestChunk = 1024;                 // granules
    private const int ChunkDoublings = 6;
    private const int LargestChunk = SmallestChunk << ChunkDoublings;
    private const long FreeBytesThatDoNotMatter = 1024 * 1024;
    private const ulong Change = 1UL << 32;                 // added to a head when a change begins and when it ends

    private readonly Dictionary<int, Stack<uint>> _free = [];       // by their granules
    private ulong[][] _chunks;
    private int _cutChunk;
    private int _cutGranule;
    private long _usedGranules;
    private long _freeGranules;

    /// <summary>No blocks yet.</summary>
    public RecordBlocks()
    {
        _chunks = [];
        _cutChunk = AddChunk(SmallestChunk);
        _cutGranule = 2;        // no block is called 0 or 1
    }

    /// <summary>True when more is free than in use: time to begin anew with what is in use.</summary>
    public bool IsWasteful => (_freeGranules - _usedGranules) * GranuleBytes > FreeBytesThatDoNotMatter;

    /// <summary>Puts a record into a block of its own. Writer only.</summary>
    /// <returns>The block, 2 or more.</returns>
    public uint Add(ReadOnlySpan<byte> record)
    {
        int granules = GranulesFor(record.Length);
        if (_free.TryGetValue(granules, out Stack<uint>? free) && free.TryPop(out uint block)) _freeGranules -= granules;
        else block = Cut(granules);
        _usedGranules += granules;
        Write(block, record);
        return block;
    }

    /// <summary>Overwrites the record in a block. Writer only.</summary>
    /// <returns>False when the new one needs more room, or much less: nothing has changed.</returns>
    public bool TryRewrite(uint block, ReadOnlySpan<byte> record)
    {
        if (GranulesFor(record.Length) != GranulesFor(LengthOf(HeadOf(block)))) return false;
        Write(block, record);
        return true;
    }

    /// <summary>Gives a block back. Readers may still copy it. Writer only.</summary>
    public void Free(uint block)
    {
        int granules = GranulesFor(LengthOf(HeadOf(block)));
        if (!_free.TryGetValue(granules, out Stack<uint>? free)) _free.Add(granules, free = new Stack<uint>());
        free.Push(block);
        _freeGranules += granules;
        _usedGranules -= granules;
    }

    /// <summary>The record in a block, valid until the block is written or freed. Writer only.</summary>
    public ReadOnlySpan<byte> View(uint block) => BytesOf(_chunks[ChunkOf(block)], WordOf(block), LengthOf(HeadOf(block)));

    /// <summary>Copies the record that is in a block now. Any thread that got the block from the writer.</summary>
    /// <param name="block">The block.</param>
    /// <param name="buffer">The caller's; emptied first.</param>
    /// <returns>A whole record, in the buffer.</returns>
    public ReadOnlySpan<byte> Copy(uint block, ArrayBufferWriter<byte> buffer)
    {
        ulong[] chunk = Volatile.Read(ref _chunks)[ChunkOf(block)];
        int word = WordOf(block);
        SpinWait spin = default;
        while (true)
        {
            ulong head = Volatile.Read(ref chunk[word]);
            if ((head & Change) == 0)
            {
                int length = LengthOf(head);
                buffer.ResetWrittenCount();
                BytesOf(chunk, word, length).CopyTo(buffer.GetSpan(length));
                Volatile.ReadBarrier();
                if (Volatile.Read(ref chunk[word]) == head)
                {
                    buffer.Advance(length);
                    return buffer.WrittenSpan;
                }
            }

            spin.SpinOnce();    // a change takes some 50 ns, unless its thread has lost its processor: then this one gives up its own
        }
    }

    private static int ChunkOf(uint block) => (int)(block >> ChunkBits);

    private static int WordOf(uint block) => (int)(block & ((1u << ChunkBits) - 1)) * GranuleWords;

    private static int LengthOf(ulong head) => (int)(uint)head;

    private static Span<byte> BytesOf(ulong[] chunk, int word, int length) => MemoryMarshal.AsBytes(chunk.AsSpan(word + 1))[..length];

    /// <summary>The room that a record gets: eight sizes between a power of two and the next, so that an eighth is left over at most.</summary>
    private static int GranulesFor(int lengthBytes)
    {
        int bytes = HeadBytes + lengthBytes;
        int step = Math.Max(GranuleBytes, (1 << BitOperations.Log2((uint)bytes)) / 8);
        return (bytes + step - 1) / step * (step / GranuleBytes);
    }

    private ref ulong HeadOf(uint block) => ref _chunks[ChunkOf(block)][WordOf(block)];

    private void Write(uint block, ReadOnlySpan<byte> record)
    {
        ref ulong head = ref HeadOf(block);
        ulong changing = head + Change;
        Volatile.Write(ref head, changing);
        Volatile.WriteBarrier();
        record.CopyTo(BytesOf(_chunks[ChunkOf(block)], WordOf(block), record.Length));
        Volatile.Write(ref head, ((changing + Change) & ~(Change - 1)) | (uint)record.Length);
    }

    private uint Cut(int granules)
    {
        // A very large record has a chunk of its own, so that what is left of the present one is not lost.
        uint block;
        if (granules > LargestChunk / 2) block = (uint)AddChunk(granules) << ChunkBits;
        else
        {
            if (_cutGranule + granules > _chunks[_cutChunk].Length / GranuleWords)
            {
                _cutChunk = AddChunk(Math.Max(granules, SmallestChunk << Math.Min(_chunks.Length, ChunkDoublings)));
                _cutGranule = 0;
            }

            block = ((uint)_cutChunk << ChunkBits) | (uint)_cutGranule;
            _cutGranule += granules;
        }

        HeadOf(block) = 0;
        return block;
    }

    /// <summary>The chunks are replaced and not changed, so that readers see all that a block's name may point to.</summary>
    private int AddChunk(int granules)
    {
        int index = checked((ushort)_chunks.Length);        // 32 GB and more
        Volatile.Write(ref _chunks, [.. _chunks, GC.AllocateUninitializedArray<ulong>(granules * GranuleWords)]);
        return index;
    }
}
