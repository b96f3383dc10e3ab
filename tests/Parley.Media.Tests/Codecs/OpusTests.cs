using Parley.Media.Codecs;

namespace Parley.Media.Tests.Codecs;

/// <summary>Opus: packets read on their bytes, and what libopus makes of sound.</summary>
public sealed class OpusTests
{
    private const int Frame = 960;      // 20 ms

    // RFC 6716 table 2: mode, bandwidth and frame length of each configuration; 3.2: the four ways to pack.
    [Theory]
    [InlineData("00", 480)]                     // config 0: SILK, 10 ms; one frame without a byte is a lost one
    [InlineData("08 AA", 960)]
    [InlineData("10 AA", 1920)]
    [InlineData("18 AA", 2880)]
    [InlineData("60 AA", 480)]                  // config 12: hybrid, 10 ms
    [InlineData("68 AA", 960)]
    [InlineData("80 AA", 120)]                  // config 16: CELT, 2.5 ms
    [InlineData("F8 AA", 960)]
    [InlineData("FC AA", 960)]                  // stereo
    [InlineData("F9 AA BB", 1920)]              // code 1: two of equal length
    [InlineData("F9 AA BB CC", 0)]              // R3
    [InlineData("FA 01 AA BB", 1920)]           // code 2: the first has a byte
    [InlineData("FA 00", 1920)]
    [InlineData("FA", 0)]                       // R4
    [InlineData("FA 02 AA", 0)]
    [InlineData("FA FC", 0)]
    [InlineData("FB 03 AA BB CC", 2880)]        // code 3, constant: three frames of a byte
    [InlineData("FB 03 AA BB", 0)]              // R6
    [InlineData("FB", 0)]
    [InlineData("FB 00", 0)]                    // R5: no frame
    [InlineData("FB 06", 5760)]                 // 120 ms
    [InlineData("FB 07", 0)]                    // 140 ms
    [InlineData("83 30", 5760)]                 // 48 frames of 2.5 ms
    [InlineData("83 31", 0)]
    [InlineData("FB 83 01 00 AA BB", 2880)]     // code 3, variable: 1, 0 and the rest
    [InlineData("FB 83 01 02 AA", 0)]           // R7
    [InlineData("FB 83 01", 0)]
    [InlineData("FB 42 02 AA BB 00 00", 1920)]  // padding of two
    [InlineData("FB 42 05 AA BB 00 00", 0)]
    [InlineData("FB 42 FF", 0)]
    [InlineData("FB 42", 0)]
    [InlineData("", 0)]
    public void A_packet_tells_how_much_sound_it_holds(string packet, int samples) => Assert.Equal(samples, OpusPacketOf(packet));

    [OpusFact]
    public void A_frame_is_no_longer_than_1275_bytes()
    {
        Assert.Equal(Frame, SampleCount([0xF8, .. new byte[1275]]));
        Assert.Equal(0, SampleCount([0xF8, .. new byte[1276]]));
        Assert.Equal(0, SampleCount([0xF9, .. new byte[2 * 1276]]));
        Assert.Equal(2 * Frame, SampleCount([0xFA, 0, .. new byte[1275]]));
        Assert.Equal(0, SampleCount([0xFA, 0, .. new byte[1276]]));
        Assert.Equal(0, SampleCount([0xFB, 1, .. new byte[1276]]));
    }

    // RFC 6716 4.2.3: a bit of voice activity per SILK frame, then the flag; for the side channel again.
    [Theory]
    [InlineData("08 40", true)]             // 20 ms: V L
    [InlineData("08 80", false)]
    [InlineData("08 3F", false)]
    [InlineData("00 40", true)]             // 10 ms
    [InlineData("10 20", true)]             // 40 ms: V V L
    [InlineData("10 C0", false)]
    [InlineData("18 10", true)]             // 60 ms: V V V L
    [InlineData("18 E0", false)]
    [InlineData("0C 10", true)]             // 20 ms, stereo: V L V L
    [InlineData("0C A0", false)]
    [InlineData("14 04", true)]             // 40 ms, stereo: V V L V V L
    [InlineData("1C 01", true)]             // 60 ms, stereo
    [InlineData("1C EE", false)]
    [InlineData("68 40", true)]             // hybrid
    [InlineData("F8 FF", false)]            // CELT has none
    [InlineData("08", false)]
    [InlineData("0A 01 40 80", true)]       // the first frame counts
    [InlineData("0A 01 80 40", false)]
    [InlineData("0B 42 01 40 00 00", true)] // behind the padding's length
    [InlineData("09 40 40 40", false)]      // malformed
    public void A_packet_tells_whether_it_has_redundancy(string packet, bool expected) =>
        Assert.Equal(expected, OpusPacket.HasRedundancy(Convert.FromHexString(packet.Replace(" ", "", StringComparison.Ordinal))));

    [OpusFact]
    public void Any_bytes_are_counted_as_the_library_counts_them()
    {
        var random = new Random(7587);
        using IAudioDecoder decoder = new OpusCodec().CreateDecoder();
        short[] samples = new short[5760];
        for (int i = 0; i < 20_000; i++)
        {
            byte[] packet = new byte[random.Next(1, 40)];
            random.NextBytes(packet);
            if (i % 2 == 0 && packet.Length > 1) packet[1] &= 0xC7;     // few frames, so that more of them are whole

            int expected = decoder.Decode(packet, samples);

            Assert.True(expected == decoder.SampleCount(packet), $"{Convert.ToHexString(packet)}: {expected}");
        }
    }

    [OpusTheory]
    [InlineData(10)]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(60)]
    public void Speech_comes_out_as_it_went_in(int milliseconds)
    {
        short[] speech = Vowels.Speak(TimeSpan.FromSeconds(3), OpusPacket.SampleRate);
        List<byte[]> packets = Encode(speech, milliseconds * 48, "useinbandfec=1");

        short[] heard = Decode(packets);

        Assert.Equal(speech.Length / (milliseconds * 48) * (milliseconds * 48), heard.Length);
        Assert.InRange(Vowels.Likeness(speech, heard, maxShift: 480), 0.9, 1);
        Assert.InRange(packets.Sum(p => p.Length) * 8 / 3, 10_000, 55_000);       // with FEC: 48,000
    }

    [OpusFact]
    public void Redundancy_takes_bits_of_its_own_and_no_more_than_the_other_side_takes()
    {
        short[] speech = Vowels.Speak(TimeSpan.FromSeconds(5), OpusPacket.SampleRate);

        double none = Rate("useinbandfec=1", 0), some = Rate("useinbandfec=1", 5), unwanted = Rate(null, 5), least = Rate("useinbandfec=1;maxaveragebitrate=32000", 5);

        Assert.InRange(some, none * 1.3, none * 1.7);
        Assert.InRange(unwanted, none * 0.8, none * 1.1);
        Assert.InRange(least, none * 0.8, none * 1.15);

        double Rate(string? parameters, int expectedLoss) => Encode(speech, Frame, parameters, expectedLoss).Sum(p => p.Length) * 8 / 5.0;
    }

    [OpusFact]
    public void The_flag_says_what_the_library_has_in_store()
    {
        short[] speech = Vowels.Speak(TimeSpan.FromSeconds(2), OpusPacket.SampleRate);
        List<byte[]> with = Encode(speech, Frame, "useinbandfec=1", expectedLoss: 20), without = Encode(speech, Frame, null, expectedLoss: 20);

        Assert.True(with.Count(p => OpusPacket.HasRedundancy(p)) > with.Count / 2);
        Assert.DoesNotContain(without, p => OpusPacket.HasRedundancy(p));
    }

    [OpusFact]
    public void A_lost_packet_is_better_from_the_next_one_than_made_up()
    {
        short[] speech = Vowels.Speak(TimeSpan.FromSeconds(4), OpusPacket.SampleRate);
        List<byte[]> packets = Encode(speech, Frame, "useinbandfec=1", expectedLoss: 20);
        short[] whole = Decode(packets);
        double concealed = 0, restored = 0;
        int lost = 0;
        using IAudioDecoder a = new OpusCodec().CreateDecoder(), b = new OpusCodec().CreateDecoder();
        short[] gapA = new short[Frame], gapB = new short[Frame];
        for (int i = 0; i < packets.Count; i++)
        {
            if (i % 7 == 5 && i + 1 < packets.Count && OpusPacket.HasRedundancy(packets[i + 1]))
            {
                a.Conceal(gapA);
                Assert.Equal(Frame, b.DecodeRedundancy(packets[i + 1], gapB));
                ReadOnlySpan<short> real = whole.AsSpan(i * Frame, Frame);
                concealed += Vowels.Error(real, gapA);
                restored += Vowels.Error(real, gapB);
                lost++;
                continue;
            }

            a.Decode(packets[i], gapA);
            b.Decode(packets[i], gapB);
        }

        Assert.True(lost > 10, $"{lost} lost");
        Assert.True(restored < concealed / 2, $"restored {restored:0}, concealed {concealed:0}");
    }

    [OpusFact]
    public void A_gap_of_any_length_is_filled()
    {
        short[] speech = Vowels.Speak(TimeSpan.FromSeconds(1), OpusPacket.SampleRate);
        List<byte[]> packets = Encode(speech, Frame, "useinbandfec=1", expectedLoss: 20);
        using IAudioDecoder decoder = new OpusCodec().CreateDecoder();
        short[] samples = new short[Frame];
        foreach (byte[] packet in packets.Take(20)) decoder.Decode(packet, samples);
        foreach (int length in new[] { 1, 119, 120, 333, 960, 5760, 7001 })
        {
            short[] gap = new short[length + 1];
            Array.Fill(gap, (short)12345);

            decoder.Conceal(gap.AsSpan(0, length));

            Assert.Equal(12345, gap[length]);
            Assert.DoesNotContain((short)12345, gap[..length]);
        }

        byte[] next = packets.Skip(20).First(p => OpusPacket.HasRedundancy(p));
        Assert.Equal(1000, decoder.DecodeRedundancy(next, new short[1000]));
        Assert.Equal(0, decoder.DecodeRedundancy([0xF8, 1, 2, 3], samples));
        Assert.Equal(0, decoder.DecodeRedundancy(next, []));
    }

    // RFC 7587 6.1: what the receiver says.
    [Theory]
    [InlineData(null, 48000, null, false, false, false)]
    [InlineData("useinbandfec=1", 48000, null, true, false, false)]
    [InlineData("maxplaybackrate=16000; sprop-maxcapturerate=16000; maxaveragebitrate=20000; stereo=1; useinbandfec=1; usedtx=0", 16000, 20000, true, false, false)]
    [InlineData("USEDTX = 1;cbr=1;minptime=10", 48000, null, false, true, true)]
    [InlineData("maxplaybackrate=1;maxaveragebitrate=1000000000;useinbandfec=2;cbr=yes;;=;usedtx", 48000, null, false, false, false)]
    [InlineData("maxaveragebitrate=-1;maxplaybackrate=99999999999", 48000, null, false, false, false)]
    public void The_receiver_s_wishes_are_read(string? fmtp, int rate, int? bitrate, bool fec, bool dtx, bool cbr) =>
        Assert.Equal(new OpusParameters(rate, bitrate, fec, dtx, cbr), OpusParameters.Parse(fmtp) with { MaxCaptureRate = null });

    [OpusTheory]
    [InlineData("maxplaybackrate=8000", 0x60, 0)]           // no configuration above narrowband: RFC 6716 table 2
    [InlineData("maxplaybackrate=16000", 0x60, 0x40)]
    public void Bandwidth_is_no_higher_than_the_receiver_plays(string fmtp, int mask, int most)
    {
        foreach (byte[] packet in Encode(Vowels.Speak(TimeSpan.FromSeconds(1), OpusPacket.SampleRate), Frame, fmtp))
            Assert.InRange(packet[0] & mask, 0, most);
    }

    [OpusFact]
    public void The_bit_rate_is_what_the_receiver_takes()
    {
        short[] speech = Vowels.Speak(TimeSpan.FromSeconds(4), OpusPacket.SampleRate);

        Assert.InRange(Encode(speech, Frame, "maxaveragebitrate=8000").Sum(p => p.Length) * 8 / 4, 4000, 8800);
        Assert.Single(Encode(speech, Frame, "cbr=1").Select(p => p.Length).Distinct());
    }

    [OpusFact]
    public void Nothing_is_sent_in_silence_to_who_likes_it_so()
    {
        short[] speechAndSilence = [.. Vowels.Speak(TimeSpan.FromSeconds(1), OpusPacket.SampleRate), .. new short[OpusPacket.SampleRate * 3]];

        List<byte[]> dtx = Encode(speechAndSilence, Frame, "usedtx=1"), always = Encode(speechAndSilence, Frame, null);

        Assert.True(dtx.Count(p => p.Length == 0) > 100);
        Assert.DoesNotContain(always, p => p.Length == 0);
        Assert.DoesNotContain(dtx, p => p.Length is 1 or 2);
    }

    [OpusTheory]
    [InlineData(null, 48000)]
    [InlineData("useinbandfec=1", 48000)]
    [InlineData("maxplaybackrate=8000", 8000)]
    [InlineData("maxplaybackrate=12000", 16000)]
    [InlineData("useinbandfec=1; maxplaybackrate=16000", 16000)]
    [InlineData("maxplaybackrate=16000;sprop-maxcapturerate=16000", 16000)]
    [InlineData("maxplaybackrate=16000;sprop-maxcapturerate=48000", 48000)]
    [InlineData("maxplaybackrate=24000", 24000)]
    [InlineData("maxplaybackrate=44100", 48000)]
    [InlineData("maxplaybackrate=7", 48000)]
    public void It_runs_at_the_rate_that_the_other_side_plays(string? parameters, int rate)
    {
        var opus = new OpusCodec();
        IAudioCodec codec = opus.For(parameters);

        Assert.Equal((rate, 48000), (codec.Format.SampleRate, codec.Format.ClockRate));
        Assert.Same(codec, opus.For(parameters));
        Assert.Equal(rate == 48000, ReferenceEquals(codec, opus));

        // Speech comes out as it went in, at its rate; FEC and concealment as well.
        int frame = rate / 50;
        short[] speech = Vowels.Speak(TimeSpan.FromSeconds(2), rate), samples = new short[rate / 1000 * 120];
        using IAudioEncoder encoder = codec.CreateEncoder((parameters is null ? "" : parameters + ";") + "useinbandfec=1");
        using IAudioDecoder decoder = codec.CreateDecoder();
        encoder.SetExpectedLoss(10);
        byte[] payload = new byte[1400];
        List<short> heard = [];
        for (int at = 0, number = 0; at + frame <= speech.Length; at += frame, number++)
        {
            int length = encoder.Encode(speech.AsSpan(at, frame), payload);
            Assert.Equal(frame, decoder.SampleCount(payload.AsSpan(0, length)));
            if (number % 10 == 8) continue;
            if (number % 10 == 9)
            {
                if (decoder.DecodeRedundancy(payload.AsSpan(0, length), samples.AsSpan(0, frame)) == 0) decoder.Conceal(samples.AsSpan(0, frame));
                heard.AddRange(samples.AsSpan(0, frame));
            }

            Assert.Equal(frame, decoder.Decode(payload.AsSpan(0, length), samples));
            heard.AddRange(samples.AsSpan(0, frame));
        }

        Assert.Equal(speech.Length / frame * frame, heard.Count);
        Assert.InRange(Vowels.Likeness(speech, [.. heard], maxShift: rate / 100), 0.8, 1);
    }

    [OpusTheory]
    [InlineData(480, 480)]
    [InlineData(960, 960)]
    [InlineData(1440, 960)]
    [InlineData(2400, 1920)]
    [InlineData(4800, 4800)]
    [InlineData(240, 480)]
    public void Packets_are_of_lengths_that_the_library_has(int wished, int expected)
    {
        Assert.Equal(expected, new OpusCodec().PacketSamples(wished));
        using IAudioEncoder encoder = new OpusCodec().CreateEncoder();
        Assert.InRange(encoder.Encode(new short[expected], new byte[1400]), 1, 1400);
        Assert.Throws<ArgumentException>(() => encoder.Encode(new short[expected + 1], new byte[1400]));
    }

    [OpusFact]
    public void Nothing_is_allocated_in_the_steady_state()
    {
        short[] speech = Vowels.Speak(TimeSpan.FromSeconds(1), OpusPacket.SampleRate);
        using IAudioEncoder encoder = new OpusCodec().CreateEncoder("useinbandfec=1");
        using IAudioDecoder decoder = new OpusCodec().CreateDecoder();
        byte[] payload = new byte[1400];
        short[] samples = new short[5760];
        Steady.AllocatesNothing(() =>
        {
            for (int at = 0; at + Frame <= speech.Length; at += Frame)
            {
                encoder.SetExpectedLoss(at % 20);
                int length = encoder.Encode(speech.AsSpan(at, Frame), payload);
                if (decoder.SampleCount(payload.AsSpan(0, length)) != Frame) throw new InvalidOperationException();
                if (decoder.HasRedundancy(payload.AsSpan(0, length))) decoder.DecodeRedundancy(payload.AsSpan(0, length), samples.AsSpan(0, Frame));
                decoder.Decode(payload.AsSpan(0, length), samples);
                decoder.Conceal(samples.AsSpan(0, 500));
            }
        });
    }

    private static List<byte[]> Encode(short[] speech, int frame, string? fmtp, int expectedLoss = 5)
    {
        using IAudioEncoder encoder = new OpusCodec().CreateEncoder(fmtp);
        encoder.SetExpectedLoss(expectedLoss);
        List<byte[]> packets = [];
        byte[] payload = new byte[1400];
        for (int at = 0; at + frame <= speech.Length; at += frame) packets.Add(payload[..encoder.Encode(speech.AsSpan(at, frame), payload)]);
        return packets;
    }

    private static short[] Decode(List<byte[]> packets)
    {
        using IAudioDecoder decoder = new OpusCodec().CreateDecoder();
        List<short> heard = [];
        short[] samples = new short[5760];
        foreach (byte[] packet in packets)
        {
            int count = decoder.SampleCount(packet);
            Assert.Equal(count, decoder.Decode(packet, samples));
            heard.AddRange(samples.AsSpan(0, count));
        }

        return [.. heard];
    }

    private static int SampleCount(byte[] packet) => OpusPacket.SampleCount(packet);

    private static int OpusPacketOf(string hex) => OpusPacket.SampleCount(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

    [Theory]
    [InlineData(1, 2, 8)]
    [InlineData(17, 2, 8)]
    [InlineData(18, 2, 5)]
    [InlineData(81, 2, 5)]
    [InlineData(82, 2, 2)]
    [InlineData(240, 2, 0)]
    [InlineData(240, 16, 5)]
    [InlineData(240, 0, 0)]
    public void Where_many_encode_each_tries_less_hard(int encoders, int processors, int complexity) =>
        Assert.Equal(complexity, OpusEncoder.ComplexityFor(encoders, processors));
}
