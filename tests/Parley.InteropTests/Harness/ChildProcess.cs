using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Parley.InteropTests.Harness;

/// <summary>A program that a test runs: in a process group of its own, for a bounded time, and gone when the test ends.</summary>
/// <remarks>
/// It runs under coreutils' <c>timeout</c>, which makes the group and ends it after the limit even when the test host has
/// crashed. Lines of both outputs are kept with their time, for waiting and for the log of a test. They are read without the
/// test's context, whose few threads may all be busy with what waits for them.
/// </remarks>
internal sealed partial class ChildProcess : IAsyncDisposable
{
    private const int Kill = 9;
    private const int KilledByTimeout = 124;

    private readonly Process _process;
    private readonly Lock _gate = new();
    private readonly List<OutputLine> _lines = [];
    private readonly Task<int> _exit;
    private readonly long _start = TimeProvider.System.GetTimestamp();
    private TaskCompletionSource _changed = NewSignal();
    private int? _code;

    private ChildProcess(string name, Process process)
    {
        Name = name;
        _process = process;
        _exit = FollowAsync();
        _ = _exit.ContinueWith(_ => Signal(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <summary>What the log calls it.</summary>
    public string Name { get; }

    /// <summary>True when it has ended and both outputs have been read to their ends.</summary>
    public bool HasExited => _exit.IsCompleted;

    /// <summary>What it has written to standard output.</summary>
    public IReadOnlyList<string> Output
    {
        get
        {
            lock (_gate) return [.. _lines.Where(line => !line.FromError).Select(line => line.Text)];
        }
    }

    /// <summary>What it has written to standard error.</summary>
    public IReadOnlyList<string> Errors
    {
        get
        {
            lock (_gate) return [.. _lines.Where(line => line.FromError).Select(line => line.Text)];
        }
    }

    /// <summary>Starts a program.</summary>
    /// <param name="name">What the log calls it.</param>
    /// <param name="program">A name in <see cref="Programs"/>, or a path.</param>
    /// <param name="arguments">As the program gets them; no shell is between.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="lifetime">After this it is ended; 5 minutes by default.</param>
    public static ChildProcess Start(string name, string program, IEnumerable<string> arguments, string folder, TimeSpan? lifetime = null)
    {
        string path = program.Contains('/', StringComparison.Ordinal) ? program : Programs.PathOf(program);
        double limitSeconds = (lifetime ?? TimeSpan.FromMinutes(5)).TotalSeconds;
        var start = new ProcessStartInfo("timeout", ["--kill-after=2", limitSeconds.ToString(CultureInfo.InvariantCulture), path, .. arguments])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return new ChildProcess(name, Process.Start(start)!);
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its exit code and what it wrote.</returns>
    public static async Task<ExitedProcess> RunAsync(string name, string program, IEnumerable<string> arguments, string folder, TimeSpan? lifetime = null)
    {
        ChildProcess process = Start(name, program, arguments, folder, lifetime);
        await using (process)
        {
            int code = await process.ExitAsync((lifetime ?? TimeSpan.FromMinutes(5)) + Limit.Soon);
            return new ExitedProcess(code, process.Output, process.Errors, process.Log());
        }
    }

    /// <summary>Waits for a line on either output, one that came already included.</summary>
    /// <exception cref="InvalidOperationException">The program ended without it.</exception>
    /// <exception cref="TimeoutException">It did not come in time.</exception>
    public async Task<string> LineAsync(string what, Func<string, bool> matches, TimeSpan? limit = null)
    {
        string? found = null;
        await WaitAsync(what, () => (found = FindLine(matches)) is not null, limit);
        return found!;
    }

    /// <summary>Waits until a condition holds that this program's output may change.</summary>
    public async Task WaitAsync(string what, Func<bool> condition, TimeSpan? limit = null)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Task changed;
            lock (_gate) changed = _changed.Task;
            bool ended = HasExited;
            if (condition()) return;
            if (ended) throw new InvalidOperationException($"{Name} ended before {what}.{Environment.NewLine}{Log()}");
            TimeSpan left = (limit ?? Limit.Soon) - TimeProvider.System.GetElapsedTime(start);
            if (left <= TimeSpan.Zero) throw new TimeoutException($"{Name}: waited {(limit ?? Limit.Soon).TotalSeconds:0} s for {what}.{Environment.NewLine}{Log()}");
            await Task.WhenAny(changed, Task.Delay(left, TimeProvider.System));
        }
    }

    /// <summary>Waits for the program's end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> ExitAsync(TimeSpan? limit = null)
    {
        await WaitAsync("its end", () => HasExited, limit ?? Limit.Call);
        int code = await _exit;
        Assert.True(code != KilledByTimeout, $"{Name} ran too long and was ended.{Environment.NewLine}{Log()}");
        return code;
    }

    /// <summary>Gives it something to read.</summary>
    public async Task WriteAsync(string text)
    {
        await _process.StandardInput.WriteAsync(text);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Presses Ctrl-C.</summary>
    public void Interrupt() => SendSignal(2);

    /// <summary>Asks it to end, as a service manager does.</summary>
    public void Terminate() => SendSignal(15);

    /// <summary>Ends it with no chance to do anything: <c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        SendSignal(Kill);
        await GoneAsync();
    }

    /// <summary>What it wrote, with times, the last lines of it.</summary>
    public string Log(int lastLines = 150)
    {
        lock (_gate)
        {
            IEnumerable<string> lines = _lines.TakeLast(lastLines).Select(line => $"{line.At.TotalSeconds,8:0.000} {(line.FromError ? '!' : ' ')} {line.Text}");
            return $"--- {Name}{(_code is { } code ? $" (exit code {code})" : "")}{Environment.NewLine}{string.Join(Environment.NewLine, lines)}";
        }
    }

    public async ValueTask DisposeAsync()
    {
        SendSignal(Kill);
        await GoneAsync();
        _process.Dispose();
    }

    private async Task GoneAsync()
    {
        try
        {
            await _exit.WaitAsync(Limit.Soon, TimeProvider.System);
        }
        catch (TimeoutException late)
        {
            string state = _process.HasExited ? "has ended, but something holds its output open" : "does not end";
            throw new InvalidOperationException($"{Name} (process {_process.Id}) was killed and {state}.{Environment.NewLine}{Log()}", late);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // A kill goes to the group, whose leader timeout is; it goes there too when the leader has ended and somebody of the group still
    // has its output. Other signals go to the program itself: timeout would pass them on, but ends without its program when one
    // comes before it has seen the return of its fork, which on a busy machine is later than the program's first line.
    private void SendSignal(int signal)
    {
        if (signal == Kill ? !HasExited : !_process.HasExited) _ = KillProcess(signal == Kill ? -_process.Id : ProgramId() ?? _process.Id, signal);
    }

    private int? ProgramId()
    {
        try
        {
            string[] children = File.ReadAllText($"/proc/{_process.Id}/task/{_process.Id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return children.Length > 0 ? int.Parse(children[0], CultureInfo.InvariantCulture) : null;
        }
        catch (IOException)
        {
            return null;        // it has ended, or this kernel does not tell
        }
    }

    private string? FindLine(Func<string, bool> matches)
    {
        lock (_gate)
        {
            int index = _lines.FindIndex(line => matches(line.Text));
            return index < 0 ? null : _lines[index].Text;
        }
    }

    private async Task<int> FollowAsync()
    {
        await Task.WhenAll(ReadAsync(_process.StandardOutput, fromError: false), ReadAsync(_process.StandardError, fromError: true)).ConfigureAwait(false);
        await _process.WaitForExitAsync().ConfigureAwait(false);
        _code = _process.ExitCode;
        return _process.ExitCode;
    }

    private async Task ReadAsync(StreamReader reader, bool fromError)
    {
        while (await reader.ReadLineAsync().ConfigureAwait(false) is { } text)
        {
            lock (_gate) _lines.Add(new OutputLine(TimeProvider.System.GetElapsedTime(_start), fromError, text));
            Signal();
        }
    }

    private void Signal()
    {
        TaskCompletionSource changed;
        lock (_gate) (changed, _changed) = (_changed, NewSignal());
        changed.TrySetResult();
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int KillProcess(int processOrGroup, int signal);

    private sealed record OutputLine(TimeSpan At, bool FromError, string Text);
}

/// <summary>What is left of a program that ran to its end.</summary>
internal sealed record ExitedProcess(int ExitCode, IReadOnlyList<string> Output, IReadOnlyList<string> Errors, string Log);
