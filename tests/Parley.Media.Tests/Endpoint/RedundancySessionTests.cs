using System.Buffers.Binary;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Codecs;
using Parley.Media.Streams;
using Parley.Media.Tests.Codecs;
using Parley.Rtp;
using Parley.Rtp.Jitter;
using Parley.Rtp.Rtcp;
using Parley.Sdp;
using Parley.TestSupport;

namespace Parley.Media.Tests.Endpoint;

/// <summary>Sessions that agreed on RED (RFC 2198).</summary>
public sealed class RedundancySessionTests
{
    private const byte Red = 122;

    [Fact]
    public void What_the_network_loses_is_heard_bit_by_bit_from_later_packets()
    {
        Random random = new(7);
        short[] speech = Vowels.Speak(TimeSpan.FromSeconds(30), 8000);
        MemorySink heard = new();
        // Never more than two in a row, which is what two earlier payloads in a packet make good.
        int row = 0;
        // Playout waits so long in any case that nothing need be left out or repeated.
        JitterBufferOptions patient = new() { Delay = TimeSpan.FromMilliseconds(100), MinDelay = TimeSpan.FromMilliseconds(100) };
        using SessionPair pair = new(options: new AudioOptions { CanonicalName = "x", Jitter = patient });
        pair.Wire = (isAlice, number) =>
        {
            if (!isAlice || number < 0) return TimeSpan.FromMilliseconds(15);
            row = number > 250 && row < 2 && random.Next(8) == 0 ? row + 1 : 0;
            return row > 0 ? null : TimeSpan.FromMilliseconds(15);
        };

        pair.Alice.Start(pair.Now, With(Negotiated.Bob), AudioCodecs.All, Negotiated.Source(speech), new NullSink());
        pair.Bob.Start(pair.Now, With(Negotiated.Alice), AudioCodecs.All, new SilenceSource(), heard);
        pair.RunFor(31);

        AudioStatistics statistics = pair.Bob.Statistics;
        Assert.InRange(statistics.Playout.Lost, 100, 250);
        Assert.InRange(statistics.Recovered, statistics.Playout.Lost * 0.75, statistics.Playout.Lost);
        // From when the other side's reports have raised the redundancy, nothing is missing.
        short[] last = Negotiated.Coded(speech.AsSpan(15 * 8000, 13 * 8000));
        Assert.Equal(0, AudioComparison.Compare(last, [.. heard.Samples.Skip(15 * 8000)], 8000).DifferentSamples);
    }

    [Theory]
    [InlineData("losses", 3, 1.0, 1.0)]
    [InlineData("bursts", 3, 1.0, 1.0)]
    [InlineData("nothing", 3, 0.5, 0.8)]
    [InlineData("losses", 6, 1.0, 1.0)]
    [InlineData("bursts", 6, 1.0, 1.0)]
    [InlineData("nothing", 6, 0.2, 0.4)]
    public void Runs_of_lost_packets_are_mended_by_packets_behind_them_when_the_other_side_tells_of_them(string tells, int run, double least, double most)
    {
        using SessionPair pair = new();
        pair.Wire = (isAlice, number) => isAlice && number > 0 && number % (10 * run) < run ? null : TimeSpan.FromMilliseconds(15);
        RtcpXr? reports = tells switch
        {
            "losses" => new RtcpXr { LossRuns = 100 },
            "bursts" => new RtcpXr { VoipMetrics = true },
            _ => null,
        };
        pair.Alice.Start(pair.Now, With(Negotiated.Bob) with { ExtendedReports = reports }, AudioCodecs.All, new SilenceSource(), new NullSink());
        pair.Bob.Start(pair.Now, With(Negotiated.Alice) with { ExtendedReports = reports }, AudioCodecs.All, new SilenceSource(), new NullSink());
        pair.RunFor(20);
        AudioStatistics before = pair.Bob.Statistics;
        pair.RunFor(30);

        AudioStatistics after = pair.Bob.Statistics;
        double lost = after.Playout.Lost - before.Playout.Lost, recovered = after.Recovered - before.Recovered;
        Assert.InRange(lost, 130, 170);
        Assert.InRange(recovered / lost, least, most);
        Assert.Equal(0, after.Playout.Late - before.Playout.Late);
    }

    [Fact]
    public void The_sender_stops_when_nothing_is_lost()
    {
        using SessionPair pair = new();
        pair.Alice.Start(pair.Now, With(Negotiated.Bob), AudioCodecs.All, new SilenceSource(), new NullSink());
        pair.Bob.Start(pair.Now, With(Negotiated.Alice), AudioCodecs.All, new SilenceSource(), new NullSink());
        pair.RunFor(20);

        byte[] types = [.. pair.AliceSent.Select(packet => (byte)(packet[1] & 0x7F))];
        Assert.Equal(Red, types[1]);
        Assert.Equal(0, types[^1]);
        Assert.DoesNotContain(Red, types[(10 * 50)..]);
    }

    [Fact]
    public void A_report_counts_once_whatever_else_the_other_side_says()
    {
        using SessionPair pair = new();
        pair.Alice.Start(pair.Now, With(Negotiated.Bob), AudioCodecs.All, new SilenceSource(), new NullSink());
        pair.RunFor(0.1);
        uint ssrc = BinaryPrimitives.ReadUInt32BigEndian(pair.AliceSent[0].AsSpan(8));

        Report(51);
        int most = pair.Alice.Statistics.RedundancyDepth;
        Report(0);
        int less = pair.Alice.Statistics.RedundancyDepth;
        for (int i = 0; i < 20; i++) Report(null);

        Assert.True(most > less && less > 0, $"{most} {less}");
        Assert.Equal(less, pair.Alice.Statistics.RedundancyDepth);

        void Report(byte? fractionLost)
        {
            byte[] datagram = new byte[200];
            RtcpWriter writer = new(datagram);
            if (fractionLost is { } lost) writer.WriteReceiverReport(77, [new RtcpReportBlock(ssrc, lost, 10, 100, 0, 0, 0)]);
            else writer.WriteReceiverReport(77, []);
            writer.WriteSourceDescription(77, RtcpSdesItem.CanonicalName, "bob"u8);
            pair.Alice.OnRtcp(pair.Now, datagram.AsSpan(0, writer.Length), Negotiated.Bob.WithPort((ushort)(Negotiated.Bob.Port + 1)));
            pair.Drain();
        }
    }

    [Fact]
    public void Without_the_other_sides_consent_there_is_none()
    {
        using SessionPair pair = new();
        pair.Wire = (isAlice, number) => isAlice && number % 5 == 0 ? null : TimeSpan.FromMilliseconds(15);
        pair.Alice.Start(pair.Now, Negotiated.With(Negotiated.Bob), AudioCodecs.All, new SilenceSource(), new NullSink());
        pair.Bob.Start(pair.Now, Negotiated.With(Negotiated.Alice), AudioCodecs.All, new SilenceSource(), new NullSink());
        pair.RunFor(20);

        Assert.All(pair.AliceSent, packet => Assert.Equal(0, packet[1] & 0x7F));
        Assert.All(pair.AliceSent, packet => Assert.Equal(172, packet.Length));
    }

    [Fact]
    public void Digits_in_redundant_payloads_are_heard_even_when_their_own_packets_are_lost()
    {
        using SessionPair pair = new();
        pair.Bob.Start(pair.Now, With(Negotiated.Alice), AudioCodecs.All, new SilenceSource(), new NullSink());
        pair.RunFor(0.1);

        // The digit 5 that ended 20 ms ago (RFC 4733 2.3), and behind it sound; then the same digit's last report as the primary payload with that of the digit 4 before it.
        byte[] five = [5, 0x80 | 10, 0x03, 0x20], four = [4, 0x80 | 10, 0x03, 0x20];
        Send(pair, 100, 10_000, [0x80 | 101, .. Header(offset: 1600, four.Length), 101, .. four, .. five]);
        pair.RunFor(0.1);

        Assert.Equal(['4', '5'], pair.BobHeard.Where(o => o.Kind == AudioOutputKind.Event && o.Event.IsEnd).Select(o => o.Event.Digit!.Value));
    }

    [Theory]
    [InlineData("")]
    [InlineData("80")]
    [InlineData("8000000A00")]          // a block that is cut off
    [InlineData("05")]                  // a primary payload that nobody negotiated
    [InlineData("7A")]                  // redundancy within redundancy
    [InlineData("00")]                  // no sound in it
    public void What_is_no_redundant_payload_is_counted_and_dropped(string payload)
    {
        using SessionPair pair = new();
        MemorySink heard = new();
        pair.Bob.Start(pair.Now, With(Negotiated.Alice), AudioCodecs.All, new SilenceSource(), heard);
        pair.RunFor(0.1);
        for (ushort i = 0; i < 10; i++)
        {
            Send(pair, i, i * 160u, Convert.FromHexString(payload));
            pair.RunFor(0.02);
        }

        pair.RunFor(0.2);
        Assert.Equal(10, pair.Bob.Statistics.Discarded);
        Assert.DoesNotContain(heard.Samples, sample => sample != 0);
    }

    [Fact]
    public void Blocks_that_lie_are_left_out_and_the_rest_is_played()
    {
        using SessionPair pair = new();
        MemorySink heard = new();
        pair.Bob.Start(pair.Now, With(Negotiated.Alice), AudioCodecs.All, new SilenceSource(), heard);
        byte[] loud = [.. Enumerable.Repeat((byte)0x80, 160)], louder = [.. Enumerable.Repeat((byte)0x00, 160)];
        for (ushort i = 0; i < 50; i++)
        {
            // Blocks of an unknown payload type, of no length, and of the same time as the primary one.
            byte[] payload = [0x80 | 55, .. Header(160, 160), 0x80, .. Header(160, 0), 0x80, .. Header(0, 160), 0, .. louder, .. louder, .. loud];
            Send(pair, i, i * 160u, payload);
            pair.RunFor(0.02);
        }

        pair.RunFor(0.3);
        Assert.Equal((50, 0), (pair.Bob.Statistics.Playout.Played, pair.Bob.Statistics.Recovered));
        Span<short> expected = stackalloc short[1];
        G711.DecodeMuLaw([0x80], expected);
        short loudest = expected[0];
        Assert.All(heard.Samples, sample => Assert.InRange(Math.Abs(sample), 0, Math.Abs(loudest)));
    }

    private static byte[] Header(int offset, int length) => [(byte)(offset >> 6), (byte)((offset & 0x3F) << 2 | length >> 8), (byte)length];

    private static void Send(SessionPair pair, ushort sequence, uint timestamp, byte[] payload)
    {
        byte[] packet = new byte[RtpPacket.FixedHeaderLengthBytes + payload.Length];
        RtpPacket.Write(packet, new RtpHeader(Red, false, sequence, timestamp, 0xABCD), payload);
        pair.Bob.OnRtp(pair.Now, packet, Negotiated.Alice);
        pair.Drain();
    }

    private static NegotiatedAudio With(NetworkAddress remote) => Negotiated.With(remote) with
    {
        Redundancy = [new NegotiatedFormat(new MediaFormat(Red, MediaFormat.Redundancy, 8000), Red, Red)],
    };
}
