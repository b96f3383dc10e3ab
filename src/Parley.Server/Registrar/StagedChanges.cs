using System.Numerics;
using Parley.Server.Storage;

namespace Parley.Server.Registrar;

/// <summary>The changes of a batch that are not yet committed, one per address of record, found by it.</summary>
/// <remarks>A later update of the same batch builds on an earlier one's change and replaces it. One thread.</remarks>
internal sealed class StagedChanges
{
    private readonly int[] _slots;      // index of a change + 1, open addressing
    private readonly int[] _slotOf;     // the slot of each change, so that a small batch costs little to clear

    /// <summary>Room for a batch.</summary>
    public StagedChanges(int capacity)
    {
        _slots = new int[(int)BitOperations.RoundUpToPowerOf2((uint)capacity * 2)];
        _slotOf = new int[capacity];
    }

    /// <summary>How many addresses of record are changed.</summary>
    public int Count => Changes.Count;

    /// <summary>The changes, as <see cref="IBindingStore"/> takes them, in the order in which their addresses of record first came.</summary>
    public RecordBatch Changes { get; } = new();

    /// <summary>The staged record of an address of record.</summary>
    /// <param name="addressOfRecord">Canonical.</param>
    /// <param name="record">The record, valid until the next change is staged; empty when its removal is staged, or nothing.</param>
    /// <returns>False when nothing is staged for it.</returns>
    public bool TryGet(scoped ReadOnlySpan<byte> addressOfRecord, out ReadOnlySpan<byte> record)
    {
        record = default;
        int index = _slots[SlotOf(addressOfRecord)] - 1;
        if (index < 0) return false;
        if (!RecordHeader.IsAlone(Changes[index])) record = Changes[index];
        return true;
    }

    /// <summary>Stages a record.</summary>
    public void Set(ReadOnlySpan<byte> record) => record.CopyTo(RoomFor(RecordHeader.KeyOf(record), record.Length));

    /// <summary>Stages the removal of an address of record: a header alone.</summary>
    public void SetRemoved(ReadOnlySpan<byte> addressOfRecord) =>
        RecordHeader.Write(RoomFor(addressOfRecord, RecordHeader.KeyOffset + addressOfRecord.Length), addressOfRecord);

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        for (int i = 0; i < Count; i++) _slots[_slotOf[i]] = 0;
        Changes.Clear();
    }

    private Span<byte> RoomFor(ReadOnlySpan<byte> addressOfRecord, int lengthBytes)
    {
        int slot = SlotOf(addressOfRecord);
        if (_slots[slot] > 0) return Changes.Replace(_slots[slot] - 1, lengthBytes);
        _slotOf[Count] = slot;
        _slots[slot] = Count + 1;
        return Changes.Add(lengthBytes);
    }

    private int SlotOf(ReadOnlySpan<byte> addressOfRecord)
    {
        int mask = _slots.Length - 1;
        int slot = (int)RecordHeader.HashOf(addressOfRecord) & mask;
        while (_slots[slot] > 0 && !RecordHeader.KeyOf(Changes[_slots[slot] - 1]).SequenceEqual(addressOfRecord)) slot = (slot + 1) & mask;
        return slot;
    }
}
