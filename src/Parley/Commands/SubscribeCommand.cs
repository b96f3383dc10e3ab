using System.CommandLine;
using System.Globalization;
using System.Text;
using Parley.Output;
using Parley.Sip.Events;
using Parley.Sip.Messages;
using Parley.UserAgent.Subscriptions;

namespace Parley.Commands;

/// <summary><c>parley subscribe</c>: shows what somebody's state is, as it changes.</summary>
internal static class SubscribeCommand
{
    public static Command Create(CommandRunner runner)
    {
        var command = new Command("subscribe",
            "Subscribe to somebody's state and show each notification (SIP SUBSCRIBE).\n\n"
            + $"Events that are shown in words: {string.Join(", ", EventPackages.All.Where(package => package != EventPackages.Refer).Select(package => package.Name))}; others as they come.\n\n"
            + "  parley subscribe sip:bob@localhost presence --as sip:alice@localhost --password P --proxy sip:127.0.0.1:5060");
        Argument<SipUri> uri = Parsing.Uri("Whose state, such as sip:bob@example.com");
        var eventType = new Argument<string>("EVENT") { Description = "The event, such as presence or message-summary" };
        Option<int?> count = Parsing.Number("--count", "N", "End after this many notifications", 1, int.MaxValue);
        Option<TimeSpan?> duration = Parsing.Time("--duration", "End after this time; 0s asks once");
        var phone = new PhoneOptions(command);
        command.Add(uri);
        command.Add(eventType);
        command.Add(count);
        command.Add(duration);
        runner.SetAction(command, async (parse, output, cancellationToken) =>
        {
            int? most = parse.GetValue(count);
            TimeSpan? limit = parse.GetValue(duration);
            await using var line = await PhoneLine.OpenAsync(phone, parse, output, cancellationToken).ConfigureAwait(false);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (limit > TimeSpan.Zero) end.CancelAfter(limit.Value);
            var options = new SubscribeOptions { Expiry = limit == TimeSpan.Zero ? TimeSpan.Zero : null, TakesLists = true };
            int told = 0;
            try
            {
                await foreach (Notification notification in line.Agent.SubscribeAsync(parse.GetRequiredValue(uri), parse.GetRequiredValue(eventType), options, end.Token).ConfigureAwait(false))
                {
                    Show(output, notification);
                    if (++told == most) break;
                }
            }
            catch (ArgumentException problem)
            {
                throw CommandException.Usage(problem.Message);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The time that was asked for is over.
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static void Show(CommandOutput output, Notification notification)
    {
        IReadOnlyList<string> words = EventWords.Describe(notification.ContentType, notification.Body.Span);
        SubscriptionStatus status = notification.Status;
        output.Event("notification",
            ("state", status.State.ToString().ToLowerInvariant()),
            ("expires", status.ExpiresIn is { } left ? (long)left.TotalSeconds : null),
            ("reason", status.Reason == TerminationReason.None ? null : status.Reason.ToString().ToLowerInvariant()),
            ("notifier", notification.Notifier),
            ("contentType", notification.ContentType),
            ("summary", words),
            ("body", Encoding.UTF8.GetString(notification.Body.Span)));
        output.Say($"{status.State.ToString().ToLowerInvariant()}{(status.ExpiresIn is { } time ? string.Create(CultureInfo.InvariantCulture, $" for {(long)time.TotalSeconds} s") : "")}"
            + (status.Reason == TerminationReason.None ? "" : $" ({status.Reason.ToString().ToLowerInvariant()})"));
        foreach (string word in words) output.Say($"  {word}");
    }
}
