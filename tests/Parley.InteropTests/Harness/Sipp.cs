using System.Globalization;
using System.Net;

namespace Parley.InteropTests.Harness;

/// <summary>sipp (Debian's sip-tester, 3.6.1) with the scenarios in sipp/.</summary>
internal static class Sipp
{
    /// <summary>Runs a scenario that sends the first request.</summary>
    /// <param name="bench">The test's.</param>
    /// <param name="scenario">A file name in sipp/, without its ending.</param>
    /// <param name="remote">Where everything outside a dialog's route is sent.</param>
    /// <param name="settings">Who runs it, and where.</param>
    /// <param name="words">What stands for each %word% in the scenario.</param>
    /// <returns>The finished process; exit code 0 means that every message came as written.</returns>
    public static async Task<ExitedProcess> RunAsync(Bench bench, string scenario, IPEndPoint remote, SippSettings settings, params (string Word, string Value)[] words)
    {
        ChildProcess process = Start(bench, scenario, remote, settings, words);
        int code = await process.ExitAsync(settings.Lifetime + Limit.Soon);
        return new ExitedProcess(code, process.Output, process.Errors, process.Log(40) + ErrorsOf(bench, process.Name));
    }

    /// <summary>Starts a scenario that sends the first request.</summary>
    public static ChildProcess Start(Bench bench, string scenario, IPEndPoint remote, SippSettings settings, params (string Word, string Value)[] words) =>
        StartWith(bench, scenario, [remote.ToString()], settings, words);

    /// <summary>Starts a scenario that waits for the first request, and waits until it can receive.</summary>
    public static async Task<ChildProcess> StartServerAsync(Bench bench, string scenario, SippSettings settings, params (string Word, string Value)[] words)
    {
        ChildProcess process = StartWith(bench, scenario, [], settings, words);
        await Loopback.BoundAsync(settings.EndPoint, settings.Transport.Protocol());
        return process;
    }

    /// <summary>Waits for a server scenario's end and checks that every message came as written.</summary>
    public static async Task SucceededAsync(Bench bench, ChildProcess process)
    {
        int code = await process.ExitAsync();
        Assert.True(code == 0, $"{process.Log(40)}{ErrorsOf(bench, process.Name)}");
    }

    private static ChildProcess StartWith(Bench bench, string scenario, IEnumerable<string> first, SippSettings settings, (string Word, string Value)[] words)
    {
        string name = $"sipp-{scenario}-{settings.User}";
        string file = bench.PathOf($"{name}.xml");
        string text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "sipp", scenario + ".xml"));
        foreach ((string word, string value) in words) text = text.Replace($"%{word}%", value, StringComparison.Ordinal);
        File.WriteAllText(file, text);
        string seconds = settings.Lifetime.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        return bench.Start(name, Programs.Sipp,
        [
            .. first, "-sf", file, "-nostdin", "-m", settings.Calls.ToString(CultureInfo.InvariantCulture), "-l", "1",
            "-i", settings.Address.ToString(), "-p", settings.Port.ToString(CultureInfo.InvariantCulture), "-mi", settings.Address.ToString(), "-ci", settings.Address.ToString(),
            "-t", settings.Transport == Transport.Udp ? "u1" : "t1",
            "-au", settings.User, "-ap", settings.Password, "-key", "user", settings.User, "-key", "domain", settings.Domain,
            "-rtp_echo", "-recv_timeout", "20000", "-timeout", seconds + "s", "-timeout_error", "-default_behaviors", "all",
            "-trace_err", "-error_file", bench.PathOf(name + ".errors"), "-trace_msg", "-message_file", bench.PathOf(name + ".messages"),
        ], lifetime: settings.Lifetime + Limit.Soon);
    }

    private static string ErrorsOf(Bench bench, string name)
    {
        string file = bench.PathOf(name + ".errors");
        return File.Exists(file) ? $"{Environment.NewLine}--- {name}: errors{Environment.NewLine}{File.ReadAllText(file)}" : "";
    }
}

/// <summary>How a sipp scenario is run.</summary>
/// <param name="User">Whose requests it sends: [user] in a scenario.</param>
/// <param name="Address">Where it sends from and receives, signalling and sound.</param>
internal sealed record SippSettings(string User, IPAddress Address)
{
    public int Port { get; init; } = 5060;

    public IPEndPoint EndPoint => new(Address, Port);

    public string Domain { get; init; } = "example.test";

    public string Password { get; init; } = "wrong";

    public Transport Transport { get; init; }

    public int Calls { get; init; } = 1;

    public TimeSpan Lifetime { get; init; } = TimeSpan.FromSeconds(50);
}
