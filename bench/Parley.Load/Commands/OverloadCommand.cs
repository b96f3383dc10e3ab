using System.CommandLine;
using Parley.Load.Reports;
using Parley.Load.Servers;
using Parley.Load.Traffic;

namespace Parley.Load.Commands;

/// <summary><c>parley-load overload</c>: what a server still does when many times more comes than it can serve, and how soon it recovers.</summary>
internal static class OverloadCommand
{
    private const int Users = 20_000;
    private const int FullWindow = 256;
    private const int MostRoom = 262_144;
    private const double Bearable = 0.8;
    private const double Step = 0.05, LeastByTheClock = 0.5;
    private const double Nearly = 0.99;
    private static readonly TimeSpan Beginning = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestRecovery = TimeSpan.FromSeconds(15);

    public static Command Create(LoadRunner runner)
    {
        var command = new LoadCommand("overload", "Measure what a server does at many times the load that it can serve.",
            "First what it serves at best, each exchange begun when another ends; then the most that it serves when they come by the clock, hardly one in a "
            + "hundred failing; then so many times that, whatever comes back, with everybody sending again as phones do; then at once four "
            + "fifths of the best, half a second at a time, until nothing fails any more. The server is given a part of a core, or this tool "
            + "could not send enough. Takes 3 GB of memory, and an administrator for the part of a core.\n\n"
            + "  parley-load overload --work register --times 3,10");
        Option<WorkKind> work = Options.Work();
        ListOption<int> times = Options.Numbers("--times", "How many times what it serves at best", 1, 50, 3, 10);
        Option<int> seconds = Options.Number("--seconds", "S", "How long each load is", 3, 60, 10);
        Option<int> share = Options.Number("--share", "PERCENT", "The server's part of a core; 100 for all of it", 10, 100, 10);
        Option<string?> program = Options.ParleyPath();
        foreach (Option option in new Option[] { work, times, seconds, share, program }) command.Add(option);
        runner.SetAction(command, async (parse, output, cancellationToken) =>
        {
            ParleyProgram parley = ParleyProgram.Find(parse.GetValue(program));
            Placement placement = Placement.Take(serverCores: 1);
            using var folder = new TemporaryFolder();
            string data = folder.NewFolder("overload");
            await parley.ImportUsersAsync(data, Users, cancellationToken);
            await using ServerUnderTest server = await parley.StartAsync(data, new ParleySettings { Cores = placement.ServerCores }, cancellationToken);
            server.Open(MostRoom, placement);
            server.Register(Users, cancellationToken);
            var plan = new LoadPlan { Work = parse.GetValue(work), Count = Options.Most, Users = Users, Window = FullWindow, Duration = TimeSpan.FromSeconds(parse.GetValue(seconds)), Beginning = Beginning };
            server.Run(plan with { Duration = Beginning, Beginning = default }, cancellationToken);
            using ProcessorShare? part = parse.GetValue(share) < 100 ? ProcessorShare.Take(server.ProcessId, parse.GetValue(share)) : null;
            LoadResult best = server.Run(plan, cancellationToken);
            output.Note($"at best {ResultFigures.Of("overload", best)}");
            double byTheClock = MostByTheClock(server, plan, best.SteadyRate, output, cancellationToken);
            foreach (int factor in times.Of(parse)) Measure(server, plan, best.SteadyRate, byTheClock, factor, output, cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>The highest of the rates tried, each a twentieth of the best lower, of which 99 in 100 are served.</summary>
    /// <returns>0 when none was.</returns>
    private static double MostByTheClock(ServerUnderTest server, LoadPlan plan, double best, LoadOutput output, CancellationToken cancellationToken)
    {
        for (double part = 1; part >= LeastByTheClock; part -= Step)
        {
            LoadResult result = server.Run(plan with { Rate = best * part, Window = MostRoom, Leaves = false }, cancellationToken);
            output.Note($"{part:0.00} by the clock {ResultFigures.Of("overload", result)}");
            if (result.Done >= Nearly * result.Begun && result.Begun > 0) return result.SteadyRate;
        }

        return 0;
    }

    private static void Measure(ServerUnderTest server, LoadPlan plan, double best, double byTheClock, int factor, LoadOutput output, CancellationToken cancellationToken)
    {
        double offered = best * factor;
        LoadResult result = server.Run(plan with { Rate = offered, Window = MostRoom, Leaves = true }, cancellationToken);
        output.Note($"{factor} times {ResultFigures.Of("overload", result)}");
        double recovery = SecondsToRecover(server, plan with { Rate = best * Bearable, Duration = Look, Beginning = default }, output, cancellationToken);
        output.Write(new Figures().Add("times", factor).Add("best", best, 0).Add("offered", result.Begun / plan.Duration!.Value.TotalSeconds, 0)
           .Add("served", result.SteadyRate, 0)
            .Add("part_of_best", result.SteadyRate / best, 2).Add("by_the_clock", byTheClock, 0).Add("part_of_that", byTheClock == 0 ? 0 : result.SteadyRate / byTheClock, 2).AddMicroseconds("p50_us", result.Median).AddMicroseconds("p99_us", result.P99)
            .Add("refused", result.Refused).Add("recovered_s", recovery, 1));
    }

    /// <summary>Until the end of the last half second in which something failed.</summary>
    private static double SecondsToRecover(ServerUnderTest server, LoadPlan plan, LoadOutput output, CancellationToken cancellationToken)
    {
        TimeSpan passed = TimeSpan.Zero;
        while (passed < LongestRecovery)
        {
            LoadResult look = server.Run(plan with { Window = MostRoom, Leaves = false }, cancellationToken);
            output.Note($"after {passed.TotalSeconds:0.0} s {ResultFigures.Of("recovery", look)}");
            if (look.Failed == 0) return passed.TotalSeconds;
            passed += look.Elapsed;
        }

        return passed.TotalSeconds;
    }
}
