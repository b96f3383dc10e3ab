using System.Numerics;
using System.Runtime.InteropServices;

namespace Parley.Media.Mixing;

/// <summary>Arithmetic with sums of samples, which are wide enough that none overflows.</summary>
internal static class SampleSums
{
    /// <summary>Adds samples to sums.</summary>
    public static void Add(Span<int> sums, ReadOnlySpan<short> samples)
    {
        Span<Vector<int>> wide = MemoryMarshal.Cast<int, Vector<int>>(sums);
        ReadOnlySpan<Vector<short>> narrow = MemoryMarshal.Cast<short, Vector<short>>(samples);
        for (int i = 0; i < narrow.Length; i++)
        {
            Vector.Widen(narrow[i], out Vector<int> low, out Vector<int> high);
            wide[2 * i] += low;
            wide[(2 * i) + 1] += high;
        }

        for (int i = narrow.Length * Vector<short>.Count; i < samples.Length; i++) sums[i] += samples[i];
    }

    /// <summary>Takes samples out of sums again.</summary>
    public static void Subtract(Span<int> sums, ReadOnlySpan<short> samples)
    {
        Span<Vector<int>> wide = MemoryMarshal.Cast<int, Vector<int>>(sums);
        ReadOnlySpan<Vector<short>> narrow = MemoryMarshal.Cast<short, Vector<short>>(samples);
        for (int i = 0; i < narrow.Length; i++)
        {
            Vector.Widen(narrow[i], out Vector<int> low, out Vector<int> high);
            wide[2 * i] -= low;
            wide[(2 * i) + 1] -= high;
        }

        for (int i = narrow.Length * Vector<short>.Count; i < samples.Length; i++) sums[i] -= samples[i];
    }

    /// <summary>The largest magnitude.</summary>
    public static int Peak(ReadOnlySpan<int> sums)
    {
        ReadOnlySpan<Vector<int>> wide = MemoryMarshal.Cast<int, Vector<int>>(sums);
        Vector<int> peaks = Vector<int>.Zero;
        foreach (Vector<int> one in wide) peaks = Vector.Max(peaks, Vector.Abs(one));
        int peak = 0;
        for (int i = 0; i < Vector<int>.Count; i++) peak = Math.Max(peak, peaks[i]);
        for (int i = wide.Length * Vector<int>.Count; i < sums.Length; i++) peak = Math.Max(peak, Math.Abs(sums[i]));
        return peak;
    }

    /// <summary>Makes samples of sums that are none too large.</summary>
    public static void Narrow(ReadOnlySpan<int> sums, Span<short> samples)
    {
        ReadOnlySpan<Vector<int>> wide = MemoryMarshal.Cast<int, Vector<int>>(sums);
        Span<Vector<short>> narrow = MemoryMarshal.Cast<short, Vector<short>>(samples);
        for (int i = 0; i < narrow.Length; i++) narrow[i] = Vector.Narrow(wide[2 * i], wide[(2 * i) + 1]);
        for (int i = narrow.Length * Vector<short>.Count; i < samples.Length; i++) samples[i] = (short)sums[i];
    }

    /// <summary>The mean square of samples.</summary>
    public static float Energy(ReadOnlySpan<short> samples)
    {
        ReadOnlySpan<Vector<short>> narrow = MemoryMarshal.Cast<short, Vector<short>>(samples);
        Vector<float> squares = Vector<float>.Zero;
        foreach (Vector<short> one in narrow)
        {
            Vector.Widen(one, out Vector<int> low, out Vector<int> high);
            Vector<float> a = Vector.ConvertToSingle(low), b = Vector.ConvertToSingle(high);
            squares += (a * a) + (b * b);
        }

        float sum = Vector.Sum(squares);
        for (int i = narrow.Length * Vector<short>.Count; i < samples.Length; i++) sum += (float)samples[i] * samples[i];
        return samples.IsEmpty ? 0 : sum / samples.Length;
    }

    /// <summary>Makes samples louder or softer, from one gain at the first to another after the last.</summary>
    public static void Scale(Span<short> samples, float from, float to)
    {
        float step = (to - from) / samples.Length;
        for (int i = 0; i < samples.Length; i++) samples[i] = (short)Math.Clamp(MathF.Round(samples[i] * (from + (step * i))), short.MinValue, short.MaxValue);
    }
}
