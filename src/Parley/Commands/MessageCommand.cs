using System.CommandLine;
using Parley.Output;
using Parley.Sip.Messages;
using Parley.UserAgent;

namespace Parley.Commands;

/// <summary><c>parley message</c>: sends somebody a text.</summary>
internal static class MessageCommand
{
    public static Command Create(CommandRunner runner)
    {
        var command = new Command("message",
            "Send somebody a text (SIP MESSAGE).\n\n"
            + "  parley message sip:bob@localhost 'Lunch?' --as sip:alice@localhost --password P --proxy sip:127.0.0.1:5060");
        Argument<SipUri> uri = Parsing.Uri("To whom, such as sip:bob@example.com");
        var text = new Argument<string>("TEXT") { Description = "The text; some 600 bytes are the most that a message carries" };
        var phone = new PhoneOptions(command);
        command.Add(uri);
        command.Add(text);
        runner.SetAction(command, async (parse, output, cancellationToken) =>
        {
            await using var line = await PhoneLine.OpenAsync(phone, parse, output, cancellationToken).ConfigureAwait(false);
            MessageResult result = await line.Agent.SendMessageAsync(parse.GetRequiredValue(uri), parse.GetRequiredValue(text), cancellationToken).ConfigureAwait(false);
            output.Event("sent", ("status", result.StatusCode), ("reason", result.ReasonPhrase), ("delivered", result.IsDelivered));
            output.Say(result.IsDelivered ? "delivered" : "taken by the server, which delivers it later");
            return ExitCode.Done;
        });
        return command;
    }
}
