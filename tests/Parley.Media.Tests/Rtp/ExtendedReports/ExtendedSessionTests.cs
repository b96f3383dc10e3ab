using Parley.Core;
using Parley.Rtp;
using Parley.Rtp.Rtcp;
using Parley.Rtp.Rtcp.ExtendedReports;

namespace Parley.Media.Tests.Rtp.ExtendedReports;

/// <summary>Two sessions that report in detail, as they agreed.</summary>
public class ExtendedSessionTests
{
    private static readonly Instant Start = Instant.FromTicks(1_000_000_000);
    private static readonly NtpClock Clock = new(Start, new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Way = TimeSpan.FromMilliseconds(35);
    private static readonly XrAgreement All = new()
    {
        LossRunsLengthBytes = 64,
        DuplicateRunsLengthBytes = 64,
        ReceiptTimesLengthBytes = 64,
        ReferenceTime = true,
        SummaryOfLoss = true,
        SummaryOfDuplicates = true,
        SummaryOfJitter = true,
        VoipMetrics = true,
    };

    private readonly RtpSession _alice = Session(1);
    private readonly RtpSession _bob = Session(2);
    private readonly List<byte[]> _reports = [];

    [Fact]
    public void A_sender_is_told_what_became_of_its_packets()
    {
        _bob.Agree(All);
        _bob.SetPlayout(new XrPlayout(Beat, TimeSpan.FromMilliseconds(60), TimeSpan.FromMilliseconds(40), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2), XrConcealment.Enhanced, XrJitterBufferKind.Adaptive));
        // Of each hundred the first ten are lost; of the others every tenth comes twice, and every thirtieth too late.
        Run(1000, i => i % 100 < 10 && i > 0 ? 0 : i % 10 == 9 ? 2 : 1, i => i % 30 == 29);

        XrVoipMetrics metrics = _alice.Statistics.RemoteVoipMetrics!.Value;
        Assert.Equal(_alice.Ssrc, metrics.Ssrc);
        Assert.InRange(metrics.LossRate, 22, 27);           // a tenth
        Assert.InRange(metrics.DiscardRate, 5, 10);         // 1 in 30, less those that are lost
        Assert.InRange(metrics.BurstDensity, 120, 255);   // a late one soon behind ten lost ones makes their burst longer
        Assert.InRange(metrics.BurstDuration, 200, 500);
        Assert.Equal((60, 40, 2000, XrConcealment.Enhanced, XrJitterBufferKind.Adaptive), (metrics.EndSystemDelay, metrics.NominalDelay, metrics.MaxDelay, metrics.Concealment, metrics.JitterBuffer));

        (XrStatisticsSummary summary, List<XrBlockType> types, int longest) = LastReport();
        int range = (ushort)(summary.End - summary.Begin);
        Assert.InRange(range, 100, 400);
        Assert.InRange(summary.Lost!.Value, (range / 10u) - 10, (range / 10u) + 10);
        Assert.InRange(summary.Duplicates!.Value, (range / 10u) - 10, (range / 10u) + 2);
        Assert.Equal(0u, summary.Jitter!.Value.Most);
        Assert.Equal(
            [XrBlockType.ReceiverReferenceTime, XrBlockType.VoipMetrics, XrBlockType.StatisticsSummary, XrBlockType.LossRuns, XrBlockType.DuplicateRuns, XrBlockType.ReceiptTimes], types);
        Assert.InRange(longest, 100, 600);
    }

    [Fact]
    public void One_who_only_listens_knows_its_round_trip_too()
    {
        _alice.Agree(new XrAgreement { ReferenceTime = true });
        _bob.Agree(new XrAgreement { ReferenceTime = true });
        Run(1500, _ => 1, _ => false);
        Assert.Equal(2 * Way.TotalMilliseconds, _bob.Statistics.RoundTrip!.Value.TotalMilliseconds, 1.0);
        Assert.Equal(2 * Way.TotalMilliseconds, _alice.Statistics.RoundTrip!.Value.TotalMilliseconds, 1.0);
    }

    [Fact]
    public void What_was_not_agreed_on_is_not_sent()
    {
        Run(600, _ => 1, _ => false);
        Assert.All(_reports, report => Assert.False(Blocks(report).TryRead(out _)));
        Assert.Null(_alice.Statistics.RemoteVoipMetrics);
        Assert.Null(_bob.Statistics.RoundTrip);
    }

    [Fact]
    public void Only_senders_answer_where_that_was_agreed()
    {
        RtpSession session = Session(3);
        session.Agree(new XrAgreement { ReferenceTime = true, OnlySendersAnswer = true });
        byte[] datagram = new byte[1200];
        RtcpWriter writer = new(datagram);
        writer.WriteReceiverReport(9);
        XrWriter blocks = writer.BeginExtendedReport(9);
        blocks.TryWriteReferenceTime(Clock.At(Start));
        writer.End(blocks);
        session.OnControl(Start, datagram.AsSpan(0, writer.Length));
        Assert.DoesNotContain(XrBlockType.DelaySinceReferenceTime, Types(NextReport(session)));

        session.OnControl(Start, datagram.AsSpan(0, writer.Length));
        session.WriteHeader(new byte[172], 0, false, 0);
        Assert.Contains(XrBlockType.DelaySinceReferenceTime, Types(NextReport(session)));
        Assert.DoesNotContain(XrBlockType.DelaySinceReferenceTime, Types(NextReport(session)));       // once each
    }

    private void Run(int packets, Func<int, int> copies, Func<int, bool> isLate)
    {
        byte[] datagram = new byte[1200];
        PriorityQueue<Action, Instant> wire = new();
        for (int i = 0; i < packets; i++)
        {
            Instant now = Start + (Beat * i);
            while (wire.TryPeek(out Action? arrive, out Instant at) && at <= now)
            {
                wire.Dequeue();
                arrive();
            }

            byte[] packet = new byte[172];
            _alice.WriteHeader(packet, 0, false, (uint)(i * 160));
            _alice.SetMediaClock(now, (uint)(i * 160));
            RtpPacket.TryParse(packet, out RtpPacket parsed);
            for (int copy = 0; copy < copies(i); copy++) _bob.OnPacket(now + Way, parsed);
            if (copies(i) > 0 && isLate(i)) _bob.OnDiscarded(parsed.SequenceNumber);
            Report(_alice, _bob);
            Report(_bob, _alice);

            void Report(RtpSession from, RtpSession to)
            {
                if (from.NextReport > now || from.TryWriteReport(now, datagram) is not (> 0 and int length)) return;
                byte[] report = datagram[..length];
                if (from == _bob) _reports.Add(report);
                wire.Enqueue(() => to.OnControl(now + Way, report), now + Way);
            }
        }
    }

    private (XrStatisticsSummary Summary, List<XrBlockType> Types, int Longest) LastReport()
    {
        XrStatisticsSummary? summary = null;
        XrBlocks blocks = Blocks(_reports[^1]);
        while (blocks.TryRead(out XrBlock block))
        {
            if (block.TryGetSummary(out XrStatisticsSummary read)) summary = read;
        }

        return (summary!.Value, Types(_reports[^1]), _reports.Max(report => report.Length));
    }

    private static List<XrBlockType> Types(byte[] report)
    {
        List<XrBlockType> types = [];
        XrBlocks blocks = Blocks(report);
        while (blocks.TryRead(out XrBlock block)) types.Add(block.Type);
        return types;
    }

    private static XrBlocks Blocks(byte[] report)
    {
        Assert.Equal(RtcpError.None, RtcpReader.TryParse(report, out RtcpReader reader));
        while (reader.TryRead(out RtcpPacket packet))
        {
            if (packet.Type == RtcpPacketType.ExtendedReport) return packet.ExtendedReports;
        }

        return default;
    }

    private static byte[] NextReport(RtpSession session)
    {
        byte[] datagram = new byte[1200];
        int length;
        while ((length = session.TryWriteReport(session.NextReport, datagram)) == 0)
        {
        }

        return datagram[..length];
    }

    private static RtpSession Session(int seed) => new(Start, new RtpSessionOptions { CanonicalName = $"test-{seed}", Clock = Clock }, 8000, new Random(seed));
}
