namespace Parley.Media.Mixing;

/// <summary>Makes samples of the sums of many voices, and turns them down where they would be too loud, so that nothing is cut off.</summary>
/// <remarks>
/// What fits passes unchanged. In a beat that does not fit the gain falls in a straight line up to the first sample that would be cut off, and stays there;
/// afterwards it rises by 20 dB in a second.
/// </remarks>
internal sealed class Limiter
{
    private const float RisePerBeat = 1.0471f;      // 0.4 dB

    /// <summary>What the last sample was multiplied with: more than 0, at most 1.</summary>
    public float Gain { get; set; } = 1;

    /// <summary>Makes the samples of one beat.</summary>
    /// <param name="sums">The sums.</param>
    /// <param name="samples">As many samples.</param>
    public void Process(ReadOnlySpan<int> sums, Span<short> samples)
    {
        int peak = SampleSums.Peak(sums);
        float fitting = peak <= short.MaxValue ? 1 : (float)short.MaxValue / peak;
        if (Gain == 1 && fitting == 1)
        {
            SampleSums.Narrow(sums, samples);
            return;
        }

        float before = Gain;
        Gain = Math.Min(fitting, before * RisePerBeat);
        int reached = sums.Length;
        if (Gain < before)
        {
            reached = 0;
            while (reached < sums.Length && Math.Abs(sums[reached]) * before <= short.MaxValue) reached++;
        }

        float step = reached == 0 ? 0 : (Gain - before) / reached;
        for (int i = 0; i < reached; i++) samples[i] = Scaled(sums[i], before + (step * i));
        for (int i = reached; i < sums.Length; i++) samples[i] = Scaled(sums[i], Gain);
    }

    private static short Scaled(int sum, float gain) => (short)Math.Clamp(MathF.Round(sum * gain), short.MinValue, short.MaxValue);
}
