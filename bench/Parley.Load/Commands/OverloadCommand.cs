using System.CommandLine;
using Parley.Load.Servers;
using Parley.Load.Traffic;

namespace Parley.Load.Commands;

/// <summary><c>parley-load overload</c>: what a server still does when many times more comes than it can serve, and how soon it recovers.</summary>
internal static class OverloadCommand
{
    private const int Users = 20_000;
    private const int FullWindow = 256;
    private static readonly TimeSpan Beginning = TimeSpan.FromSeconds(1);

    // A part of a core would have long to do with forgetting what a whole one did: Timer J (RFC 3261 17.2.2), and somewhat more.
    private static readonly TimeSpan Forgetting = TimeSpan.FromSeconds(34);

    public static Command Create(LoadRunner runner)
    {
        var command = new LoadCommand("overload", "Measure what a server does at many times the load that it can serve.",
            "First the most that it serves when exchanges come by the clock, hardly one in a hundred failing. Then in turns: what it serves at best, each exchange "
            + "begun when another ends; so many times that, whatever comes back, with everybody sending again as phones do; and at once four fifths of the best, "
            + "half a second at a time, until nothing fails any more. Each overload is compared with the best before and after it, as a machine's speed changes "
            + "from one second to the next. The server is given a part of a core, or this tool could not send enough. Takes 3 GB of memory, and an "
            + "administrator for the part of a core.\n\n"
            + "  parley-load overload --work register --times 3,10");
        Option<WorkKind> work = Options.Work();
        ListOption<int> times = Options.Numbers("--times", "How many times what it serves at best", 1, 50, 3, 10);
        Option<int> rounds = Options.Number("--rounds", "N", "How many overloads, of each so many times", 1, 100, 5);
        Option<int> seconds = Options.Number("--seconds", "S", "How long each load is", 3, 60, 5);
        Option<int> share = Options.Number("--share", "PERCENT", "The server's part of a core; 100 for all of it", 10, 100, 10);
        Option<int> ports = Options.Ports(64);
        Option<string?> program = Options.ParleyPath();
        foreach (Option option in new Option[] { work, times, rounds, seconds, share, ports, program }) command.Add(option);
        runner.SetAction(command, async (parse, output, cancellationToken) =>
        {
            ParleyProgram parley = ParleyProgram.Find(parse.GetValue(program));
            Placement placement = Placement.Take(serverCores: 1);
            using var folder = new TemporaryFolder();
            string data = folder.NewFolder("overload");
            await parley.ImportUsersAsync(data, Users, cancellationToken);
            await using ServerUnderTest server = await parley.StartAsync(data, new ParleySettings { Cores = placement.ServerCores }, cancellationToken);
            server.Open(OverloadTurns.MostRoom, placement, parse.GetValue(ports));
            server.Register(Users, cancellationToken);
            var plan = new LoadPlan { Work = parse.GetValue(work), Count = Options.Most, Users = Users, Window = FullWindow, Scatters = true, Duration = TimeSpan.FromSeconds(parse.GetValue(seconds)), Beginning = Beginning };
            server.Run(plan with { Beginning = default }, cancellationToken);
            await Task.Delay(Forgetting, TimeProvider.System, cancellationToken);
            using ProcessorShare? part = parse.GetValue(share) < 100 ? ProcessorShare.Take(server.ProcessId, parse.GetValue(share)) : null;
            var turns = new OverloadTurns(server, plan, output);
            double byTheClock = turns.PartByTheClock(cancellationToken);
            foreach (int factor in times.Of(parse)) output.Write(turns.Take(factor, parse.GetValue(rounds), byTheClock, cancellationToken));
            return ExitCode.Done;
        });
        return command;
    }
}
