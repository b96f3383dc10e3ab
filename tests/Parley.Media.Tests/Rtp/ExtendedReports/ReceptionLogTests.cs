using Parley.Rtp.Rtcp;
using Parley.Rtp.Rtcp.ExtendedReports;

namespace Parley.Media.Tests.Rtp.ExtendedReports;

public class ReceptionLogTests
{
    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(65_500, 3, 0)]          // over the end of the numbers
    [InlineData(65_500, 3, 20)]         // thinned
    [InlineData(100, 30, 12)]
    public void What_came_can_be_read_from_the_blocks(int first, int lossPercent, int maxItemBytes)
    {
        Random random = new(first + lossPercent);
        ReceptionLog log = new(keepsTimes: true);
        Dictionary<ushort, int> came = [];
        for (int i = 0; i < 700; i++)
        {
            ushort number = (ushort)(first + i);
            if (i > 0 && i < 699 && random.Next(100) < lossPercent) continue;
            came[number] = random.Next(100) < 5 ? 2 : 1;
            for (int copy = 0; copy < came[number]; copy++) log.OnPacket(number, (uint)(1000 + (i * 160)), (uint)(i * 160));
        }

        foreach (XrBlockType type in (XrBlockType[])[XrBlockType.LossRuns, XrBlockType.DuplicateRuns, XrBlockType.ReceiptTimes])
        {
            XrTrace trace = Trace(log, type, maxItemBytes == 0 ? 4000 : maxItemBytes + 12);
            Assert.Equal((9u, (ushort)first, (ushort)(first + 700)), (trace.Ssrc, trace.Begin, trace.End));
            Assert.Equal(maxItemBytes == 0, trace.Thinning == 0);
            int told = 0;
            while (true)
            {
                ushort number;
                if (type == XrBlockType.ReceiptTimes)
                {
                    if (!trace.TryRead(out number, out uint time)) break;
                    Assert.Equal(came.ContainsKey(number) ? (uint)(1000 + ((ushort)(number - first) * 160)) : 0, time);
                }
                else
                {
                    if (!trace.TryRead(out number, out bool value)) break;
                    Assert.Equal(type == XrBlockType.LossRuns ? came.ContainsKey(number) : came.GetValueOrDefault(number) < 2, value);
                }

                told++;
            }

            int step = 1 << trace.Thinning;
            Assert.Equal(Enumerable.Range(first, 700).Count(n => (n & 0xFFFF) % step == 0), told);
        }
    }

    [Fact]
    public void A_range_begins_behind_the_last_and_never_has_more_than_is_remembered()
    {
        ReceptionLog log = new(keepsTimes: false);
        Assert.False(log.HasNews);
        for (int i = 0; i < 100; i++) log.OnPacket((ushort)i, 0, 0);
        Assert.Equal(100, log.End - log.Begin);
        log.OnReported();
        Assert.False(log.HasNews);
        for (int i = 100; i < 10_000; i++) log.OnPacket((ushort)i, 0, 0);
        Assert.Equal(ReceptionLog.Size, log.End - log.Begin);
        Assert.Equal((0u, 0u), log.Count());
        Assert.Equal(10_000, log.Meter.Packets);
    }

    [Fact]
    public void Late_packets_and_other_sequences_are_told_from_loss()
    {
        ReceptionLog log = new(keepsTimes: false);
        foreach (ushort number in (ushort[])[10, 11, 15, 12, 14]) log.OnPacket(number, 0, 0);
        Assert.Equal((1u, 0u), log.Count());            // 13
        log.OnDiscarded(14);
        log.OnPacket(9, 0, 0);                          // before the first: nothing is known of it
        Assert.Equal((6, 1, 1), (log.Meter.Packets, log.Meter.Lost, log.Meter.Discarded));
        log.OnPacket(40_000, 0, 0);                     // another sequence, not 39,984 lost packets
        log.OnPacket(40_001, 0, 0);
        Assert.Equal((0u, 0u), log.Count());
        Assert.Equal((8, 1), (log.Meter.Packets, log.Meter.Lost));
        log.OnDiscarded(15);                            // of the one before
        Assert.Equal(1, log.Meter.Discarded);
    }

    [Fact]
    public void Jitter_is_that_between_one_packet_and_the_next()
    {
        ReceptionLog log = new(keepsTimes: false);
        Assert.Null(log.Jitter);
        uint[] delays = [0, 80, 80, 40, 160];           // differences 80, 0, 40, 120
        for (int i = 0; i < delays.Length; i++) log.OnPacket((ushort)i, (uint)(uint.MaxValue - 300 + (i * 160) + delays[i]), (uint)(i * 160));
        Assert.Equal(new XrJitter(0, 120, 60, 45), log.Jitter);
        log.OnReported();
        Assert.Null(log.Jitter);
    }

    private static XrTrace Trace(ReceptionLog log, XrBlockType type, int maxLengthBytes)
    {
        byte[] datagram = new byte[4096];
        RtcpWriter writer = new(datagram);
        writer.WriteReceiverReport(1);
        XrWriter blocks = writer.BeginExtendedReport(1);
        Assert.True(blocks.TryWriteTrace(type, 9, log, log.Begin, log.End, maxLengthBytes));
        Assert.InRange(blocks.Length, 16, maxLengthBytes);
        writer.End(blocks);
        Assert.Equal(RtcpError.None, RtcpReader.TryParse(datagram.AsSpan(0, writer.Length), out RtcpReader reader));
        reader.TryRead(out _);
        reader.TryRead(out RtcpPacket extended);
        XrBlocks all = extended.ExtendedReports;
        Assert.True(all.TryRead(out XrBlock block));
        Assert.True(block.TryGetTrace(out XrTrace trace));
        return trace;
    }
}
