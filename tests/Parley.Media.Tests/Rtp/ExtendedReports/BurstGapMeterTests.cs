using Parley.Rtp.Rtcp.ExtendedReports;

namespace Parley.Media.Tests.Rtp.ExtendedReports;

public class BurstGapMeterTests
{
    private const string Sixteen = "1111111111111111";
    private static readonly TimeSpan TenMilliseconds = TimeSpan.FromMilliseconds(10);

    [Fact]
    public void The_example_of_RFC_3611_4_7_2()
    {
        // As it stands there, and one packet more: its text counts 64 of them.
        XrVoipMetrics metrics = Report("11110111111111111111111X111X1011110111111111111111111X111111111" + "1");

        Assert.Equal((12, 12), (metrics.LossRate, metrics.DiscardRate));
        // The RFC says 84 and 10: it rounds a third to 0.33 and 2 of 52 to 0.04 first.
        Assert.Equal((4 * 256 / 12, 2 * 256 / 52), (metrics.BurstDensity, metrics.GapDensity));
        Assert.Equal((120, 520), (metrics.BurstDuration, metrics.GapDuration));
    }

    [Theory]
    [InlineData("", 0, 0, 0, 0)]
    [InlineData("1111", 0, 0, 0, 40)]
    [InlineData("0", 0, 256 - 1, 0, 10)]                                // alone: in a gap
    [InlineData("00", 256 - 1, 0, 20, 0)]
    [InlineData("0111111111111111" + "0", 2 * 256 / 17, 0, 170, 0)]     // fifteen between: one burst
    [InlineData("0" + Sixteen + "0", 0, 2 * 256 / 18, 0, 180)]          // sixteen between: two that are alone
    [InlineData("00" + Sixteen + "00", 256 - 1, 0, 20, 80)]             // two bursts: means
    [InlineData("XX", 256 - 1, 0, 20, 0)]
    public void Bursts_are_told_from_gaps(string packets, int burstDensity, int gapDensity, int burstDuration, int gapDuration)
    {
        XrVoipMetrics metrics = Report(packets);
        Assert.Equal((burstDensity, gapDensity, burstDuration, gapDuration), (metrics.BurstDensity, metrics.GapDensity, metrics.BurstDuration, metrics.GapDuration));
    }

    [Fact]
    public void All_packets_are_in_a_burst_or_a_gap_and_a_report_changes_nothing()
    {
        Random random = new(3);
        for (int run = 0; run < 200; run++)
        {
            double loss = random.NextDouble() / 2;
            string packets = string.Concat(Enumerable.Range(0, 500).Select(_ => random.NextDouble() < loss ? random.Next(2) == 0 ? '0' : 'X' : '1'));
            BurstGapMeter meter = Feed(packets);
            Assert.Equal(500, meter.Packets);
            Assert.Equal((packets.Count(c => c == '0'), packets.Count(c => c == 'X')), (meter.Lost, meter.Discarded));
            XrVoipMetrics first = meter.Report(new XrVoipMetrics(), TenMilliseconds);
            Assert.Equal(first, meter.Report(new XrVoipMetrics(), TenMilliseconds));
            Assert.Equal(BySearch(packets), (first.BurstDensity, first.GapDensity, first.BurstDuration, first.GapDuration));
        }
    }

    /// <summary>The definition in words: the longest pieces that begin and end with a missing packet, have two of them or more, and nowhere sixteen others in a row.</summary>
    private static (byte BurstDensity, byte GapDensity, ushort BurstDuration, ushort GapDuration) BySearch(string packets)
    {
        bool[] inBurst = new bool[packets.Length];
        int bursts = 0;
        int[] missing = [.. Enumerable.Range(0, packets.Length).Where(i => packets[i] != '1')];
        for (int i = 0; i < missing.Length;)
        {
            int last = i;
            while (last + 1 < missing.Length && missing[last + 1] - missing[last] - 1 < 16) last++;
            if (last > i)
            {
                bursts++;
                Array.Fill(inBurst, true, missing[i], missing[last] - missing[i] + 1);
            }

            i = last + 1;
        }

        int burst = inBurst.Count(b => b), gap = packets.Length - burst;
        int lostInBurst = missing.Count(i => inBurst[i]), lostInGap = missing.Length - lostInBurst;
        static byte Fraction(int part, int whole) => whole == 0 ? (byte)0 : (byte)Math.Min(255, part * 256 / whole);
        return (Fraction(lostInBurst, burst), Fraction(lostInGap, gap), (ushort)(burst * 10.0 / Math.Max(1, bursts)), (ushort)(gap * 10.0 / Math.Max(1, bursts)));
    }

    private static XrVoipMetrics Report(string packets) => Feed(packets).Report(new XrVoipMetrics(), TenMilliseconds);

    private static BurstGapMeter Feed(string packets)
    {
        BurstGapMeter meter = new();
        foreach (char packet in packets)
        {
            if (packet == '1') meter.OnReceived();
            else if (packet == '0') meter.OnLost();
            else meter.OnDiscarded();
        }

        return meter;
    }
}
