using Parley.Server.Storage;

namespace Parley.Server.Registrar;

/// <summary>The changes of a batch that are not yet committed, one per address of record, found by it.</summary>
/// <remarks>A later update of the same batch builds on an earlier one's change and replaces it. One thread.</remarks>
internal sealed class StagedChanges
{
    private readonly BindingChange[] _changes;
    private readonly int[] _slots;      // index of a change + 1, open addressing

    /// <summary>Room for a batch.</summary>
    public StagedChanges(int capacity)
    {
        _changes = new BindingChange[capacity];
        _slots = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity * 2)];
    }

    /// <summary>How many addresses of record are changed.</summary>
    public int Count { get; private set; }

    /// <summary>The changes, in the order in which their addresses of record first came.</summary>
    public ReadOnlySpan<BindingChange> Changes => _changes.AsSpan(0, Count);

    /// <summary>The staged record of an address of record.</summary>
    /// <param name="addressOfRecord">Canonical.</param>
    /// <param name="record">The record; null when its removal is staged, or nothing.</param>
    /// <returns>False when nothing is staged for it.</returns>
    public bool TryGet(ReadOnlySpan<byte> addressOfRecord, out byte[]? record)
    {
        int index = _slots[SlotOf(addressOfRecord)] - 1;
        record = index < 0 ? null : _changes[index].Record;
        return index >= 0;
    }

    /// <summary>Stages a change.</summary>
    public void Set(ReadOnlySpan<byte> addressOfRecord, byte[]? record)
    {
        int slot = SlotOf(addressOfRecord);
        if (_slots[slot] > 0)
        {
            _changes[_slots[slot] - 1] = _changes[_slots[slot] - 1] with { Record = record };
            return;
        }

        _changes[Count] = new BindingChange(addressOfRecord.ToArray(), record);
        _slots[slot] = ++Count;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        if (Count == 0) return;
        Array.Clear(_changes, 0, Count);
        Array.Clear(_slots);
        Count = 0;
    }

    private int SlotOf(ReadOnlySpan<byte> addressOfRecord)
    {
        int mask = _slots.Length - 1;
        int slot = (int)RecordHeader.HashOf(addressOfRecord) & mask;
        while (_slots[slot] > 0 && !_changes[_slots[slot] - 1].AddressOfRecord.AsSpan().SequenceEqual(addressOfRecord)) slot = (slot + 1) & mask;
        return slot;
    }
}
