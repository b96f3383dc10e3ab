using Parley.Load.Reports;
using Parley.Load.Traffic;

namespace Parley.Load.Tests.Reports;

public sealed class ReportTests
{
    [Fact]
    public void Figures_are_a_line_or_an_object()
    {
        Figures figures = new Figures().Add("work", "call").Add("done", 3).Add("seconds", 1.23456, 3).AddMicroseconds("p50_us", TimeSpan.FromTicks(123));

        Assert.Equal("work=call done=3 seconds=1.235 p50_us=12.3", figures.ToString());
        Assert.Equal("""{"work":"call","done":3,"seconds":1.235,"p50_us":12.3}""", figures.ToJson());
    }

    [Fact]
    public void A_table_is_for_terminals_or_for_Markdown()
    {
        var table = new Table("Work", "CPU");
        table.Add("options", "5 µs");

        Assert.Equal($"Work      CPU{Environment.NewLine}options  5 µs{Environment.NewLine}", table.ToText());
        Assert.Equal($"| Work | CPU |{Environment.NewLine}|---|---|{Environment.NewLine}| options | 5 µs |{Environment.NewLine}", table.ToMarkdown());
        Assert.Throws<ArgumentException>(() => table.Add("one"));
    }

    [Fact]
    public void Ratios_are_of_runs_in_the_same_round()
    {
        Workload work = Workload.All[0];
        var report = new RoundReport();
        foreach ((double theirs, double ours) in new[] { (10.0, 5.0), (20.0, 16.0), (40.0, 24.0) })
        {
            report.Add(work, "other", Result(theirs));
            report.Add(work, "parley", Result(ours));
        }

        Assert.Contains($"| {work.Title} | 20.0 µs | 16.0 µs | 0.60 (0.50 to 0.80) |", report.OfTwo("other", "parley").ToMarkdown(), StringComparison.Ordinal);
        Assert.Contains("16.0 (5.0 to 24.0) µs", report.OfOne("parley").ToMarkdown(), StringComparison.Ordinal);
        Assert.Equal("summary=register rounds=3 parley_cpu_us=16 other_cpu_us=20 ratio=0.6 ratio_least=0.5 ratio_most=0.8",
            Assert.Single(report.Summaries("other", "parley")).ToString());
    }

    [Fact]
    public void What_was_too_short_to_measure_is_unknown()
    {
        Workload work = Workload.All[0];
        var report = new RoundReport();
        report.Add(work, "other", Result(0));
        report.Add(work, "parley", Result(0));

        Assert.Contains("| unknown |", report.OfTwo("other", "parley").ToMarkdown(), StringComparison.Ordinal);
    }

    private static LoadResult Result(double microseconds) => new()
    {
        Done = 10, Failed = 0, Elapsed = TimeSpan.FromSeconds(1), Median = default, P90 = default, P99 = default, P999 = default, Longest = default,
        Retransmissions = 0, OwnGap = default, AllocatedBytes = 0, LastRefusal = 0, Server = new ServerUse(TimeSpan.FromMicroseconds(microseconds), 1, 1),
    };
}
