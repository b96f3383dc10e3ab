using Parley.Media.Codecs;

namespace Parley.Media.Tests.Codecs;

/// <summary>G.722: to the bit what others make of the same sound, and near to what went in.</summary>
public sealed class G722Tests
{
    private const int Rate = 16000;
    private const int Delay = 22;       // of both filters

    [SpanDspFact]
    public void Another_implementation_makes_the_same_of_it_to_the_bit()
    {
        foreach (short[] sound in new[] { Vowels.Speak(TimeSpan.FromSeconds(3), Rate), Noise(Rate, 3000), Noise(Rate, short.MaxValue), Extremes(), Tone(440, 15000), new short[3200] })
        {
            byte[] payload = Encode(sound);

            Assert.Equal(LibSpanDsp.EncodeG722(sound), payload);
            AssertSame(LibSpanDsp.DecodeG722(payload), Decode(payload));
        }
    }

    [SpanDspFact]
    public void Any_bytes_are_decoded_as_another_implementation_does()
    {
        byte[] payload = new byte[Rate];
        new Random(722).NextBytes(payload);

        AssertSame(LibSpanDsp.DecodeG722(payload), Decode(payload));
    }

    // At the beginning the scale is 32, so that the first three intervals are empty: silence is in the fourth, which has code 58.
    [Fact]
    public void Silence_stays_silence()
    {
        byte[] payload = Encode(new short[320]);

        Assert.Equal(0xFA, payload[0]);
        Assert.All(Decode(payload), sample => Assert.InRange(sample, (short)-8, (short)8));
    }

    [Theory]
    [InlineData(300, 30)]
    [InlineData(1000, 30)]
    [InlineData(3000, 25)]
    [InlineData(5000, 14)]      // the upper band has two bits
    [InlineData(6500, 14)]
    public void A_tone_comes_out_as_it_went_in(int hertz, double leastSignalToNoise)
    {
        short[] tone = Tone(hertz, 8000);

        short[] heard = Decode(Encode(tone));

        // 2000 samples for the predictor to learn.
        Assert.True(Vowels.SignalToNoise(tone.AsSpan(2000), heard.AsSpan(2000), Delay + 2) > leastSignalToNoise, $"{Vowels.SignalToNoise(tone.AsSpan(2000), heard.AsSpan(2000), Delay + 2):0.0} dB");
    }

    [Fact]
    public void Speech_comes_out_as_it_went_in() =>
        Assert.InRange(Vowels.Likeness(Vowels.Speak(TimeSpan.FromSeconds(2), Rate), Decode(Encode(Vowels.Speak(TimeSpan.FromSeconds(2), Rate))), 2 * Delay), 0.99, 1);

    [Theory]
    [InlineData(1000, true, 35)]
    [InlineData(3000, true, 20)]
    [InlineData(5000, false, 20)]
    [InlineData(7000, false, 35)]
    public void The_filter_parts_the_bands(int hertz, bool isLower, double least)
    {
        short[] tone = Tone(hertz, 8000);
        int[] window = new int[G722Filter.Taps];
        double lower = 0, upper = 0;
        for (int i = 0; i + 1 < tone.Length; i += 2)
        {
            window.AsSpan(2).CopyTo(window);
            (window[22], window[23]) = (tone[i], tone[i + 1]);
            (int even, int odd) = G722Filter.Apply(window);
            (lower, upper) = (lower + Math.Pow(odd + even, 2), upper + Math.Pow(odd - even, 2));
        }

        double decibels = 10 * Math.Log10((isLower ? lower : upper) / (isLower ? upper : lower));
        Assert.True(decibels > least, $"{decibels:0.0} dB");
    }

    [Fact]
    public void A_packet_has_two_samples_a_byte_and_half_as_many_clock_units()
    {
        IAudioCodec codec = AudioCodecs.All.Find("g722", 8000, 1)!;
        using IAudioDecoder decoder = codec.CreateDecoder();
        using IAudioEncoder encoder = codec.CreateEncoder();

        Assert.Equal(320, decoder.SampleCount(new byte[160]));
        Assert.Equal(160u, codec.Format.ToTimestampUnits(320));
        Assert.Equal(160, encoder.Encode(new short[320], new byte[160]));
        Assert.Throws<ArgumentException>(() => encoder.Encode(new short[3], new byte[160]));
        Assert.Throws<ArgumentException>(() => encoder.Encode(new short[4], new byte[1]));
    }

    [Theory]
    [InlineData("G722")]
    [InlineData("L16/16000")]
    public void Nothing_is_allocated_in_the_steady_state(string name)
    {
        IAudioCodec codec = AudioCodecs.All.Select(name, out _)!.Span[0];
        using IAudioEncoder encoder = codec.CreateEncoder();
        using IAudioDecoder decoder = codec.CreateDecoder();
        short[] samples = Tone(700, 5000)[..320];
        byte[] payload = new byte[640];
        Steady.AllocatesNothing(() =>
        {
            for (int i = 0; i < 50; i++)
            {
                int length = encoder.Encode(samples, payload);
                decoder.Decode(payload.AsSpan(0, length), samples);
                decoder.Conceal(samples);
            }
        });
    }

    // SpanDSP 0.0.6 lets what is beyond full scale wrap; the Recommendation and we limit it.
    private static void AssertSame(short[] theirs, short[] ours) =>
        Assert.Equal(theirs, ours.Select((sample, i) => sample is short.MinValue or short.MaxValue && Math.Sign(sample) != Math.Sign(theirs[i]) ? theirs[i] : sample));

    private static byte[] Encode(short[] samples)
    {
        using IAudioEncoder encoder = new G722Codec().CreateEncoder();
        byte[] payload = new byte[samples.Length / 2];
        for (int at = 0; at < samples.Length; at += 320)
        {
            int count = Math.Min(320, samples.Length - at);
            Assert.Equal(count / 2, encoder.Encode(samples.AsSpan(at, count), payload.AsSpan(at / 2)));
        }

        return payload;
    }

    private static short[] Decode(byte[] payload)
    {
        using IAudioDecoder decoder = new G722Codec().CreateDecoder();
        short[] samples = new short[payload.Length * 2];
        Assert.Equal(samples.Length, decoder.Decode(payload, samples));
        return samples;
    }

    private static short[] Tone(int hertz, int amplitude)
    {
        short[] samples = new short[Rate];
        for (int i = 0; i < samples.Length; i++) samples[i] = (short)(amplitude * Math.Sin(2 * Math.PI * hertz * i / Rate));
        return samples;
    }

    private static short[] Noise(int count, int peak)
    {
        var random = new Random(1);
        short[] samples = new short[count];
        for (int i = 0; i < samples.Length; i++) samples[i] = (short)random.Next(-peak, peak + 1);
        return samples;
    }

    private static short[] Extremes()
    {
        var random = new Random(2);
        short[] samples = new short[Rate];
        for (int i = 0; i < samples.Length; i++) samples[i] = random.Next(3) switch { 0 => short.MinValue, 1 => short.MaxValue, _ => 0 };
        return samples;
    }
}
