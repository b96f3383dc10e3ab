namespace Parley.Media.Playout;

/// <summary>Makes a piece of sound a period of its pitch shorter or longer, which nobody hears: so playout follows the network's delay.</summary>
/// <remarks>
/// <code>
/// shorter   | a period | the next one |  rest     ->   | the first faded into the next |  rest
/// longer    | a period | the next one |  rest     ->   | a period | the next one faded into the first | the next one | rest
/// </code>
/// What has no pitch is left alone, unless it is so quiet that nobody hears what is done to it. By waveform similarity, as WSOLA
/// (Verhelst and Roelands, 1993) and the time scaling of jitter buffers do. Stateless.
/// </remarks>
public static class TimeScaler
{
    /// <summary>From what correlation on a period is taken out or in without being heard.</summary>
    public const float Alike = 0.85f;

    /// <summary>How much sound it wants to see: two of the longest periods.</summary>
    public static int Wanted(int sampleRate) => 2 * Pitch.LongestPeriod(sampleRate);

    /// <summary>Takes a period out of the beginning of a piece.</summary>
    /// <param name="samples">The piece; what is left stands at its beginning.</param>
    /// <param name="sampleRate">Samples per second.</param>
    /// <param name="most">The longest period that may be taken out.</param>
    /// <param name="alike">How alike two periods must be: <see cref="Alike"/>, or less when it is urgent.</param>
    /// <returns>How many samples were taken out; 0 when it cannot be done well.</returns>
    public static int Shorten(Span<short> samples, int sampleRate, int most, float alike)
    {
        int period = FindPeriod(samples, sampleRate, most, alike);
        if (period == 0) return 0;
        for (int i = 0; i < period; i++) samples[i] = Fade(samples[i], samples[i + period], i, period);
        samples[(2 * period)..].CopyTo(samples[period..]);
        return period;
    }

    /// <summary>Puts a period into the beginning of a piece.</summary>
    /// <param name="samples">Room for the piece and <paramref name="most"/> samples more.</param>
    /// <param name="length">The length of the piece.</param>
    /// <param name="sampleRate">Samples per second.</param>
    /// <param name="most">The longest period that may be put in.</param>
    /// <param name="alike">How alike two periods must be.</param>
    /// <returns>How many samples were put in; 0 when it cannot be done well.</returns>
    public static int Lengthen(Span<short> samples, int length, int sampleRate, int most, float alike)
    {
        int period = FindPeriod(samples[..length], sampleRate, most, alike);
        if (period == 0) return 0;
        samples[period..length].CopyTo(samples[(2 * period)..]);
        // The period that is put in is the second one, which becomes the first again.
        for (int i = 0; i < period; i++) samples[period + i] = Fade(samples[(2 * period) + i], samples[i], i, period);
        return period;
    }

    private static int FindPeriod(ReadOnlySpan<short> samples, int sampleRate, int most, float alike)
    {
        int step = Math.Max(1, sampleRate / 8000);
        int window = sampleRate / 100;
        int longest = Math.Min(Math.Min(Pitch.LongestPeriod(sampleRate), most), (samples.Length / 2) - step);
        int shortest = Pitch.ShortestPeriod(sampleRate);
        if (longest < shortest) return 0;
        if (IsQuiet(samples)) return longest;
        (int period, float best) = (0, alike);
        for (int candidate = shortest; candidate <= longest; candidate += step) Consider(samples, candidate, window, step, ref period, ref best);
        if (period == 0 || step == 1) return period;
        int around = period;
        for (int candidate = Math.Max(shortest, around - step + 1); candidate < around + step; candidate++) Consider(samples, candidate, window, 1, ref period, ref best);
        return period;
    }

    private static void Consider(ReadOnlySpan<short> samples, int candidate, int window, int step, ref int period, ref float best)
    {
        int compared = Math.Min(Math.Max(window, candidate), samples.Length - candidate);
        float correlation = Pitch.Correlate(samples[..compared], samples.Slice(candidate, compared), step);
        if (correlation > best) (period, best) = (candidate, correlation);
    }

    /// <summary>About -50 dBFS: nobody hears it go.</summary>
    private static bool IsQuiet(ReadOnlySpan<short> samples)
    {
        const short quietPeak = 100;
        return samples.IndexOfAnyExceptInRange((short)-quietPeak, quietPeak) < 0;
    }

    private static short Fade(short from, short to, int index, int length)
    {
        float share = (index + 1f) / (length + 1);
        return (short)MathF.Round((from * (1 - share)) + (to * share));
    }
}
