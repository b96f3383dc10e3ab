using Parley.Media.Playout;

namespace Parley.Media.Tests.Playout;

public sealed class TimeScalerTests
{
    [Theory]
    [InlineData(8000, 93)]
    [InlineData(8000, 210)]
    [InlineData(16000, 137)]
    [InlineData(48000, 300)]
    public void A_vowel_gets_shorter_and_stays_what_it_is(int sampleRate, double pitch)
    {
        short[] sound = Voices.Vowel(pitch, sampleRate, sampleRate * 3 / 100);
        short[] shortened = [.. sound];
        int removed = TimeScaler.Shorten(shortened, sampleRate, sampleRate, TimeScaler.Alike);
        double periods = removed * pitch / sampleRate;
        Assert.InRange(periods, 0.9, 8);
        Assert.InRange(Math.Abs(periods - Math.Round(periods)), 0, 0.03);
        double exact = Voices.SignalToNoise(sound.AsSpan(0, sound.Length - removed), shortened.AsSpan(0, sound.Length - removed));
        Assert.True(exact > 15, $"{exact:0.0} dB");
    }

    [Theory]
    [InlineData(8000, 93)]
    [InlineData(8000, 210)]
    [InlineData(16000, 137)]
    [InlineData(48000, 300)]
    public void A_vowel_gets_longer_and_stays_what_it_is(int sampleRate, double pitch)
    {
        int length = sampleRate * 3 / 100;
        short[] sound = Voices.Vowel(pitch, sampleRate, 2 * length);
        short[] lengthened = [.. sound.AsSpan(0, length), .. new short[length]];
        int added = TimeScaler.Lengthen(lengthened, length, sampleRate, sampleRate / 50, TimeScaler.Alike);
        double periods = added * pitch / sampleRate;
        Assert.InRange(Math.Abs(periods - Math.Round(periods)), 0, 0.03);
        double exact = Voices.SignalToNoise(sound.AsSpan(0, length + added), lengthened.AsSpan(0, length + added));
        Assert.True(exact > 15, $"{exact:0.0} dB");
    }

    [Fact]
    public void What_has_no_pitch_is_left_alone_unless_nobody_hears_it()
    {
        short[] noise = Voices.Noise(240);
        Assert.Equal(0, TimeScaler.Shorten([.. noise], 8000, 120, TimeScaler.Alike));
        Assert.Equal(0, TimeScaler.Lengthen([.. noise, .. new short[120]], 240, 8000, 120, TimeScaler.Alike));
        Assert.Equal(119, TimeScaler.Shorten(Voices.Noise(240, amplitude: 50), 8000, 120, TimeScaler.Alike));
        Assert.Equal(0, TimeScaler.Shorten(new short[40], 8000, 120, TimeScaler.Alike));
        Assert.Equal(0, TimeScaler.Shorten(new short[240], 8000, 10, TimeScaler.Alike));
    }
}
