using System.CommandLine;
using Parley.Load.Measuring;
using Parley.Load.Reports;
using Parley.Load.Servers;
using Parley.Load.Traffic;

namespace Parley.Load.Commands;

/// <summary><c>parley-load memory</c>: how much memory Parley takes, and how long it takes to start.</summary>
internal static class MemoryCommand
{
    private const int CallUsers = 1000;
    private const int Window = 64;

    // What a server allocates for itself when it begins to work has come and gone by then.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan TimeToStore = TimeSpan.FromSeconds(60);

    public static Command Create(LoadRunner runner)
    {
        var command = new LoadCommand("memory", "Measure how much memory Parley takes, and how long it takes to start.",
            "Looks at the resident memory of a fresh Parley: idle, per registration, per call that is held, per call that just ended; and the time from its "
            + "start until it is ready with no, some and many bindings on disk. Each growth counts from a server that has done a little of the same work.\n\n"
            + "  parley-load memory --registrations 10000,100000 --calls 10000 --start 0,100000");
        ListOption<int> registrations = Options.Numbers("--registrations", "Registrations after which to look; 0 for none", 0, 1_000_000, 10_000, 100_000);
        ListOption<int> calls = Options.Numbers("--calls", "Calls after which to look; 0 for none", 0, 1_000_000, 1_000, 10_000);
        ListOption<int> bindings = Options.Numbers("--start", "Bindings on disk with which to start; 0 is an empty folder", 0, 1_000_000, 0, 100_000, 1_000_000);
        Option<int> rounds = Options.Number("--rounds", "N", "How often to start with each number of bindings", 1, 100, 3);
        Option<string?> program = Options.ParleyPath();
        foreach (Option option in new Option[] { registrations, calls, bindings, rounds, program }) command.Add(option);
        runner.SetAction(command, async (parse, output, cancellationToken) =>
        {
            ParleyProgram parley = ParleyProgram.Find(parse.GetValue(program));
            Placement placement = Placement.Take(serverCores: 1);
            using var folder = new TemporaryFolder();
            var bench = new MemoryBench(parley, placement, folder, output);
            await bench.MeasureRegistrationsAsync(Rising(registrations.Of(parse)), cancellationToken);
            await bench.MeasureHeldCallsAsync(Rising(calls.Of(parse)), cancellationToken);
            await bench.MeasureEndedCallsAsync(Rising(calls.Of(parse)), cancellationToken);
            foreach (int count in bindings.Of(parse)) await bench.MeasureStartAsync(count, parse.GetValue(rounds), cancellationToken);
            return ExitCode.Done;
        });
        return command;
    }

    private static int[] Rising(int[] counts) => [.. counts.Where(count => count > 0).Distinct().Order()];

    /// <summary>The measurements, each with a server of its own.</summary>
    private sealed class MemoryBench(ParleyProgram parley, Placement placement, TemporaryFolder folder, LoadOutput output)
    {
        private int _folders;

        public async Task MeasureRegistrationsAsync(int[] counts, CancellationToken cancellationToken)
        {
            await using ServerUnderTest server = await StartAsync(await NewFolderAsync(Math.Max(CallUsers, counts.LastOrDefault()), cancellationToken), cancellationToken);
            await SettleAsync(cancellationToken);
            long idle = server.Use.ResidentBytes;
            output.Write(new Figures().Add("memory", "idle").Add("rss_kib", idle / 1024).Add("threads", server.Use.Threads));
            server.Register(CallUsers, cancellationToken);
            await SettleAsync(cancellationToken);
            long before = server.Use.ResidentBytes;
            output.Write(new Figures().Add("memory", "warm").Add("rss_kib", before / 1024).Add("registrations", CallUsers));
            foreach (int count in counts)
            {
                server.Register(count, cancellationToken);
                await SettleAsync(cancellationToken);
                WriteGrowth("registrations", count, before, server.Use.ResidentBytes, count - CallUsers);
            }
        }

        public async Task MeasureHeldCallsAsync(int[] counts, CancellationToken cancellationToken)
        {
            if (counts.Length == 0) return;
            await using ServerUnderTest server = await StartForCallsAsync(cancellationToken);
            await SettleAsync(cancellationToken);
            long before = server.Use.ResidentBytes;
            int held = 0;
            foreach (int count in counts)
            {
                Succeed(server.Run(new LoadPlan { Work = WorkKind.Hold, Count = count - held, Users = CallUsers, Window = Window }, cancellationToken));
                held = count;
                await SettleAsync(cancellationToken);
                WriteGrowth("held_calls", count, before, server.Use.ResidentBytes, count);
            }
        }

        public async Task MeasureEndedCallsAsync(int[] counts, CancellationToken cancellationToken)
        {
            foreach (int count in counts)
            {
                await using ServerUnderTest server = await StartForCallsAsync(cancellationToken);
                long before = server.Use.ResidentBytes;
                LoadResult result = Succeed(server.Run(new LoadPlan { Work = WorkKind.Call, Count = count, Users = CallUsers, Window = Window }, cancellationToken));
                WriteGrowth("ended_calls", count, before, result.Server!.ResidentBytes, count);
            }
        }

        public async Task MeasureStartAsync(int bindings, int rounds, CancellationToken cancellationToken)
        {
            string data = folder.NewFolder($"start-{bindings}");
            if (bindings > 0)
            {
                output.Note($"storing {bindings} bindings");
                await parley.ImportUsersAsync(data, bindings, cancellationToken);
                await using ServerUnderTest first = await StartAsync(data, cancellationToken);
                first.Register(bindings, cancellationToken);
                await first.EndAsync(TimeToStore);
            }

            List<double> milliseconds = [];
            long resident = 0;
            for (int i = 0; i < rounds; i++)
            {
                string here = bindings > 0 ? data : folder.NewFolder($"start-empty-{i}");
                await using ServerUnderTest server = await StartAsync(here, cancellationToken);
                milliseconds.Add(server.ReadyAfter.TotalMilliseconds);
                resident = server.Use.ResidentBytes;
            }

            Spread spread = Spread.Of(milliseconds)!.Value;
            output.Write(new Figures().Add("start", bindings).Add("ready_ms", spread.Median, 0).Add("ready_ms_least", spread.Least, 0)
                .Add("ready_ms_most", spread.Most, 0).Add("rss_kib", resident / 1024));
        }

        private async Task<ServerUnderTest> StartForCallsAsync(CancellationToken cancellationToken)
        {
            ServerUnderTest server = await StartAsync(await NewFolderAsync(CallUsers, cancellationToken), cancellationToken);
            try
            {
                server.Register(CallUsers, cancellationToken);
                Succeed(server.Run(new LoadPlan { Work = WorkKind.Call, Count = 200, Users = CallUsers, Window = Window }, cancellationToken));
                return server;
            }
            catch
            {
                await server.DisposeAsync();
                throw;
            }
        }

        private async Task<ServerUnderTest> StartAsync(string data, CancellationToken cancellationToken)
        {
            ServerUnderTest server = await parley.StartAsync(data, new ParleySettings { Cores = placement.ServerCores }, cancellationToken);
            server.Open(Window, placement);
            return server;
        }

        private async Task<string> NewFolderAsync(int users, CancellationToken cancellationToken)
        {
            string data = folder.NewFolder($"memory-{_folders++}");
            await parley.ImportUsersAsync(data, users, cancellationToken);
            return data;
        }

        private void WriteGrowth(string what, int count, long before, long after, int more) => output.Write(new Figures()
            .Add("memory", what).Add("count", count).Add("rss_kib", after / 1024).Add("growth_kib", (after - before) / 1024)
            .Add("bytes_each", more > 0 ? (double)(after - before) / more : 0, 0));

        private static Task SettleAsync(CancellationToken cancellationToken) => Task.Delay(Settling, TimeProvider.System, cancellationToken);

        private static LoadResult Succeed(LoadResult result) =>
            result.Failed == 0 ? result : throw new LoadException($"{result.Failed} of {result.Failed + result.Done} calls failed, the last one with {result.LastRefusal}");
    }
}
