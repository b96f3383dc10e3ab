using Parley.Load.Measuring;
using Parley.Load.Reports;
using Parley.Load.Servers;
using Parley.Load.Traffic;

namespace Parley.Load.Commands;

/// <summary>Takes a server's best rate and overloads in turns, so that each overload has the best rate of the same seconds beside it.</summary>
/// <param name="server">The server.</param>
/// <param name="plan">What its best rate is measured with.</param>
/// <param name="output">Where each run is noted.</param>
internal sealed class OverloadTurns(ServerUnderTest server, LoadPlan plan, LoadOutput output)
{
    /// <summary>How many exchanges are under way at once at most: all that were begun in the seconds until they are given up.</summary>
    public const int MostRoom = 262_144;

    private const double Bearable = 0.8;
    private const double Step = 0.05, LeastByTheClock = 0.5;
    private const double Nearly = 0.99;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestRecovery = TimeSpan.FromSeconds(15);

    private LoadResult? _best;      // taken last

    /// <summary>The highest of the parts of the best rate tried, each a twentieth lower, of which 99 in 100 are served when they come by the clock.</summary>
    /// <returns>What was served, as a part of the best rates before and after; 0 when none was.</returns>
    public double PartByTheClock(CancellationToken cancellationToken)
    {
        for (double part = 1; part >= LeastByTheClock; part -= Step)
        {
            LoadResult before = Best(cancellationToken);
            LoadResult result = server.Run(plan with { Rate = before.SteadyRate * part, Window = MostRoom }, cancellationToken);
            Note(FormattableString.Invariant($"{part:0.00} by the clock"), result);
            _best = null;
            if (result.Done >= Nearly * result.Begun && result.Begun > 0) return result.SteadyRate / Middle(before, Best(cancellationToken));
        }

        return 0;
    }

    /// <summary>Overloads the server so many times.</summary>
    /// <param name="factor">How many times its best rate.</param>
    /// <param name="rounds">How many times.</param>
    /// <param name="byTheClock">What <see cref="PartByTheClock"/> found.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    public Figures Take(int factor, int rounds, double byTheClock, CancellationToken cancellationToken)
    {
        List<double> best = [], offered = [], parts = [], processor = [], recoveries = [];
        long refused = 0;
        for (int i = 0; i < rounds; i++)
        {
            LoadResult before = Best(cancellationToken);
            LoadResult result = server.Run(plan with { Rate = before.SteadyRate * factor, Window = MostRoom, Leaves = true }, cancellationToken);
            Note($"{factor} times", result);
            recoveries.Add(SecondsToRecover(before.SteadyRate * Bearable, cancellationToken));
            _best = null;
            LoadResult after = Best(cancellationToken);
            best.Add(Middle(before, after));
            offered.Add(result.Begun / plan.Duration!.Value.TotalSeconds);
            parts.Add(result.SteadyRate / Middle(before, after));
            if (result.Server is { } use && before.Server is { } first && after.Server is { } last) processor.Add(2 * use.PerRequest / (first.PerRequest + last.PerRequest));
            refused += result.Refused;
            output.Note(FormattableString.Invariant($"round {i + 1} of {rounds}: {parts[^1]:0.00} of the best"));
        }

        var figures = new Figures().Add("times", factor).Add("rounds", rounds).Add("best", Median(best), 0).Add("offered", Median(offered), 0);
        if (Spread.Of(parts) is { } part) figures.Add("part_of_best", part.Median, 2).Add("part_least", part.Least, 2).Add("part_most", part.Most, 2);
        figures.Add("by_the_clock", byTheClock, 2).Add("part_of_that", byTheClock == 0 ? 0 : Median(parts) / byTheClock, 2);
        if (processor.Count > 0) figures.Add("cpu_ratio", Median(processor), 2);
        return figures.Add("refused", refused).Add("recovered_s", Median(recoveries), 1).Add("recovered_most_s", recoveries.Max(), 1);
    }

    private LoadResult Best(CancellationToken cancellationToken)
    {
        if (_best is not null) return _best;
        _best = server.Run(plan, cancellationToken);
        Note("at best", _best);
        return _best;
    }

    /// <summary>Until the end of the last half second in which something failed.</summary>
    private double SecondsToRecover(double rate, CancellationToken cancellationToken)
    {
        TimeSpan passed = TimeSpan.Zero;
        while (passed < LongestRecovery)
        {
            LoadResult look = server.Run(plan with { Rate = rate, Duration = Look, Beginning = default, Window = MostRoom }, cancellationToken);
            Note(FormattableString.Invariant($"after {passed.TotalSeconds:0.0} s"), look);
            if (look.Failed == 0) break;
            passed += look.Elapsed;
        }

        return passed.TotalSeconds;
    }

    private void Note(string what, LoadResult result) => output.Note(FormattableString.Invariant($"{what}: {result.SteadyRate:0}/s {ResultFigures.Of("overload", result)}"));

    private static double Middle(LoadResult before, LoadResult after) => (before.SteadyRate + after.SteadyRate) / 2;

    private static double Median(IEnumerable<double> values) => Spread.Of(values)?.Median ?? 0;
}
