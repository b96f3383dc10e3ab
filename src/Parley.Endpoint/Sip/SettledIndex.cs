using System.Runtime.InteropServices;
using Parley.Core;

namespace Parley.Endpoint.Sip;

/// <summary>A table of positions found by hashes, outside the managed heap: open addressed with linear probing, at most half full.</summary>
/// <remarks>
/// It never grows, so that no insertion waits for all others to move: see <see cref="SettledTransactions"/>. Hashes may occur more than once.
/// A byte of each hash stands apart from the entries: most look-ups are for what is not there, and end at a byte of a piece of memory that is an
/// eighth as large, and so more likely at hand.
/// <code>
/// tags     | 0 | 9c | 0 | d1 | 9c | ..        0 for an empty slot
/// entries  |   | hash, position |   | hash, position | ..
/// </code>
/// </remarks>
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
        _memory = NativeBlock.CreateZeroed(2 * capacity * (sizeof(byte) + sizeof(ulong)));
    }

    /// <summary>How many positions it takes.</summary>
    public int Capacity { get; }

    /// <summary>How many it has.</summary>
    public int Count { get; private set; }

    private Span<byte> Tags => _memory.Span[..(_mask + 1)];

    private Span<Entry> Entries => MemoryMarshal.Cast<byte, Entry>(_memory.Span[(_mask + 1)..]);

    /// <summary>Puts a position in.</summary>
    /// <param name="hash">Its first bit is 1.</param>
    /// <param name="position">Which is not in yet.</param>
    public void Add(uint hash, uint position)
    {
        Span<byte> tags = Tags;
        int slot = (int)hash & _mask;
        while (tags[slot] != 0) slot = (slot + 1) & _mask;
        tags[slot] = TagOf(hash);
        Entries[slot] = new Entry { Hash = hash, Position = position };
        Count++;
    }

    /// <summary>Walks over the positions with a hash.</summary>
    /// <param name="hash">The hash.</param>
    /// <param name="step">0 to begin with.</param>
    /// <param name="position">The next position.</param>
    /// <returns>False when there is none left.</returns>
    public bool TryNext(uint hash, ref int step, out uint position)
    {
        Span<byte> tags = Tags;
        while (true)
        {
            int slot = ((int)hash + step++) & _mask;
            byte tag = tags[slot];
            if (tag == 0)
            {
                position = 0;
                return false;
            }

            if (tag != TagOf(hash)) continue;
            Entry entry = Entries[slot];
            position = entry.Position;
            if (entry.Hash == hash) return true;
        }
    }

    /// <summary>Takes a position out that is in, and moves those behind it up that were pushed on by it.</summary>
    public void Remove(uint hash, uint position)
    {
        Span<byte> tags = Tags;
        Span<Entry> entries = Entries;
        int gap = (int)hash & _mask;
        while (tags[gap] == 0 || entries[gap].Position != position || entries[gap].Hash != hash) gap = (gap + 1) & _mask;
        for (int slot = (gap + 1) & _mask; tags[slot] != 0; slot = (slot + 1) & _mask)
        {
            int home = (int)entries[slot].Hash & _mask;
            if (((slot - home) & _mask) < ((slot - gap) & _mask)) continue;     // it is at its home, or between there and the gap
            (tags[gap], entries[gap]) = (tags[slot], entries[slot]);
            gap = slot;
        }

        tags[gap] = 0;
        Count--;
    }

    /// <summary>Gives the memory back.</summary>
    public void Release() => _memory.Dispose();

    private static byte TagOf(uint hash) => (byte)(hash >> 24);

    private struct Entry
    {
        public uint Hash;
        public uint Position;
    }
}
