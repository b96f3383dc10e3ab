using Parley.Load.Traffic;

namespace Parley.Load.Reports;

/// <summary>The figures of a run, by the names that README.md explains.</summary>
internal static class ResultFigures
{
    /// <summary>All of a run's.</summary>
    /// <param name="work">What it was.</param>
    /// <param name="result">What came of it.</param>
    public static Figures Of(string work, LoadResult result)
    {
        Figures figures = new Figures()
            .Add("work", work)
            .Add("done", result.Done)
            .Add("failed", result.Failed)
            .Add("seconds", result.Elapsed.TotalSeconds, 3)
            .Add("rate", result.Rate, 0)
            .AddMicroseconds("p50_us", result.Median)
            .AddMicroseconds("p90_us", result.P90)
            .AddMicroseconds("p99_us", result.P99)
            .AddMicroseconds("p999_us", result.P999)
            .AddMicroseconds("max_us", result.Longest)
            .Add("retransmissions", result.Retransmissions)
            .AddMicroseconds("own_gap_us", result.OwnGap);
        if (result.LastRefusal != 0) figures.Add("last_status", result.LastRefusal);
        if (result.Server is { } server)
        {
            figures.Add("cpu_us", server.PerRequest.TotalMicroseconds, 2)
                .Add("rss_kib", server.ResidentBytes / 1024)
                .Add("threads", server.Threads);
        }

        return figures;
    }
}
