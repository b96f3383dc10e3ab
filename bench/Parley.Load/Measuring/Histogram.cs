using System.Numerics;

namespace Parley.Load.Measuring;

/// <summary>How often which time was taken, in classes whose width grows with what they hold.</summary>
/// <remarks>
/// Times are counted in units of 100 ns. Below 12.8 µs each unit has its own class; above, each doubling is cut into 64 classes, so what is
/// read is at most 1.6 % above what was recorded, and never below it. Recording allocates nothing.
/// <code>
/// ticks       0 .. 127   128 130 .. 254   256 260 .. 508   512 ..
/// class       0 .. 127   128 ..     191   192 ..     255   256 ..
/// </code>
/// </remarks>
internal sealed class Histogram
{
    private const int FineBits = 6;
    private const int FirstDoubling = 2 << FineBits;
    private const int LongestBits = 40;     // 30 hours

    private readonly long[] _counts = new long[((LongestBits - FineBits - 1) << FineBits) + FirstDoubling];

    /// <summary>How many times were recorded.</summary>
    public long Count { get; private set; }

    /// <summary>The longest; zero when there is none.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>Records a time; a negative one counts as none.</summary>
    public void Record(TimeSpan time)
    {
        long ticks = Math.Clamp(time.Ticks, 0, (1L << LongestBits) - 1);
        _counts[ClassOf(ticks)]++;
        Count++;
        if (ticks > Longest.Ticks) Longest = TimeSpan.FromTicks(ticks);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_counts);
        Count = 0;
        Longest = TimeSpan.Zero;
    }

    /// <summary>The time that a part of all did not exceed.</summary>
    /// <param name="part">0 to 1: 0.5 is the median.</param>
    /// <returns>Zero when nothing was recorded.</returns>
    public TimeSpan Quantile(double part)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(part);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(part, 1);
        long wanted = Math.Max(1, (long)Math.Ceiling(part * Count));
        long seen = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= wanted) return TimeSpan.FromTicks(Math.Min(LastOf(i), Longest.Ticks));
        }

        return TimeSpan.Zero;
    }

    private static int ClassOf(long ticks)
    {
        if (ticks < FirstDoubling) return (int)ticks;
        int shift = BitOperations.Log2((ulong)ticks) - FineBits;
        return (shift << FineBits) + (int)(ticks >> shift);
    }

    // The highest of a class.
    private static long LastOf(int index)
    {
        if (index < FirstDoubling) return index;
        int shift = (index >> FineBits) - 1;
        return ((long)(index - (shift << FineBits) + 1) << shift) - 1;
    }
}
