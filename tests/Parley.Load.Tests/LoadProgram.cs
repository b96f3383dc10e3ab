using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Parley.Load.Tests;

/// <summary>The <c>parley-load</c> command as the build left it: in a process of its own, because it pins itself to a core.</summary>
internal sealed partial class LoadProgram : IDisposable
{
    private const int InterruptSignal = 2;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly Task<string> _output;
    private readonly TaskCompletionSource _said = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _awaited;

    private LoadProgram(string awaited, string[] arguments)
    {
        _awaited = awaited;
        _process = Process.Start(new ProcessStartInfo(Find(), arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        _process.ErrorDataReceived += (_, line) => OnError(line.Data);
        _process.BeginErrorReadLine();
        _output = _process.StandardOutput.ReadToEndAsync();
    }

    /// <summary>The folders that it has made and not deleted.</summary>
    public IReadOnlyList<string> Folders => Directory.GetDirectories(Path.GetTempPath(), $"parley-load-{_process.Id}-*");

    /// <summary>The processes that it started.</summary>
    public IReadOnlyList<int> Children =>
        [.. Directory.GetDirectories($"/proc/{_process.Id}/task").SelectMany(ChildrenOf).Select(int.Parse)];

    public static LoadProgram Start(params string[] arguments) => new("round 1", arguments);

    /// <summary>Waits until its first round.</summary>
    public Task FirstRoundAsync() => _said.Task.WaitAsync(Limit, TimeProvider.System);

    public void Interrupt() => _ = kill(_process.Id, InterruptSignal);

    /// <summary>Waits for its end.</summary>
    public async Task<(int Code, string Output, string Errors)> ExitAsync()
    {
        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        await _process.WaitForExitAsync(limit.Token);
        string output = await _output;
        lock (_errors) return (_process.ExitCode, output, _errors.ToString());
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private void OnError(string? line)
    {
        if (line is null) return;
        lock (_errors) _errors.AppendLine(line);
        if (line.StartsWith(_awaited, StringComparison.Ordinal)) _said.TrySetResult();
    }

    private static string Find()
    {
        string built = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Parley.slnx"))) folder = folder.Parent;
        return Path.Combine(folder.FullName, "bench", "Parley.Load", "bin", built, "net10.0", "parley-load");
    }

    [LibraryImport("libc"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int kill(int process, int signal);

    private static string[] ChildrenOf(string thread)
    {
        try
        {
            return File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (DirectoryNotFoundException)
        {
            return [];      // the thread has ended meanwhile
        }
    }
}
