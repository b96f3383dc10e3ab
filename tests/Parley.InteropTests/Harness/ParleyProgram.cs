using System.Text.Json;

namespace Parley.InteropTests.Harness;

/// <summary>The <c>parley</c> command, as the build left it.</summary>
internal static class ParleyProgram
{
    public static string Path { get; } = System.IO.Path.Combine(Repository.Root, "src", "Parley", "bin", Repository.Configuration, "net10.0", "parley");

    /// <summary>Runs a command to its end.</summary>
    public static Task<ExitedProcess> RunAsync(Bench bench, params string[] arguments) =>
        bench.RunAsync("parley " + arguments.FirstOrDefault(), Path, arguments, Limit.Call);

    /// <summary>Runs a command that has to succeed.</summary>
    public static async Task<ExitedProcess> SucceedAsync(Bench bench, params string[] arguments)
    {
        ExitedProcess exited = await RunAsync(bench, arguments);
        Assert.True(exited.ExitCode == 0, exited.Log);
        return exited;
    }

    /// <summary>Starts a command that tells its events: <c>--json</c> is added.</summary>
    public static ParleyProcess Start(Bench bench, string name, IEnumerable<string> arguments) =>
        new(bench.Start(name, Path, [.. arguments, "--json"]));

    /// <summary>What a program told, one JSON object a line.</summary>
    public static IEnumerable<JsonElement> Events(IEnumerable<string> output) => output.Select(line => JsonDocument.Parse(line).RootElement);
}

/// <summary>A running <c>parley … --json</c>.</summary>
internal sealed class ParleyProcess(ChildProcess process)
{
    public ChildProcess Process => process;

    /// <summary>All events so far.</summary>
    public IReadOnlyList<JsonElement> Events => [.. ParleyProgram.Events(process.Output)];

    /// <summary>Waits for an event, one that came already included.</summary>
    public async Task<JsonElement> EventAsync(string name, Func<JsonElement, bool>? matches = null, TimeSpan? limit = null)
    {
        JsonElement found = default;
        bool Find()
        {
            foreach (JsonElement candidate in Events)
            {
                if (candidate.GetProperty("event").GetString() != name || matches?.Invoke(candidate) == false) continue;
                found = candidate;
                return true;
            }

            return false;
        }

        await process.WaitAsync($"the event {name}", Find, limit);
        return found;
    }

    /// <summary>Waits for its end.</summary>
    public Task<int> ExitAsync() => process.ExitAsync();

    /// <summary>Waits for its end, which has to be a good one.</summary>
    public async Task SucceededAsync()
    {
        int code = await process.ExitAsync();
        Assert.True(code == 0, process.Log());
    }

    /// <summary>Waits until it has failed, and says how.</summary>
    /// <returns>The last event "failed", with a reason and, for SIP, the status.</returns>
    public async Task<JsonElement> FailedAsync()
    {
        int code = await process.ExitAsync();
        Assert.True(code == 1, process.Log());
        return Events.Last(happened => happened.GetProperty("event").GetString() == "failed");
    }

    /// <summary>The keys that it heard.</summary>
    public string Keys => string.Concat(Events.Where(happened => happened.GetProperty("event").GetString() == "dtmf").Select(key => key.GetProperty("digit").GetString()));
}
