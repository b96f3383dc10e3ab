using System.Numerics;

namespace Parley.Core;

/// <summary>Holds the deadlines of any number of entries: scheduling, cancelling and expiring cost the same for ten as for a million.</summary>
/// <remarks>
/// Four rings of 256 slots; a slot of ring n spans 256^n milliseconds. An entry sits in the lowest ring that can hold
/// its distance and moves one ring down when the wheel's hand reaches its slot. Deadlines are met to the millisecond,
/// never early. Beyond 49 days an entry goes round in the last ring. Not thread-safe: one lane owns it.
/// </remarks>
public sealed class DeadlineWheel
{
    private const int Rings = 4;
    private const int SlotsPerRing = 256;
    private const int DueSlot = Rings * SlotsPerRing;
    private const int BitmapWords = SlotsPerRing / 64;

    private readonly DeadlineEntry?[] _heads = new DeadlineEntry?[DueSlot + 1];
    private readonly ulong[] _occupied = new ulong[Rings * BitmapWords];
    private long _hand;     // the millisecond up to which everything has expired

    /// <summary>A wheel that starts at a time.</summary>
    public DeadlineWheel(Instant now) => _hand = Floor(now);

    /// <summary>Entries in the wheel.</summary>
    public int Count { get; private set; }

    /// <summary>A time at which the wheel wants to be asked: no entry is due before it.</summary>
    /// <value><see cref="Instant.Never"/> when the wheel is empty. May lie before the earliest deadline, when a ring must turn first.</value>
    public Instant NextDeadline
    {
        get
        {
            if (_heads[DueSlot] is not null) return Instant.FromTicks(_hand * TimeSpan.TicksPerMillisecond);
            return Count == 0 ? Instant.Never : Instant.FromTicks(NextOccupied() * TimeSpan.TicksPerMillisecond);
        }
    }

    /// <summary>Puts an entry in, or moves it: it is due at <paramref name="deadline"/>; <see cref="Instant.Never"/> takes it out.</summary>
    public void Schedule(DeadlineEntry entry, Instant deadline)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (entry.Slot >= 0)
        {
            if (entry.ScheduledFor == deadline) return;
            Unlink(entry);
        }

        entry.ScheduledFor = deadline;
        if (deadline.IsNever) return;
        Link(entry, Ceiling(deadline));
    }

    /// <summary>Takes an entry out; one that is not in is left alone.</summary>
    public void Cancel(DeadlineEntry entry) => Schedule(entry, Instant.Never);

    /// <summary>Takes out every entry.</summary>
    public void Clear()
    {
        for (int slot = 0; slot < _heads.Length; slot++)
        {
            while (_heads[slot] is { } entry) Cancel(entry);
        }
    }

    /// <summary>Takes out one entry whose deadline has come.</summary>
    /// <param name="now">The time; the wheel's hand moves up to it and never back.</param>
    /// <param name="entry">The entry, in no wheel any more.</param>
    /// <returns>False when nothing (more) is due.</returns>
    public bool TryTakeDue(Instant now, out DeadlineEntry entry)
    {
        long target = Floor(now);
        while (_heads[DueSlot] is null && _hand < target)
        {
            Turn(target);
        }

        DeadlineEntry? due = _heads[DueSlot];
        if (due is null)
        {
            entry = null!;
            return false;
        }

        Unlink(due);
        due.ScheduledFor = Instant.Never;
        entry = due;
        return true;
    }

    /// <summary>Moves the hand to the next millisecond at which a slot's turn comes, at most to the target.</summary>
    private void Turn(long target)
    {
        _hand = Count == 0 ? target : Math.Min(target, NextOccupied());
        for (int ring = 1; ring < Rings && (_hand & ((1L << (ring * 8)) - 1)) == 0; ring++)
        {
            // The rings below have gone round: bring down what this one holds for their next round.
            Cascade((ring * SlotsPerRing) + ((int)(_hand >> (ring * 8)) & 0xFF));
        }

        int slot = (int)_hand & 0xFF;
        while (_heads[slot] is { } entry)
        {
            Unlink(entry);
            Link(entry, _hand);
        }
    }

    /// <summary>The millisecond at which the next occupied slot's turn comes; the wheel is not empty.</summary>
    private long NextOccupied()
    {
        long next = long.MaxValue;
        for (int ring = 0; ring < Rings; ring++)
        {
            int shift = ring * 8;
            int distance = DistanceToOccupied(ring, (int)(_hand >> shift) & 0xFF);
            if (distance > 0) next = Math.Min(next, ((_hand >> shift) + distance) << shift);
        }

        return next;
    }

    private void Cascade(int slot)
    {
        DeadlineEntry? entry = _heads[slot];
        _heads[slot] = null;
        SetOccupied(slot, false);
        while (entry is not null)
        {
            DeadlineEntry? next = entry.Next;
            Count--;
            Link(entry, Ceiling(entry.ScheduledFor));
            entry = next;
        }
    }

    private void Link(DeadlineEntry entry, long at)
    {
        long distance = at - _hand;
        int slot;
        if (distance <= 0) slot = DueSlot;
        else if (distance < 1L << 8) slot = (int)at & 0xFF;
        else if (distance < 1L << 16) slot = SlotsPerRing + ((int)(at >> 8) & 0xFF);
        else if (distance < 1L << 24) slot = (2 * SlotsPerRing) + ((int)(at >> 16) & 0xFF);
        else if (distance < 1L << 32) slot = (3 * SlotsPerRing) + ((int)(at >> 24) & 0xFF);
        else slot = (3 * SlotsPerRing) + ((int)((_hand >> 24) - 1) & 0xFF);   // as far away as the last ring goes

        entry.Slot = slot;
        entry.Previous = null;
        entry.Next = _heads[slot];
        if (entry.Next is not null) entry.Next.Previous = entry;
        _heads[slot] = entry;
        SetOccupied(slot, true);
        Count++;
    }

    private void Unlink(DeadlineEntry entry)
    {
        if (entry.Previous is not null) entry.Previous.Next = entry.Next;
        else
        {
            _heads[entry.Slot] = entry.Next;
            if (entry.Next is null) SetOccupied(entry.Slot, false);
        }

        if (entry.Next is not null) entry.Next.Previous = entry.Previous;
        entry.Next = entry.Previous = null;
        entry.Slot = -1;
        Count--;
    }

    private void SetOccupied(int slot, bool occupied)
    {
        if (slot == DueSlot) return;
        ulong bit = 1UL << (slot & 63);
        if (occupied) _occupied[slot >> 6] |= bit;
        else _occupied[slot >> 6] &= ~bit;
    }

    /// <summary>How many slots after <paramref name="from"/> the next occupied one of a ring is: 1 to 256, or -1.</summary>
    private int DistanceToOccupied(int ring, int from)
    {
        ReadOnlySpan<ulong> words = _occupied.AsSpan(ring * BitmapWords, BitmapWords);
        int start = (from + 1) & 0xFF;
        for (int i = 0; i <= BitmapWords; i++)
        {
            int word = ((start >> 6) + i) % BitmapWords;
            ulong bits = words[word];
            if (i == 0) bits &= ulong.MaxValue << (start & 63);
            else if (i == BitmapWords) bits &= ~(ulong.MaxValue << (start & 63));
            if (bits == 0) continue;
            int slot = (word << 6) + BitOperations.TrailingZeroCount(bits);
            return ((slot - start) & 0xFF) + 1;
        }

        return -1;
    }

    private static long Floor(Instant instant) => (instant.Ticks / TimeSpan.TicksPerMillisecond) - (instant.Ticks % TimeSpan.TicksPerMillisecond < 0 ? 1 : 0);

    private static long Ceiling(Instant instant) => (instant.Ticks / TimeSpan.TicksPerMillisecond) + (instant.Ticks % TimeSpan.TicksPerMillisecond > 0 ? 1 : 0);
}
