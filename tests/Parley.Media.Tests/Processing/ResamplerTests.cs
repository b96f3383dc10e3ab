using Parley.Media.Processing;
using Parley.TestSupport;

namespace Parley.Media.Tests.Processing;

public class ResamplerTests
{
    [Theory]
    [InlineData(8000, 16000)]
    [InlineData(16000, 8000)]
    [InlineData(8000, 48000)]
    [InlineData(48000, 8000)]
    [InlineData(44100, 8000)]
    [InlineData(8000, 44100)]
    [InlineData(44100, 48000)]
    [InlineData(48000, 44100)]
    [InlineData(22050, 16000)]
    [InlineData(11025, 8000)]
    [InlineData(32000, 8000)]
    [InlineData(96000, 48000)]
    [InlineData(192000, 8000)]
    [InlineData(192000, 44100)]
    [InlineData(8000, 7999)]            // more phases than are kept
    [InlineData(44100, 47999)]
    public void Sines_in_the_band_come_out_as_they_should(int from, int to)
    {
        int lower = Math.Min(from, to);
        foreach (double part in new[] { 0.02, 0.1, 0.25, 0.35, 0.41 })
        {
            double hertz = lower * part;
            short[] output = Resampler.Convert(TestSound.Sine(hertz, 0.5, from), from, to);
            short[] ideal = TestSound.Sine(hertz, 0.5, to);

            // The ends apart, where a sine that begins at once is not in the band.
            int edge = to / 50;
            Assert.True(Snr(ideal.AsSpan(edge..^edge), output.AsSpan(edge, ideal.Length - (2 * edge))) > 60, $"{hertz} Hz: {Snr(ideal.AsSpan(edge..^edge), output.AsSpan(edge, ideal.Length - (2 * edge))):0.0} dB");
        }
    }

    [Theory]
    [InlineData(48000, 8000)]
    [InlineData(44100, 16000)]
    [InlineData(192000, 8000)]
    public void What_the_lower_rate_cannot_hold_is_not_heard(int from, int to)
    {
        foreach (double part in new[] { 0.505, 0.6, 0.9, 1.3 })
        {
            short[] output = Resampler.Convert(TestSound.Sine(to * part, 0.5, from), from, to);
            int edge = to / 50;
            double peak = output[edge..^edge].Max(s => Math.Abs((double)s));
            Assert.True(20 * Math.Log10(Math.Max(peak, 1) / 16_000) < -66, $"{to * part} Hz: {peak}");
        }
    }

    [Theory]
    [InlineData(8000, 48000, 8001, 48006)]
    [InlineData(44100, 8000, 44100, 8000)]
    [InlineData(44100, 8000, 1, 1)]
    [InlineData(48000, 8000, 7, 2)]
    [InlineData(16000, 16000, 123, 123)]
    [InlineData(8000, 16000, 0, 0)]
    public void The_duration_stays(int from, int to, int input, int output)
    {
        Assert.Equal(output, Resampler.Convert(new short[input], from, to).Length);
    }

    [Theory]
    [InlineData(44100, 8000)]
    [InlineData(8000, 48000)]
    [InlineData(8000, 7999)]
    [InlineData(16000, 16000)]
    public void A_stream_in_pieces_is_the_same_as_the_whole(int from, int to)
    {
        short[] input = TestSound.Speech(1, from);
        short[] whole = Resampler.Convert(input, from, to);
        Random random = new(3);
        Resampler resampler = new(from, to);
        List<short> pieces = [];
        for (int at = 0; at < input.Length;)
        {
            int count = Math.Min(random.Next(0, 400), input.Length - at);
            short[] output = new short[resampler.MaxOutput(count)];
            pieces.AddRange(output[..resampler.Process(input.AsSpan(at, count), output)]);
            at += count;
        }

        short[] rest = new short[resampler.MaxFlush];
        pieces.AddRange(rest[..resampler.Flush(rest)]);
        Assert.Equal(whole, pieces);
    }

    [Fact]
    public void Nothing_is_shifted_in_time()
    {
        short[] speech = TestSound.Speech(2, 8000);
        short[] there = Resampler.Convert(speech, 8000, 48000);
        AudioComparison comparison = AudioComparison.Compare(speech, Resampler.Convert(there, 48000, 8000), 8000);

        Assert.Equal((0, 0), (comparison.OffsetSamples, comparison.LargestShiftSamples));
        Assert.True(comparison.SignalToNoise > 20, comparison.ToString());      // its noise goes up to half the rate
    }

    [Fact]
    public void Loud_sound_is_clipped_and_does_not_wrap()
    {
        short[] square = [.. Enumerable.Range(0, 800).Select(i => i / 20 % 2 == 0 ? short.MaxValue : short.MinValue)];
        short[] output = Resampler.Convert(square, 8000, 48000);

        for (int i = 0; i < square.Length; i++)
        {
            if (i % 20 is > 3 and < 17) Assert.Equal(Math.Sign(square[i]), Math.Sign(output[i * 6]));
        }
    }

    private static double Snr(ReadOnlySpan<short> ideal, ReadOnlySpan<short> got)
    {
        double signal = 0, noise = 0;
        for (int i = 0; i < ideal.Length; i++)
        {
            signal += (double)ideal[i] * ideal[i];
            noise += Math.Pow(ideal[i] - got[i], 2);
        }

        return 10 * Math.Log10(signal / Math.Max(noise, 1e-9));
    }
}
