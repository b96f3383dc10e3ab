using System.Globalization;
using Parley.Core;
using Parley.Net;
using Parley.Sdp;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Calls;

/// <summary>What this side changes in the session of an established call, and its refreshes: one request at a time, again after glare.</summary>
/// <remarks>
/// <code>
///            nothing under way            2xx, refusal
/// Waiting --------------------&gt; Sent ----------------------&gt; Idle, or the next one
///    ^                           | 491: 2.1 to 4 s, or 0 to 2 s when the other side chose the Call-ID;
///    +---------------------------+ 500 with Retry-After; 422: at once
/// </code>
/// Source: RFC 3261 14.1, RFC 3262 4 and 5, RFC 3311 5.3, RFC 4028 10, RFC 6141 3.4, RFC 6337 4.3.
/// </remarks>
internal sealed class SessionChanges(UserAgentCore core, CallLeg leg, CallDialog dialog, CallSession session, SessionRefresh refresh) : LoopTimer
{
    /// <summary>How many changes may wait for each other.</summary>
    public const int MaxWaiting = 8;

    private const int MaxAttempts = 8;
    private const uint LongestRetrySeconds = 32;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);        // a proxy's, Timer C (RFC 3261 16.6): longer than that only who has no proxy waits

    private readonly Queue<Hold> _holds = new();        // hold or resume, in order
    private SessionRequest? _sent;
    private bool _isRefreshWanted;
    private bool _isOfferDue;       // a refusal came for what both sides had agreed on: the next refresh says what holds
    private bool _isWaiting;        // for the timer
    private bool _isHoldSent;       // what is sent is the first of the holds
    private bool _wasHolding;
    private RecordingState? _refusedRecording;      // that the other side did not want to be told of
    private bool _isStopped;
    private int _attempts;

    /// <summary>True when the other side is to be told of a recording, and has not refused that.</summary>
    private bool IsRecordingDue => session.IsRecordingUntold(dialog.Negotiation) && session.Recording != _refusedRecording;

    /// <summary>Puts the other side on hold, or talks to it again, behind what waits.</summary>
    /// <returns>False when too much waits.</returns>
    public bool TryHold(bool isHolding, Action<int, string>? done)
    {
        if (_holds.Count == MaxWaiting) return false;
        _holds.Enqueue(new Hold(isHolding, done));
        TryStart();
        return true;
    }

    /// <summary>Refreshes the session; any other change does so too.</summary>
    public void Refresh()
    {
        _isRefreshWanted = true;
        TryStart();
    }

    /// <summary>Something that was under way is no more.</summary>
    public void TryStart()
    {
        if (_isStopped || _sent is not null || _isWaiting || leg.State != CallState.Established || !dialog.Pending.AllowsInvite) return;
        while (_holds.TryPeek(out Hold hold) && hold.IsHolding == session.IsHolding) FinishHold(200, "OK");     // nothing to say
        if (_holds.Count > 0) Change();
        else if (_isRefreshWanted || _isOfferDue || IsRecordingDue) SendRefresh();
    }

    /// <summary>The call is over: what waits fails, and a re-INVITE that somebody has begun to answer is cancelled, as he may never end.</summary>
    public void Stop()
    {
        _isStopped = true;
        core.Lane.Loop.Schedule(this, Instant.Never);
        _sent?.Cancel();
        while (_holds.Count > 0) FinishHold(487, "The call has ended");
    }

    /// <inheritdoc/>
    public override void OnDeadline(Instant now)
    {
        _isWaiting = false;
        if (_sent is { } sent) sent.Cancel();
        else TryStart();
    }

    /// <summary>A provisional response to a re-INVITE came: acknowledges it when it is reliable, and takes the answer that it may have.</summary>
    /// <remarks>Source: RFC 3262 4, 5; RFC 6141 4.7.</remarks>
    public void OnProvisional(SessionRequest request, in SipMessageView response)
    {
        if (_isStopped || !dialog.Dialog.IsMine(response) || !PrackRequest.TryPlace(response, request.Provisionals, out string acknowledged)) return;
        dialog.Learn(response);
        dialog.Dialog.Refresh(response);
        NegotiationFailure failure = NegotiationFailure.None;
        bool isAnswer = dialog.Negotiation.IsOfferPending && SessionBody.TryRead(response, out _, out _) == SessionBodyKind.Description;
        if (isAnswer) failure = session.TakeAnswer(dialog.Negotiation, response);
        new PrackRequest(core, dialog, acknowledged, []).Start();
        if (failure != NegotiationFailure.None)
        {
            leg.OnUnusableAnswer(failure);
        }
        else if (isAnswer)
        {
            request.IsAnswered = true;
            leg.TellHold();
        }
    }

    /// <summary>The final response came.</summary>
    public void OnDone(SessionRequest request, in SipMessageView response)
    {
        OnEnded();
        if (_isStopped) return;
        dialog.Learn(response);
        int status = response.StatusCode;
        if (status < 300) OnAccepted(request, response);
        else OnRefused(request, response);
        if (leg.State == CallState.Established && !_isWaiting) TryStart();
    }

    /// <summary>None came.</summary>
    public void OnFailed(SessionRequest request, RequestFailure failure)
    {
        OnEnded();
        if (_isStopped) return;
        (int status, string phrase) = failure.Describe("The other side");
        TakeBack(request);
        if (failure == RequestFailure.TimedOut) leg.OnLost(status, phrase);
        else Fail(status, phrase);
    }

    private void OnEnded()
    {
        _sent = null;
        dialog.Pending &= ~(PendingExchanges.InviteSent | PendingExchanges.OfferOfSentInvite | PendingExchanges.UpdateSent);
        core.Lane.Loop.Schedule(this, Instant.Never);
    }

    private void Change()
    {
        (_isHoldSent, _wasHolding) = (true, session.IsHolding);
        session.Hold(_holds.Peek().IsHolding);
        Send(SipMethod.Invite, session.Offer(dialog.Negotiation));
    }

    /// <summary>An UPDATE without offer where the other side takes it, else a re-INVITE that changes nothing (RFC 4028 7.4), or what is said of a recording (RFC 7866 7.1.2).</summary>
    private void SendRefresh()
    {
        _isHoldSent = false;
        if (dialog.TakesUpdate && !_isOfferDue && !IsRecordingDue) Send(SipMethod.Update, []);
        else Send(SipMethod.Invite, session.Offer(dialog.Negotiation));
    }

    private void Send(SipMethod method, byte[] offer)
    {
        dialog.Pending |= method == SipMethod.Invite ? PendingExchanges.InviteSent | PendingExchanges.OfferOfSentInvite : PendingExchanges.UpdateSent;
        _sent = new SessionRequest(core, this, dialog, method, [.. core.CallHeaders, .. core.RecvInfoRow, .. refresh.WriteRequest()], leg.ContactUser, offer);
        if (method == SipMethod.Invite) core.Lane.Loop.Schedule(this, core.Lane.Now + Patience);
        _sent.Start();
    }

    private void OnAccepted(SessionRequest request, in SipMessageView success)
    {
        _attempts = 0;
        _isRefreshWanted = false;
        dialog.Dialog.Refresh(success);
        dialog.LearnInfoPackages(success);
        refresh.OnAccepted(success, refresh.Asked);
        if (request.Method != SipMethod.Invite) return;
        (_isOfferDue, _refusedRecording) = (false, null);
        NegotiationFailure failure = request.IsAnswered ? NegotiationFailure.None : session.TakeAnswer(dialog.Negotiation, success);
        if (failure != NegotiationFailure.None)
        {
            leg.OnUnusableAnswer(failure);
            return;
        }

        if (_isHoldSent) FinishHold(success.StatusCode, WireText.From(success.ReasonPhrase));
        leg.TellHold();
    }

    private void OnRefused(SessionRequest request, in SipMessageView response)
    {
        int status = response.StatusCode;
        TakeBack(request);
        _isOfferDue |= _isHoldSent && request.IsAnswered;
        if (Dialog.IsEndedBy(status) || (request.Method == SipMethod.Invite && status is 405 or 501))
        {
            leg.OnLost(status, WireText.From(response.ReasonPhrase));
        }
        else if (request.Method == SipMethod.Update && status is 405 or 501)
        {
            dialog.TakesUpdate = false;     // it only said so: the next one is an INVITE
        }
        else if (++_attempts < MaxAttempts && DelayAfter(response) is { } delay)
        {
            _isWaiting = true;
            core.Lane.Loop.Schedule(this, core.Lane.Now + delay);
        }
        else
        {
            Fail(status, WireText.From(response.ReasonPhrase));
        }
    }

    /// <summary>When the refused request is worth sending once more; null for never.</summary>
    private TimeSpan? DelayAfter(in SipMessageView response)
    {
        switch (response.StatusCode)
        {
            case 491:
                return TimeSpan.FromMilliseconds(10 * (leg.IsIncoming ? core.Random.Next(0, 201) : core.Random.Next(210, 401)));
            case 422 when refresh.TryLonger(response):
                return TimeSpan.Zero;
            case 500 or 503 when response.TryGetParameterized(HeaderId.RetryAfter, out ParameterizedValueView after) == HeaderStatus.Ok:
                return uint.TryParse(after.Value, NumberStyles.None, CultureInfo.InvariantCulture, out uint seconds) && seconds <= LongestRetrySeconds
                    ? TimeSpan.FromSeconds(seconds)
                    : null;
            default:
                return null;
        }
    }

    /// <summary>What the request offered does not hold.</summary>
    private void TakeBack(SessionRequest request)
    {
        if (request.Method != SipMethod.Invite) return;
        if (_isHoldSent) session.Hold(_wasHolding);
        session.Restore(dialog.Negotiation);
    }

    private void Fail(int status, string phrase)
    {
        _attempts = 0;
        if (_isHoldSent)
        {
            FinishHold(status, phrase);
            return;
        }

        if (session.IsRecordingUntold(dialog.Negotiation)) _refusedRecording = session.Recording;
        if (_isRefreshWanted) refresh.OnFailed();
        _isRefreshWanted = _isOfferDue = false;
    }

    private void FinishHold(int status, string phrase)
    {
        _isHoldSent = false;
        _holds.Dequeue().Done?.Invoke(status, phrase);
    }

    /// <summary>Hold or resume.</summary>
    private readonly record struct Hold(bool IsHolding, Action<int, string>? Done);
}
