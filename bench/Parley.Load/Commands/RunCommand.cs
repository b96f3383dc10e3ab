using System.CommandLine;
using Parley.Load.Reports;
using Parley.Load.Servers;
using Parley.Load.Traffic;

namespace Parley.Load.Commands;

/// <summary><c>parley-load run</c>: starts the servers itself and measures each kind of work in turn.</summary>
internal static class RunCommand
{
    private const string Rival = "kamailio";
    private const string Ours = "parley";

    public static Command Create(LoadRunner runner)
    {
        var command = new LoadCommand("run", "Start Parley in a fresh data folder, measure each kind of work in turn, and print a table.",
            $"{string.Join('\n', Workload.All.Select(work => $"  {work.Name,-16} {work.Title}"))}\n\n"
            + "The server has processor core 0 and this tool core 1, where there are two. With --against kamailio both take turns, A B A B, and the table "
            + "has their ratio: on a machine whose speed changes it is the ratio within a round that counts. Each kind is done once before it counts.\n\n"
            + "  parley-load run --rounds 4 --against kamailio --markdown");
        Option<int> rounds = Options.Number("--rounds", "N", "How often each kind of work is measured", 1, 100, 3);
        ListOption<Workload> work = Options.Workloads();
        Option<string?> against = Options.OneOf("--against", "Another server to compare with", Rival);
        Option<string?> program = Options.ParleyPath();
        Option<int?> count = Options.OptionalNumber("--count", "N", "Exchanges per run, instead of each kind's own number", 1, Options.Most);
        Option<int> users = Options.Number("--users", "N", "How many users there are", 1, 1_000_000, 20_000);
        Option<int> pause = Options.Number("--pause", "S", "Seconds to wait after calls, which servers keep for a while", 0, 60, 6);
        var markdown = new Option<bool>("--markdown") { Description = "Print the table as Markdown" };
        foreach (Option option in new Option[] { rounds, work, against, program, count, users, pause, markdown }) command.Add(option);
        runner.SetAction(command, async (parse, output, cancellationToken) =>
        {
            ParleyProgram parley = ParleyProgram.Find(parse.GetValue(program));
            KamailioProgram? kamailio = parse.GetValue(against) is null ? null : KamailioProgram.Find();
            int userCount = parse.GetValue(users);
            Workload[] chosen = [.. work.Of(parse).Select(item =>
                item with { Plan = item.Plan with { Count = parse.GetValue(count) ?? item.Plan.Count, Users = userCount } })];
            using var folder = new TemporaryFolder();
            output.Note($"starting {(kamailio is null ? Ours : $"{Ours} and {Rival}")} with {userCount} users");
            await using Contest contest = await Contest.StartAsync(parley, kamailio, chosen, userCount, folder, cancellationToken);
            var report = new RoundReport();
            var pauseAfterCalls = TimeSpan.FromSeconds(parse.GetValue(pause));
            for (int round = 0; round <= parse.GetValue(rounds); round++)
            {
                await RunRoundAsync(contest, chosen, round, report, pauseAfterCalls, output, cancellationToken);
            }

            Print(report, contest.HasRival, parse.GetValue(markdown), output);
            return report.Failed == 0 ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    // Round 0 does not count: compilers and caches become warm in it.
    private static async Task RunRoundAsync(
        Contest contest, Workload[] works, int round, RoundReport report, TimeSpan pause, LoadOutput output, CancellationToken cancellationToken)
    {
        foreach (Workload work in works)
        {
            foreach (ServerUnderTest server in contest.For(work))
            {
                LoadResult result = server.Run(work.Plan, cancellationToken);
                string place = round == 0 ? "warm-up" : $"round {round}";
                output.Note($"{place} {server.Name} {ResultFigures.Of(work.Name, result)}");
                if (round == 0) continue;
                report.Add(work, server.Name, result);
                if (output.IsJson) output.Write(new Figures().Add("round", round).Add("server", server.Name).Add(ResultFigures.Of(work.Name, result)));
            }

            if (work.LeavesCalls) await Task.Delay(pause, TimeProvider.System, cancellationToken);
        }
    }

    private static void Print(RoundReport report, bool hasRival, bool isMarkdown, LoadOutput output)
    {
        if (output.IsJson)
        {
            foreach (Figures summary in report.Summaries(hasRival ? Rival : null, Ours)) output.Write(summary);
            return;
        }

        Table table = hasRival ? report.OfTwo(Rival, Ours) : report.OfOne(Ours);
        output.Say(isMarkdown ? table.ToMarkdown() : table.ToText());
        output.Say($"{report.Failed} failed; the tool's own longest pause was {report.OwnGap.TotalMicroseconds:0} µs");
    }
}
