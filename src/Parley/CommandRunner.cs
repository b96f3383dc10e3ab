using System.CommandLine;
using System.Net.Sockets;
using Parley.Endpoint.Sip;
using Parley.Output;
using Parley.Server.Storage;
using Parley.Server.Tls;
using Parley.UserAgent;

namespace Parley;

/// <summary>Runs a command's work and makes of every way that it can fail one clear line and an exit code.</summary>
internal sealed class CommandRunner(TextWriter standardOutput, TextWriter standardError, Interruption interruption)
{
    /// <summary>The option that every command has.</summary>
    public static Option<bool> JsonOption() => new("--json") { Description = "One JSON object per line on standard output, for programs; words go to standard error" };

    /// <summary>True when it is the system that asks for the end.</summary>
    public bool IsTermination => interruption.IsTermination;

    /// <summary>Gives a command its option <c>--json</c> and its work.</summary>
    public void SetAction(Command command, Func<ParseResult, CommandOutput, CancellationToken, Task<int>> work)
    {
        Option<bool> json = JsonOption();
        command.Add(json);
        command.SetAction((parse, cancellationToken) => RunAsync(parse.GetValue(json), output => work(parse, output, cancellationToken)));
    }

    private async Task<int> RunAsync(bool isJson, Func<CommandOutput, Task<int>> work)
    {
        var output = new CommandOutput(isJson, standardOutput, standardError, isTerminal: ReferenceEquals(standardOutput, Console.Out) && !Console.IsOutputRedirected);
        try
        {
            return await work(output).ConfigureAwait(false);
        }
        catch (CommandException problem)
        {
            output.Fail(problem.Message, problem.StatusCode);
            return problem.Code;
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            output.Event("interrupted");
            return ExitCode.Interrupted;
        }
        catch (SipListenException problem)
        {
            output.Fail(problem.Message + Advice(problem));
            return ExitCode.Failed;
        }
        catch (CallFailedException problem)
        {
            output.Fail(problem.Message, problem.StatusCode);
            return ExitCode.Failed;
        }
        catch (SipRequestException problem)
        {
            output.Fail(problem.Message, problem.StatusCode);
            return ExitCode.Failed;
        }
        catch (Exception problem) when (problem is StorageException or CertificateException or IOException or UnauthorizedAccessException or SocketException)
        {
            output.Fail(problem.Message);
            return ExitCode.Failed;
        }
    }

    private static string Advice(SipListenException problem) => problem.SocketError switch
    {
        SocketError.AddressAlreadyInUse => "; end it, or choose another port with --listen or --local (port 0 takes a free one)",
        SocketError.AccessDenied => "; ports under 1024 need the right to use them: choose another one with --listen or --local",
        SocketError.AddressNotAvailable => "; give an address of this machine, or 0.0.0.0 for all of them",
        _ => "",
    };
}
