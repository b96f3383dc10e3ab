using Parley.Rtp.Rtcp.ExtendedReports;

namespace Parley.Media.Tests.Rtp.ExtendedReports;

public class LossModelTests
{
    private static readonly TimeSpan PacketTime = TimeSpan.FromMilliseconds(20);

    [Theory]
    [InlineData(0.03)]
    [InlineData(0.05)]
    [InlineData(0.1)]
    [InlineData(0.2)]
    [InlineData(0.3)]
    public void The_length_of_runs_is_found_in_what_a_report_says_of_bursts(double loss)
    {
        foreach (int run in (int[])[2, 3, 5])
        {
            double? found = LossModel.MeanRun(Report(loss, run, packets: 60_000), PacketTime);
            Assert.InRange(found ?? 0, run * 0.8, run * 1.25);
        }
    }

    [Theory]
    [InlineData(0.01)]
    [InlineData(0.03)]
    [InlineData(0.1)]
    [InlineData(0.2)]
    [InlineData(0.3)]
    public void Packets_lost_by_chance_are_not_taken_for_runs_even_in_a_short_call(double loss)
    {
        int wrong = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            if (LossModel.MeanRun(Report(loss, 1 / (1 - loss), packets: 1500, seed), PacketTime) is not (null or 1)) wrong++;
        }

        Assert.InRange(wrong, 0, 10);
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(0.2)]
    public void The_longer_the_runs_the_denser_the_bursts(double loss)
    {
        double before = 0;
        for (double run = 1; run <= LossModel.LongestRun; run += 0.25)
        {
            double density = LossModel.BurstDensity(loss, run, BurstGapMeter.DefaultThreshold);
            Assert.InRange(density, before, 1);
            before = density;
        }
    }

    /// <summary>No wire of two states loses three of thirty packets each time.</summary>
    [Fact]
    public void A_run_is_no_longer_than_a_burst()
    {
        BurstGapMeter meter = new();
        for (int i = 0; i < 3000; i++)
        {
            if (i % 30 < 3) meter.OnLost();
            else meter.OnReceived();
        }

        Assert.Equal(3, LossModel.MeanRun(meter.Report(new XrVoipMetrics(), PacketTime), PacketTime)!.Value, 0.05);
    }

    [Theory]
    [InlineData(0, 0, 0, 1000, 16)]             // no loss
    [InlineData(0, 20, 0, 1000, 16)]            // losses and no bursts
    [InlineData(0, 0, 0, 0, 16)]                // nothing at all
    [InlineData(255, 0, 65_535, 0, 0)]          // a threshold that makes no sense
    public void What_tells_nothing_of_runs_is_taken_for_that(int burstDensity, int gapDensity, int burst, int gap, int threshold) =>
        Assert.Null(LossModel.MeanRun(Metrics(burstDensity, gapDensity, burst, gap, threshold), PacketTime));

    [Fact]
    public void Whatever_is_told_the_length_is_in_its_range()
    {
        Random random = new(5);
        for (int i = 0; i < 20_000; i++)
        {
            XrVoipMetrics told = Metrics(random.Next(256), random.Next(256), random.Next(65_536), random.Next(65_536), random.Next(256));
            if (LossModel.MeanRun(told, PacketTime) is { } run) Assert.InRange(run, 1, LossModel.LongestRun);
        }
    }

    private static XrVoipMetrics Metrics(int burstDensity, int gapDensity, int burst, int gap, int threshold) => new()
    {
        BurstDensity = (byte)burstDensity,
        GapDensity = (byte)gapDensity,
        BurstDuration = (ushort)burst,
        GapDuration = (ushort)gap,
        GapThreshold = (byte)threshold,
    };

    /// <summary>What a receiver reports of packets that Gilbert's model lost.</summary>
    private static XrVoipMetrics Report(double loss, double run, int packets, int seed = 1)
    {
        Random random = new(seed);
        double leave = 1 / run, enter = leave * loss / (1 - loss);
        BurstGapMeter meter = new();
        for ((int i, bool bad) = (0, false); i < packets; i++)
        {
            bad = random.NextDouble() < (bad ? 1 - leave : enter);
            if (bad) meter.OnLost();
            else meter.OnReceived();
        }

        return meter.Report(new XrVoipMetrics(), PacketTime);
    }
}
