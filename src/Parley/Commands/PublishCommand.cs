using System.CommandLine;
using System.Security.Cryptography;
using Parley.Output;
using Parley.Sip.Events;
using Parley.Sip.Events.Documents;
using Parley.UserAgent.Publications;

namespace Parley.Commands;

/// <summary><c>parley publish</c>: publishes a user's presence or waiting messages, for as long as it runs.</summary>
internal static class PublishCommand
{
    private const int MaxMessages = 1_000_000;

    public static Command Create(CommandRunner runner)
    {
        var command = new Command("publish",
            "Publish whether the user can be reached, or that messages wait for him (SIP PUBLISH). It stands until the command ends.\n\n"
            + "  parley publish presence --note 'At lunch' --as sip:alice@localhost --password P --proxy sip:127.0.0.1:5060\n"
            + "  parley publish message-summary --new 2 --old 8 --as sip:alice@localhost --password P --proxy sip:127.0.0.1:5060");
        var eventType = new Argument<string>("EVENT") { Description = "presence or message-summary" };
        var closed = new Option<bool>("--closed") { Description = "presence: cannot be reached; else he can" };
        var note = new Option<string?>("--note") { Description = "presence: what is said in words", HelpName = "TEXT" };
        Option<int?> news = Parsing.Number("--new", "N", "message-summary: this many voice messages were not heard yet", 0, MaxMessages);
        Option<int?> old = Parsing.Number("--old", "N", "message-summary: this many were heard", 0, MaxMessages);
        Option<TimeSpan?> duration = Parsing.Time("--duration", "End after this time", allowsZero: false);
        var phone = new PhoneOptions(command);
        command.Add(eventType);
        foreach (Option option in new Option[] { closed, note, news, old, duration }) command.Add(option);
        runner.SetAction(command, async (parse, output, cancellationToken) =>
        {
            string user = phone.IdentityOf(parse)?.ToString() ?? throw CommandException.Usage("publish needs --as: whose state is it?");
            EventPackage package = EventPackages.Find(parse.GetRequiredValue(eventType)) ?? EventPackages.Refer;
            if (package != EventPackages.Presence && package != EventPackages.MessageSummary) throw CommandException.Usage($"EVENT: '{parse.GetValue(eventType)}' is not allowed; allowed are presence and message-summary");
            bool isPresence = package == EventPackages.Presence;
            if (isPresence ? parse.GetValue(news) is not null || parse.GetValue(old) is not null : parse.GetValue(closed) || parse.GetValue(note) is not null)
            {
                throw CommandException.Usage("--closed and --note are for presence, --new and --old for message-summary");
            }

            await using var line = await PhoneLine.OpenAsync(phone, parse, output, cancellationToken).ConfigureAwait(false);
            byte[] body = isPresence ? Presence(user, !parse.GetValue(closed), parse.GetValue(note)) : Messages(user, (uint)(parse.GetValue(news) ?? 0), (uint)(parse.GetValue(old) ?? 0));
            PublishedEvent published = await line.Agent.PublishAsync(package.Name, package.Body, body, cancellationToken).ConfigureAwait(false);
            output.Event("published", ("package", package.Name), ("user", user));
            output.Say($"published {package.Name} of {user}");
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (parse.GetValue(duration) is { } limit) end.CancelAfter(limit);
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, end.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The time that was asked for is over.
            }
            finally
            {
                await published.DisposeAsync().ConfigureAwait(false);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static byte[] Presence(string user, bool isOpen, string? note) => new PresenceDocument
    {
        Entity = user,
        Tuples = [new PresenceTuple("t" + RandomNumberGenerator.GetHexString(8, lowercase: true), isOpen, user) { Note = note }],
    }.Write();

    private static byte[] Messages(string user, uint unheard, uint heard) =>
        new MessageSummary(unheard > 0) { Account = user, Counts = [new MessageCounts("Voice-Message", unheard, heard)] }.Write();
}
