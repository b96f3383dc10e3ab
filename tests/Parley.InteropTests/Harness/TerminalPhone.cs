using System.Net;

namespace Parley.InteropTests.Harness;

/// <summary>A <c>parley phone</c> on a terminal: util-linux's <c>script</c> makes one, and writes down what goes to it.</summary>
internal sealed class TerminalPhone
{
    private readonly Bench _bench;
    private readonly ChildProcess _script;

    private TerminalPhone(Bench bench, ChildProcess script) => (_bench, _script) = (bench, script);

    private string Transcript => _bench.PathOf("terminal");

    /// <summary>What the terminal shows.</summary>
    public TerminalScreen Screen => TerminalScreen.Of(Written());

    /// <summary>Starts one on a terminal of 80 columns and 20 rows.</summary>
    public static async Task<TerminalPhone> StartAsync(Bench bench, ParleyServer server, string user, string? contacts = null)
    {
        IPAddress address = bench.Network.NewAddress();
        string file = bench.PathOf("phone.json");
        await File.WriteAllTextAsync(file, $$"""
            {
              "accounts": [ { "uri": "sip:{{user}}@{{server.Name}}", "password": "{{ParleyServer.PasswordOf(user)}}", "proxy": "sip:{{server.EndPoint}}", "local": "{{address}}:5060" } ],
              "contacts": [ {{contacts}} ]
            }
            """);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        // The shell keeps the terminal's settings before and behind the phone, and says which terminal it is.
        string command = $"stty rows 20 cols 80; tty > tty; stty -a > before; TERM=xterm LANG=C.UTF-8 sh -c 'echo $$ > pid; exec {ParleyProgram.Path} phone --accounts phone.json' 2> errors; code=$?; stty -a > after; exit $code";
        return new TerminalPhone(bench, bench.Start("parley phone", Programs.Script, ["-qfec", command, "terminal"]));
    }

    /// <summary>Presses keys.</summary>
    public Task PressAsync(string keys) => _script.WriteAsync(keys);

    /// <summary>Waits until the screen shows some words.</summary>
    public async Task ShowsAsync(string words, TimeSpan? limit = null)
    {
        try
        {
            await Limit.UntilAsync($"the phone to show \"{words}\"", () => _script.HasExited || Screen.Text.Contains(words, StringComparison.Ordinal), limit);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message} It shows:\n{Screen.Text}", late);
        }

        Assert.True(Screen.Text.Contains(words, StringComparison.Ordinal), $"The phone ended before it showed \"{words}\".\n{Errors()}\n{Screen.Text}");
    }

    /// <summary>Gives the terminal another size.</summary>
    public async Task ResizeAsync(int rows, int columns)
    {
        ExitedProcess done = await _bench.RunAsync("stty", "/usr/bin/stty", ["-F", (await File.ReadAllTextAsync(_bench.PathOf("tty"))).Trim(), "rows", $"{rows}", "cols", $"{columns}"]);
        Assert.Equal(0, done.ExitCode);
    }

    /// <summary>Sends it a signal: TERM, HUP.</summary>
    public async Task SignalAsync(string name)
    {
        ExitedProcess done = await _bench.RunAsync("kill", "/usr/bin/env", ["kill", $"-{name}", (await File.ReadAllTextAsync(_bench.PathOf("pid"))).Trim()]);
        Assert.Equal(0, done.ExitCode);
    }

    /// <summary>Waits for its end, and checks that the terminal is as it was.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> ExitAsync()
    {
        int code = await _script.ExitAsync();
        TerminalScreen screen = Screen;
        Assert.False(screen.IsAlternate, Errors());
        Assert.True(screen.HasCursor);
        Assert.Equal(await SettingsAsync("before"), await SettingsAsync("after"));
        return code;
    }

    /// <summary>What it said beside the screen.</summary>
    public string Errors() => File.Exists(_bench.PathOf("errors")) ? File.ReadAllText(_bench.PathOf("errors")) : "";

    private string Written()
    {
        if (!File.Exists(Transcript)) return "";
        using var file = new StreamReader(new FileStream(Transcript, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return file.ReadToEnd();
    }

    // The first line has the size, which the test changes.
    private async Task<string> SettingsAsync(string file) => string.Join('\n', (await File.ReadAllLinesAsync(_bench.PathOf(file)))[1..]);
}
