using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Sip.Dialogs;
using Parley.Sip.Events;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;

namespace Parley.UserAgent.Subscriptions;

/// <summary>A subscription to what somebody's state is: kept, told of, and made anew when it ends too early.</summary>
/// <remarks>
/// Each notifier that a forked SUBSCRIBE reaches has a <see cref="SubscribedDialog"/> of its own, made by its first NOTIFY; where the package
/// allows one only, the others are refused. All members are the lane's. Source: RFC 6665 4.1.
/// </remarks>
public sealed class Subscription : LoopTimer, IEventUsage
{
    private const int MaxNotifiers = 16;
    private static readonly TimeSpan ShortLife = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan BaseWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1800);

    private readonly UserAgentCore _core;
    private readonly ISubscriptionObserver _observer;
    private readonly List<SubscribedDialog> _notifiers = [];
    private readonly TimeSpan _timerN;
    private readonly TimeSpan _duration;
    private Instant _forkEnd;
    private Instant _begun;
    private Instant _again = Instant.Never;
    private uint _sequence;
    private int _failures;
    private bool _hasStood;
    private bool _isLeaving;
    private bool _isExpected;       // by another request than SUBSCRIBE
    private bool _isShared;         // the dialog is a call's

    internal Subscription(UserAgentCore core, SipUri uri, EventName name, SubscribeOptions options, ISubscriptionObserver observer)
    {
        (_core, Uri, Event, Options, _observer) = (core, uri, name, options, observer);
        Target = WireText.ToRequestUri(uri).ToBytes();
        Package = EventPackages.Find(name.Type);
        _timerN = 64 * core.Lane.Endpoint.Options.Timers.T1;
        _duration = options.Expiry ?? Package?.DefaultExpiry ?? TimeSpan.FromHours(1);
    }

    /// <summary>Whom or what it is about.</summary>
    public SipUri Uri { get; }

    /// <summary>The event.</summary>
    public EventName Event { get; }

    /// <summary>Where it is: the best of what its notifiers say.</summary>
    public SubscriptionState State
    {
        get
        {
            if (_notifiers.Count == 0) return SubscriptionState.Terminated;
            SubscriptionState best = SubscriptionState.Waiting;
            foreach (SubscribedDialog notifier in _notifiers)
            {
                if (notifier.State.State is SubscriptionState.Pending or SubscriptionState.Active && notifier.State.State > best) best = notifier.State.State;
            }

            return best;
        }
    }

    internal EventPackage? Package { get; }

    internal SubscribeOptions Options { get; }

    internal byte[] Target { get; }

    internal LocalTag Tag { get; private set; }

    internal byte[] CallId { get; private set; } = [];

    /// <summary>Ends it. <see cref="ISubscriptionObserver.OnEnded"/> is called once the notifier has confirmed it, or does not.</summary>
    public void Unsubscribe()
    {
        if (_isLeaving) return;
        _isLeaving = true;
        _again = Instant.Never;
        foreach (SubscribedDialog notifier in _notifiers.ToArray())
        {
            // Without a dialog nobody can be told; who answers now is told 481.
            if (notifier.Dialog is null) _notifiers.Remove(notifier);
            else notifier.State.Unsubscribe();
        }

        if (_notifiers.Count == 0) OnAllEnded(new SubscriptionEnd(200, TerminationReason.Timeout, null));
        else Drive();
    }

    /// <summary>Asks for the state once more.</summary>
    public void Refresh()
    {
        foreach (SubscribedDialog notifier in _notifiers) notifier.State.Refresh();
        Drive();
    }

    /// <inheritdoc/>
    public override void OnDeadline(Instant now)
    {
        if (now >= _again) Begin();
        foreach (SubscribedDialog notifier in _notifiers) notifier.State.OnDeadline(now);
        Drive();
    }

    /// <summary>Sends the first SUBSCRIBE, with new names for the dialog.</summary>
    internal void Begin()
    {
        Instant now = _core.Lane.Now;
        (_again, _begun, _forkEnd) = (Instant.Never, now, now + _timerN);
        Tag = LocalTag.Create();
        CallId = _core.CreateCallId();
        _sequence = 0;
        _notifiers.Add(new SubscribedDialog(new SubscriberSubscription(_timerN, _duration)));
        if (_core.Events.TryAdd(Tag, this)) Drive();
        else OnAnswered(_notifiers[0], 503, null, null);
    }

    /// <summary>Waits for the NOTIFYs of a subscription that another request asked for, as REFER does.</summary>
    /// <param name="tag">This side's tag in the dialog.</param>
    /// <param name="callId">Its Call-ID.</param>
    /// <param name="sequence">The number of the request.</param>
    /// <param name="shared">The dialog of the call that the request went through; null when the first NOTIFY is to make one.</param>
    /// <returns>False when there are as many subscriptions as there may be.</returns>
    /// <remarks>Source: RFC 3515 2.4.4.</remarks>
    internal bool TryExpect(LocalTag tag, byte[] callId, uint sequence, Dialog? shared)
    {
        Instant now = _core.Lane.Now;
        (Tag, CallId, _sequence, _begun, _forkEnd, _isShared) = (tag, callId, sequence, now, now + _timerN, shared is not null);
        _isExpected = true;
        var state = new SubscriberSubscription(_timerN, _duration);
        state.Expect(now);
        _notifiers.Add(new SubscribedDialog(state) { Dialog = shared });
        if (!_core.Events.TryAdd(tag, this)) return false;
        Drive();
        return true;
    }

    internal uint NextSequence() => ++_sequence;

    internal void OnAnswered(SubscribedDialog notifier, int statusCode, TimeSpan? granted, TimeSpan? retryAfter)
    {
        notifier.State.OnSubscribeAnswered(_core.Lane.Now, statusCode, granted, retryAfter);
        Drive();
    }

    /// <summary>The request that asked for the subscription was sent, perhaps once more.</summary>
    internal void OnRequested(uint sequence) => _sequence = sequence;

    /// <summary>The request that asked for the subscription was refused, or made none: nothing is waited for.</summary>
    internal void OnNotExpected()
    {
        _notifiers.Clear();
        _core.Events.Remove(Tag, this);
        _core.Lane.Loop.Schedule(this, Instant.Never);
    }

    /// <summary>What a REFER asked for may be named by its number, and must be when it was not the first of its dialog (RFC 3515 2.4.6).</summary>
    bool IEventUsage.Matches(in SipMessageView request) =>
        request.Method == SipMethod.Notify && (Event.Matches(request) || (_isExpected && IsNumbered(request)));

    private bool IsNumbered(in SipMessageView request) =>
        EventName.Of(request) is { } name && name.Type.SequenceEqual(Event.Type)
        && System.Buffers.Text.Utf8Parser.TryParse(name.Id, out uint number, out int length) && length == name.Id.Length && number == _sequence;

    void IEventUsage.OnRequest(in SipIncomingRequest request)
    {
        SipMessageView message = request.Message;
        if (message.TryGetCallId(out ReadOnlySpan<byte> callId) != HeaderStatus.Ok || !callId.SequenceEqual(CallId))
        {
            request.Reply(new SipReply(481));
            return;
        }

        if (!SubscriptionStatus.TryRead(message, out SubscriptionStatus status))
        {
            request.Reply(new SipReply(400) { ReasonPhrase = "Missing or Malformed Subscription-State"u8 });
            return;
        }

        DialogRequestResult place = Place(message, request.Flow, out SubscribedDialog? notifier);
        switch (place)
        {
            case DialogRequestResult.UnknownDialog: request.Reply(new SipReply(481)); return;
            case DialogRequestResult.OutOfOrder: request.Reply(new SipReply(500) { ReasonPhrase = "CSeq Out of Order"u8 }); return;
            case DialogRequestResult.Malformed: request.Reply(new SipReply(400)); return;
        }

        if (request.CreateTransaction(_core) is { } transaction) Take(transaction, notifier!, status);
    }

    void IEventUsage.OnRequestInCall(SipServerTransaction transaction)
    {
        if (!SubscriptionStatus.TryRead(transaction.Request, out SubscriptionStatus status)) transaction.Respond(new SipReply(400) { ReasonPhrase = "Missing or Malformed Subscription-State"u8 });
        else Take(transaction, _notifiers[0], status);
    }

    private void Take(SipServerTransaction transaction, SubscribedDialog notifier, in SubscriptionStatus status)
    {
        SipMessageView message = transaction.Request;
        var notification = new Notification(status, WireText.From(notifier.Dialog!.RemoteTarget), ContentTypeOf(message), message.Body.ToArray());
        notifier.Dialog.Refresh(message);
        transaction.Respond(new SipReply(200));
        if (status.State == SubscriptionState.Active) _hasStood = true;
        _observer.OnNotified(this, notification);
        notifier.State.OnNotify(_core.Lane.Now, status);
        Drive();
    }

    /// <summary>Finds the notifier that a NOTIFY is from; the first of a notifier makes its dialog.</summary>
    /// <remarks>Source: RFC 6665 4.1.2.4, 4.4.1.</remarks>
    private DialogRequestResult Place(in SipMessageView notify, in SipFlow flow, out SubscribedDialog? found)
    {
        found = null;
        SubscribedDialog? unmet = null;
        foreach (SubscribedDialog notifier in _notifiers)
        {
            if (notifier.Dialog is null) unmet = notifier;
            if (notifier.Dialog is not { } dialog || !dialog.IsMine(notify)) continue;
            found = notifier;
            return dialog.TryTakeRequest(notify);
        }

        bool isFork = unmet is null;
        if (isFork && (_isLeaving || Package is not { AllowsForks: true } || _notifiers.Count is 0 or >= MaxNotifiers || _core.Lane.Now >= _forkEnd)) return DialogRequestResult.UnknownDialog;
        if (!Dialog.TryCreateAtSubscriber(notify, _sequence, flow.Transport.IsSecure, out Dialog? made)) return DialogRequestResult.Malformed;
        if (unmet is null) _notifiers.Add(unmet = new SubscribedDialog(_notifiers[0].State.Fork()));
        unmet.Dialog = made;
        found = unmet;
        return DialogRequestResult.Ok;
    }

    private static string ContentTypeOf(in SipMessageView message) =>
        !message.Body.IsEmpty && message.TryGetSingle(HeaderId.ContentType, out HeaderValue type) == HeaderStatus.Ok ? WireText.From(type.Bytes) : "";

    private void Drive()
    {
        Instant now = _core.Lane.Now;
        foreach (SubscribedDialog notifier in _notifiers.ToArray())
        {
            if (notifier.State.TryTakeSubscribe(now, out TimeSpan expires)) new SubscribeRequest(_core, this, notifier, expires).Start();
            if (notifier.State.State != SubscriptionState.Terminated || !_notifiers.Remove(notifier)) continue;
            if (!_isShared) notifier.Dialog?.Terminate();
            if (_notifiers.Count == 0) OnAllEnded(notifier.State.End);
        }

        Instant next = _again;
        foreach (SubscribedDialog notifier in _notifiers) next = Instant.Min(next, notifier.State.NextDeadline);
        _core.Lane.Loop.Schedule(this, next);
    }

    private void OnAllEnded(SubscriptionEnd end)
    {
        _core.Events.Remove(Tag, this);
        bool isWanted = !_isLeaving && Options.KeepsTrying && _hasStood && _duration > TimeSpan.Zero;
        TimeSpan? wait = isWanted && end.ResubscribeAfter is { } least ? WaitAtLeast(least) : null;
        if (wait is { } span) _again = _core.Lane.Now + span;
        _core.Lane.Loop.Schedule(this, _again);
        _observer.OnEnded(this, end, wait);
    }

    /// <summary>One that lasted is made anew at once; else the waits grow, and half of each is drawn, so that subscribers that lost the same notifier do not come back together.</summary>
    private TimeSpan WaitAtLeast(TimeSpan least)
    {
        if (_core.Lane.Now - _begun >= ShortLife) _failures = 0;
        double seconds = _failures == 0 ? 1 : Math.Min(BaseWait.TotalSeconds * Math.Pow(2, Math.Min(_failures - 1, 10)), LongestWait.TotalSeconds);
        _failures++;
        TimeSpan wait = TimeSpan.FromSeconds(seconds * (0.5 + (_core.Random.NextDouble() / 2)));
        return wait < least ? least : wait;
    }
}
