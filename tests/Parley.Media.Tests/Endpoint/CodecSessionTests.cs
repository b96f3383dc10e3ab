using Parley.Endpoint.Media;
using Parley.Media.Codecs;
using Parley.Media.Streams;
using Parley.Media.Tests.Codecs;
using Parley.Rtp;
using Parley.Sdp;

namespace Parley.Media.Tests.Endpoint;

/// <summary>Two sessions that negotiated a codec hear each other.</summary>
public sealed class CodecSessionTests
{
    private static readonly LocalAudioAddress Alice = new(Negotiated.Alice), Bob = new(Negotiated.Bob);

    [OpusTheory]
    [InlineData("opus", 0.85)]
    [InlineData("PCMU", 0.95)]
    [InlineData("G722", 0.95)]
    [InlineData("G729", 0.75)]
    [InlineData("L16/8000", 0.95)]
    [InlineData("L16/16000", 0.95)]
    [InlineData("L16/44100", 0.95)]
    [InlineData("L16/48000", 0.95)]
    public void Speech_is_heard_with_each_codec(string codec, double likeness)
    {
        AudioCodecs codecs = AudioCodecs.All.Select(codec, out _)!;
        (OfferAnswer alice, OfferAnswer bob) = (new(codecs.ToCapabilities(), 1), new(codecs.ToCapabilities(), 2));
        Assert.Equal(NegotiationFailure.None, bob.Answer(alice.CreateOffer(Alice, MediaDirection.SendReceive), Bob, MediaDirection.SendReceive, out SessionDescription? answer, out NegotiatedAudio? forBob));
        Assert.Equal(NegotiationFailure.None, alice.ProcessAnswer(answer!, out NegotiatedAudio? forAlice));
        int rate = codecs.Span[0].Format.SampleRate;
        short[] speech = Vowels.Speak(TimeSpan.FromSeconds(2), rate);
        MemorySink heard = new();
        using SessionPair pair = new();

        pair.Alice.Start(pair.Now, forAlice!, codecs, Negotiated.Source(speech, rate), new NullSink());
        pair.Bob.Start(pair.Now, forBob!, codecs, new SilenceSource(), heard);
        pair.RunFor(3);

        Assert.Equal([rate], heard.Rates);
        Assert.InRange(Vowels.Likeness(speech.AsSpan(0, rate), [.. heard.Samples], maxShift: rate / 5), likeness, 1);
    }

    [G729Fact]
    public void A_gap_between_a_codec_without_concealment_and_one_with_it_is_filled()
    {
        AudioCodecs codecs = AudioCodecs.All.Select("pcmu,g729", out _)!;
        NegotiatedFormat pcmu = new(new MediaFormat(0, "PCMU", 8000), 0, 0), g729 = new(new MediaFormat(18, "G729", 8000), 18, 18);
        NegotiatedAudio audio = Negotiated.With(Negotiated.Bob) with { Codecs = [pcmu, g729] };
        short[] hum = [.. Enumerable.Range(0, 16000).Select(i => (short)(8000 * Math.Sin(i * 2 * Math.PI / 80)))];
        MemorySink heard = new();
        using SessionPair pair = new();
        bool isLost = false;
        pair.Wire = (isAlice, _) => isAlice && isLost ? null : TimeSpan.FromMilliseconds(15);
        pair.Alice.Start(pair.Now, audio, codecs, Negotiated.Source(hum), new NullSink());
        pair.Bob.Start(pair.Now, audio with { RemoteRtp = Negotiated.Alice }, codecs, new SilenceSource(), heard);

        pair.RunFor(0.505);
        isLost = true;
        pair.RunFor(0.02);
        isLost = false;
        pair.Alice.Update(audio with { Codecs = [g729, pcmu] });
        pair.RunFor(0.3);

        // Lost is what was said at half a second; it is heard when the wire and playout have taken their time.
        Assert.InRange(pair.Bob.Statistics.Playout.Lost, 1, 1);
        short[] gap = [.. heard.Samples.Skip(4000 + (75 * 8)).Take(160)];
        for (int at = 0; at < gap.Length; at += 80) Assert.InRange(gap.Skip(at).Take(80).Max(x => (int)x), 4000, 9000);
    }

    [Fact]
    public void Long_packets_that_wait_are_played_out_when_another_rate_comes()
    {
        AudioCodecs codecs = AudioCodecs.All.Select("g722,l16/48000,pcmu", out _)!;
        NegotiatedFormat pcmu = new(new MediaFormat(0, "PCMU", 8000), 0, 0), wide = new(new MediaFormat(114, "L16", 48000), 114, 114);
        using SessionPair pair = new();
        MemorySink heard = new();
        pair.Bob.Start(pair.Now, Negotiated.With(Negotiated.Alice) with { Codecs = [pcmu, wide] }, codecs, new SilenceSource(), heard);
        // Six packets of 120 ms at once, one of them lost, and then one with another clock.
        foreach (ushort number in new ushort[] { 0, 1, 2, 4, 5 }) Send(0, number, number * 960u, Enumerable.Repeat((byte)0x90, 960));
        Send(114, 6, 777, Enumerable.Repeat((byte)0x10, 960));
        pair.RunFor(0.5);

        Assert.Equal([8000, 48000], heard.Rates);
        Assert.Equal((6, 1), (pair.Bob.Statistics.Playout.Played, pair.Bob.Statistics.Playout.Lost));
        Assert.True(heard.Samples.Count(x => x == 0x1010) >= 480);
        Span<short> loud = stackalloc short[1];
        G711.DecodeMuLaw([0x90], loud);
        short said = loud[0];
        Assert.InRange(heard.Samples.Count(x => x == said), (5 * 960) - 80, 6 * 960);      // what follows a gap is faded in

        void Send(byte type, ushort sequence, uint timestamp, IEnumerable<byte> payload)
        {
            byte[] bytes = [.. payload], packet = new byte[RtpPacket.FixedHeaderLengthBytes + bytes.Length];
            RtpPacket.Write(packet, new RtpHeader(type, false, sequence, timestamp, 0xABCD), bytes);
            pair.Bob.OnRtp(pair.Now, packet, Negotiated.Alice);
            pair.Drain();
        }
    }

    [OpusFact]
    public void Keys_travel_beside_Opus_to_who_knows_events_by_8_kHz_alone()
    {
        AudioCodecs codecs = AudioCodecs.All.Select("opus", out _)!;
        NegotiatedFormat opus = new(new MediaFormat(111, "opus", 48000, 2), 111, 111), events = new(new MediaFormat(101, MediaFormat.TelephoneEvent, 8000), 101, 101);
        using SessionPair pair = new();
        pair.Alice.Start(pair.Now, Negotiated.With(Negotiated.Bob) with { Codecs = [opus], TelephoneEvent = events }, codecs, new SilenceSource(), new NullSink());
        pair.Bob.Start(pair.Now, Negotiated.With(Negotiated.Alice) with { Codecs = [opus], TelephoneEvent = events }, codecs, new SilenceSource(), new NullSink());

        Assert.True(pair.Alice.SendEvent(5));
        pair.RunFor(1);

        AudioEvent key = Assert.Single(pair.BobHeard, o => o.Kind == AudioOutputKind.Event && o.Event.IsEnd).Event;
        Assert.Equal('5', key.Digit);
        Assert.InRange(key.Duration.TotalMilliseconds, 90, 130);
    }

    [Fact]
    public void Opus_is_offered_as_its_payload_format_has_it()
    {
        var capabilities = new AudioCodecs([new OpusCodec(), new MuLawCodec()]).ToCapabilities();

        string offer = new OfferAnswer(capabilities, 1).CreateOffer(Alice, MediaDirection.SendReceive).ToString();

        foreach (string line in new[] { "m=audio 4000 RTP/AVP 111 0 101 102 121", "a=rtpmap:111 opus/48000/2", "a=fmtp:111 useinbandfec=1", "a=rtpmap:101 telephone-event/8000", "a=rtpmap:102 telephone-event/48000", "a=rtpmap:121 red/48000/2", "a=fmtp:121 111/111" })
            Assert.Contains(line + "\r\n", offer, StringComparison.Ordinal);
    }

    [OpusFact]
    public void A_call_with_who_plays_wideband_runs_at_16_kHz()
    {
        var codecs = new AudioCodecs([new OpusCodec()]);
        NegotiatedFormat opus = new(new MediaFormat(111, "opus", 48000, 2, "maxplaybackrate=16000;useinbandfec=1"), 111, 111);
        short[] speech = Vowels.Speak(TimeSpan.FromSeconds(3), 16000);
        MemorySink heard = new();
        using SessionPair pair = new();
        pair.Alice.Start(pair.Now, Negotiated.With(Negotiated.Bob) with { Codecs = [opus] }, codecs, Negotiated.Source(speech, 16000), new NullSink());
        pair.Bob.Start(pair.Now, Negotiated.With(Negotiated.Alice) with { Codecs = [opus] }, codecs, new SilenceSource(), heard);
        pair.RunFor(4);

        Assert.Equal([16000], heard.Rates);
        Assert.InRange(Vowels.Likeness(speech.AsSpan(0, 16000), [.. heard.Samples], maxShift: 16000 / 5), 0.85, 1);
        uint[] timestamps = [.. pair.AliceSent.Take(50).Select(packet => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(4)))];
        for (int i = 1; i < timestamps.Length; i++) Assert.Equal(960u, timestamps[i] - timestamps[i - 1]);
    }

    [Fact]
    public void Redundancy_is_taken_for_another_codec_than_the_one_it_is_offered_for()
    {
        OfferAnswer alice = new(new AudioCodecs([new MuLawCodec()]).ToCapabilities(), 1), bob = new(new AudioCodecs([new OpusCodec(), new MuLawCodec()]).ToCapabilities(), 2);
        SessionDescription offer = alice.CreateOffer(Alice, MediaDirection.SendReceive);

        Assert.Equal(NegotiationFailure.None, bob.Answer(offer, Bob, MediaDirection.SendReceive, out SessionDescription? answer, out NegotiatedAudio? audio));
        Assert.Equal(8000, Assert.Single((IEnumerable<NegotiatedFormat>)audio!.Redundancy).Format.ClockRate);
        Assert.Contains("a=rtpmap:121 red/8000\r\n", answer!.ToString(), StringComparison.Ordinal);

        // And what was agreed on is offered again.
        string again = bob.CreateOffer(Bob, MediaDirection.SendReceive).ToString();
        Assert.Contains("a=rtpmap:121 red/8000\r\n", again, StringComparison.Ordinal);
    }

    [Fact]
    public void The_parameters_of_each_side_are_its_own()
    {
        var capabilities = new AudioCodecs([new OpusCodec()]).ToCapabilities();
        string theirs = new OfferAnswer(capabilities, 1).CreateOffer(Alice, MediaDirection.SendReceive).ToString()
            .Replace(":111 ", ":96 ", StringComparison.Ordinal).Replace(" 111 ", " 96 ", StringComparison.Ordinal)
            .Replace("useinbandfec=1", "maxplaybackrate=16000;usedtx=1;x-unknown=1", StringComparison.Ordinal);
        Assert.True(SessionDescription.TryParse(theirs, out SessionDescription? offer, out _));

        Assert.Equal(NegotiationFailure.None, new OfferAnswer(capabilities, 2).Answer(offer!, Bob, MediaDirection.SendReceive, out SessionDescription? answer, out NegotiatedAudio? audio));

        // RFC 7587 7.1: what one side says has no relation to what the other says, and unknown parameters are not repeated.
        Assert.Equal("maxplaybackrate=16000;usedtx=1;x-unknown=1", audio!.Codec.Format.Parameters);
        Assert.Contains("a=fmtp:96 useinbandfec=1\r\n", answer!.ToString(), StringComparison.Ordinal);
        Assert.Equal((96, 96), (audio.Codec.SendPayloadType, audio.Codec.ReceivePayloadType));
    }
}
