using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Sdp;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Calls;

// What its messages bring, and the ways from one state to the next. The picture is above the other part.
public sealed partial class CallLeg : IIncomingInviteOwner
{
    // What the outgoing INVITE brings.

    internal byte[]? CreateOffer(in SipFlow flow, bool sendsOffer) =>
        !_session.TryOpen(flow.Remote) ? null : sendsOffer ? _session.Offer() : [];

    internal void OnProvisional(in SipMessageView response)
    {
        if (State == CallState.Calling) State = CallState.Proceeding;
        if (response.StatusCode == 100 || !_early.TryTake(response, _outgoing!, out bool hasEarlyMedia) || State != CallState.Proceeding) return;
        string phrase = WireText.From(response.ReasonPhrase);
        _referral?.OnResponse(response.StatusCode, phrase);
        Observer.OnProgress(this, response.StatusCode, phrase, hasEarlyMedia);
    }

    internal static void OnPrackDone(CallDialog dialog)
    {
        if (dialog.IsAgreed) dialog.Pending &= ~PendingExchanges.OfferOfSentInvite;
    }

    /// <summary>Another phone, or the call itself, has a description that leads to nothing.</summary>
    internal void OnUnusableAnswer(NegotiationFailure failure)
    {
        var end = new CallEnd(CallEndReason.NoMedia, 200, $"The answer cannot be used: {failure}");
        if (State == CallState.Proceeding) GiveUp(end with { StatusCode = 488 });
        else if (State == CallState.Established) SendBye(end);
    }

    internal void OnRedirected(string uri)
    {
        State = CallState.Calling;
        _early.Clear();
        _session.ForgetPreview();
        Observer.OnRedirected(this, uri);
    }

    internal void OnAccepted(in SipMessageView success)
    {
        Lane.Loop.Schedule(_timer, Instant.Never);
        _dialog = _early.Confirm(success, _outgoing!);
        _needsSecureContact = _outgoing!.IsContactSecure;
        if (_dialog is null)
        {
            End(new CallEnd(CallEndReason.NotConfirmed, 200, "The answer has no usable Contact"));
            return;
        }

        NegotiationFailure failure = NegotiationFailure.None;
        byte[] answer = [];
        bool isOffered = !_dialog.Negotiation.IsOfferPending && !_dialog.IsAgreed;
        if (isOffered) failure = AnswerFinalOffer(success, out answer);
        _outgoing.Acknowledge(_dialog.Dialog, answer);
        if (State == CallState.Cancelling)
        {
            SendBye(_end!);     // the answer was faster than the CANCEL
            return;
        }

        State = CallState.Established;
        if (!isOffered) failure = _session.TakeFinalAnswer(_dialog, success);
        if (failure != NegotiationFailure.None)
        {
            OnUnusableAnswer(failure);
            return;
        }

        _dialog.Pending = PendingExchanges.None;
        Refresh.OnAccepted(success, _core.Options.SessionExpiry);
        OnEstablished();
    }

    internal void OnRefused(in SipMessageView response)
    {
        int status = response.StatusCode;
        bool isCancelled = State == CallState.Cancelling;
        CallEndReason reason = isCancelled ? _end!.Reason
            : status is 401 or 407 ? CallEndReason.AuthenticationFailed
            : CallEndReason.Refused;
        End(isCancelled && reason != CallEndReason.Cancelled ? _end! : new CallEnd(reason, status, WireText.From(response.ReasonPhrase)));
    }

    internal void OnInviteFailed(RequestFailure failure) => End(_end ?? failure switch
    {
        RequestFailure.NotLocated => new CallEnd(CallEndReason.NotLocated, 503, "The address is not known"),
        RequestFailure.TimedOut => new CallEnd(CallEndReason.NoAnswer, 408, "Nothing came back"),
        RequestFailure.Overloaded => new CallEnd(CallEndReason.Overloaded, 503, "Too many calls, or no port for media"),
        _ => new CallEnd(CallEndReason.TransportFailed, 503, "The other side cannot be reached"),
    });

    internal void OnByeDone()
    {
        _isByeUnderWay = false;
        TryFinish();
    }

    /// <summary>The other side does not know the call any more, or does not answer.</summary>
    internal void OnLost(int statusCode, string reasonPhrase)
    {
        if (State == CallState.Established) SendBye(new CallEnd(CallEndReason.Lost, statusCode, reasonPhrase));
    }

    /// <summary>The session is to be refreshed.</summary>
    internal void OnRefreshDue() => _changes?.Refresh();

    // What comes in the dialog.

    /// <summary>A request with this side's tag came.</summary>
    internal void OnRequest(in SipIncomingRequest request) =>
        _requests.Take(request, _dialog is { } dialog && dialog.Dialog.IsMine(request.Message) ? dialog : _early.Find(request.Message));

    internal void OnAck(in SipMessageView ack) => _incoming?.OnAck(ack);

    internal bool TakePrack(SipServerTransaction prack) => _incoming?.OnPrack(prack) ?? false;

    /// <summary>Answers a re-INVITE; its description is made.</summary>
    internal void AcceptReinvite(SipServerTransaction transaction, byte[] headers, byte[] description)
    {
        _incoming?.Close();     // who sends another INVITE has got the answer to the last one
        _incoming = new IncomingInvite(transaction, this, TagBytes);
        _incoming.Accept([.. WriteContactRow(transaction.Flow), .. _core.CallHeaders, .. headers], description);
        if (State == CallState.Accepted) OnEstablished();
        TellHold();
    }

    /// <summary>Tells when the other side has put this one on hold, or taken it off, and what it says of recordings.</summary>
    internal void TellHold()
    {
        if (State == CallState.Established && _session.TryTakeHold(out bool isHeld)) Observer.OnHeld(this, isHeld);
        TellRecording();
    }

    void IIncomingInviteOwner.OnProgressAcknowledged(IncomingInvite invite, SipServerTransaction prack)
    {
        CallDialog dialog = _dialog!;
        byte[] answer = [];
        NegotiationFailure failure = NegotiationFailure.None;
        SessionBodyKind kind = SessionBody.TryRead(prack.Request, out SessionDescription? description, out _);
        if (dialog.Negotiation.IsOfferPending) failure = kind == SessionBodyKind.Description ? _session.TakeAnswer(dialog.Negotiation, description!) : NegotiationFailure.NoAudio;
        else if (kind == SessionBodyKind.Description && dialog.IsAgreed) failure = _session.Answer(dialog.Negotiation, description!, out answer);
        dialog.LearnInfoPackages(prack.Request);
        prack.Respond(new SipReply(200) { Headers = _core.AnswerRecvInfo(prack.Request), ContentType = "application/sdp"u8, Body = answer });
        if (failure == NegotiationFailure.None && invite.IsPending)
        {
            if (dialog.IsAgreed) Settle(dialog);
            if (_session.Audio != CallAudio.None && State == CallState.Ringing && dialog.IsAgreed) _session.TalkEarly();
        }
        else if (invite.IsPending)
        {
            RejectMedia(failure);       // there is no other way to refuse an answer, or the offer of a PRACK (RFC 6337 2.3)
        }
    }

    void IIncomingInviteOwner.OnProgressNotAcknowledged(IncomingInvite invite)
    {
        invite.Reject(504);
        End(new CallEnd(CallEndReason.NotConfirmed, 504, "The progress was not acknowledged"));
    }

    void IIncomingInviteOwner.OnAcknowledged(IncomingInvite invite, in SipMessageView ack)
    {
        CallDialog dialog = _dialog!;
        dialog.Pending &= ~(PendingExchanges.AckAwaited | PendingExchanges.OfferOfReceivedInvite);
        if (State == CallState.Ending)
        {
            SendBye(_end!);     // an answer that the ACK has is for nobody any more (RFC 5407 3.2.4)
            return;
        }

        if (dialog.Negotiation.IsOfferPending)
        {
            NegotiationFailure failure = _session.TakeAnswer(dialog.Negotiation, ack);
            if (failure != NegotiationFailure.None)
            {
                SendBye(new CallEnd(CallEndReason.NoMedia, 200, $"The answer cannot be used: {failure}"));
                return;
            }
        }

        if (State == CallState.Accepted) OnEstablished();
        else TellHold();
        _changes?.TryStart();
    }

    void IIncomingInviteOwner.OnNotAcknowledged(IncomingInvite invite)
    {
        CallEnd end = _end ?? new CallEnd(CallEndReason.NotConfirmed, 200, "The answer was not acknowledged");
        // RFC 3261 13.3.1.4 has a BYE sent. Where the INVITE's source may be forged, it would go again and again to somebody who has never called.
        if (invite.IsSourceTrusted) SendBye(end);
        else End(end);
    }

    void IIncomingInviteOwner.OnCancelled(IncomingInvite invite)
    {
        if (State is CallState.Incoming or CallState.Ringing or CallState.Accepted) Cancelled();
    }

    void IIncomingInviteOwner.OnUnreachable(IncomingInvite invite)
    {
        if (State is CallState.Incoming or CallState.Ringing or CallState.Accepted) End(new CallEnd(CallEndReason.TransportFailed, 503, "The caller cannot be reached"));
    }

    // What the media brings.

    internal void OnMediaEnded() => TryFinish();

    internal void OnSourceEnded()
    {
        if (State != CallState.Established) return;
        if (_session.Audio.HangUpAfterSource) Lane.Loop.Schedule(_timer, Lane.Now + PlayoutTime);
        Observer.OnSourceEnded(this);
    }

    /// <summary>Where this side is: as whom it was called, or as whom it called.</summary>
    internal byte[] WriteContactRow(in SipFlow flow) => _core.WriteContactRow(flow, IsIncoming ? RequestUri : null, _needsSecureContact);

    private void Cancelled()
    {
        _incoming!.Reject(487);
        End(new CallEnd(CallEndReason.Cancelled, 487, "Request Terminated"));
    }

    internal void OnBye(SipServerTransaction transaction)
    {
        transaction.Respond(new SipReply(200));
        switch (State)
        {
            case CallState.Incoming or CallState.Ringing:
            case CallState.Accepted when _incoming!.IsPending:
                Cancelled();
                break;
            case CallState.Accepted or CallState.Established:
                End(new CallEnd(CallEndReason.HungUpByPeer, 200, "OK"));
                break;
            case CallState.Ending when _incoming is { IsAccepted: true }:
                End(_end!);     // nobody is left to say goodbye to
                break;
        }
    }

    private byte[] WriteProgressHeaders() => [.. WriteContactRow(_incoming!.Flow), .. _core.CallHeaders, .. _core.AnswerRecvInfo(_incoming.Request)];

    /// <summary>Opens the media of a call that came in, and answers its offer, or makes one.</summary>
    /// <returns>False when that cannot be: the call has ended.</returns>
    private bool TryDescribe()
    {
        if (!_session.TryOpen(_incoming!.Flow.Remote))
        {
            Refuse(503, null);
            return false;
        }

        if (_offer is null)
        {
            _description = _session.Offer(_dialog!.Negotiation);
            return true;
        }

        NegotiationFailure failure = _session.Answer(_dialog!.Negotiation, _offer, out _description);
        if (failure != NegotiationFailure.None) RejectMedia(failure);
        return failure == NegotiationFailure.None;
    }

    /// <summary>Reads the offer of a 2xx to an INVITE that had none.</summary>
    private NegotiationFailure AnswerFinalOffer(in SipMessageView success, out byte[] answer)
    {
        answer = [];
        return SessionBody.TryRead(success, out SessionDescription? offer, out _) == SessionBodyKind.Description
            ? _session.Answer(_dialog!.Negotiation, offer!, out answer)
            : NegotiationFailure.NoAudio;
    }

    /// <summary>The offer of the first INVITE is through, but for what an ACK may still bring.</summary>
    private static void Settle(CallDialog dialog)
    {
        if (!dialog.Negotiation.IsOfferPending) dialog.Pending &= ~(PendingExchanges.OfferOfReceivedInvite | PendingExchanges.OfferOfSentInvite);
    }

    private void Refuse(int statusCode, string? reasonPhrase)
    {
        _incoming!.Reject(statusCode, reasonPhrase is null ? default : WireText.ToBytes(reasonPhrase));
        End(new CallEnd(CallEndReason.Rejected, statusCode, reasonPhrase ?? WireText.From(ReasonPhrases.Get(statusCode))));
    }

    private void OnEstablished()
    {
        State = CallState.Established;
        _changes = new SessionChanges(_core, this, _dialog!, _session, Refresh);
        _alive = new AliveCheck(_core, this, _dialog!.Dialog);
        _alive.Start();
        _session.Talk(_dialog!.Negotiation);
        _referral?.OnResponse(200, "OK");
        if (Replaced is { State: not (CallState.Ending or CallState.Ended) } replaced) replaced.OnReplaced(this);
        Observer.OnEstablished(this);
        _core.Options.Listener?.OnEstablished(this);
        TellRecording();
        _changes.TryStart();        // what the answer wished may have changed what is recorded
    }

    private void RejectMedia(NegotiationFailure failure)
    {
        _incoming!.Reject(488, default, SessionBody.Warning(failure));
        End(new CallEnd(CallEndReason.NoMedia, 488, $"The offer cannot be answered: {failure}"));
    }

    private void GiveUp(CallEnd end)
    {
        (State, _end) = (CallState.Cancelling, end);
        Lane.Loop.Schedule(_timer, Instant.Never);
        _outgoing!.Cancel();
    }

    private void SendBye(CallEnd end)
    {
        _isByeUnderWay = true;
        End(end);
        new ByeRequest(_core, _dialog!.Dialog, this).Start();
    }

    /// <summary>The call is over here; it has ended once its last sound is played and its BYE is answered.</summary>
    private void End(CallEnd end)
    {
        (State, _end) = (CallState.Ending, end);
        Lane.Loop.Schedule(_timer, Instant.Never);
        _incoming?.Close();
        _alive?.Stop();
        Refresh.Stop();
        _keys.Stop();
        _early.Clear();
        _session.Close();
        _changes?.Stop();
        TryFinish();
    }

    private void TryFinish()
    {
        if (State != CallState.Ending || _isByeUnderWay || _session.HasMedia || _incoming is { IsAccepted: true }) return;
        State = CallState.Ended;
        _core.Remove(this);
        _referral?.OnResponse(_end!.StatusCode is var status and >= 300 ? status : 487, _end.ReasonPhrase);
        Observer.OnEnded(this, _end!);
        _core.Options.Listener?.OnEnded(this, _end!);
    }
}
