using Parley.Media.Playout;

namespace Parley.Media.Tests.Playout;

public sealed class LossConcealerTests
{
    [Theory]
    [InlineData(8000, 93, 20)]
    [InlineData(8000, 137, 20)]
    [InlineData(8000, 210, 20)]
    [InlineData(8000, 333, 20)]
    [InlineData(8000, 137, 40)]
    [InlineData(16000, 137, 20)]
    [InlineData(48000, 210, 20)]
    public void A_vowel_goes_on_through_a_gap(int sampleRate, double pitch, int gapMilliseconds)
    {
        int frame = sampleRate / 50, gap = sampleRate * gapMilliseconds / 1000;
        short[] sound = Voices.Vowel(pitch, sampleRate, (5 * frame) + gap + frame);
        short[] heard = [.. sound];
        var concealer = new LossConcealer(sampleRate);
        for (int i = 0; i < 5; i++) concealer.Add(sound.AsSpan(i * frame, frame));
        concealer.Conceal(heard.AsSpan(5 * frame, gap), sound.AsSpan(^frame..));

        double exact = Voices.SignalToNoise(sound.AsSpan(5 * frame, gap), heard.AsSpan(5 * frame, gap));
        Assert.True(exact > 15, $"{exact:0.0} dB");
        Assert.True(Voices.LargestStep(heard) < 1.5 * Voices.LargestStep(sound));
        Assert.False(concealer.IsOpen);
    }

    [Fact]
    public void A_pitch_that_changes_meets_what_follows()
    {
        // From 120 to 130 Hz within two frames: each side alone is out of phase at the other's end.
        short[] before = Voices.Vowel(120, 8000, 800), after = Voices.Vowel(130, 8000, 400);
        var concealer = new LossConcealer(8000);
        concealer.Add(before);
        short[] gap = new short[160];
        concealer.Conceal(gap, after);
        short[] all = [.. before, .. gap, .. after];
        int natural = Math.Max(Voices.LargestStep(before), Voices.LargestStep(after));
        Assert.InRange(Voices.LargestStep(all), 0, natural * 1.5);
        double level = Voices.Level(gap) / Voices.Level(before);
        Assert.InRange(level, 0.75, 1.25);
    }

    [Fact]
    public void Noise_stays_noise_of_its_level()
    {
        short[] before = Voices.Noise(800), after = Voices.Noise(160, seed: 2);
        var concealer = new LossConcealer(8000);
        concealer.Add(before);
        short[] gap = new short[160];
        concealer.Conceal(gap, after);
        Assert.InRange(Voices.Level(gap) / Voices.Level(before), 0.6, 1.4);
    }

    [Fact]
    public void Without_what_follows_it_goes_on_and_fades()
    {
        short[] sound = Voices.Vowel(137, 8000, 2400);
        var concealer = new LossConcealer(8000);
        concealer.Add(sound.AsSpan(0, 800));
        short[] heard = new short[1600];
        for (int i = 0; i < 10; i++) concealer.Conceal(heard.AsSpan(i * 160, 160), default);

        Assert.True(concealer.IsOpen);
        Assert.True(Voices.SignalToNoise(sound.AsSpan(800, 160), heard.AsSpan(0, 160)) > 12);
        Assert.InRange(Voices.Level(heard.AsSpan(320, 160)), 1, Voices.Level(heard.AsSpan(0, 160)) * 0.9);
        Assert.All(heard[800..], sample => Assert.Equal(0, sample));
        Assert.InRange(Voices.LargestStep([.. sound.AsSpan(0, 800), .. heard]), 0, 1.2 * Voices.LargestStep(sound));
    }

    [Fact]
    public void What_comes_back_is_faded_in()
    {
        short[] sound = Voices.Vowel(137, 8000, 2400);
        var concealer = new LossConcealer(8000);
        concealer.Add(sound.AsSpan(0, 800));
        short[] gap = new short[480];
        concealer.Conceal(gap, default);
        short[] back = sound[1300..1460];           // out of phase with what it was
        concealer.Merge(back);
        Assert.False(concealer.IsOpen);
        Assert.Equal(sound[1360..1460], back[60..]);
        Assert.InRange(Voices.LargestStep([.. gap, .. back]), 0, 1.5 * Voices.LargestStep(sound));

        short[] untouched = sound[1460..1620];
        concealer.Add(back);
        concealer.Merge(untouched);
        Assert.Equal(sound[1460..1620], untouched);
    }

    [Fact]
    public void Silence_and_clipping_and_short_pieces_do_no_harm()
    {
        Random random = new(7);
        foreach (int rate in (int[])[8000, 16000, 48000])
        {
            var concealer = new LossConcealer(rate);
            for (int i = 0; i < 2000; i++)
            {
                short[] piece = new short[random.Next(0, rate / 20)];
                int kind = random.Next(4);
                for (int n = 0; n < piece.Length; n++) piece[n] = kind switch { 0 => 0, 1 => short.MinValue, 2 => (short)(n % 2 == 0 ? short.MaxValue : short.MinValue), _ => (short)random.Next(-32768, 32768) };
                switch (random.Next(3))
                {
                    case 0: concealer.Conceal(new short[random.Next(0, rate / 8)], random.Next(2) == 0 ? piece : default); break;
                    case 1: concealer.Merge(piece); concealer.Add(piece); break;
                    default: concealer.Add(piece); break;
                }
            }
        }
    }

    [Fact]
    public void Nothing_is_allocated_in_the_steady_state()
    {
        short[] sound = Voices.Vowel(137, 8000, 160);
        short[] gap = new short[160];
        var concealer = new LossConcealer(8000);
        Steady.AllocatesNothing(() =>
        {
            concealer.Add(sound);
            concealer.Conceal(gap, sound);
            concealer.Conceal(gap, default);
            concealer.Merge(sound);
        });
    }
}
