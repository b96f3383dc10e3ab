using System.CommandLine;
using Parley.Output;
using Parley.Sip.Messages;
using Parley.UserAgent;

namespace Parley.Commands;

/// <summary><c>parley refer</c>: asks somebody to call somebody else.</summary>
internal static class ReferCommand
{
    public static Command Create(CommandRunner runner)
    {
        var command = new Command("refer",
            "Ask somebody to call somebody else (SIP REFER), and show how far that comes.\n\n"
            + "  parley refer sip:bob@localhost sip:carol@localhost --as sip:alice@localhost --password P --proxy sip:127.0.0.1:5060");
        Argument<SipUri> uri = Parsing.Uri("Who is asked, such as sip:bob@example.com");
        Argument<SipUri> target = Parsing.NamedUri("TARGET", "Who is to be called, such as sip:carol@example.com");
        var phone = new PhoneOptions(command);
        command.Add(uri);
        command.Add(target);
        runner.SetAction(command, async (parse, output, cancellationToken) =>
        {
            await using var line = await PhoneLine.OpenAsync(phone, parse, output, cancellationToken).ConfigureAwait(false);
            var progress = new TransferReport(output);
            TransferProgress result = await line.Agent.ReferAsync(parse.GetRequiredValue(uri), parse.GetRequiredValue(target), progress, cancellationToken).ConfigureAwait(false);
            output.Event("referred", ("status", result.StatusCode), ("reason", result.ReasonPhrase));
            output.Say($"{result.StatusCode} {result.ReasonPhrase}");
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>Tells how far it comes, in order.</summary>
    private sealed class TransferReport(CommandOutput output) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value)
        {
            output.Event("transferring", ("status", value.StatusCode), ("reason", value.ReasonPhrase));
            output.Say($"{value.StatusCode} {value.ReasonPhrase}");
        }
    }
}
