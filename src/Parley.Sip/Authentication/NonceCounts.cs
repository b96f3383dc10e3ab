namespace Parley.Sip.Authentication;

/// <summary>Answers of <see cref="NonceCounts.Use"/>.</summary>
internal enum NonceUse
{
    /// <summary>The first time that this count is used.</summary>
    New,

    /// <summary>The count was used before, or is too far behind to tell.</summary>
    Replayed,

    /// <summary>The nonce may have been forgotten: the client needs a new one.</summary>
    Forgotten,
}

/// <summary>Which nonce counts were used, of the nonces that are in use: so that no request is accepted twice.</summary>
/// <remarks>
/// Per nonce the highest count and which of the 63 below it were used, as requests may overtake each other. The memory is
/// bounded: when full, the nonce that came into use first is forgotten, and from then on every nonce that is not known and was
/// issued no later than it counts as forgotten. Under load nonces so live shorter; a replay is never let pass.
/// Only nonces of proven users come here, so strangers cannot fill it. Not thread-safe.
/// </remarks>
internal sealed class NonceCounts
{
    private const int WindowBits = 64;

    private readonly Dictionary<ulong, int> _slots = [];
    private readonly int _capacity;
    private readonly long _lifetimeMilliseconds;
    private Entry[] _ring = new Entry[16];      // in the order of first use, from _oldest on
    private int _oldest;
    private long _forgottenUpTo;

    /// <summary>Knows no nonce yet.</summary>
    /// <param name="capacity">The most that are remembered.</param>
    /// <param name="lifetime">How long a nonce is good for.</param>
    /// <param name="forgottenUpTo">Nonces issued then or before count as forgotten: milliseconds since 1970.</param>
    public NonceCounts(int capacity, TimeSpan lifetime, long forgottenUpTo)
    {
        (_capacity, _forgottenUpTo) = (capacity, forgottenUpTo);
        _lifetimeMilliseconds = (long)lifetime.TotalMilliseconds;
    }

    public int Count => _slots.Count;

    /// <summary>Marks a count of a nonce as used.</summary>
    /// <param name="nowMilliseconds">Wall-clock time, milliseconds since 1970.</param>
    /// <param name="nonce">A nonce of this server, within its lifetime.</param>
    /// <param name="count">1 or more.</param>
    public NonceUse Use(long nowMilliseconds, in DigestNonce nonce, uint count)
    {
        if (_slots.TryGetValue(nonce.Id, out int slot)) return Mark(ref _ring[slot], count);
        if (nonce.IssuedMilliseconds <= _forgottenUpTo) return NonceUse.Forgotten;

        MakeRoom(nowMilliseconds);
        slot = (_oldest + _slots.Count) % _ring.Length;
        _ring[slot] = new Entry { Id = nonce.Id, IssuedMilliseconds = nonce.IssuedMilliseconds, Highest = count, Used = 1 };
        _slots.Add(nonce.Id, slot);
        return NonceUse.New;
    }

    private static NonceUse Mark(ref Entry entry, uint count)
    {
        if (count > entry.Highest)
        {
            uint ahead = count - entry.Highest;
            entry.Used = ahead >= WindowBits ? 1 : (entry.Used << (int)ahead) | 1;
            entry.Highest = count;
            return NonceUse.New;
        }

        uint behind = entry.Highest - count;
        if (behind >= WindowBits || (entry.Used & (1UL << (int)behind)) != 0) return NonceUse.Replayed;
        entry.Used |= 1UL << (int)behind;
        return NonceUse.New;
    }

    private void MakeRoom(long nowMilliseconds)
    {
        while (_slots.Count > 0 && _ring[_oldest].IssuedMilliseconds + _lifetimeMilliseconds < nowMilliseconds) DropOldest();
        if (_slots.Count == _capacity) DropOldest();
        if (_slots.Count == _ring.Length) Grow();
    }

    private void DropOldest()
    {
        // Also for one whose lifetime is over: the wall clock may be set back.
        _forgottenUpTo = Math.Max(_forgottenUpTo, _ring[_oldest].IssuedMilliseconds);
        _slots.Remove(_ring[_oldest].Id);
        _oldest = (_oldest + 1) % _ring.Length;
    }

    private void Grow()
    {
        var larger = new Entry[Math.Min(_capacity, _ring.Length * 2)];
        for (int i = 0; i < _slots.Count; i++)
        {
            larger[i] = _ring[(_oldest + i) % _ring.Length];
            _slots[larger[i].Id] = i;
        }

        (_ring, _oldest) = (larger, 0);
    }

    private struct Entry
    {
        public ulong Id;
        public long IssuedMilliseconds;
        public uint Highest;
        public ulong Used;      // bit n: Highest - n was used
    }
}
