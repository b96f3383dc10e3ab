using Parley.Phone.Settings;
using Parley.Phone.State;
using Parley.Sip.Events;
using Parley.Sip.Events.Documents;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Subscriptions;

namespace Parley.Phone.Desk;

/// <summary>Watches the contacts' presence and calls, and whether messages wait for the accounts.</summary>
/// <remarks>Source: RFC 3856, RFC 4235, RFC 3842. A server that refuses is not asked again; one that is away is, with growing waits and when the account is registered.</remarks>
internal sealed class DeskWatches(PhoneDesk desk)
{
    private static readonly TimeSpan AnewWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(10);

    public void Begin(IReadOnlyList<ContactSettings> contacts)
    {
        foreach (DeskAccount account in desk.Accounts)
        {
            if (account.Settings is not { Registers: true, Agent.Identity: { } identity }) continue;
            Watch(account, identity, EventPackages.MessageSummary, notification => TellMessages(account.Index, notification), _ => { });
        }

        for (int i = 0; i < contacts.Count; i++)
        {
            int contact = i;
            DeskAccount account = desk.Accounts[contacts[i].Account];
            Watch(account, contacts[i].Uri, EventPackages.Presence, notification => TellPresence(contact, notification), reason => desk.Tell(new PresenceKnown(contact, IsOpen: null, reason)));
            var lamp = new DialogLamp();
            Watch(account, contacts[i].Uri, EventPackages.Dialog, notification => TellLamp(contact, ref lamp, notification), _ => desk.Tell(new LampKnown(contact, Lamp.Unknown)));
        }
    }

    private void Watch(DeskAccount account, SipUri uri, EventPackage package, Func<Notification, bool> tell, Action<string> lose) =>
        desk.Run(cancellationToken => WatchAsync(account, uri, package, tell, lose, cancellationToken));

    /// <param name="account">By which account.</param>
    /// <param name="uri">Whom.</param>
    /// <param name="package">What.</param>
    /// <param name="tell">Tells what was told; false asks for the whole anew.</param>
    /// <param name="lose">Tells that nothing is known any more, and why.</param>
    /// <param name="cancellationToken">Ends it.</param>
    private static async Task WatchAsync(DeskAccount account, SipUri uri, EventPackage package, Func<Notification, bool> tell, Action<string> lose, CancellationToken cancellationToken)
    {
        await account.Tried.WaitAsync(cancellationToken).ConfigureAwait(false);
        for (TimeSpan wait = FirstWait; ; wait = wait * 2 < LongestWait ? wait * 2 : LongestWait)
        {
            bool isAgain = false;
            Task registered = account.NextRegistration;
            try
            {
                await foreach (Notification notification in account.Agent.SubscribeAsync(uri, package.Name, cancellationToken: cancellationToken).ConfigureAwait(false))
                {
                    wait = FirstWait;
                    isAgain = !tell(notification);
                    if (isAgain) break;
                }

                if (!isAgain)
                {
                    lose("");
                    return;     // its notifier has ended it for good
                }
            }
            catch (SipRequestException problem)
            {
                lose(Reasons.Of(problem.StatusCode, problem.ReasonPhrase));
                if (problem is { Failure: null, StatusCode: < 500 and not 408 and not 480 }) return;
            }

            using var waited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task delay = Task.Delay(isAgain ? AnewWait : wait, TimeProvider.System, waited.Token);
            await Task.WhenAny(isAgain ? [delay] : [delay, registered]).ConfigureAwait(false);
            await waited.CancelAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private bool TellMessages(int account, Notification notification)
    {
        if (notification.Body.IsEmpty || !MessageSummary.TryRead(notification.Body.Span, out MessageSummary summary)) return true;
        uint voice = summary.Counts.FirstOrDefault(counts => counts.Class.Equals("voice-message", StringComparison.OrdinalIgnoreCase))?.New ?? 0;
        desk.Tell(new MessagesWait(account, summary.IsWaiting, voice));
        return true;
    }

    private bool TellPresence(int contact, Notification notification)
    {
        if (notification.Body.IsEmpty || !PresenceDocument.TryRead(notification.Body.Span, out PresenceDocument? presence)) return true;
        IEnumerable<string> words = [.. presence.Activities.Select(activity => activity.Replace('-', ' ')), .. presence.Tuples.Select(tuple => tuple.Note ?? ""), .. presence.Notes];
        desk.Tell(new PresenceKnown(contact, presence.IsOpen, string.Join(", ", words.Where(word => word.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase))));
        return true;
    }

    private bool TellLamp(int contact, ref DialogLamp lamp, Notification notification)
    {
        if (notification.Body.IsEmpty || !DialogInfo.TryRead(notification.Body.Span, out DialogInfo? info)) return true;
        if (!lamp.Take(info))
        {
            lamp = new DialogLamp();
            return false;
        }

        desk.Tell(new LampKnown(contact, lamp.Lamp));
        return true;
    }
}
