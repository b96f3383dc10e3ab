using System.Security.Cryptography;
using System.Threading.Channels;
using Parley.Phone.State;
using Parley.Sip.Events;
using Parley.Sip.Events.Documents;
using Parley.UserAgent;
using Parley.UserAgent.Publications;

namespace Parley.Phone.Desk;

/// <summary>Publishes of each account that its user can be reached, and that he is on the phone while he is.</summary>
/// <remarks>A server that does not take it is not asked again. Source: RFC 3903, RFC 4480 3.2.</remarks>
internal sealed class DeskPresence(PhoneDesk desk)
{
    private readonly string _tuple = "t" + RandomNumberGenerator.GetHexString(8, lowercase: true);
    private readonly Dictionary<DeskAccount, Channel<bool>> _changed = [];      // filled before anything runs
    private volatile Publish _wanted = new(IsOpen: true, "");

    public void Begin()
    {
        foreach (DeskAccount account in desk.Accounts)
        {
            if (account.Settings is { Registers: true, Agent.Identity: not null }) _changed[account] = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        }

        foreach (DeskAccount account in _changed.Keys) desk.Run(cancellationToken => PublishAsync(account, cancellationToken));
    }

    /// <summary>The user says whether he can be reached.</summary>
    public void Set(Publish wanted)
    {
        _wanted = wanted;
        Changed();
    }

    /// <summary>Something may have to be published anew.</summary>
    public void Changed()
    {
        foreach (Channel<bool> changed in _changed.Values) changed.Writer.TryWrite(true);
    }

    private async Task PublishAsync(DeskAccount account, CancellationToken cancellationToken)
    {
        await account.Tried.WaitAsync(cancellationToken).ConfigureAwait(false);
        PublishedEvent? published = null;
        (bool IsOpen, string Words) last = default;
        while (true)
        {
            Publish wanted = _wanted;
            bool isOnThePhone = desk.IsInCall;
            string words = wanted.Note.Length > 0 ? wanted.Note : isOnThePhone ? "on the phone" : "";
            if (account.Agent.RegistrationState == UserAgent.Registrations.RegistrationState.Registered && (published is null || last != (wanted.IsOpen, words)))
            {
                string user = account.Settings.Agent.Identity!.ToString();
                byte[] body = new PresenceDocument
                {
                    Entity = user,
                    Tuples = [new PresenceTuple(_tuple, wanted.IsOpen, user) { Note = words.Length > 0 ? words : null }],
                    Activities = isOnThePhone ? ["on-the-phone"] : [],
                }.Write();
                try
                {
                    if (published is null) published = await account.Agent.PublishAsync(EventPackages.Presence.Name, EventPackages.Presence.Body, body, cancellationToken).ConfigureAwait(false);
                    else await published.PublishAsync(EventPackages.Presence.Body, body, cancellationToken).ConfigureAwait(false);
                    last = (wanted.IsOpen, words);
                    desk.Tell(new PresencePublished(account.Index, wanted.IsOpen, words));
                }
                catch (SipRequestException problem)
                {
                    desk.Tell(new Noted($"{PhoneState.Short(account.Settings.Agent.Identity!.ToString())}: the server does not take presence: {Reasons.Of(problem.StatusCode, problem.ReasonPhrase)}"));
                    return;
                }
            }

            await _changed[account].Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
