using Parley.Core;
using Parley.Endpoint.Media.Quality;
using Parley.Media.Codecs;
using Parley.Media.Quality;
using Parley.Media.Streams;
using Parley.Rtp.Rtcp.ExtendedReports;
using Parley.Sdp;
using Parley.TestSupport;

namespace Parley.Media.Tests.Endpoint;

/// <summary>How good sessions find their call, over wires whose faults are known.</summary>
public sealed class QualitySessionTests
{
    [Fact]
    public void A_call_without_faults_is_as_good_as_its_codec_both_ways()
    {
        using SessionPair pair = new();
        Start(pair);
        pair.RunFor(21);

        CallQuality quality = pair.Alice.Statistics.Quality!;
        foreach (DirectionQuality direction in new[] { quality.Receiving!.Value, quality.Sending!.Value })
        {
            Assert.Equal((AudioBand.Narrow, "PCMU"), (direction.Rating.Band, direction.Codec));
            Assert.InRange(direction.Rating.ConversationalScore, 4.3, 4.42);
            Assert.Equal((0, 0, 0), (direction.Measures.NetworkLoss, direction.Measures.Discarded, direction.Measures.Concealed));
            Assert.True(direction.Measures.IsDelayKnown);
            Assert.InRange(direction.Measures.Delay.TotalMilliseconds, 40, 160);
        }

        Assert.Equal([1, 2, 3, 4], quality.Intervals.Select(interval => interval.Number));
        Assert.All(quality.Intervals, interval => Assert.InRange(interval.Receiving!.Value.Packets, 240, 255));
    }

    [Fact]
    public void What_was_lost_and_what_came_late_are_told_apart_and_counted_as_they_were()
    {
        Random random = new(3);
        using SessionPair pair = new();
        // After ten seconds a twentieth of what Alice sends is lost, and a hundredth comes much too late.
        pair.Wire = (isAlice, number) => !isAlice || number < 500 ? TimeSpan.FromMilliseconds(15)
            : random.Next(20) == 0 ? null : TimeSpan.FromMilliseconds(number % 100 == 50 ? 900 : 15);
        Start(pair);
        pair.RunFor(9);
        double before = pair.Bob.Statistics.Quality!.Receiving!.Value.Rating.R;
        pair.RunFor(22);

        CallQuality quality = pair.Bob.Statistics.Quality!;
        DirectionQuality first = quality.Intervals[0].Receiving!.Value, last = quality.Intervals[^1].Receiving!.Value;
        Assert.Equal(0, first.Measures.Concealed);
        Assert.InRange(last.Measures.NetworkLoss, 0.02, 0.09);
        Assert.InRange(last.Measures.Discarded, 0.004, 0.02);
        Assert.Equal(last.Measures.NetworkLoss + last.Measures.Discarded, last.Measures.Concealed, 0.012);
        Assert.True(last.Rating is { ByLoss: > 5, ByDiscard: > 0.5 } && last.Rating.ByLoss > last.Rating.ByDiscard, last.Rating.ToString());
        Assert.True(quality.Receiving!.Value.Rating.R < before - 5 && last.Rating.R < first.Rating.R - 8);

        // What Alice says: her side is clean, and of Bob's she knows what he told her.
        CallQuality there = pair.Alice.Statistics.Quality!;
        Assert.Equal(0, there.Receiving!.Value.Measures.Concealed);
        Assert.InRange(there.Intervals[^1].Sending!.Value.Measures.NetworkLoss, 0.02, 0.1);
        XrVoipMetrics told = pair.Alice.Statistics.Rtp.RemoteVoipMetrics!.Value;
        Assert.Equal(quality.Receiving!.Value.Rating.R, told.RFactor, 6.0);
        Assert.InRange(told.ConversationalQuality, 30, told.ListeningQuality);
        Assert.InRange(there.Sending!.Value.Rating.R, quality.Receiving.Value.Rating.R - 10, quality.Receiving.Value.Rating.R + 10);
    }

    [Fact]
    public void What_redundancy_makes_good_takes_nothing()
    {
        int row = 0;
        Random random = new(7);
        using SessionPair pair = new();
        pair.Wire = (isAlice, number) =>
        {
            if (!isAlice || number < 0) return TimeSpan.FromMilliseconds(15);
            row = number > 250 && row < 1 && random.Next(12) == 0 ? row + 1 : 0;
            return row > 0 ? null : TimeSpan.FromMilliseconds(15);
        };
        var red = new NegotiatedFormat(new MediaFormat(122, MediaFormat.Redundancy, 8000), 122, 122);
        Start(pair, audio => audio with { Redundancy = [red] });
        pair.RunFor(40);

        DirectionQuality last = pair.Bob.Statistics.Quality!.Intervals[^1].Receiving!.Value;
        Assert.InRange(last.Measures.NetworkLoss, 0.04, 0.14);
        Assert.InRange(last.Measures.Concealed, 0, last.Measures.NetworkLoss / 4);
        Assert.True(last.Rating.ByLoss < 6, last.Rating.ToString());
        // The loss rate that is reported is what repair left (RFC 3611 4.7.1), so the sender knows it too.
        Assert.True(pair.Alice.Statistics.Quality!.Intervals[^1].Sending!.Value.Measures is var told && told.Concealed < told.NetworkLoss / 2, told.ToString());
    }

    [Fact]
    public void Delay_takes_from_conversation_and_not_from_listening()
    {
        using SessionPair pair = new();
        pair.Wire = (_, _) => TimeSpan.FromMilliseconds(250);
        Start(pair);
        pair.RunFor(21);

        DirectionQuality heard = pair.Bob.Statistics.Quality!.Receiving!.Value;
        Assert.InRange(heard.Measures.Delay.TotalMilliseconds, 290, 400);
        Assert.True(heard.Rating.ListeningScore - heard.Rating.ConversationalScore > 0.4, heard.Rating.ToString());
        Assert.True(heard.Rating is { ByDelay: > 8, ByEcho: > 1 }, heard.Rating.ToString());
    }

    [Fact]
    public void No_more_than_a_minute_is_kept_and_silence_is_no_quality()
    {
        using SessionPair pair = new();
        Start(pair);
        pair.RunFor(30);
        pair.Wire = (isAlice, _) => isAlice ? null : TimeSpan.FromMilliseconds(15);     // Alice is not heard any more
        pair.RunFor(60);

        IReadOnlyList<QualityInterval> intervals = pair.Bob.Statistics.Quality!.Intervals;
        Assert.Equal(QualityMonitor.MaxIntervals, intervals.Count);
        Assert.Equal(18, intervals[^1].Number);
        Assert.Null(intervals[^1].Receiving);
        Assert.Null(intervals[^1].Sending);         // nor does she report
        Assert.NotNull(pair.Bob.Statistics.Quality!.Receiving);
    }

    private static void Start(SessionPair pair, Func<NegotiatedAudio, NegotiatedAudio>? change = null)
    {
        NegotiatedAudio With(NetworkAddress remote)
        {
            NegotiatedAudio audio = Negotiated.With(remote) with { ExtendedReports = new RtcpXr { RoundTrip = RtcpXrRoundTrip.All, VoipMetrics = true } };
            return change is null ? audio : change(audio);
        }

        pair.Alice.Start(pair.Now, With(Negotiated.Bob), AudioCodecs.All, Negotiated.Source(TestSound.Speech(90)), new NullSink());
        pair.Bob.Start(pair.Now, With(Negotiated.Alice), AudioCodecs.All, new SilenceSource(), new NullSink());
    }
}
