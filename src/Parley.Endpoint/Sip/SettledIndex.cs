using System.Runtime.InteropServices;
using Parley.Core;

namespace Parley.Endpoint.Sip;

/// <summary>A table of positions found by hashes, outside the managed heap: open addressed with linear probing, at most half full.</summary>
/// <remarks>It never grows, so that no insertion waits for all others to move: see <see cref="SettledTransactions"/>. Hashes may occur more than once.</remarks>
internal sealed class SettledIndex
{
    private readonly NativeBlock _memory;
    private readonly int _mask;

    /// <summary>An empty table.</summary>
    /// <param name="capacity">How many positions it takes; a power of two.</param>
    public SettledIndex(int capacity)
    {
        Capacity = capacity;
        _mask = (2 * capacity) - 1;
        _memory = NativeBlock.CreateZeroed(2 * capacity * sizeof(ulong));
    }

    /// <summary>How many positions it takes.</summary>
    public int Capacity { get; }

    /// <summary>How many it has.</summary>
    public int Count { get; private set; }

    private Span<Slot> Slots => MemoryMarshal.Cast<byte, Slot>(_memory.Span);

    /// <summary>Puts a position in.</summary>
    /// <param name="hash">Not 0.</param>
    /// <param name="position">Which is not in yet.</param>
    public void Add(uint hash, uint position)
    {
        Span<Slot> slots = Slots;
        int slot = (int)hash & _mask;
        while (slots[slot].Hash != 0) slot = (slot + 1) & _mask;
        slots[slot] = new Slot { Hash = hash, Position = position };
        Count++;
    }

    /// <summary>Walks over the positions with a hash.</summary>
    /// <param name="hash">The hash.</param>
    /// <param name="step">0 to begin with.</param>
    /// <param name="position">The next position.</param>
    /// <returns>False when there is none left.</returns>
    public bool TryNext(uint hash, ref int step, out uint position)
    {
        Span<Slot> slots = Slots;
        while (true)
        {
            Slot slot = slots[((int)hash + step++) & _mask];
            position = slot.Position;
            if (slot.Hash == hash) return true;
            if (slot.Hash == 0) return false;
        }
    }

    /// <summary>Takes a position out that is in, and moves those behind it up that were pushed on by it.</summary>
    public void Remove(uint hash, uint position)
    {
        Span<Slot> slots = Slots;
        int gap = (int)hash & _mask;
        while (slots[gap].Position != position || slots[gap].Hash != hash) gap = (gap + 1) & _mask;
        for (int slot = (gap + 1) & _mask; slots[slot].Hash != 0; slot = (slot + 1) & _mask)
        {
            int home = (int)slots[slot].Hash & _mask;
            if (((slot - home) & _mask) < ((slot - gap) & _mask)) continue;     // it is at its home, or between there and the gap
            slots[gap] = slots[slot];
            gap = slot;
        }

        slots[gap] = default;
        Count--;
    }

    /// <summary>Gives the memory back.</summary>
    public void Release() => _memory.Dispose();

    private struct Slot
    {
        public uint Hash;       // 0 for an empty slot
        public uint Position;
    }
}
