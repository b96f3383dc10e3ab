using System.CommandLine;
using Parley.Load.Measuring;
using Parley.Load.Reports;
using Parley.Load.Servers;
using Parley.Load.Traffic;

namespace Parley.Load.Commands;

/// <summary><c>parley-load flat</c>: whether a call costs more when very many others are under way.</summary>
internal static class FlatCommand
{
    private const int Users = 1000;
    private const int Room = 512;
    private const int WarmUpCount = 5000;

    public static Command Create(LoadRunner runner)
    {
        var command = new LoadCommand("flat", "Measure what a call costs while up to 100,000 others are under way.",
            "Calls come at a fixed rate while more and more others ring: INVITEs that their callees do not answer, each a transaction "
            + "on either side of the proxy. A fresh server for each number; a flat server's figures do not rise.\n\n"
            + "  parley-load flat --in-flight 10,100000 --rate 1000");
        ListOption<int> inFlight = Options.Numbers("--in-flight", "How many calls ring", 0, 1_000_000, 10, 1_000, 10_000, 100_000);
        Option<int> rate = Options.Number("--rate", "R", "Calls per second that are measured", 1, 100_000, 1000);
        Option<int> seconds = Options.Number("--seconds", "S", "How long each run is", 1, 60, 5);
        Option<int> rounds = Options.Number("--rounds", "N", "How many runs at each number", 1, 20, 3);
        Option<string?> program = Options.ParleyPath();
        foreach (Option option in new Option[] { inFlight, rate, seconds, rounds, program }) command.Add(option);
        runner.SetAction(command, async (parse, output, cancellationToken) =>
        {
            ParleyProgram parley = ParleyProgram.Find(parse.GetValue(program));
            Placement placement = Placement.Take(serverCores: 1);
            var plan = new LoadPlan
            {
                Work = WorkKind.Call,
                Count = (long)parse.GetValue(rate) * parse.GetValue(seconds),
                Rate = parse.GetValue(rate),
                Window = Room,
                Users = Users,
            };
            using var folder = new TemporaryFolder();
            long failed = 0;
            foreach (int ringing in inFlight.Of(parse))
            {
                failed += await MeasureAsync(parley, placement, folder.NewFolder($"flat-{ringing}"), ringing, plan, parse.GetValue(rounds), output, cancellationToken);
            }

            return failed == 0 ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static async Task<long> MeasureAsync(
        ParleyProgram parley, Placement placement, string data, int ringing, LoadPlan plan, int rounds, LoadOutput output, CancellationToken cancellationToken)
    {
        await parley.ImportUsersAsync(data, Users, cancellationToken);
        await using ServerUnderTest server = await parley.StartAsync(data, new ParleySettings { Cores = placement.ServerCores }, cancellationToken);
        server.Open(Room, placement);
        server.Register(Users, cancellationToken);
        server.Run(plan with { Count = WarmUpCount, Rate = null, Window = 64 }, cancellationToken);
        long failed = 0;
        if (ringing > 0)
        {
            LoadResult rings = server.Run(plan with { Work = WorkKind.Ring, Count = ringing, Rate = null, Window = 64 }, cancellationToken);
            if (rings.Failed > 0) throw new LoadException($"{rings.Failed} of {ringing} calls did not ring, the last one with {rings.LastRefusal}");
            output.Note($"{ringing} calls ring after {rings.Elapsed.TotalSeconds:0.0} s");
        }

        List<LoadResult> runs = [];
        for (int round = 1; round <= rounds; round++)
        {
            LoadResult result = server.Run(plan, cancellationToken);
            output.Note($"round {round} in_flight={ringing} {ResultFigures.Of("call", result)}");
            failed += result.Failed;
            runs.Add(result);
        }

        Figures figures = new Figures().Add("flat", ringing).Add("rate", plan.Rate!.Value, 0);
        if (Spread.Of(runs.Select(run => run.Server?.PerRequest.TotalMicroseconds ?? double.NaN)) is { } cost)
        {
            figures.Add("cpu_us", cost.Median, 1).Add("cpu_us_least", cost.Least, 1).Add("cpu_us_most", cost.Most, 1);
        }

        output.Write(figures
            .Add("p50_us", Spread.Of(runs.Select(run => run.Median.TotalMicroseconds))!.Value.Median, 1)
            .Add("p99_us", Spread.Of(runs.Select(run => run.P99.TotalMicroseconds))!.Value.Median, 1)
            .Add("rss_kib", server.Use.ResidentBytes / 1024)
            .Add("failed", failed));
        return failed;
    }
}
