using System.CommandLine;
using System.Runtime.InteropServices;
using Parley.Commands;
using Parley.Output;

namespace Parley;

/// <summary>The command: finds out what is asked for, runs it, and turns whatever comes of it into words and an exit code.</summary>
internal static class CommandLine
{
    /// <summary>Runs the command.</summary>
    /// <returns>0 done, 1 failed, 2 bad usage, 130 interrupted.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter standardOutput, TextWriter standardError)
    {
        using var interruption = new Interruption(standardError, TimeProvider.System);
        RootCommand root = Create(standardOutput, standardError, interruption);
        ParseResult parse = root.Parse(args);
        if (parse.Errors.Count > 0)
        {
            new CommandOutput(args.Contains("--json"), standardOutput, standardError).Fail(parse.Errors[0].Message);
            await standardError.WriteLineAsync($"parley: see {Path(parse.CommandResult.Command)} --help").ConfigureAwait(false);
            return ExitCode.Usage;
        }

        var configuration = new InvocationConfiguration
        {
            Output = standardOutput,
            Error = standardError,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        return await parse.InvokeAsync(configuration, interruption.Token).ConfigureAwait(false);
    }

    private static RootCommand Create(TextWriter standardOutput, TextWriter standardError, Interruption interruption)
    {
        var runner = new CommandRunner(standardOutput, standardError, interruption);
        var root = new RootCommand("Parley carries calls: SIP server and phone in one program. Without a command it runs the server.");
        ServeCommand.AddTo(root, runner);
        root.Add(ServeCommand.Create(runner));
        root.Add(DemoCommand.Create(runner));
        root.Add(UserCommand.Create(runner));
        root.Add(BanCommand.Create(runner));
        root.Add(VoicemailCommand.Create(runner));
        root.Add(CallsCommand.Create(runner));
        root.Add(CallCommand.Create(runner));
        root.Add(AnswerCommand.Create(runner));
        root.Add(PhoneCommand.Create(runner));
        root.Add(OptionsCommand.Create(runner));
        root.Add(MessageCommand.Create(runner));
        root.Add(ReferCommand.Create(runner));
        root.Add(SubscribeCommand.Create(runner));
        root.Add(PublishCommand.Create(runner));
        root.Add(LocateCommand.Create(runner));
        return root;
    }

    private static string Path(Command command)
    {
        string path = command is RootCommand ? "parley" : command.Name;
        for (Symbol? parent = command.Parents.FirstOrDefault(); parent is not null; parent = parent.Parents.FirstOrDefault())
        {
            path = (parent is RootCommand ? "parley" : parent.Name) + " " + path;
        }

        return path;
    }
}

/// <summary>Ctrl-C and the system's request to end: the first one asks the command to end properly, a later one ends it.</summary>
internal sealed class Interruption : IDisposable
{
    /// <summary>What follows the first signal so soon is the same wish: <c>timeout</c> and service managers signal a process and then its group.</summary>
    private static readonly TimeSpan SameWish = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private long _first;
    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly TextWriter _standardError;

    public Interruption(TextWriter standardError, TimeProvider time)
    {
        (_standardError, _time) = (standardError, time);
        foreach (PosixSignal signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT })
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, OnSignal));
        }
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>True when the system asked for the end (SIGTERM), which for a server is the usual one.</summary>
    public bool IsTermination { get; private set; }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
        _source.Dispose();
    }

    /// <summary>Takes a signal.</summary>
    /// <returns>False when the command has had its time to end properly: it is to end at once.</returns>
    internal bool TryTake(PosixSignal signal)
    {
        lock (_gate)
        {
            if (_source.IsCancellationRequested) return _time.GetElapsedTime(_first) < SameWish;
            _first = _time.GetTimestamp();
            IsTermination = signal == PosixSignal.SIGTERM;
        }

        _source.Cancel();
        return true;
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (TryTake(context.Signal)) return;
        _standardError.WriteLine("parley: ended at once");
        Environment.Exit(ExitCode.Interrupted);
    }
}
