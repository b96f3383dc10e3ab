using System.Globalization;
using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>A 200 to a REGISTER is a promise: the binding is there after <c>kill -9</c>.</summary>
public sealed class CrashTests(ITestOutputHelper output) : InteropTest(output)
{
    private const int Registrations = 10_000;
    private const int MoreUnderWay = 5_000;

    [PeerFact(Programs.Sipp)]
    public async Task Every_registration_that_was_answered_200_is_there_after_a_kill()
    {
        string[] users = [.. Enumerable.Range(0, Registrations + MoreUnderWay).Select(number => string.Create(CultureInfo.InvariantCulture, $"user{number:00000}"))];
        ParleyServer server = await ParleyServer.StartAsync(Bench, moreUsers: users.Select(user => $"{user},{ParleyServer.PasswordOf(user)}"));
        string log = Bench.PathOf("registered.log");
        string first = await InjectionFileAsync("first.csv", users[..Registrations]), second = await InjectionFileAsync("second.csv", users[Registrations..]);

        ExitedProcess registering = await RegisterAsync("register-many", server, first, Registrations, log);
        Assert.True(registering.ExitCode == 0, registering.Log);
        // The server is in the middle of more when it is killed.
        ChildProcess more = StartRegistering("register-many", server, second, MoreUnderWay, Bench.PathOf("more.log"));
        await Limit.UntilAsync("more registrations", () => File.Exists(Bench.PathOf("more.log")) && File.ReadLines(Bench.PathOf("more.log")).Skip(100).Any());
        await server.Process.Process.KillAsync();
        await more.KillAsync();
        await server.StartAgainAsync();

        string[] acknowledged = [.. UsersOf(log), .. UsersOf(Bench.PathOf("more.log"))];
        Assert.True(acknowledged.Length > Registrations, $"{acknowledged.Length} registrations were answered");
        string queries = await InjectionFileAsync("queries.csv", acknowledged), answers = Bench.PathOf("found.log");
        ExitedProcess querying = await RegisterAsync("query-many", server, queries, acknowledged.Length, answers);
        int found = File.ReadLines(answers).Count(line => line.StartsWith("found ", StringComparison.Ordinal));
        Output.WriteLine($"{acknowledged.Length} registrations were answered 200 before the kill, {found} of them were there after it");
        Assert.True(querying.ExitCode == 0, querying.Log);
        Assert.Equal(acknowledged.Length, found);
    }

    // Whole lines only: the last one may have been cut.
    private static IEnumerable<string> UsersOf(string log) =>
        File.ReadLines(log).Select(line => line.Trim()).Where(line => line.StartsWith("registered ", StringComparison.Ordinal) && line.EndsWith('.')).Select(line => line[11..^1]);

    // What sipp puts in place of [field0] and [field1] of a scenario.
    private async Task<string> InjectionFileAsync(string name, IEnumerable<string> users)
    {
        string file = Bench.PathOf(name);
        await File.WriteAllLinesAsync(file, ["SEQUENTIAL", .. users.Select(user => $"{user};[authentication username={user} password={ParleyServer.PasswordOf(user)}]")]);
        return file;
    }

    private async Task<ExitedProcess> RegisterAsync(string scenario, ParleyServer server, string users, int count, string log)
    {
        ChildProcess process = StartRegistering(scenario, server, users, count, log);
        int code = await process.ExitAsync(TimeSpan.FromMinutes(4));
        return new ExitedProcess(code, process.Output, process.Errors, process.Log(40));
    }

    private ChildProcess StartRegistering(string scenario, ParleyServer server, string users, int count, string log) =>
        Bench.Start($"sipp {scenario}", Programs.Sipp,
        [
            server.EndPoint.ToString(), "-sf", Path.Combine(AppContext.BaseDirectory, "sipp", scenario + ".xml"), "-nostdin", "-inf", users,
            "-m", count.ToString(CultureInfo.InvariantCulture), "-r", "1000", "-l", "50", "-i", Bench.Network.NewAddress().ToString(), "-p", "5060",
            "-key", "domain", ParleyServer.Domain, "-trace_logs", "-log_file", log, "-timeout", "200s", "-timeout_error",
        ], lifetime: TimeSpan.FromMinutes(4));
}
