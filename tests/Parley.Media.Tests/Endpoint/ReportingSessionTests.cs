using Parley.Media.Codecs;
using Parley.Media.Streams;
using Parley.Rtp;
using Parley.Rtp.HeaderExtensions;
using Parley.Rtp.Rtcp.ExtendedReports;
using Parley.Sdp;
using Parley.TestSupport;

namespace Parley.Media.Tests.Endpoint;

public class ReportingSessionTests
{
    private static readonly RtcpXr All = new()
    {
        LossRuns = RtcpXr.AnySize,
        DuplicateRuns = 40,
        ReceiptTimes = 40,
        RoundTrip = RtcpXrRoundTrip.All,
        SummaryOfLoss = true,
        SummaryOfDuplicates = true,
        SummaryOfJitter = true,
        VoipMetrics = true,
    };

    [Fact]
    public void The_other_side_tells_how_it_sounds_there()
    {
        Random random = new(1);
        using SessionPair pair = new();
        pair.Wire = (isAlice, number) => isAlice && number >= 0 && random.Next(20) == 0 ? null : TimeSpan.FromMilliseconds(isAlice && number % 100 == 50 ? 700 : 15);
        Start(pair, audio => audio with { ExtendedReports = All });
        pair.RunFor(20);

        XrVoipMetrics metrics = pair.Alice.Statistics.Rtp.RemoteVoipMetrics!.Value;
        Assert.InRange(metrics.LossRate, 6, 24);            // a twentieth is 13
        Assert.InRange(metrics.DiscardRate, 1, 6);          // a hundredth is 3
        Assert.Equal(30, metrics.RoundTripDelay, 2.0);
        Assert.InRange(metrics.EndSystemDelay, 40, 500);
        Assert.InRange(metrics.NominalDelay, 1, 400);
        Assert.Equal((XrConcealment.Enhanced, XrJitterBufferKind.Adaptive, 2000), (metrics.Concealment, metrics.JitterBuffer, metrics.AbsoluteMaxDelay));
        Assert.NotNull(pair.Bob.Statistics.Rtp.RemoteVoipMetrics);
        Assert.Equal(0, pair.Alice.Statistics.Discarded + pair.Bob.Statistics.Discarded);
    }

    [Fact]
    public void Nothing_is_told_that_was_not_asked_for()
    {
        using SessionPair pair = new();
        Start(pair, audio => audio);
        pair.RunFor(8);
        Assert.Null(pair.Alice.Statistics.Rtp.RemoteVoipMetrics);
        Assert.Null(pair.Bob.Statistics.RemoteLevel);
        Assert.All(pair.AliceSent, datagram => Assert.Equal(0x80, datagram[0]));
    }

    [Fact]
    public void Packets_say_how_loud_they_are_and_sound_the_same()
    {
        short[] sound = [.. TestSound.Sine(440, 2, 8000, amplitude: 3277), .. new short[8000]];
        using SessionPair pair = new();
        MemorySink heard = Start(pair, audio => audio with { AudioLevel = new HeaderExtensionMapping(5, HeaderExtensionMapping.AudioLevelUri) }, sound);
        pair.RunFor(1);
        Assert.Equal(23, pair.Bob.Statistics.RemoteLevel);      // 20 dB below the loudest, and a sine is 3 dB below a square
        Assert.Equal(AudioLevel.Silence, pair.Alice.Statistics.RemoteLevel);
        pair.RunFor(3);
        Assert.Equal(AudioLevel.Silence, pair.Bob.Statistics.RemoteLevel);

        Assert.Equal(0, AudioComparison.Compare(Negotiated.Coded(sound), heard.Samples.ToArray(), 8000).DifferentSamples);
        Assert.Equal(RtpError.None, RtpPacket.TryParse(pair.AliceSent[10], out RtpPacket packet));
        Assert.True(AudioLevel.TryRead(packet, 5, out AudioLevel level));
        Assert.Equal((23, true, 160), (level.Decibels, level.IsVoice, packet.Payload.Length));
    }

    private static MemorySink Start(SessionPair pair, Func<NegotiatedAudio, NegotiatedAudio> change, short[]? sound = null)
    {
        MemorySink heard = new();
        pair.Alice.Start(pair.Now, change(Negotiated.With(Negotiated.Bob)), AudioCodecs.All, Negotiated.Source(sound ?? TestSound.Speech(20)), new NullSink());
        pair.Bob.Start(pair.Now, change(Negotiated.With(Negotiated.Alice)), AudioCodecs.All, new SilenceSource(), heard);
        return heard;
    }
}
