using System.Buffers.Binary;

namespace Parley.Server.Storage;

/// <summary>A hash table of records found by a UTF-8 key: one thread writes, any thread reads without a lock and without an allocation.</summary>
/// <remarks>
/// A record is one array that is never changed once it is in: <see cref="RecordHeader"/>, then the key, then what the owner put there. Open addressing with
/// linear probing. Why a reader needs no lock: the writer changes a slot with one reference store; a key that stays in the
/// table stays in its slot or is replaced there; a removed one leaves <see cref="Tombstone"/>, which readers walk over;
/// growth builds a new array, and a reader that still walks the old one sees the table as it was when it began.
/// </remarks>
internal sealed class RecordTable
{
    private const int SmallestCapacity = 16;
    private static readonly byte[] Tombstone = [];

    private byte[]?[] _slots;
    private int _occupied;      // records and tombstones

    /// <summary>An empty table.</summary>
    /// <param name="expectedCount">How many records will come at once; it grows beyond.</param>
    public RecordTable(int expectedCount = 0) => _slots = new byte[]?[CapacityFor(expectedCount)];

    /// <summary>Records in the table.</summary>
    public int Count { get; private set; }

    /// <summary>Moves on when records change their slots, which happens only when one is put in.</summary>
    public int Layout { get; private set; }

    /// <summary>Slots, for a writer that walks all of them piece by piece.</summary>
    public int Capacity => _slots.Length;

    /// <summary>Finds a record. Any thread.</summary>
    public byte[]? Find(ReadOnlySpan<byte> key)
    {
        byte[]?[] slots = Volatile.Read(ref _slots);
        int mask = slots.Length - 1;
        uint hash = RecordHeader.HashOf(key);
        for (int slot = (int)hash & mask; ; slot = (slot + 1) & mask)
        {
            byte[]? record = Volatile.Read(ref slots[slot]);
            if (record is null) return null;
            if (record.Length > 0 && RecordHeader.Matches(record, hash, key)) return record;
        }
    }

    /// <summary>Puts a record in, in the place of one with the same key. Writer only.</summary>
    /// <returns>The record that it replaced; null when its key is new.</returns>
    public byte[]? Put(byte[] record)
    {
        if ((_occupied + 1) * 8L > _slots.Length * 5L) Rebuild();
        ReadOnlySpan<byte> key = RecordHeader.KeyOf(record);
        int slot = SlotOf(RecordHeader.HashOfRecord(record), key, out int free);
        if (slot >= 0)
        {
            byte[]? replaced = _slots[slot];
            Volatile.Write(ref _slots[slot], record);
            return replaced;
        }

        if (_slots[free] is null) _occupied++;
        Volatile.Write(ref _slots[free], record);
        Count++;
        return null;
    }

    /// <summary>Takes a record out. Writer only.</summary>
    /// <returns>The record; null when there was none.</returns>
    public byte[]? Remove(ReadOnlySpan<byte> key)
    {
        int slot = SlotOf(RecordHeader.HashOf(key), key, out _);
        if (slot < 0) return null;
        byte[]? removed = _slots[slot];
        Volatile.Write(ref _slots[slot], Tombstone);
        Count--;
        return removed;
    }

    /// <summary>The record in a slot, null for none. Writer only; see <see cref="Layout"/>.</summary>
    /// <param name="slot">0 to <see cref="Capacity"/> - 1.</param>
    public byte[]? At(int slot) => _slots[slot] is { Length: > 0 } record ? record : null;

    /// <summary>Finds the slot of a key, or -1 and the first slot that could take it.</summary>
    private int SlotOf(uint hash, ReadOnlySpan<byte> key, out int free)
    {
        int mask = _slots.Length - 1;
        free = -1;
        for (int slot = (int)hash & mask; ; slot = (slot + 1) & mask)
        {
            byte[]? record = _slots[slot];
            if (record is null)
            {
                if (free < 0) free = slot;
                return -1;
            }

            if (record.Length == 0)
            {
                if (free < 0) free = slot;
            }
            else if (RecordHeader.Matches(record, hash, key)) return slot;
        }
    }

    /// <summary>Moves the records to an array that fits them: larger, or as large and free of tombstones.</summary>
    private void Rebuild()
    {
        var slots = new byte[]?[CapacityFor(Count + 1)];
        int mask = slots.Length - 1;
        foreach (byte[]? record in _slots)
        {
            if (record is not { Length: > 0 }) continue;
            int slot = (int)RecordHeader.HashOfRecord(record) & mask;
            while (slots[slot] is not null) slot = (slot + 1) & mask;
            slots[slot] = record;
        }

        _occupied = Count;
        Layout++;
        Volatile.Write(ref _slots, slots);
    }

    /// <summary>A power of two that <paramref name="count"/> records fill to 3/8 at most, so that a rebuild happens once per many changes.</summary>
    private static int CapacityFor(int count)
    {
        long wanted = Math.Max(SmallestCapacity, (count * 8L / 3) + 1);
        return checked((int)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)wanted));
    }
}

/// <summary>The beginning of a record in a <see cref="RecordTable"/>.</summary>
/// <remarks>
/// <code>
/// offset  size
///      0     4  hash of the key, of this process only
///      4     2  length of the key in bytes, little-endian as all numbers here
///      6     n  key
/// </code>
/// </remarks>
internal static class RecordHeader
{
    /// <summary>Where the key begins.</summary>
    public const int KeyOffset = 6;

    /// <summary>Where a record's content begins.</summary>
    public static int ContentOffset(ReadOnlySpan<byte> record) => KeyOffset + KeyLength(record);

    /// <summary>Makes a record of a header and a key alone.</summary>
    public static byte[] CreateAlone(ReadOnlySpan<byte> key)
    {
        byte[] record = new byte[KeyOffset + key.Length];
        Write(record, key);
        return record;
    }

    /// <summary>Writes hash, length and key; the content follows at <see cref="KeyOffset"/> + the key's length.</summary>
    public static void Write(Span<byte> record, ReadOnlySpan<byte> key)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(record, HashOf(key));
        BinaryPrimitives.WriteUInt16LittleEndian(record[4..], checked((ushort)key.Length));
        key.CopyTo(record[KeyOffset..]);
    }

    /// <summary>Writes the hash anew into a record that comes from another process.</summary>
    public static void Rehash(Span<byte> record) => BinaryPrimitives.WriteUInt32LittleEndian(record, HashOf(KeyOf(record)));

    /// <summary>True when a record has a header and a key, and nothing behind them.</summary>
    public static bool IsAlone(ReadOnlySpan<byte> record) => record.Length >= KeyOffset && record.Length == ContentOffset(record);

    /// <summary>The key of a record.</summary>
    public static ReadOnlySpan<byte> KeyOf(ReadOnlySpan<byte> record) => record.Slice(KeyOffset, KeyLength(record));

    internal static uint HashOfRecord(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt32LittleEndian(record);

    internal static bool Matches(ReadOnlySpan<byte> record, uint hash, ReadOnlySpan<byte> key) => HashOfRecord(record) == hash && KeyOf(record).SequenceEqual(key);

    /// <summary>Seeded per process, so that nobody can choose names that collide.</summary>
    internal static uint HashOf(ReadOnlySpan<byte> key)
    {
        HashCode hash = default;
        hash.AddBytes(key);
        return (uint)hash.ToHashCode();
    }

    private static int KeyLength(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt16LittleEndian(record[4..]);
}
