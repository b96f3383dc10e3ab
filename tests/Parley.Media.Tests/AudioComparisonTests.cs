using Parley.TestSupport;

namespace Parley.Media.Tests;

/// <summary>What judges sound must be right itself.</summary>
public class AudioComparisonTests
{
    private static readonly short[] Speech = TestSound.Speech(4);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(777)]
    [InlineData(20_000)]
    public void A_recording_that_begins_earlier_is_aligned(int offset)
    {
        AudioComparison c = AudioComparison.Compare(Speech, [.. new short[offset], .. Speech, .. new short[100]], 8000);

        Assert.Equal((offset, 0, 0, 0, -1), (c.OffsetSamples, c.MissingSamples, c.DifferentSamples, c.LargestShiftSamples, c.FirstShiftAt));
        Assert.Equal(double.PositiveInfinity, c.SignalToNoise);
    }

    [Fact]
    public void What_is_cut_off_at_the_ends_is_missing()
    {
        AudioComparison c = AudioComparison.Compare(Speech, Speech.AsSpan(2000..^3000), 8000);

        Assert.Equal(-2000, c.OffsetSamples);
        Assert.Equal(Speech.Take(2000).Concat(Speech.TakeLast(3000)).Count(s => Math.Abs((int)s) > 200), c.MissingSamples);
    }

    [Fact]
    public void A_hole_is_missing()
    {
        short[] recording = [.. Speech];
        int loud = Array.FindIndex(Speech, 8000, s => s > 3000);
        recording.AsSpan(loud, 160).Clear();

        AudioComparison c = AudioComparison.Compare(Speech, recording, 8000);
        Assert.InRange(c.MissingSamples, 60, 160);
        Assert.InRange(c.SignalToNoise, 10, 40);
    }

    [Theory]
    [InlineData(160)]
    [InlineData(-160)]
    public void A_jump_in_time_is_seen_and_where(int jump)
    {
        short[] recording = jump > 0 ? [.. Speech[..16_000], .. new short[jump], .. Speech[16_000..]] : [.. Speech[..16_000], .. Speech[(16_000 - jump)..]];

        AudioComparison c = AudioComparison.Compare(Speech, recording, 8000);

        // Whichever half the whole was aligned to, the other is off by the jump.
        Assert.Equal(160, Math.Abs(c.LargestShiftSamples));
        Assert.True(c.SignalToNoise < 10, c.ToString());
    }

    [Fact]
    public void Noise_is_measured()
    {
        Random random = new(1);
        double power = Speech.Average(s => (double)s * s), wanted = Math.Sqrt(power / 1000);        // 30 dB below
        short[] recording = [.. Speech.Select(s => (short)(s + (((random.NextDouble() * 2) - 1) * wanted * Math.Sqrt(3))))];

        Assert.Equal(30, AudioComparison.Compare(Speech, recording, 8000).SignalToNoise, 0);
    }
}
