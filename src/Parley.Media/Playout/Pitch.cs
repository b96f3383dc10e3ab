namespace Parley.Media.Playout;

/// <summary>How a piece of sound repeats itself: the period of a voice, and how much it does.</summary>
/// <param name="Period">In samples: 2.5 to 15 ms, the pitch of voices from 400 down to 66 Hz.</param>
/// <param name="Correlation">Between a piece and the one a period away: 1 where both are the same, about 0 for noise, 0 for silence.</param>
public readonly record struct Pitch(int Period, float Correlation)
{
    /// <summary>The shortest period looked for.</summary>
    public static int ShortestPeriod(int sampleRate) => sampleRate / 400;

    /// <summary>The longest period looked for.</summary>
    public static int LongestPeriod(int sampleRate) => sampleRate * 15 / 1000;

    /// <summary>Finds the period with which the end of a piece repeats what comes before it.</summary>
    /// <param name="sound">At least <paramref name="window"/> and the shortest period long; the more, the longer periods are found.</param>
    /// <param name="sampleRate">8,000 or a multiple.</param>
    /// <param name="window">How many samples at the end are compared.</param>
    /// <remarks>By normalized cross-correlation, first of every n-th sample at 8 kHz, then of all around the best: a long period at 48 kHz costs a tenth so.</remarks>
    public static Pitch Find(ReadOnlySpan<short> sound, int sampleRate, int window)
    {
        int step = Math.Max(1, sampleRate / 8000);
        int longest = Math.Min(LongestPeriod(sampleRate), sound.Length - window);
        Pitch best = new(ShortestPeriod(sampleRate), 0);
        for (int period = best.Period; period <= longest; period += step) best = Better(best, sound, period, window, step);
        if (step == 1) return best;
        int around = best.Period;
        best = new Pitch(around, 0);
        for (int period = Math.Max(ShortestPeriod(sampleRate), around - step + 1); period < around + step && period <= longest; period++)
        {
            best = Better(best, sound, period, window, 1);
        }

        return best;
    }

    /// <summary>How alike two pieces are.</summary>
    /// <returns>-1 to 1; 0 when one is silent.</returns>
    public static float Correlate(ReadOnlySpan<short> one, ReadOnlySpan<short> other, int step = 1)
    {
        long product = 0, energy = 0, otherEnergy = 0;
        for (int i = 0; i < one.Length; i += step)
        {
            int a = one[i], b = other[i];
            product += a * b;
            energy += a * a;
            otherEnergy += b * b;
        }

        return energy == 0 || otherEnergy == 0 ? 0 : (float)(product / Math.Sqrt((double)energy * otherEnergy));
    }

    private static Pitch Better(Pitch best, ReadOnlySpan<short> sound, int period, int window, int step)
    {
        float correlation = Correlate(sound[^window..], sound[^(window + period)..^period], step);
        return correlation > best.Correlation ? new Pitch(period, correlation) : best;
    }
}
