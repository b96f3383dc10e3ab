using System.CommandLine;
using Parley.Load.Measuring;
using Parley.Load.Reports;
using Parley.Load.Servers;
using Parley.Load.Traffic;

namespace Parley.Load.Commands;

/// <summary><c>parley-load scale</c>: what a request costs a server with one lane and one with two, at the same rate and at the same rate per lane.</summary>
internal static class ScaleCommand
{
    private const int Room = 1024;
    private const int Users = 2000;
    private const int Ports = 32;       // so many that each lane gets its share

    // A fraction of what one lane takes, so that neither server is ever late.
    private static readonly (WorkKind Work, int Rate)[] Works = [(WorkKind.Register, 5000), (WorkKind.Options, 10_000), (WorkKind.Call, 1000)];

    public static Command Create(LoadRunner runner)
    {
        var command = new LoadCommand("scale", "Measure what a request costs with one lane and with two, at the same rate and at the same rate per lane.",
            "Lanes are those of docs/configuration.md; the servers take turns. Two lanes at twice the rate do twice the work where the ratio is 1, and "
            + "1.7 times the work where it is 1.18: what is more is eaten by the lanes' dealings with each other. At the same rate each of two lanes has half "
            + "the load, sleeps more often, and has less in a batch, so that its requests cost more. The lanes and this tool need a core each "
            + "for good figures; with fewer they share them.\n\n"
            + "  parley-load scale --lanes 1,2 --rounds 5");
        ListOption<int> lanes = Options.Numbers("--lanes", "How many lanes, the first being what the others are compared with", 1, 64, 1, 2);
        Option<int> rounds = Options.Number("--rounds", "N", "How often each is measured", 1, 100, 3);
        Option<int> seconds = Options.Number("--seconds", "S", "How long each run is", 1, 60, 3);
        Option<int?> rate = Options.OptionalNumber("--rate", "R", $"Exchanges per second with the first number of lanes; the others get it as well, and once more for each lane ({string.Join(", ", Works.Select(item => $"{Name(item.Work)} {item.Rate}"))})", 1, 1_000_000);
        Option<string?> program = Options.ParleyPath();
        foreach (Option option in new Option[] { lanes, rounds, seconds, rate, program }) command.Add(option);
        runner.SetAction(command, async (parse, output, cancellationToken) =>
        {
            ParleyProgram parley = ParleyProgram.Find(parse.GetValue(program));
            int[] laneCounts = lanes.Of(parse);
            Placement placement = Placement.Take(laneCounts.Max());
            if (!placement.HasOwnCore) output.Note($"this machine has {Cores.Count} cores: lanes and tool share them, and the figures are rougher");
            using var folder = new TemporaryFolder();
            List<ServerUnderTest> servers = [];
            try
            {
                foreach (int count in laneCounts) servers.Add(await StartAsync(parley, placement, folder.NewFolder($"lanes-{servers.Count}"), count, cancellationToken));
                return Measure(servers, laneCounts, parse.GetValue(rounds), parse.GetValue(seconds), parse.GetValue(rate), output, cancellationToken);
            }
            finally
            {
                foreach (ServerUnderTest server in servers) await server.DisposeAsync();
            }
        });
        return command;
    }

    private static int Measure(
        List<ServerUnderTest> servers, int[] lanes, int rounds, int seconds, int? rate, LoadOutput output, CancellationToken cancellationToken)
    {
        long failed = 0;
        foreach ((WorkKind work, int usualRate) in Works)
        {
            int perSecond = rate ?? usualRate;
            List<Case> cases = [];
            for (int i = 0; i < servers.Count; i++)
            {
                cases.Add(new Case(servers[i], lanes[i], perSecond));
                if (i > 0 && lanes[i] != lanes[0]) cases.Add(new Case(servers[i], lanes[i], (int)((long)perSecond * lanes[i] / lanes[0])));
            }

            var costs = cases.ConvertAll(_ => new List<double>());
            for (int round = 0; round <= rounds; round++)
            {
                for (int i = 0; i < cases.Count; i++)
                {
                    var plan = new LoadPlan { Work = work, Count = (long)cases[i].Rate * seconds, Rate = cases[i].Rate, Window = Room, Users = Users };
                    LoadResult result = cases[i].Server.Run(plan, cancellationToken);
                    output.Note($"{(round == 0 ? "warm-up" : $"round {round}")} lanes={cases[i].Lanes} {ResultFigures.Of(Name(work), result)}");
                    if (round == 0) continue;
                    failed += result.Failed;
                    costs[i].Add(result.Server?.PerRequest.TotalMicroseconds ?? double.NaN);
                }
            }

            for (int i = 0; i < cases.Count; i++)
            {
                Figures figures = new Figures().Add("scale", Name(work)).Add("lanes", cases[i].Lanes).Add("rate", cases[i].Rate);
                if (Spread.Of(costs[i]) is { } cost) figures.Add("cpu_us", cost.Median, 2);
                if (i > 0 && Spread.Of(costs[i].Zip(costs[0], (more, one) => more / one)) is { } ratio)
                {
                    figures.Add("ratio", ratio.Median, 3).Add("ratio_least", ratio.Least, 3).Add("ratio_most", ratio.Most, 3);
                }

                output.Write(figures);
            }
        }

        return failed == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static async Task<ServerUnderTest> StartAsync(ParleyProgram parley, Placement placement, string data, int lanes, CancellationToken cancellationToken)
    {
        await parley.ImportUsersAsync(data, Users, cancellationToken);
        ServerUnderTest server = await parley.StartAsync(data, new ParleySettings { Lanes = lanes, Cores = placement.ServerCores }, cancellationToken);
        try
        {
            server.Open(Room, placement, Ports);
            server.Register(Users, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A server under a load.</summary>
    private sealed record Case(ServerUnderTest Server, int Lanes, int Rate);

    private static string Name(WorkKind work) => work.ToString().ToLowerInvariant();
}
