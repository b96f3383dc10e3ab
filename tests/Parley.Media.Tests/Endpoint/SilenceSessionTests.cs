using System.Buffers.Binary;
using Parley.Endpoint.Media;
using Parley.Media.Codecs;
using Parley.Media.Streams;
using Parley.Media.Tests.Codecs;
using Parley.Media.Tests.Speech;
using Parley.Rtp;
using Parley.Sdp;
using Parley.Voice;

namespace Parley.Media.Tests.Endpoint;

/// <summary>Two sessions of which one sends no silence: what is sent, what is counted, and how it sounds.</summary>
public sealed class SilenceSessionTests(Xunit.Abstractions.ITestOutputHelper output)
{
    private const int Noise = 13;
    private static readonly LocalAudioAddress Alice = new(Negotiated.Alice), Bob = new(Negotiated.Bob);

    // The codec and its packets a second; the most packets that may be sent when half the time is pauses, of 100; the least intelligibility against the original.
    [SpeechTheory]
    [InlineData("PCMU", 50, 55, 0.985)]
    [InlineData("PCMA", 50, 55, 0.985)]
    [InlineData("G722", 50, 55, 0.985)]
    [InlineData("L16/16000", 50, 55, 0.985)]
    [InlineData("L16/48000", 100, 55, 0.985)]
    public void Half_of_a_talk_is_pauses_and_they_are_not_sent(string codec, int packetsPerSecond, double mostSent, double intelligibility)
    {
        using SessionPair pair = new(options: new AudioOptions { CanonicalName = "x", Silence = SilenceSuppression.Always });
        Talk talk = Run(pair, codec, noise: 30, packetsPerSecond: packetsPerSecond);

        IReadOnlyList<RtpHeader> sent = talk.Sent;
        double share = 100.0 * sent.Count / (talk.Duration.TotalSeconds * packetsPerSecond);
        double score = Intelligibility.Of(talk.Said, RecordedSpeech.SampleRate, talk.Heard, talk.Rate).Score;
        output.WriteLine($"{share:0.0} % of the packets, {sent.Count(p => p.PayloadType == talk.NoisePayloadType)} of them noise; intelligibility {score:0.000}");
        Assert.InRange(share, 30, mostSent);
        Assert.True(score >= intelligibility, $"{score:0.000}");
        AssertTalkSpurts(sent, talk.NoisePayloadType, talk.Units);

        // Nothing counts as lost, concealed or late on the other side.
        AudioStatistics heard = pair.Bob.Statistics;
        Assert.Equal((0, 0), (heard.Playout.Lost, heard.Playout.Late));
        Assert.Equal(0, heard.Rtp.PacketsLost);
        Assert.InRange(heard.Rtp.PacketsReceived, sent.Count - 1, sent.Count);      // one may be on its way
        Assert.InRange(pair.Alice.Statistics.Suppressed / talk.Duration, 0.3, 0.6);
        Assert.Equal(0, pair.Alice.Statistics.Rtp.RemotePacketsLost);

        // The pauses have the noise of the speaker's room: as loud as it was, to 3 dB.
        double[] levels = RecordedSpeech.Levels([.. talk.Heard.Select(sample => (double)sample)], talk.Rate);
        double[] pauses = [.. levels.Skip(50).Where(level => level < RecordedSpeech.Level - 20)];
        Assert.InRange(pauses.Order().ElementAt(pauses.Length / 2), RecordedSpeech.Level - 30 - 3.5, RecordedSpeech.Level - 30 + 3);
    }

    [SpeechFact]
    public void Both_may_be_silent_and_lose_packets_and_are_understood()
    {
        using SessionPair pair = new(options: new AudioOptions { CanonicalName = "x", Silence = SilenceSuppression.Always });
        Random losses = new(5);
        pair.Wire = (_, number) => number >= 0 && losses.Next(100) < 3 ? null : TimeSpan.FromMilliseconds(15 + losses.Next(20));
        Talk talk = Run(pair, "PCMU", noise: 30, bothTalk: true);

        double score = Intelligibility.Of(talk.Said, RecordedSpeech.SampleRate, talk.Heard, talk.Rate).Score;
        AudioStatistics heard = pair.Bob.Statistics;
        double lost = 100.0 * heard.Playout.Lost / talk.Sent.Count;
        output.WriteLine($"intelligibility {score:0.000}, {lost:0.0} % lost");
        Assert.True(score >= 0.95, $"{score:0.000}");
        Assert.InRange(lost, 1, 5);
    }

    [Theory]
    [InlineData(SilenceSuppression.Never, false, 150)]
    [InlineData(SilenceSuppression.WhenAsked, false, 150)]
    [InlineData(SilenceSuppression.WhenAsked, true, 14)]
    [InlineData(SilenceSuppression.Always, true, 14)]
    [InlineData(SilenceSuppression.Always, false, 13)]
    public void Who_asks_for_comfort_noise_gets_it(SilenceSuppression silence, bool isAgreed, int mostSent)
    {
        using SessionPair pair = new(options: new AudioOptions { CanonicalName = "x", Silence = silence });
        NegotiatedAudio audio = Negotiated.With(Negotiated.Bob);
        if (isAgreed) audio = audio with { ComfortNoise = [new NegotiatedFormat(new MediaFormat(Noise, "CN", 8000), Noise, Noise)] };
        pair.Alice.Start(pair.Now, audio, AudioCodecs.Default, new SilenceSource(), new NullSink());
        pair.RunFor(3);

        Assert.InRange(pair.AliceSent.Count, 10, mostSent + 1);
        Assert.Equal(isAgreed, pair.AliceSent.Any(datagram => (datagram[1] & 0x7F) == Noise));
    }

    // RFC 6263 4: a NAT forgets a binding that nothing went over for long.
    [Theory]
    [InlineData(true, 0.81)]
    [InlineData(false, 15.1)]
    public void A_long_silence_keeps_the_binding_of_a_NAT(bool isAgreed, double mostSeconds)
    {
        using SessionPair pair = new(options: new AudioOptions { CanonicalName = "x", Silence = SilenceSuppression.Always });
        NegotiatedAudio audio = Negotiated.With(Negotiated.Bob);
        if (isAgreed) audio = audio with { ComfortNoise = [new NegotiatedFormat(new MediaFormat(Noise, "CN", 8000), Noise, Noise)] };
        pair.Alice.Start(pair.Now, audio, AudioCodecs.Default, new SilenceSource(), new NullSink());
        pair.RunFor(60);

        uint[] timestamps = [.. pair.AliceSent.Select(datagram => BinaryPrimitives.ReadUInt32BigEndian(datagram.AsSpan(4)))];
        for (int i = 1; i < timestamps.Length; i++) Assert.InRange((timestamps[i] - timestamps[i - 1]) / 8000.0, 0.02, mostSeconds);
        Assert.InRange(timestamps.Length, 10 + (int)(55 / mostSeconds), 14 + (int)(60 / mostSeconds));
    }

    [Fact]
    public void Another_noise_is_described_anew()
    {
        using SessionPair pair = new(options: new AudioOptions { CanonicalName = "x", Silence = SilenceSuppression.Always });
        double[] pink = RecordedSpeech.Pink(8000 * 8);
        short[] room = [.. pink.Select((sample, i) => (short)(sample * (i < 8000 * 4 ? 60 : 20)))];
        NegotiatedAudio audio = Negotiated.With(Negotiated.Bob) with { ComfortNoise = [new NegotiatedFormat(new MediaFormat(Noise, "CN", 8000), Noise, Noise)] };
        pair.Alice.Start(pair.Now, audio, AudioCodecs.Default, Negotiated.Source(room), new NullSink());
        pair.RunFor(7.9);

        byte[][] noise = [.. pair.AliceSent.Where(datagram => (datagram[1] & 0x7F) == Noise)];
        Assert.All(noise, datagram => Assert.Equal(RtpPacket.FixedHeaderLengthBytes + 11, datagram.Length));
        Assert.All(noise, datagram => Assert.Equal(0, datagram[1] & 0x80));
        Assert.InRange(noise.Length, 3, 14);
        Assert.InRange(noise[^1][12] - noise[0][12], 7, 12);       // 9.5 dB softer
    }

    [OpusFact]
    public void Opus_leaves_silence_out_itself_when_told_to()
    {
        AudioCodecs codecs = AudioCodecs.All.Select("opus", out _)!;
        NegotiatedFormat opus = new(new MediaFormat(111, "opus", 48000, 2), 111, 111);
        NegotiatedAudio audio = Negotiated.With(Negotiated.Bob) with { Codecs = [opus] };
        int[] sent = [.. new[] { SilenceSuppression.Never, SilenceSuppression.WhenAsked, SilenceSuppression.Always }.Select(silence =>
        {
            using SessionPair pair = new(options: new AudioOptions { CanonicalName = "x", Silence = silence });
            pair.Alice.Start(pair.Now, audio, codecs, new SilenceSource(), new NullSink());
            pair.RunFor(10);
            return pair.AliceSent.Count;
        })];
        Assert.InRange(sent[0], 500, 501);
        Assert.InRange(sent[1], 500, 501);
        Assert.InRange(sent[2], 10, 100);       // one each 400 ms
    }

    // RFC 3551 4.1: the marker stands on the first packet of a talk spurt alone. RFC 3550 5.1: numbers have no gaps, and time goes on.
    private static void AssertTalkSpurts(IReadOnlyList<RtpHeader> sent, int noise, uint units)
    {
        Assert.True(sent[0].Marker || sent[0].PayloadType == noise);
        int spurts = 0;
        for (int i = 1; i < sent.Count; i++)
        {
            (RtpHeader before, RtpHeader packet) = (sent[i - 1], sent[i]);
            Assert.Equal((ushort)(before.SequenceNumber + 1), packet.SequenceNumber);
            uint step = packet.Timestamp - before.Timestamp;
            Assert.True(step > 0 && step % units == 0);
            bool isSpurt = packet.PayloadType != noise && (before.PayloadType == noise || step > units);
            Assert.Equal(isSpurt, packet.Marker);
            if (isSpurt) spurts++;
            // What follows speech at once is speech, or the noise of the silence that begins.
            if (before.PayloadType != noise) Assert.Equal(units, step);
        }

        Assert.InRange(spurts, 5, 60);
    }

    private static Talk Run(SessionPair pair, string codec, double noise, bool bothTalk = false, int packetsPerSecond = 50)
    {
        AudioCodecs codecs = AudioCodecs.All.Select(codec, out _)!;
        AudioCapabilities capabilities = codecs.ToCapabilities(redundancy: false, silence: SilenceSuppression.Always);
        (OfferAnswer alice, OfferAnswer bob) = (new(capabilities, 1), new(capabilities, 2));
        Assert.Equal(NegotiationFailure.None, bob.Answer(alice.CreateOffer(Alice, MediaDirection.SendReceive), Bob, MediaDirection.SendReceive, out SessionDescription? answer, out NegotiatedAudio? forBob));
        Assert.Equal(NegotiationFailure.None, alice.ProcessAnswer(answer!, out NegotiatedAudio? forAlice));

        short[] clean = RecordedSpeech.Sentences(pauses: 1);
        short[] said = RecordedSpeech.With(clean, RecordedSpeech.Pink(clean.Length), noise);
        AudioFormat format = codecs.Span[0].Format;
        MemorySink heard = new();
        TimeSpan duration = TimeSpan.FromSeconds((double)said.Length / RecordedSpeech.SampleRate);
        pair.Alice.Start(pair.Now, forAlice!, codecs, Negotiated.Source(said), new NullSink());
        pair.Bob.Start(pair.Now, forBob!, codecs, bothTalk ? Negotiated.Source([.. said.Skip(said.Length / 3), .. said.Take(said.Length / 3)]) : new SilenceSource(), heard);
        pair.RunFor(duration.TotalSeconds - 0.03);      // the end of the source is silence, too
        return new Talk(said, [.. heard.Samples], format.SampleRate, duration, [.. pair.AliceSent.Select(HeaderOf)], forAlice!.ComfortNoise[0].SendPayloadType, format.ToTimestampUnits(format.SampleRate / packetsPerSecond));
    }

    private static RtpHeader HeaderOf(byte[] datagram)
    {
        Assert.Equal(RtpError.None, RtpPacket.TryParse(datagram, out RtpPacket packet));
        return packet.Header;
    }

    private sealed record Talk(short[] Said, short[] Heard, int Rate, TimeSpan Duration, IReadOnlyList<RtpHeader> Sent, int NoisePayloadType, uint Units);
}
