namespace Parley.Core;

/// <summary>A point on a monotonic time line whose origin means nothing: only differences do.</summary>
/// <remarks>
/// Cores take the time as a parameter of this type and never ask a clock. Shells read it from a
/// <see cref="MonotonicClock"/>, tests make it up. Wall-clock time (certificates, bindings that survive a restart) is
/// <see cref="DateTimeOffset"/> from a <see cref="TimeProvider"/>, so that the two cannot be mixed up.
/// </remarks>
public readonly record struct Instant : IComparable<Instant>
{
    private Instant(long ticks) => Ticks = ticks;

    /// <summary>The origin of the time line.</summary>
    public static Instant Zero => default;

    /// <summary>Later than every other instant: the deadline of who waits for nothing.</summary>
    public static Instant Never => new(long.MaxValue);

    /// <summary>Distance from the origin.</summary>
    /// <value>Units of 100 ns.</value>
    public long Ticks { get; }

    /// <summary>True for <see cref="Never"/>.</summary>
    public bool IsNever => Ticks == long.MaxValue;

    /// <summary>The instant at a distance from the origin.</summary>
    /// <param name="ticks">Units of 100 ns.</param>
    public static Instant FromTicks(long ticks) => new(ticks);

    /// <summary>The earlier of two instants.</summary>
    public static Instant Min(Instant left, Instant right) => left.Ticks <= right.Ticks ? left : right;

    /// <summary>The later of two instants.</summary>
    public static Instant Max(Instant left, Instant right) => left.Ticks >= right.Ticks ? left : right;

    /// <summary>The instant that lies <paramref name="span"/> later; <see cref="Never"/> stays <see cref="Never"/>, and so does what would overflow.</summary>
    public static Instant operator +(Instant instant, TimeSpan span)
    {
        if (instant.IsNever) return Never;
        long ticks = unchecked(instant.Ticks + span.Ticks);
        if (((instant.Ticks ^ ticks) & (span.Ticks ^ ticks)) < 0) ticks = span.Ticks > 0 ? long.MaxValue : long.MinValue;
        return new Instant(ticks);
    }

    /// <summary>The instant that lies <paramref name="span"/> earlier; <see cref="Never"/> stays <see cref="Never"/>.</summary>
    public static Instant operator -(Instant instant, TimeSpan span) => instant + (span == TimeSpan.MinValue ? TimeSpan.MaxValue : -span);

    /// <summary>How much later <paramref name="left"/> is than <paramref name="right"/>; <see cref="TimeSpan.MaxValue"/> when it is <see cref="Never"/>.</summary>
    public static TimeSpan operator -(Instant left, Instant right)
    {
        if (left.IsNever) return TimeSpan.MaxValue;
        if (right.IsNever) return TimeSpan.MinValue;
        return new TimeSpan(left.Ticks - right.Ticks);
    }

    /// <summary>True when <paramref name="left"/> is earlier.</summary>
    public static bool operator <(Instant left, Instant right) => left.Ticks < right.Ticks;

    /// <summary>True when <paramref name="left"/> is later.</summary>
    public static bool operator >(Instant left, Instant right) => left.Ticks > right.Ticks;

    /// <summary>True when <paramref name="left"/> is not later.</summary>
    public static bool operator <=(Instant left, Instant right) => left.Ticks <= right.Ticks;

    /// <summary>True when <paramref name="left"/> is not earlier.</summary>
    public static bool operator >=(Instant left, Instant right) => left.Ticks >= right.Ticks;

    /// <inheritdoc/>
    public int CompareTo(Instant other) => Ticks.CompareTo(other.Ticks);

    /// <summary>Seconds since the origin, or "never".</summary>
    public override string ToString() => IsNever ? "never" : $"{Ticks / (double)TimeSpan.TicksPerSecond:0.000000}s";
}
