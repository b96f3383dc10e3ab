using Parley.Media.Processing;
using Parley.Media.Tests.Codecs;

namespace Parley.Media.Tests.Processing;

/// <summary>Keys in sound: what ITU-T Q.24 says has to be heard, and what must not.</summary>
public sealed class DtmfTests
{
    private const string All = "123A456B789C*0#D";

    [Theory]
    [InlineData(8000)]
    [InlineData(16000)]
    [InlineData(48000)]
    public void Every_key_is_heard_as_it_was_pressed(int sampleRate)
    {
        var generator = new DtmfGenerator(sampleRate, TimeSpan.FromMilliseconds(70), TimeSpan.FromMilliseconds(60));
        foreach (char digit in All) Assert.True(generator.TryQueue(digit));
        Assert.False(generator.TryQueue('E'));
        short[] sound = new short[sampleRate * 5 / 2];

        generator.Replace(sound);

        Assert.False(generator.IsActive);
        List<HeardDigit> heard = Listen(sound, sampleRate);
        Assert.Equal(All, string.Concat(heard.Where(h => h.IsEnd).Select(h => h.Digit)));
        Assert.Equal(All, string.Concat(heard.Where(h => !h.IsEnd).Select(h => h.Digit)));
        Assert.All(heard.Where(h => h.IsEnd), h => Assert.InRange(h.Duration.TotalMilliseconds, 55, 85));
    }

    // 40 ms have to be heard wherever they begin, 23 ms must not.
    [Fact]
    public void Short_keys_are_heard_from_40_ms_on_and_none_of_23()
    {
        for (int start = 0; start < 102; start += 5)
        {
            Assert.Equal("5", Keys(Press(770, 1336, 40, start)));
            Assert.Equal("", Keys(Press(770, 1336, 23, start)));
        }
    }

    // Deviations of 1.5 % have to be taken, of 3.5 % not.
    [Fact]
    public void Tones_may_be_off_by_one_and_a_half_percent_and_not_by_three_and_a_half()
    {
        double[] frequencies = [697, 770, 852, 941, 1209, 1336, 1477, 1633];
        for (int low = 0; low < 4; low++)
        {
            for (int high = 4; high < 8; high++)
            {
                string key = $"{All[(low * 4) + high - 4]}";
                foreach (double off in new[] { -0.015, 0.015 })
                {
                    Assert.Equal(key, Keys(Press(frequencies[low] * (1 + off), frequencies[high] * (1 - off), 60, 17)));
                    Assert.Equal(key, Keys(Press(frequencies[low] * (1 + off), frequencies[high] * (1 + off), 60, 17)));
                }

                foreach (double off in new[] { -0.035, 0.035 })
                {
                    Assert.Equal("", Keys(Press(frequencies[low] * (1 + off), frequencies[high], 60, 17)));
                    Assert.Equal("", Keys(Press(frequencies[low], frequencies[high] * (1 + off), 60, 17)));
                }
            }
        }
    }

    // dB of the high tone over the low one: the widest that any administration of Q.24 asks for, and beyond.
    [Theory]
    [InlineData(4, true)]
    [InlineData(-8, true)]
    [InlineData(9, false)]
    [InlineData(-13, false)]
    public void The_tones_may_differ_in_strength(double twist, bool isHeard)
    {
        double high = Math.Pow(10, twist / 40), low = 1 / high;
        Assert.Equal(isHeard ? "8" : "", Keys(Press(852, 1336, 60, 30, 3000 * low, 3000 * high)));
    }

    [Theory]
    [InlineData(-29, true)]
    [InlineData(-3, true)]
    [InlineData(-45, false)]
    public void Keys_are_heard_from_minus_29_dBm0_on(double level, bool isHeard)
    {
        double amplitude = 32124 * Math.Pow(10, (level - 3.17) / 20);
        Assert.Equal(isHeard ? "8" : "", Keys(Press(852, 1336, 60, 30, amplitude, amplitude)));
    }

    [Fact]
    public void A_break_of_10_ms_is_none_and_a_pause_of_40_is()
    {
        for (int start = 0; start < 102; start += 7)
        {
            Assert.Equal("3", Keys(Broken(start, 80)));
            Assert.Equal("33", Keys(Broken(start, 320)));
        }
    }

    [Fact]
    public void Keys_are_heard_in_noise_15_dB_below()
    {
        var random = new Random(24);
        for (int i = 0; i < 100; i++)
        {
            short[] sound = Press(941, 1209, 60, i);
            for (int at = 0; at < sound.Length; at++) sound[at] += (short)(Gauss(random) * 3000 * Math.Pow(10, -15 / 20.0));
            Assert.Equal("*", Keys(sound));
        }
    }

    [Fact]
    public void Nobody_presses_keys_by_speaking()
    {
        var random = new Random(3);
        Assert.Equal("", Keys(Vowels.Speak(TimeSpan.FromSeconds(30), 8000)));
        Assert.Equal("", Keys([.. Enumerable.Range(0, 240_000).Select(_ => (short)(Gauss(random) * 4000))]));
        for (int hertz = 300; hertz < 3400; hertz += 7) Assert.Equal("", Keys(Press(hertz, 0, 200, 0)));
        foreach ((int first, int second) in new[] { (350, 440), (440, 480), (480, 620), (697, 770), (1209, 1336), (2040, 2400) }) Assert.Equal("", Keys(Press(first, second, 300, 0)));
    }

    [Fact]
    public void What_nobody_takes_is_bounded_and_nothing_is_allocated()
    {
        var generator = new DtmfGenerator(8000, TimeSpan.FromMilliseconds(60), TimeSpan.FromMilliseconds(60));
        var detector = new DtmfDetector(8000);
        short[] sound = new short[8000];
        Steady.AllocatesNothing(() =>
        {
            for (int i = 0; i < 60; i++) generator.TryQueue('7');
            for (int i = 0; i < 8; i++)
            {
                generator.Replace(sound);
                detector.Process(sound);
            }
        });
        int count = 0;
        while (detector.TryTake(out _)) count++;
        Assert.Equal(32, count);
    }

    private static string Keys(short[] sound) => string.Concat(Listen(sound, 8000).Where(h => h.IsEnd).Select(h => h.Digit));

    private static List<HeardDigit> Listen(short[] sound, int sampleRate)
    {
        var detector = new DtmfDetector(sampleRate);
        List<HeardDigit> heard = [];
        for (int at = 0; at < sound.Length; at += 160)
        {
            detector.Process(sound.AsSpan(at, Math.Min(160, sound.Length - at)));
            while (detector.TryTake(out HeardDigit digit)) heard.Add(digit);
        }

        return heard;
    }

    private static short[] Press(double low, double high, int milliseconds, int start, double lowAmplitude = 3000, double highAmplitude = 3000)
    {
        short[] sound = new short[1600 + start + (milliseconds * 8)];
        for (int i = 0; i < milliseconds * 8; i++)
        {
            double time = 2 * Math.PI * i / 8000;
            sound[800 + start + i] = (short)((lowAmplitude * Math.Sin(time * low)) + (high > 0 ? highAmplitude * Math.Sin(time * high) : 0));
        }

        return sound;
    }

    private static short[] Broken(int start, int samples)
    {
        short[] sound = Press(697, 1477, 160, start);
        sound.AsSpan(800 + start + 480, samples).Clear();
        return sound;
    }

    private static double Gauss(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
