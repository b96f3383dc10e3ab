using Parley.Media.Processing;

namespace Parley.Media.Tests.Processing;

/// <summary>Comfort noise: its bytes are RFC 3389's, and what is made of them is like what was described.</summary>
public sealed class ComfortNoiseTests
{
    // RFC 3389 3.1: the level is in dB below a square wave of full scale.
    [Theory]
    [InlineData(32767, 0)]
    [InlineData(3277, 20)]
    [InlineData(1, 90)]
    [InlineData(0, 127)]
    public void The_level_is_below_a_square_wave(short peak, int level)
    {
        short[] square = [.. Enumerable.Range(0, 160).Select(i => i % 2 == 0 ? peak : (short)-peak)];
        byte[] payload = new byte[1];

        Assert.Equal(1, ComfortNoise.Describe(square, 0, payload));
        Assert.Equal(level, payload[0]);
    }

    // RFC 3389 3.2: k = 258 (N - 127) / 32768. Samples that each resemble the last by half have k1 = -0.5.
    [Fact]
    public void The_first_coefficient_is_the_likeness_of_neighbours()
    {
        var random = new Random(1);
        double sample = 0;
        short[] noise = [.. Enumerable.Range(0, 100_000).Select(_ => (short)(sample = (sample * 0.5) + ((random.NextDouble() - 0.5) * 4000)))];
        byte[] payload = new byte[3];

        ComfortNoise.Describe(noise, 2, payload);

        Assert.InRange(payload[1], 127 - 66, 127 - 61);
        Assert.InRange(payload[2], 125, 129);
    }

    [Theory]
    [InlineData("28")]
    [InlineData("28 40")]
    [InlineData("32 20 B0 70 7F")]
    [InlineData("14 20 D0 7F 60 90 7F 7F 7F")]
    public void Noise_is_as_it_is_described(string description)
    {
        byte[] payload = Convert.FromHexString(description.Replace(" ", "", StringComparison.Ordinal)), again = new byte[payload.Length];
        var generator = new ComfortNoiseGenerator();
        generator.Update(payload);
        short[] noise = new short[200_000];

        generator.Fill(noise);
        ComfortNoise.Describe(noise.AsSpan(1000), payload.Length - 1, again);

        Assert.InRange(again[0], payload[0] - 1, payload[0] + 1);
        for (int i = 1; i < payload.Length; i++) Assert.InRange(again[i], payload[i] - 4, payload[i] + 4);
    }

    [Fact]
    public void Any_bytes_make_noise_that_stays_within_bounds()
    {
        var random = new Random(3389);
        var generator = new ComfortNoiseGenerator();
        short[] noise = new short[160];
        for (int i = 0; i < 2000; i++)
        {
            byte[] payload = new byte[random.Next(0, 20)];
            random.NextBytes(payload);
            generator.Update(payload);
            generator.Fill(noise);
        }

        generator.Update([]);
        generator.Fill(new short[100_000]);
        generator.Fill(noise);
        Assert.All(noise, sample => Assert.Equal(0, sample));
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        var generator = new ComfortNoiseGenerator();
        short[] noise = new short[160];
        byte[] payload = new byte[11];
        Steady.AllocatesNothing(() =>
        {
            generator.Update([40, 60, 130]);
            generator.Fill(noise);
            ComfortNoise.Describe(noise, 10, payload);
        });
    }
}
