using Parley.Endpoint.Sip;
using Parley.Sip.Events;
using Parley.Sip.Events.Documents;
using Parley.Sip.Messages;

namespace Parley.UserAgent.Subscriptions;

/// <summary>Tells watchers of a conference who takes part in it: the notifier's side of a focus.</summary>
/// <remarks>All members are the lane's. Who may watch is for the focus to decide, before it accepts. Source: RFC 4575 3, 4.4.</remarks>
/// <param name="core">The user agent that is the focus.</param>
/// <param name="info">The conference as it is; its version and state do not matter.</param>
public sealed class ConferenceSource(UserAgentCore core, ConferenceInfo info) : INotifierSource
{
    private readonly List<Notifier> _notifiers = [];
    private ConferenceInfo _info = info;

    /// <summary>How many watch.</summary>
    public int Watchers => _notifiers.Count;

    /// <summary>Finds the flow that NOTIFYs take to a watcher whose Contact does not lead to him; null follows each dialog.</summary>
    public NotifierFlow? Flow { get; init; }

    /// <summary>Accepts somebody who may watch: answers, and tells him the whole conference.</summary>
    /// <param name="subscribe">A SUBSCRIBE for the event <c>conference</c> that begins a subscription.</param>
    /// <returns>False when it could not be accepted; it was then answered.</returns>
    public bool Accept(in SipIncomingRequest subscribe)
    {
        if (core.AcceptSubscription(subscribe, EventPackages.Conference, SubscriptionLimits.Usual(EventPackages.Conference.DefaultExpiry), this) is not { } notifier) return false;
        if (!notifier.IsOver) _notifiers.Add(notifier);
        return true;
    }

    /// <summary>The conference is another than it was: watchers are told what changed.</summary>
    public void Change(ConferenceInfo info)
    {
        _info = info;
        foreach (Notifier notifier in _notifiers.ToArray()) notifier.OnChanged();
    }

    /// <summary>The conference is over: watchers are told so, and their subscriptions end.</summary>
    public void End()
    {
        _info = new ConferenceInfo(_info.Entity, []) { State = ConferenceElementState.Deleted };
        foreach (Notifier notifier in _notifiers.ToArray()) notifier.Terminate(TerminationReason.Noresource);
    }

    /// <summary>The focus goes away for a while: the subscriptions end, and watchers are asked to come back.</summary>
    /// <param name="retryAfter">When.</param>
    public void Leave(TimeSpan retryAfter)
    {
        foreach (Notifier notifier in _notifiers.ToArray()) notifier.Terminate(TerminationReason.Probation, retryAfter);
    }

    /// <inheritdoc/>
    public NotifyBody Write(Notifier notifier, in SubscriptionStatus status)
    {
        ArgumentNullException.ThrowIfNull(notifier);
        uint version = notifier.Version++;
        bool isWhole = notifier.NeedsFullState || notifier.Context is not ConferenceInfo || _info.State == ConferenceElementState.Deleted;
        ConferenceInfo document = isWhole ? _info with { Version = version } : _info.ChangesSince((ConferenceInfo)notifier.Context!) with { Version = version };
        notifier.Context = _info;
        return new NotifyBody(WireText.ToBytes(EventPackages.Conference.Body), document.Write());
    }

    /// <inheritdoc/>
    public void OnEnded(Notifier notifier) => _notifiers.Remove(notifier);

    SipFlow? INotifierSource.FlowTo(in SipMessageView subscribe, in SipFlow source) => Flow?.Invoke(subscribe, source);
}
