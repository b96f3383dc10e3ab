using System.Buffers;
using System.Numerics;

namespace Parley.Server.Storage;

/// <summary>A hash table of records found by a UTF-8 key: one thread at a time writes, any thread reads without a lock and without an allocation.</summary>
/// <remarks>
/// A record is <see cref="RecordHeader"/>, then the key, then what the owner put there. It is overwritten in place by one that needs as much
/// room (<see cref="RecordBlocks"/>), so that changing it allocates nothing and leaves nothing for the garbage collector.
/// Readers take copies. Open addressing with linear probing; a slot has the hash of a key and the block of its record.
/// <para>
/// Why a reader needs no lock: the writer changes a slot with one store, before which the block is written; a key that stays in the table stays
/// in its slot; a removed one leaves <see cref="Tombstone"/>, which readers walk over; growth builds a new index, and a reader that still walks
/// the old one sees the slots as they were when it began. A block may be given to another key once no slot has it any more. Then a reader
/// that came late gets a whole record with another key, and <see cref="_released"/> tells it that this may be the reason.
/// </para>
/// </remarks>
internal sealed class RecordTable
{
    private const int SmallestCapacity = 16;
    private const ulong Empty = 0;
    private const ulong Tombstone = 1;

    private Index _index = new(new ulong[SmallestCapacity], new RecordBlocks());
    private int _occupied;      // records and tombstones
    private int _released;      // how often a block has lost its slot

    /// <summary>Records in the table.</summary>
    public int Count { get; private set; }

    /// <summary>Moves on when records change their slots, which happens only when one is put in.</summary>
    public int Layout { get; private set; }

    /// <summary>Slots, for a writer that walks all of them piece by piece.</summary>
    public int Capacity => _index.Slots.Length;

    /// <summary>Finds a record and copies it. Any thread.</summary>
    /// <param name="key">The key.</param>
    /// <param name="buffer">The caller's, to be used again and again; what was in it is gone.</param>
    /// <returns>The record, in the buffer; empty when there is none.</returns>
    public ReadOnlySpan<byte> Find(scoped ReadOnlySpan<byte> key, ArrayBufferWriter<byte> buffer)
    {
        uint hash = RecordHeader.HashOf(key);
        while (true)
        {
            // Read before the index and the slots: a block that was released before was in none of them any more.
            int released = Volatile.Read(ref _released);
            Index index = Volatile.Read(ref _index);
            if (TryFind(index, hash, key, buffer, out ReadOnlySpan<byte> record) || Volatile.Read(ref _released) == released) return record;
        }
    }

    /// <summary>Finds a record without copying it. Writer only; valid until the next change.</summary>
    /// <returns>The record; empty when there is none.</returns>
    public ReadOnlySpan<byte> Get(scoped ReadOnlySpan<byte> key)
    {
        int slot = SlotOf(RecordHeader.HashOf(key), key, out _);
        return slot < 0 ? default : At(slot);
    }

    /// <summary>The record in a slot. Writer only; valid until the next change, see also <see cref="Layout"/>.</summary>
    /// <param name="slot">0 to <see cref="Capacity"/> - 1.</param>
    /// <returns>The record; empty when there is none.</returns>
    public ReadOnlySpan<byte> At(int slot)
    {
        ulong entry = _index.Slots[slot];
        return HasRecord(entry) ? _index.Blocks.View(BlockOf(entry)) : default;
    }

    /// <summary>Puts a copy of a record in, in the place of one with the same key. Writer only.</summary>
    /// <returns>True when its key is new.</returns>
    public bool Put(ReadOnlySpan<byte> record)
    {
        if ((_occupied + 1) * 8L > Capacity * 5L || _index.Blocks.IsWasteful) Rebuild();
        (ulong[] slots, RecordBlocks blocks) = _index;
        uint hash = RecordHeader.HashOfRecord(record);
        int slot = SlotOf(hash, RecordHeader.KeyOf(record), out int free);
        if (slot >= 0)
        {
            uint before = BlockOf(slots[slot]);
            if (blocks.TryRewrite(before, record)) return false;
            Volatile.Write(ref slots[slot], EntryOf(hash, blocks.Add(record)));
            Release(before);
            return false;
        }

        if (slots[free] == Empty) _occupied++;
        Volatile.Write(ref slots[free], EntryOf(hash, blocks.Add(record)));
        Count++;
        return true;
    }

    /// <summary>Takes a record out. Writer only.</summary>
    /// <returns>False when there was none.</returns>
    public bool Remove(ReadOnlySpan<byte> key)
    {
        int slot = SlotOf(RecordHeader.HashOf(key), key, out _);
        if (slot < 0) return false;
        uint before = BlockOf(_index.Slots[slot]);
        Volatile.Write(ref _index.Slots[slot], Tombstone);
        Release(before);
        Count--;
        return true;
    }

    private static bool HasRecord(ulong entry) => entry > Tombstone;

    private static ulong EntryOf(uint hash, uint block) => ((ulong)hash << 32) | block;

    private static uint HashOf(ulong entry) => (uint)(entry >> 32);

    private static uint BlockOf(ulong entry) => (uint)entry;

    /// <returns>False when it may be there all the same, if a block was released meanwhile.</returns>
    private static bool TryFind(Index index, uint hash, scoped ReadOnlySpan<byte> key, ArrayBufferWriter<byte> buffer, out ReadOnlySpan<byte> record)
    {
        bool isCertain = true;
        ulong[] slots = index.Slots;
        int mask = slots.Length - 1;
        for (int slot = (int)hash & mask; ; slot = (slot + 1) & mask)
        {
            ulong entry = Volatile.Read(ref slots[slot]);
            if (entry == Empty) break;
            if (HashOf(entry) != hash || !HasRecord(entry)) continue;
            record = index.Blocks.Copy(BlockOf(entry), buffer);
            if (RecordHeader.KeyOf(record).SequenceEqual(key)) return true;
            isCertain = false;      // two keys with this hash, or the block was given to another key since
        }

        record = default;
        return isCertain;
    }

    /// <summary>Finds the slot of a key, or -1 and the first slot that could take it.</summary>
    private int SlotOf(uint hash, ReadOnlySpan<byte> key, out int free)
    {
        (ulong[] slots, RecordBlocks blocks) = _index;
        int mask = slots.Length - 1;
        free = -1;
        for (int slot = (int)hash & mask; ; slot = (slot + 1) & mask)
        {
            ulong entry = slots[slot];
            if (!HasRecord(entry))
            {
                if (free < 0) free = slot;
                if (entry == Empty) return -1;
            }
            else if (HashOf(entry) == hash && RecordHeader.KeyOf(blocks.View(BlockOf(entry))).SequenceEqual(key)) return slot;
        }
    }

    /// <summary>A block that no slot has any more may be given to another key. The count moves before that happens.</summary>
    private void Release(uint block)
    {
        Volatile.Write(ref _released, _released + 1);
        _index.Blocks.Free(block);
    }

    /// <summary>Moves the slots to an array that fits them: larger, or as large and free of tombstones. Moves the records too when much of their memory is free.</summary>
    private void Rebuild()
    {
        (ulong[] oldSlots, RecordBlocks oldBlocks) = _index;
        RecordBlocks blocks = oldBlocks.IsWasteful ? new RecordBlocks() : oldBlocks;
        ulong[] slots = new ulong[CapacityFor(Count + 1)];
        int mask = slots.Length - 1;
        foreach (ulong old in oldSlots)
        {
            if (!HasRecord(old)) continue;
            ulong entry = blocks == oldBlocks ? old : EntryOf(HashOf(old), blocks.Add(oldBlocks.View(BlockOf(old))));
            int slot = (int)HashOf(entry) & mask;
            while (slots[slot] != Empty) slot = (slot + 1) & mask;
            slots[slot] = entry;
        }

        _occupied = Count;
        Layout++;
        Volatile.Write(ref _index, new Index(slots, blocks));
    }

    /// <summary>A power of two that <paramref name="count"/> records fill to 3/8 at most, so that a rebuild happens once per many changes.</summary>
    private static int CapacityFor(int count)
    {
        long wanted = Math.Max(SmallestCapacity, (count * 8L / 3) + 1);
        return checked((int)BitOperations.RoundUpToPowerOf2((ulong)wanted));
    }

    /// <summary>What readers see at once. An old one's blocks go on changing as long as the new one has the same.</summary>
    private sealed record Index(ulong[] Slots, RecordBlocks Blocks);
}
