namespace Parley.Rtp.Rtcp.ExtendedReports;

/// <summary>Tells from a receiver's report how many packets get lost one after the other, though it does not say so.</summary>
/// <remarks>
/// The report says how dense the losses are in bursts, which no more than Gmin - 1 packets that came interrupt, and how dense they are in all. Losses by chance and losses in runs that are as
/// many differ in that:
/// <code>
/// 10 % by chance         ..X.........XX......X.........   a burst goes on and on, 0.15 of it lost
/// 10 % in runs of three  ....................XXX.......   it is the run and hardly more, 0.51 of it lost
/// </code>
/// By Gilbert's model of two states, of which the bad one loses everything, each share and length of runs has one density; so the length is what gives the
/// density that was told. On no wire is a run longer than what is lost of a burst. Source: RFC 3611 4.7.2.
/// </remarks>
internal static class LossModel
{
    /// <summary>Longer runs are taken for this long.</summary>
    public const double LongestRun = 8;

    private const double ByChance = 1.35;       // as long as runs are by chance: less means nothing, as the report is of a part of the packets only
    private const int Steps = 20;               // of a bisection

    /// <summary>How long the runs of missing packets are on average.</summary>
    /// <param name="report">What was told: in 1/256 of the packets and in milliseconds.</param>
    /// <param name="packetTime">How long a packet lasts.</param>
    /// <returns>1 when they may be missing by chance, up to <see cref="LongestRun"/>; null when the report tells nothing of it.</returns>
    public static double? MeanRun(in XrVoipMetrics report, TimeSpan packetTime)
    {
        double length = report.BurstDuration + report.GapDuration;
        if (report.BurstDuration == 0 || report.GapThreshold < 2) return null;
        double missing = ((report.BurstDensity * report.BurstDuration) + (report.GapDensity * report.GapDuration)) / (256 * length);
        if (missing is <= 0 or >= 1) return null;
        double density = report.BurstDensity / 256.0, least = Math.Min(ByChance / (1 - missing), LongestRun);
        double most = Math.Min(LongestRun, density * report.BurstDuration / packetTime.TotalMilliseconds);
        if (most <= least) return 1;
        if (BurstDensity(missing, least, report.GapThreshold) >= density) return 1;
        for (int i = 0; i < Steps; i++)
        {
            double run = (least + most) / 2;
            if (BurstDensity(missing, run, report.GapThreshold) < density) least = run;
            else most = run;
        }

        return least;
    }

    /// <summary>The share of packets that are missing within bursts.</summary>
    /// <param name="missing">The share of all: more than 0 and less than 1.</param>
    /// <param name="run">How many are missing one after the other, on average: 1 or more.</param>
    /// <param name="threshold">Gmin: as many that came end a burst; 2 or more.</param>
    internal static double BurstDensity(double missing, double run, int threshold)
    {
        double enter = Math.Min(1, missing / ((1 - missing) * run)), stay = 1 - enter;
        if (enter == 1) return missing;
        // Of the packets that came between two runs there are fewer than the threshold with this chance, and then so many.
        double isShort = 0, came = 0, chance = enter;
        for (int count = 1; count < threshold; count++)
        {
            isShort += chance;
            came += count * chance;
            chance *= stay;
        }

        // A burst has 1 / (1 - isShort) runs. One packet alone is none, so these do not count.
        double ends = 1 - isShort, lost = (run / ends) - (ends / run);
        return lost / (lost + (came / ends));
    }
}
