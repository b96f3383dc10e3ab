using System.Globalization;
using Parley.Load.Measuring;
using Parley.Load.Traffic;

namespace Parley.Load.Reports;

/// <summary>Collects the runs of several rounds and makes a table of them.</summary>
internal sealed class RoundReport
{
    private readonly List<(Workload Work, string Server, LoadResult Result)> _runs = [];

    /// <summary>Adds a run; those of one server and kind of work come in the order of the rounds.</summary>
    public void Add(Workload work, string server, LoadResult result) => _runs.Add((work, server, result));

    /// <summary>How many exchanges of all runs failed.</summary>
    public long Failed => _runs.Sum(run => run.Result.Failed);

    /// <summary>The longest time for which the tool itself did not look at its sockets.</summary>
    public TimeSpan OwnGap => _runs.Max(run => run.Result.OwnGap);

    /// <summary>One server: what a request costs it, how many it takes in a second, and how long they take; medians of the rounds.</summary>
    public Table OfOne(string server)
    {
        var table = new Table("Work", "CPU per request (least to most)", "per second", "p50", "p99", "p99.9");
        foreach (Workload work in Works())
        {
            LoadResult[] runs = RunsOf(work, server);
            table.Add(work.Title, Shown(Spread.Of(runs.Select(Microseconds)), "0.0", " µs"), Number(runs.Select(run => run.Rate)),
                Time(runs.Select(run => run.Median)), Time(runs.Select(run => run.P99)), Time(runs.Select(run => run.P999)));
        }

        return table;
    }

    /// <summary>Two servers: what a request costs each, and the ratio within each round.</summary>
    /// <param name="rival">The one that is compared with.</param>
    /// <param name="server">The one that is compared: a ratio under 1 says that it needs less.</param>
    public Table OfTwo(string rival, string server)
    {
        var table = new Table("Work", rival, server, "Ratio (least to most)", $"p99 {rival}", $"p99 {server}");
        foreach (Workload work in Works())
        {
            LoadResult[] theirs = RunsOf(work, rival), ours = RunsOf(work, server);
            table.Add(work.Title, Median(theirs), Median(ours), Shown(Ratio(theirs, ours), "0.00", ""), Time(theirs.Select(run => run.P99)), Time(ours.Select(run => run.P99)));
        }

        return table;
    }

    /// <summary>The same for programs: an object per kind of work.</summary>
    public IEnumerable<Figures> Summaries(string? rival, string server)
    {
        foreach (Workload work in Works())
        {
            LoadResult[] ours = RunsOf(work, server);
            Figures figures = new Figures().Add("summary", work.Name).Add("rounds", ours.Length);
            if (Spread.Of(ours.Select(Microseconds)) is { } cost) figures.Add($"{server}_cpu_us", cost.Median, 2);
            if (rival is not null)
            {
                LoadResult[] theirs = RunsOf(work, rival);
                if (Spread.Of(theirs.Select(Microseconds)) is { } other) figures.Add($"{rival}_cpu_us", other.Median, 2);
                if (Ratio(theirs, ours) is { } ratio) figures.Add("ratio", ratio.Median, 3).Add("ratio_least", ratio.Least, 3).Add("ratio_most", ratio.Most, 3);
            }

            yield return figures;
        }
    }

    private IEnumerable<Workload> Works() => _runs.Select(run => run.Work).Distinct();

    private LoadResult[] RunsOf(Workload work, string server) => [.. _runs.Where(run => run.Work == work && run.Server == server).Select(run => run.Result)];

    private static Spread? Ratio(LoadResult[] theirs, LoadResult[] ours) => Spread.Of(theirs.Zip(ours, (their, our) => Microseconds(our) / Microseconds(their)));

    private static double Microseconds(LoadResult run) => run.Server?.PerRequest.TotalMicroseconds ?? double.NaN;

    private static string Median(LoadResult[] runs) => Spread.Of(runs.Select(Microseconds)) is { } spread ? Invariant(spread.Median, "0.0") + " µs" : "unknown";

    private static string Shown(Spread? spread, string format, string unit) => spread is { } known ? known.ToText(format) + unit : "unknown";

    private static string Number(IEnumerable<double> values) => Spread.Of(values) is { } spread ? Invariant(spread.Median, "#,0") : "unknown";

    private static string Time(IEnumerable<TimeSpan> values) =>
        Spread.Of(values.Select(value => value.TotalMicroseconds)) is { } spread ? Invariant(spread.Median, "#,0") + " µs" : "unknown";

    private static string Invariant(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
