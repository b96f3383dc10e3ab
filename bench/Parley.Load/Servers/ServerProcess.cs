using System.Diagnostics;
using System.Runtime.InteropServices;
using Parley.Load.Measuring;

namespace Parley.Load.Servers;

/// <summary>A program that a command starts, and ends by its own process and no other.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private const int Terminate = 15;
    private const int KeptLines = 100;

    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(8);

    private readonly string _name;
    private readonly Process _process;
    private readonly Lock _gate = new();
    private readonly Queue<string> _lines = new();
    private readonly long _start = TimeProvider.System.GetTimestamp();
    private Func<string, bool>? _isWanted;
    private TaskCompletionSource<(string Line, TimeSpan After)>? _wanted;

    private ServerProcess(string name, ProcessStartInfo start, int[] cores)
    {
        _name = name;
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => OnLine(line.Data);
        _process.ErrorDataReceived += (_, line) => OnLine(line.Data);
        Cores.RunOn(cores, _process.Start);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Its number.</summary>
    public int Id => _process.Id;

    /// <summary>Starts a program.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="program">The file.</param>
    /// <param name="arguments">As the program gets them; no shell is between.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="cores">The processor cores that it may use; none for all.</param>
    public static ServerProcess Start(string name, string program, IEnumerable<string> arguments, string folder, params int[] cores) => new(
        name,
        new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false },
        cores);

    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="LoadException">It failed.</exception>
    public static async Task RunAsync(string name, string program, IEnumerable<string> arguments, string folder, CancellationToken cancellationToken)
    {
        await using ServerProcess process = Start(name, program, arguments, folder);
        await process._process.WaitForExitAsync(cancellationToken);
        if (process._process.ExitCode != 0) throw new LoadException($"{name} failed: {process.LastLine}");
    }

    /// <summary>Waits for a line that the program writes; one that came already counts.</summary>
    /// <returns>The line, and how long after the start it came.</returns>
    /// <exception cref="LoadException">It ended without, or did not write it in time.</exception>
    public async Task<(string Line, TimeSpan After)> LineAsync(Func<string, bool> isWanted, TimeSpan limit, CancellationToken cancellationToken)
    {
        var wanted = new TaskCompletionSource<(string, TimeSpan)>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_lines.FirstOrDefault(isWanted) is { } there) return (there, TimeProvider.System.GetElapsedTime(_start));
            (_isWanted, _wanted) = (isWanted, wanted);
        }

        Task exit = _process.WaitForExitAsync(cancellationToken);
        if (await Task.WhenAny(wanted.Task, exit, Task.Delay(limit, TimeProvider.System, cancellationToken)) == wanted.Task) return await wanted.Task;
        cancellationToken.ThrowIfCancellationRequested();
        throw new LoadException(exit.IsCompleted ? $"{_name} ended: {LastLine}" : $"{_name} was not ready within {limit.TotalSeconds:0} s");
    }

    /// <summary>The end of what it wrote, for messages.</summary>
    public string LastLine
    {
        get
        {
            lock (_gate) return _lines.LastOrDefault(line => line.Length > 0) ?? "it wrote nothing";
        }
    }

    /// <summary>Asks it to end and waits for that; ends it when it does not.</summary>
    public async Task EndAsync(TimeSpan patience)
    {
        if (!_process.HasExited) _ = kill(_process.Id, Terminate);
        try
        {
            await _process.WaitForExitAsync().WaitAsync(patience, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await EndAsync(TimeToEnd);
        _process.Dispose();
    }

    private void OnLine(string? line)
    {
        if (line is null) return;
        lock (_gate)
        {
            _lines.Enqueue(line);
            if (_lines.Count > KeptLines) _lines.Dequeue();
            if (_wanted is null || !_isWanted!(line)) return;
            _wanted.TrySetResult((line, TimeProvider.System.GetElapsedTime(_start)));
            _wanted = null;
        }
    }

    [LibraryImport("libc"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int kill(int process, int signal);
}
