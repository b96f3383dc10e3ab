using System.Globalization;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Sip.Dialogs;
using Parley.Sip.Events;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;

namespace Parley.UserAgent.Subscriptions;

/// <summary>Somebody's subscription at this side: tells what is watched, for as long as it lasts.</summary>
/// <remarks>
/// It has a dialog of its own, made by the SUBSCRIBE, or shares that of a call (RFC 6665 4.5.2), which outlives it. What it tells comes from its
/// <see cref="INotifierSource"/>; <see cref="NotifierSubscription"/> says when. All members are the lane's. Source: RFC 6665 4.2.
/// </remarks>
public sealed class Notifier : LoopTimer, IEventUsage
{
    private const int MostServerErrors = 5;     // in a row: a subscriber that is there, and never hears

    private readonly UserAgentCore _core;
    private readonly INotifierSource _source;
    private readonly NotifierSubscription _state;
    private readonly Dialog _dialog;
    private readonly LocalTag _tag;
    private readonly SubscriptionLimits _limits;
    private readonly bool _needsSecureContact;
    private SipFlow? _flow;
    private int _errors;
    private bool _isDriving;
    private bool _hasEnded;

    internal Notifier(UserAgentCore core, Dialog dialog, LocalTag tag, EventPackage package, EventName name, SubscriptionLimits limits, INotifierSource source, byte[] contactUser, bool needsSecureContact)
    {
        (_core, _dialog, _tag, Package, Event, _limits, _source, ContactUser, _needsSecureContact) = (core, dialog, tag, package, name, limits, source, contactUser, needsSecureContact);
        _state = new NotifierSubscription(package.NotifyInterval);
    }

    /// <summary>The package.</summary>
    public EventPackage Package { get; }

    /// <summary>The event, with the subscriber's id.</summary>
    public EventName Event { get; }

    /// <summary>Where the subscription is.</summary>
    public SubscriptionState State => _state.State;

    /// <summary>True once the last NOTIFY is answered or will not be: nothing more is sent.</summary>
    public bool IsOver => _state.IsOver;

    /// <summary>When it ends unless it is refreshed.</summary>
    public Instant Expiry => _state.Expiry;

    /// <summary>Of bodies that are counted, the number of the next one; the source counts.</summary>
    public uint Version { get; set; }

    /// <summary>True when the next NOTIFY has to tell the whole state: the subscriber asked for it, or has not heard the last one.</summary>
    public bool NeedsFullState { get; private set; } = true;

    /// <summary>What the source keeps for it.</summary>
    public object? Context { get; set; }

    internal byte[] ContactUser { get; }

    /// <summary>Further rows of each 200 to a SUBSCRIBE.</summary>
    internal byte[] AcceptanceHeaders { get; init; } = [];

    /// <summary>What is watched has changed.</summary>
    public void OnChanged()
    {
        _state.OnChanged();
        Drive();
    }

    /// <summary>The subscriber may know.</summary>
    public void Authorize()
    {
        _state.Authorize();
        Drive();
    }

    /// <summary>Nobody has decided yet whether the subscriber may know.</summary>
    public void Hold()
    {
        _state.Hold();
        Drive();
    }

    /// <summary>Ends the subscription, with a last NOTIFY.</summary>
    public void Terminate(TerminationReason reason, TimeSpan? retryAfter = null)
    {
        _state.Terminate(reason, retryAfter);
        Drive();
    }

    /// <inheritdoc/>
    public override void OnDeadline(Instant now)
    {
        _state.OnDeadline(now);
        Drive();
    }

    /// <summary>Begins to tell: the request that asks for it is answered.</summary>
    /// <param name="duration">What was granted.</param>
    /// <param name="isAuthorized">False when that is not decided yet.</param>
    /// <param name="flow">The flow that NOTIFYs take; null to follow the dialog.</param>
    internal void Begin(TimeSpan duration, bool isAuthorized, SipFlow? flow)
    {
        _flow = flow;
        if (isAuthorized) _state.Authorize();
        else _state.Hold();
        _state.OnSubscribe(_core.Lane.Now, duration);
        Drive();
    }

    internal NotifyBody Write(in SubscriptionStatus status)
    {
        NotifyBody body = _source.Write(this, status);
        NeedsFullState = false;
        return body;
    }

    internal void OnAnswered(int statusCode, TimeSpan? retryAfter)
    {
        _errors = statusCode < 300 ? 0 : _errors + 1;
        NeedsFullState |= statusCode >= 300;
        _state.OnNotifyAnswered(_core.Lane.Now, _errors > MostServerErrors ? 408 : statusCode, retryAfter);
        Drive();
    }

    bool IEventUsage.Matches(in SipMessageView request) => request.Method == SipMethod.Subscribe && Event.Matches(request);

    void IEventUsage.OnRequest(in SipIncomingRequest request)
    {
        switch (_dialog.TryTakeRequest(request.Message))
        {
            case DialogRequestResult.UnknownDialog: request.Reply(new SipReply(481)); return;
            case DialogRequestResult.OutOfOrder: request.Reply(new SipReply(500) { ReasonPhrase = "CSeq Out of Order"u8 }); return;
            case DialogRequestResult.Malformed: request.Reply(new SipReply(400)); return;
        }

        if (request.CreateTransaction(_core) is { } transaction) OnSubscribe(transaction);
    }

    void IEventUsage.OnRequestInCall(SipServerTransaction transaction) => OnSubscribe(transaction);

    /// <summary>A SUBSCRIBE in the dialog: a refresh, or with 0 the end.</summary>
    private void OnSubscribe(SipServerTransaction transaction)
    {
        SipMessageView message = transaction.Request;
        if (State == SubscriptionState.Terminated)
        {
            transaction.Respond(new SipReply(481) { ReasonPhrase = "Subscription Does Not Exist"u8 });
            return;
        }

        if (!_limits.TryGrant(message, out TimeSpan granted, out SipReply refusal))
        {
            transaction.Respond(refusal);
            return;
        }

        _dialog.Refresh(message);
        _flow = _source.FlowTo(message, transaction.Flow);
        transaction.Respond(new SipReply(200) { Headers = WriteAcceptance(transaction.Flow, WireText.From(message.RequestUri), granted) });
        NeedsFullState = true;
        _state.OnSubscribe(_core.Lane.Now, granted);
        Drive();
    }

    /// <summary>The rows of the 200 to a SUBSCRIBE.</summary>
    internal byte[] WriteAcceptance(in SipFlow flow, string requestUri, TimeSpan granted) =>
        [.. _core.WriteContactRow(flow, requestUri, _needsSecureContact), .. WireText.ToBytes(string.Create(CultureInfo.InvariantCulture, $"Expires: {(long)granted.TotalSeconds}\r\n")), .. AcceptanceHeaders, .. _core.Declared.AllowEvents];

    /// <summary>Sends what is due. A request may fail before it has returned, so this may be called from within itself.</summary>
    private void Drive()
    {
        if (_isDriving) return;
        _isDriving = true;
        Instant now = _core.Lane.Now;
        while (_state.TryTakeNotify(now, out SubscriptionStatus status)) new NotifyRequest(_core, this, _dialog, status).Start(_flow);
        _isDriving = false;
        _core.Lane.Loop.Schedule(this, _state.NextDeadline);
        if (!_state.IsOver || _hasEnded) return;
        _hasEnded = true;
        _core.Events.Remove(_tag, this);
        _source.OnEnded(this);
    }
}
