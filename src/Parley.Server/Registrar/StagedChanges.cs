using Parley.Server.Storage;

namespace Parley.Server.Registrar;

/// <summary>The changes of a batch that are not yet committed, one per address of record, found by it.</summary>
/// <remarks>A later update of the same batch builds on an earlier one's change and replaces it. One thread.</remarks>
internal sealed class StagedChanges
{
    private readonly byte[][] _changes;
    private readonly int[] _slots;      // index of a change + 1, open addressing
    private readonly int[] _slotOf;     // the slot of each change, so that a small batch costs little to clear

    /// <summary>Room for a batch.</summary>
    public StagedChanges(int capacity)
    {
        _changes = new byte[capacity][];
        _slots = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity * 2)];
        _slotOf = new int[capacity];
    }

    /// <summary>How many addresses of record are changed.</summary>
    public int Count { get; private set; }

    /// <summary>The changes, as <see cref="IBindingStore"/> takes them, in the order in which their addresses of record first came.</summary>
    public ReadOnlySpan<byte[]> Changes => _changes.AsSpan(0, Count);

    /// <summary>The staged record of an address of record.</summary>
    /// <param name="addressOfRecord">Canonical.</param>
    /// <param name="record">The record; null when its removal is staged, or nothing.</param>
    /// <returns>False when nothing is staged for it.</returns>
    public bool TryGet(ReadOnlySpan<byte> addressOfRecord, out byte[]? record)
    {
        int index = _slots[SlotOf(addressOfRecord)] - 1;
        record = index < 0 || RecordHeader.IsAlone(_changes[index]) ? null : _changes[index];
        return index >= 0;
    }

    /// <summary>Stages a record, or a header alone for a removal.</summary>
    public void Set(byte[] change)
    {
        int slot = SlotOf(RecordHeader.KeyOf(change));
        if (_slots[slot] > 0)
        {
            _changes[_slots[slot] - 1] = change;
            return;
        }

        _changes[Count] = change;
        _slotOf[Count] = slot;
        _slots[slot] = ++Count;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        for (int i = 0; i < Count; i++) _slots[_slotOf[i]] = 0;
        Array.Clear(_changes, 0, Count);
        Count = 0;
    }

    private int SlotOf(ReadOnlySpan<byte> addressOfRecord)
    {
        int mask = _slots.Length - 1;
        int slot = (int)RecordHeader.HashOf(addressOfRecord) & mask;
        while (_slots[slot] > 0 && !RecordHeader.KeyOf(_changes[_slots[slot] - 1]).SequenceEqual(addressOfRecord)) slot = (slot + 1) & mask;
        return slot;
    }
}
