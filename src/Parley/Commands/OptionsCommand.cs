using System.CommandLine;
using Parley.Output;
using Parley.Sip.Messages;
using Parley.UserAgent;

namespace Parley.Commands;

/// <summary><c>parley options</c>: asks whether somebody is there and what they can do.</summary>
internal static class OptionsCommand
{
    public static Command Create(CommandRunner runner)
    {
        var command = new Command("options", "Ask a server or phone whether it is there and what it can do (SIP OPTIONS)");
        Argument<SipUri> uri = Parsing.Uri("Who to ask, such as sip:example.com or sip:127.0.0.1:5070");
        var phone = new PhoneOptions(command);
        command.Add(uri);
        runner.SetAction(command, async (parse, output, cancellationToken) =>
        {
            await using var line = await PhoneLine.OpenAsync(phone, parse, output, cancellationToken).ConfigureAwait(false);
            OptionsResult answer = await line.Agent.OptionsAsync(parse.GetRequiredValue(uri), cancellationToken).ConfigureAwait(false);
            double milliseconds = answer.RoundTrip.TotalMilliseconds;
            output.Event("answer",
                ("status", answer.StatusCode), ("reason", answer.ReasonPhrase), ("milliseconds", milliseconds), ("allow", answer.Allow), ("product", answer.Product));
            output.Say($"{answer.StatusCode} {answer.ReasonPhrase} in {milliseconds:0.0} ms{(answer.Product is null ? "" : $" from {answer.Product}")}");
            if (answer.Allow.Count > 0) output.Say($"allows {string.Join(", ", answer.Allow)}");
            return answer.IsSuccess ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }
}
