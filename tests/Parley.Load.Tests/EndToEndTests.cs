using System.Text.Json;
using Parley.Load.Measuring;
using Parley.Load.Servers;
using Parley.Load.Tests.Commands;
using Parley.Load.Traffic;

namespace Parley.Load.Tests;

/// <summary>The tool against a Parley that it starts, with few requests.</summary>
public sealed class EndToEndTests : IDisposable
{
    private const int Users = 20;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("register")]
    [InlineData("options")]
    [InlineData("forward")]
    [InlineData("call")]
    [InlineData("hold")]
    [InlineData("ring")]
    public async Task Each_kind_of_work_succeeds_without_a_failure(string work)
    {
        await using ServerUnderTest server = await StartAsync();
        string[] arguments =
        [
            "sip", "--to", server.Address.ToString(), "--work", work, "--count", "200", "--users", $"{Users}", "--warm-up", "20", "--local-port", "0",
            "--server-pid", $"{server.ProcessId}", "--json",
        ];
        (int code, string output, string error) = await CommandLineTests.RunAsync(arguments);

        Assert.Equal((0, ""), (code, error));
        JsonElement figures = JsonDocument.Parse(output).RootElement;
        Assert.Equal(work, figures.GetProperty("work").GetString());
        Assert.Equal(200, figures.GetProperty("done").GetInt64());
        Assert.Equal(0, figures.GetProperty("failed").GetInt64());
        Assert.True(figures.GetProperty("p50_us").GetDouble() > 0);
        Assert.True(figures.GetProperty("p50_us").GetDouble() <= figures.GetProperty("max_us").GetDouble());
        Assert.True(figures.GetProperty("own_gap_us").GetDouble() > 0);
        Assert.True(figures.GetProperty("rss_kib").GetInt64() > 10_000);
        Assert.True(figures.GetProperty("threads").GetInt64() > 1);
    }

    [Fact]
    public async Task Calls_at_a_rate_take_their_time_and_nothing_is_allocated_meanwhile()
    {
        await using ServerUnderTest server = await StartAsync();
        server.Open(64, new Placement([], HasOwnCore: true), ports: 3);
        server.Register(Users, CancellationToken.None);
        var plan = new LoadPlan { Work = WorkKind.Call, Count = 100, Rate = 200, Users = Users };
        server.Run(plan, CancellationToken.None);

        LoadResult result = server.Run(plan, CancellationToken.None);

        Assert.Equal((100, 0), (result.Done, result.Failed));
        Assert.InRange(result.Elapsed, TimeSpan.FromSeconds(0.495), TimeSpan.FromSeconds(10));
        Assert.Equal(0, result.AllocatedBytes);
    }

    [Fact]
    public async Task A_tool_without_a_core_of_its_own_sleeps_and_answers_all_the_same()
    {
        await using ServerUnderTest server = await StartAsync();
        server.Open(64, new Placement([], HasOwnCore: false), ports: 2);
        server.Register(Users, CancellationToken.None);

        LoadResult result = server.Run(new LoadPlan { Work = WorkKind.Call, Count = 50, Rate = 100, Users = Users }, CancellationToken.None);

        Assert.Equal((50, 0), (result.Done, result.Failed));
    }

    [Fact]
    public async Task A_run_that_leaves_tells_the_steady_part_and_waits_for_nothing()
    {
        await using ServerUnderTest server = await StartAsync();
        server.Open(1024, new Placement([], HasOwnCore: true));
        server.Register(Users, CancellationToken.None);
        var plan = new LoadPlan { Work = WorkKind.Options, Count = 10_000, Rate = 200, Users = Users, Window = 1024, Duration = TimeSpan.FromSeconds(2), Beginning = TimeSpan.FromSeconds(0.5), Leaves = true };
        server.Run(plan with { Rate = null, Duration = TimeSpan.FromSeconds(0.2), Leaves = false }, CancellationToken.None);

        LoadResult result = server.Run(plan, CancellationToken.None);

        Assert.InRange(result.SteadyRate, 100, 400);
        Assert.InRange(result.Begun, 300, 401);
        Assert.InRange(result.Done, 1, result.Begun);
        Assert.Equal((0, 0), (result.Failed, result.Refused));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_one_line()
    {
        (int code, string output, string error) = await CommandLineTests.RunAsync("sip", "--to", "127.0.0.1:9", "--work", "options", "--count", "5", "--local-port", "0");

        Assert.Equal((1, ""), (code, output));
        Assert.Equal("parley-load: the server did not answer 5 of 5 exchanges (options) before the run", error.TrimEnd());
    }

    [Fact]
    public async Task Run_measures_all_kinds_in_turn_and_leaves_nothing_behind()
    {
        using LoadProgram run = LoadProgram.Start("run", "--rounds", "1", "--count", "40", "--users", $"{Users}", "--pause", "0", "--markdown");
        (int code, string output, string errors) = await run.ExitAsync();

        Assert.True(code == 0, errors);
        Assert.All(Workload.All, work => Assert.Contains($"| {work.Title} |", output, StringComparison.Ordinal));
        Assert.Contains("0 failed", output, StringComparison.Ordinal);
        Assert.Empty(run.Folders);
    }

    [Fact]
    public async Task An_interrupted_run_ends_its_servers_and_leaves_nothing_behind()
    {
        using LoadProgram run = LoadProgram.Start("run", "--rounds", "100", "--work", "options", "--count", "1000", "--users", $"{Users}");
        await run.FirstRoundAsync();
        IReadOnlyList<int> servers = run.Children;
        Assert.NotEmpty(servers);
        Assert.NotEmpty(run.Folders);

        run.Interrupt();
        (int code, string output, string errors) = await run.ExitAsync();

        Assert.Equal((130, ""), (code, output));
        Assert.EndsWith("parley-load: interrupted", errors.TrimEnd(), StringComparison.Ordinal);
        Assert.All(servers, server => Assert.Null(ProcessTree.Read(server)));
        Assert.Empty(run.Folders);
    }

    [Fact]
    public async Task Memory_has_a_figure_for_each_growth()
    {
        using LoadProgram memory = LoadProgram.Start("memory", "--registrations", "1500", "--calls", "50", "--start", "0,100", "--rounds", "1", "--json");
        (int code, string output, string errors) = await memory.ExitAsync();

        Assert.True(code == 0, errors);
        Assert.Equal(["idle", "warm", "registrations", "held_calls", "ended_calls", "start 0", "start 100"], Lines(output).Select(line =>
            line.TryGetProperty("memory", out JsonElement what) ? what.GetString()! : $"start {line.GetProperty("start").GetInt64()}"));
    }

    [Fact]
    public async Task Scale_and_flat_have_a_figure_for_each_step()
    {
        using LoadProgram scale = LoadProgram.Start("scale", "--rate", "100", "--seconds", "1", "--rounds", "1", "--json");
        (int code, string output, string errors) = await scale.ExitAsync();
        Assert.True(code == 0, errors);
        string[] works = ["register", "options", "call"];
        Assert.Equal(works.SelectMany(work => new[] { $"{work} 1 100", $"{work} 2 100", $"{work} 2 200" }),
            Lines(output).Select(line => $"{line.GetProperty("scale").GetString()} {line.GetProperty("lanes").GetInt64()} {line.GetProperty("rate").GetInt64()}"));

        using LoadProgram flat = LoadProgram.Start("flat", "--in-flight", "0,30", "--rate", "100", "--seconds", "1", "--rounds", "1", "--json");
        (code, output, errors) = await flat.ExitAsync();
        Assert.True(code == 0, errors);
        Assert.Equal([0, 30], Lines(output).Select(line => line.GetProperty("flat").GetInt32()));
    }

    private static IEnumerable<JsonElement> Lines(string output) => output.Trim().Split('\n').Select(line => JsonDocument.Parse(line).RootElement);

    private async Task<ServerUnderTest> StartAsync()
    {
        ParleyProgram parley = ParleyProgram.Find(null);
        await parley.ImportUsersAsync(_folder.Path, Users, CancellationToken.None);
        return await parley.StartAsync(_folder.Path, new ParleySettings(), CancellationToken.None);
    }
}
