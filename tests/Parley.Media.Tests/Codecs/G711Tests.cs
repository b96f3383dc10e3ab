using Parley.Media.Codecs;

namespace Parley.Media.Tests.Codecs;

public class G711Tests
{
    private static readonly short[] Every = [.. Enumerable.Range(short.MinValue, 65536).Select(i => (short)i)];
    private static readonly byte[] Codes = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];

    [Fact]
    public void Mu_law_decodes_to_the_values_of_table_2()
    {
        // G.711 table 2a: y(n) for the positive codes, in 14 bits; the slow way through segments and steps.
        short[] decoded = new short[256];
        G711.DecodeMuLaw(Codes, decoded);
        int value = 0, code = 0xFF;
        for (int segment = 0; segment < 8; segment++)
        {
            int step = 2 << segment;
            for (int n = 0; n < 16; n++, code--)
            {
                Assert.Equal(value * 4, decoded[code]);
                Assert.Equal(-value * 4, decoded[code & 0x7F]);
                // Half a step to the decision value, and half of the next step from there.
                value += n < 15 ? step : step / 2 + step;
            }
        }

        Assert.Equal(32124, decoded[0x80]);
    }

    [Fact]
    public void A_law_decodes_to_the_values_of_table_1()
    {
        short[] decoded = new short[256];
        G711.DecodeALaw(Codes, decoded);
        for (int segment = 0; segment < 8; segment++)
        {
            int step = segment < 2 ? 2 : 2 << (segment - 1);
            int low = segment == 0 ? 0 : 32 << (segment - 1);
            for (int n = 0; n < 16; n++)
            {
                byte code = (byte)(((segment << 4) | n | 0x80) ^ 0x55);
                int value = low + (n * step) + (step / 2);      // in 13 bits: the middle of its interval
                Assert.Equal(value * 8, decoded[code]);
                Assert.Equal(-value * 8, decoded[code ^ 0x80]);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_sample_gets_the_code_whose_interval_it_is_in(bool isALaw)
    {
        byte[] codes = new byte[Every.Length];
        if (isALaw) G711.EncodeALaw(Every, codes);
        else G711.EncodeMuLaw(Every, codes);
        double[] decisions = isALaw ? DecisionsOfALaw() : DecisionsOfMuLaw();
        for (int i = 0; i < Every.Length; i++)
        {
            // The slow way: the largest decision value that does not exceed the magnitude. A negative sample just on one
            // belongs to the interval nearer to zero.
            int sample = Every[i];
            double magnitude = sample < 0 ? -sample - 0.5 : sample;
            int interval = Math.Min(Array.FindLastIndex(decisions, d => d <= magnitude), 127);
            byte expected = isALaw
                ? (byte)((sample < 0 ? interval : interval | 0x80) ^ 0x55)
                : (byte)~(sample < 0 ? interval | 0x80 : interval);
            Assert.True(expected == codes[i], $"{sample}: {codes[i]:X2} for {expected:X2}");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Coding_again_changes_nothing(bool isALaw)
    {
        short[] samples = new short[256];
        byte[] again = new byte[256];
        if (isALaw)
        {
            G711.DecodeALaw(Codes, samples);
            G711.EncodeALaw(samples, again);
            Assert.Equal(Codes, again);
        }
        else
        {
            G711.DecodeMuLaw(Codes, samples);
            G711.EncodeMuLaw(samples, again);
            // Mu-law has two zeros; minus zero comes back as zero.
            Assert.Equal(Codes.Select(c => c == 0x7F ? (byte)0xFF : c), again);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Louder_is_never_coded_as_softer(bool isALaw)
    {
        byte[] codes = new byte[Every.Length];
        short[] back = new short[Every.Length];
        if (isALaw)
        {
            G711.EncodeALaw(Every, codes);
            G711.DecodeALaw(codes, back);
        }
        else
        {
            G711.EncodeMuLaw(Every, codes);
            G711.DecodeMuLaw(codes, back);
        }

        for (int i = 1; i < back.Length; i++) Assert.True(back[i] >= back[i - 1], $"at {Every[i]}");
    }

    [Fact]
    public void Silence_is_silence()
    {
        short[] samples = new short[1];
        G711.DecodeMuLaw([G711.MuLawSilence], samples);
        Assert.Equal(0, samples[0]);
        G711.DecodeALaw([G711.ALawSilence], samples);
        Assert.Equal(8, samples[0]);        // A-law has no zero
    }

    [Fact]
    public void The_ITU_tone_comes_out_at_its_level()
    {
        // G.711 table 5: the periodic codes of a 1 kHz sine of 0 dBm0 in mu-law.
        short[] samples = new short[8];
        G711.DecodeMuLaw([0x1E, 0x0B, 0x0B, 0x1E, 0x9E, 0x8B, 0x8B, 0x9E], samples);
        double power = samples.Sum(s => (double)s * s) / 8;
        // A sine whose peak is the last decision value is of 3.17 dBm0.
        Assert.Equal(-3.17, 10 * Math.Log10(power / Math.Pow(8159 * 4, 2) * 2), 2);
    }

    [Theory]
    [InlineData("pcmu", "PCMU", 0)]
    [InlineData("PCMA", "PCMA", 8)]
    public void Codecs_are_found_by_name(string name, string expected, int payloadType)
    {
        IAudioCodec codec = AudioCodecs.All.Find(name, 8000, 1)!;

        Assert.Equal((expected, payloadType), (codec.Format.Name, codec.Format.PayloadType));
        Assert.Null(AudioCodecs.All.Find(name, 16000, 1));
        Assert.Null(AudioCodecs.All.Find(name, 8000, 2));
    }

    [Theory]
    [InlineData("pcma,pcmu", "PCMA PCMU", null)]
    [InlineData(" pcma , PCMA ", "PCMA", null)]
    [InlineData("pcma,mp3", null, "mp3")]
    [InlineData("", null, null)]
    public void A_choice_of_codecs_is_read_from_a_list_of_names(string names, string? chosen, string? unknown)
    {
        AudioCodecs? codecs = AudioCodecs.All.Select(names, out string? notFound);

        Assert.Equal(chosen, codecs is null ? null : string.Join(' ', codecs.Span.ToArray().Select(c => c.Format.Name)));
        Assert.Equal(unknown, notFound);
    }

    [Fact]
    public void A_format_tells_samples_from_clock_units()
    {
        AudioFormat g722 = new("G722", 9, 8000, 16000);

        Assert.Equal(160u, g722.ToTimestampUnits(320));
        Assert.Equal(320, g722.ToSamples(160));
        Assert.Equal(320, g722.SamplesIn(TimeSpan.FromMilliseconds(20)));
    }

    /// <summary>The decision values of G.711 table 2, in 16 bits: 0, 1, 3 ... 31, 35 ... 8159 times 4.</summary>
    private static double[] DecisionsOfMuLaw()
    {
        List<double> values = [0, 1];
        for (int segment = 0; segment < 8; segment++)
        {
            for (int n = segment == 0 ? 1 : 0; n < 16; n++) values.Add(values[^1] + (2 << segment));
        }

        Assert.Equal((31, 35, 8159), (values[16], values[17], values[128]));
        return [.. values.Select(v => v * 4)];
    }

    /// <summary>The decision values of G.711 table 1, in 16 bits: 0, 2, 4 ... 64, 68 ... 4096 times 8.</summary>
    private static double[] DecisionsOfALaw()
    {
        List<double> values = [0];
        for (int segment = 0; segment < 8; segment++)
        {
            for (int n = 0; n < 16; n++) values.Add(values[^1] + (2 << Math.Max(0, segment - 1)));
        }

        Assert.Equal((64, 68, 4096), (values[32], values[33], values[128]));
        return [.. values.Select(v => v * 8)];
    }
}
