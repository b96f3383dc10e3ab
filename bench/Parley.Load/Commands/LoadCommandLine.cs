using System.CommandLine;
using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Parley.Load.Reports;

namespace Parley.Load.Commands;

/// <summary>Finds out what is asked for, runs it, and turns whatever comes of it into words and an exit code.</summary>
internal static class LoadCommandLine
{
    private const string About =
        "Measures a SIP server on this machine: how much processor time a request costs it, how long answers take, and how much memory it needs. "
        + "Traffic goes to loopback addresses only.";

    /// <summary>Runs the program.</summary>
    /// <returns>0 done, 1 failed (any request that did not succeed counts), 2 bad usage, 130 interrupted.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter standardOutput, TextWriter standardError)
    {
        using var interruption = new CancellationTokenSource();
        List<PosixSignalRegistration> signals = [];
        foreach (PosixSignal signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP })
        {
            signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                interruption.Cancel();
            }));
        }

        try
        {
            ParseResult parse = Create(standardOutput, standardError).Parse(args);
            if (parse.Errors.Count > 0)
            {
                string command = parse.CommandResult.Command is RootCommand ? "parley-load" : $"parley-load {parse.CommandResult.Command.Name}";
                await standardError.WriteLineAsync($"parley-load: {parse.Errors[0].Message.TrimEnd('.')}; see {command} --help");
                return ExitCode.Usage;
            }

            (parse.CommandResult.Command as LoadCommand)?.TellAll();
            var configuration = new InvocationConfiguration
            {
                Output = standardOutput,
                Error = standardError,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return await parse.InvokeAsync(configuration, interruption.Token);
        }
        finally
        {
            foreach (PosixSignalRegistration signal in signals) signal.Dispose();
        }
    }

    /// <summary>The program's commands.</summary>
    internal static RootCommand Create(TextWriter standardOutput, TextWriter standardError)
    {
        var runner = new LoadRunner(standardOutput, standardError);
        var root = new RootCommand(About)
        {
            SipCommand.Create(runner),
            RunCommand.Create(runner),
            MemoryCommand.Create(runner),
            ScaleCommand.Create(runner),
            FlatCommand.Create(runner),
            OverloadCommand.Create(runner),
        };
        return root;
    }
}

/// <summary>Runs a command's work and makes of every way that it can fail one clear line and an exit code.</summary>
internal sealed class LoadRunner(TextWriter standardOutput, TextWriter standardError)
{
    /// <summary>Gives a command its option <c>--json</c> and its work.</summary>
    public void SetAction(Command command, Func<ParseResult, LoadOutput, CancellationToken, Task<int>> work)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object per line of figures, for programs" };
        command.Add(json);
        command.SetAction((parse, cancellationToken) => RunAsync(() => work(parse, new LoadOutput(parse.GetValue(json), standardOutput, standardError), cancellationToken), cancellationToken));
    }

    private async Task<int> RunAsync(Func<Task<int>> work, CancellationToken cancellationToken)
    {
        try
        {
            if (!OperatingSystem.IsLinux()) throw new LoadException("this tool needs Linux: it sends in batches, pins to cores, and reads /proc");
            return await work();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await standardError.WriteLineAsync("parley-load: interrupted");
            return ExitCode.Interrupted;
        }
        catch (Exception problem) when (problem is LoadException or IOException or UnauthorizedAccessException or SocketException or Win32Exception)
        {
            await standardError.WriteLineAsync($"parley-load: {problem.Message}");
            return ExitCode.Failed;
        }
    }
}
