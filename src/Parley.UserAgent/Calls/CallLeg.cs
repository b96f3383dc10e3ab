using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Sdp;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Calls;

/// <summary>This side of one call, from its INVITE to its end.</summary>
/// <remarks>
/// <code>
/// outgoing                                        incoming
///
/// Calling ---1xx---> Proceeding                   Incoming ---Ring---> Ringing
///  |  |               |  |                         |  |                 |  |
///  |  +----HangUp-----+  |                         |  +-----Answer------+  |
///  |          |          |                         |           v           |
///  |          v         2xx                        |        Accepted       |
///  |     Cancelling      |                         |        |   |  \      Reject, CANCEL,
///  |      |      \       |                         |       ACK  | HangUp,  BYE came
///  |      |      2xx     v                         |        |   |  no ACK  |
///  |      |        \   Established &lt;---------------|--------+   |    |     |
/// refused |         \    |   |                     |            |    |     |
///  |      |          \   | HangUp                  |           BYE   |     |
///  |    refused       v  v   |                     |           came  |     |
///  |      |         Ending &lt;-|---------------------|------------|----+     |
///  |      |           |     BYE came               |            |          |
///  v      v           v      v                     v            v          v
/// Ended
/// </code>
/// A 2xx is acknowledged whenever it comes; Ending sends BYE, at the callee once the ACK is there or will not come, and lasts
/// until its answer. All members are the lane's. It tells its observer, and is left to itself once it has ended: what may
/// still be retransmitted is answered by its transactions. Source: RFC 3261 13 to 15.
/// </remarks>
public sealed class CallLeg : IIncomingInviteOwner
{
    private static readonly TimeSpan PlayoutTime = TimeSpan.FromMilliseconds(300);

    // The caller's CANCEL may never come, when all that told it of this call was lost. Proxies wait for three minutes and more (timer C).
    private static readonly TimeSpan LongestRinging = TimeSpan.FromMinutes(10);

    private readonly UserAgentCore _core;
    private readonly CallSession _session;
    private readonly Timer _timer;
    private OutgoingInvite? _outgoing;
    private IncomingInvite? _incoming;      // the first INVITE, then the latest re-INVITE
    private Dialog? _dialog;
    private AliveCheck? _alive;
    private SessionDescription? _offer;     // of an incoming call, until it is answered
    private CallEnd? _end;                  // what is reported when the other side has confirmed the end
    private bool _isByeUnderWay;
    private bool _needsSecureContact;

    private CallLeg(UserAgentCore core, byte[] callId, string target)
    {
        (_core, CallIdBytes, RequestUri, RemoteUri) = (core, callId, target, target);
        _session = new CallSession(core, this);
        _timer = new Timer(this);
        Tag = LocalTag.Create();
        TagBytes = Tag.ToBytes();
    }

    /// <summary>Who hears what happens.</summary>
    public ICallObserver Observer { get; set; } = Nobody.Instance;

    /// <summary>True when the other side called.</summary>
    public bool IsIncoming { get; private init; }

    /// <summary>Where the call is.</summary>
    public CallState State { get; private set; }

    /// <summary>The Call-ID.</summary>
    public string CallId => WireText.From(CallIdBytes);

    /// <summary>Who the other side is: of an incoming call the URI of From, else what was called.</summary>
    public string RemoteUri { get; private init; }

    /// <summary>The name that the caller gives itself; empty when it gives none, or the call is outgoing.</summary>
    public string RemoteDisplayName { get; private init; } = "";

    /// <summary>Who is called: the first Request-URI.</summary>
    public string RequestUri { get; }

    /// <summary>How its media goes, or went until the end; null when there was none.</summary>
    public AudioStatistics? Statistics => _session.Statistics;

    /// <summary>What is sent with, as SDP names it: <c>PCMU</c>; null before it is negotiated.</summary>
    public string? Codec => _session.Codec;

    internal LocalTag Tag { get; }

    internal byte[] TagBytes { get; }

    internal byte[] CallIdBytes { get; }

    /// <summary>Finds copies of the INVITE that came another way (RFC 3261 8.2.2.2).</summary>
    internal UInt128 MergeKey { get; private init; }

    private SipLane Lane => _core.Lane;

    /// <summary>Tells the caller that it rings.</summary>
    /// <param name="statusCode">101 to 199.</param>
    /// <returns>False when the call is not waiting for an answer.</returns>
    public bool Ring(int statusCode = 180)
    {
        if (State is not (CallState.Incoming or CallState.Ringing)) return false;
        State = CallState.Ringing;
        _incoming!.Progress(statusCode, WriteContactRow(_incoming.Flow));
        return true;
    }

    /// <summary>Answers the call.</summary>
    /// <param name="audio">What it says and hears.</param>
    /// <returns>False when the call is not waiting for an answer, or cannot be answered: it then has ended.</returns>
    public bool Answer(CallAudio audio)
    {
        ArgumentNullException.ThrowIfNull(audio);
        if (State is not (CallState.Incoming or CallState.Ringing)) return false;
        _session.Audio = audio;
        if (!_session.TryOpen(_incoming!.Flow.Remote))
        {
            Reject(503);
            return false;
        }

        if (_session.Describe(_offer, out byte[] description) is var failure and not NegotiationFailure.None)
        {
            RejectMedia(failure);
            return false;
        }

        State = CallState.Accepted;
        Lane.Loop.Schedule(_timer, Instant.Never);
        _session.Listen();
        _dialog!.Confirm();
        _incoming.Accept([.. WriteContactRow(_incoming.Flow), .. _core.CallHeaders], description);
        return true;
    }

    /// <summary>Refuses the call.</summary>
    /// <param name="statusCode">300 to 699: 486 is busy, 603 declines for all phones of the user, 480 cannot be reached.</param>
    /// <param name="reasonPhrase">Null for the usual one.</param>
    /// <returns>False when the call is not waiting for an answer.</returns>
    /// <exception cref="ArgumentException">The status is none of these, or the phrase has a CR or LF. The call is as it was.</exception>
    public bool Reject(int statusCode, string? reasonPhrase = null)
    {
        ThrowIfNoRefusal(statusCode, reasonPhrase);
        if (State is not (CallState.Incoming or CallState.Ringing)) return false;
        _incoming!.Reject(statusCode, reasonPhrase is null ? default : WireText.ToBytes(reasonPhrase));
        End(new CallEnd(CallEndReason.Rejected, statusCode, reasonPhrase ?? WireText.From(ReasonPhrases.Get(statusCode))));
        return true;
    }

    /// <summary>Ends the call, as its state asks for: with CANCEL, with BYE, or with 603 (Decline).</summary>
    public void HangUp()
    {
        switch (State)
        {
            case CallState.Calling or CallState.Proceeding:
                GiveUp(new CallEnd(CallEndReason.Cancelled, 487, "Request Terminated"));
                break;
            case CallState.Incoming or CallState.Ringing:
                Reject(603);
                break;
            case CallState.Accepted:
                // The callee's BYE must wait for the ACK, or for its time to be over (RFC 3261 15).
                _session.Close();
                (State, _end) = (CallState.Ending, new CallEnd(CallEndReason.HungUp, 200, "OK"));
                break;
            case CallState.Established:
                SendBye(new CallEnd(CallEndReason.HungUp, 200, "OK"));
                break;
        }
    }

    /// <summary>Presses keys, one after the other.</summary>
    /// <param name="digits">0-9, *, #, A-D.</param>
    /// <returns>False when the call is not established, the other side takes no digits, or too many wait.</returns>
    public bool SendDigits(string digits) => State == CallState.Established && _session.TrySendDigits(digits);

    /// <summary>Throws for what <see cref="Reject"/> cannot say.</summary>
    internal static void ThrowIfNoRefusal(int statusCode, string? reasonPhrase)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(statusCode, 300);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(statusCode, 699);
        if (reasonPhrase.AsSpan().ContainsAny('\r', '\n')) throw new ArgumentException("A reason phrase is one line.", nameof(reasonPhrase));
    }

    internal static CallLeg Call(UserAgentCore core, SipUri target, byte[] callId, CallOptions options, ICallObserver observer)
    {
        var leg = new CallLeg(core, callId, target.ToString()) { Observer = observer };
        leg._session.Audio = options.Audio;
        leg._outgoing = new OutgoingInvite(core, leg, target, options);
        core.Add(leg);
        core.Lane.Loop.Schedule(leg._timer, core.Lane.Now + options.RingTimeout);
        observer.OnStarted(leg);
        leg._outgoing.Start();
        return leg;
    }

    /// <summary>Takes an INVITE that starts a call.</summary>
    /// <returns>Null when it makes no dialog: there was no way to answer it.</returns>
    internal static CallLeg? Receive(UserAgentCore core, SipServerTransaction invite, SessionDescription? offer, UInt128 mergeKey)
    {
        SipMessageView request = invite.Request;
        if (request.TryGetFrom(out NameAddressView from) != HeaderStatus.Ok || request.TryGetCallId(out ReadOnlySpan<byte> callId) != HeaderStatus.Ok) return null;
        var leg = new CallLeg(core, callId.ToArray(), WireText.From(request.RequestUri))
        {
            IsIncoming = true,
            State = CallState.Incoming,
            RemoteUri = WireText.From(from.Uri),
            RemoteDisplayName = WireText.From(from.DisplayName),
            MergeKey = mergeKey,
            _needsSecureContact = Dialog.NeedsSecureContact(request),
            _offer = offer,
        };
        if (!Dialog.TryCreateAtServer(request, leg.TagBytes, invite.Flow.Transport.IsSecure, out leg._dialog)) return null;
        leg._incoming = new IncomingInvite(invite, leg, leg.TagBytes);
        core.Add(leg);
        core.Lane.Loop.Schedule(leg._timer, core.Lane.Now + LongestRinging);
        return leg;
    }

    // What the outgoing INVITE brings.

    internal byte[]? CreateOffer(in SipFlow flow)
    {
        if (!_session.TryOpen(flow.Remote)) return null;
        _session.Describe(offer: null, out byte[] description);
        return description;
    }

    internal void OnProvisional(in SipMessageView response)
    {
        if (State == CallState.Calling) State = CallState.Proceeding;
        if (State != CallState.Proceeding || response.StatusCode == 100) return;
        bool hasEarlyMedia = _session.TakeEarlyAnswer(response);
        Observer.OnProgress(this, response.StatusCode, WireText.From(response.ReasonPhrase), hasEarlyMedia);
    }

    internal void OnRedirected(string uri)
    {
        State = CallState.Calling;
        _session.ForgetEarlyAnswer();
        Observer.OnRedirected(this, uri);
    }

    internal void OnAccepted(in SipMessageView success)
    {
        Lane.Loop.Schedule(_timer, Instant.Never);
        _dialog = _outgoing!.Acknowledge(success);
        _needsSecureContact = _outgoing.IsContactSecure;
        if (_dialog is null)
        {
            End(new CallEnd(CallEndReason.NotConfirmed, 200, "The answer has no usable Contact"));
            return;
        }

        if (State == CallState.Cancelling)
        {
            SendBye(_end!);     // the answer was faster than the CANCEL
            return;
        }

        State = CallState.Established;
        NegotiationFailure failure = _session.TakeAnswer(success);
        if (failure == NegotiationFailure.None) OnEstablished();
        else SendBye(new CallEnd(CallEndReason.NoMedia, 200, $"The answer cannot be used: {failure}"));
    }

    internal void OnRefused(in SipMessageView response)
    {
        int status = response.StatusCode;
        CallEndReason reason = State == CallState.Cancelling ? _end!.Reason
            : status is 401 or 407 ? CallEndReason.AuthenticationFailed
            : CallEndReason.Refused;
        End(reason == CallEndReason.NoAnswer ? _end! : new CallEnd(reason, status, WireText.From(response.ReasonPhrase)));
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
    internal void OnLost(int statusCode, string reasonPhrase) => SendBye(new CallEnd(CallEndReason.Lost, statusCode, reasonPhrase));

    // What comes in the dialog.

    /// <summary>A request with this side's tag came.</summary>
    internal void OnRequest(in SipIncomingRequest request)
    {
        SipMessageView message = request.Message;
        DialogRequestResult place = _dialog?.TryTakeRequest(message) ?? DialogRequestResult.UnknownDialog;
        if (message.Method == SipMethod.Ack)
        {
            if (place == DialogRequestResult.Ok) _incoming?.OnAck(message);
            return;
        }

        switch (place)
        {
            case DialogRequestResult.UnknownDialog: request.Reply(new SipReply(481)); return;
            case DialogRequestResult.OutOfOrder: request.Reply(new SipReply(500) { ReasonPhrase = "CSeq Out of Order"u8 }); return;
            case DialogRequestResult.Malformed: request.Reply(new SipReply(400)); return;
        }

        // Its number is taken: when it comes again, only a transaction knows that it has been answered.
        if (request.CreateTransaction(_core) is not { } transaction) return;
        switch (message.Method)
        {
            case SipMethod.Bye: OnBye(transaction); break;
            case SipMethod.Invite: OnReinvite(transaction); break;
            case SipMethod.Message: transaction.Respond(_core.TakeMessage(message)); break;
            case SipMethod.Subscribe or SipMethod.Notify: _core.Events.OnRequestInCall(transaction); break;
            default: transaction.Respond(_core.WriteOptionsReply(isInDialog: true)); break;
        }
    }

    void IIncomingInviteOwner.OnAcknowledged(IncomingInvite invite, in SipMessageView ack)
    {
        if (_session.IsOfferPending)
        {
            NegotiationFailure failure = _session.TakeAnswer(ack);
            if (failure != NegotiationFailure.None && State != CallState.Ending)
            {
                SendBye(new CallEnd(CallEndReason.NoMedia, 200, $"The answer cannot be used: {failure}"));
                return;
            }
        }

        if (State == CallState.Ending) SendBye(_end!);
        else if (State == CallState.Accepted) OnEstablished();
    }

    void IIncomingInviteOwner.OnNotAcknowledged(IncomingInvite invite) =>
        SendBye(_end ?? new CallEnd(CallEndReason.NotConfirmed, 200, "The answer was not acknowledged"));

    void IIncomingInviteOwner.OnCancelled(IncomingInvite invite)
    {
        if (State is CallState.Incoming or CallState.Ringing) Cancelled();
    }

    void IIncomingInviteOwner.OnUnreachable(IncomingInvite invite)
    {
        if (State is CallState.Incoming or CallState.Ringing) End(new CallEnd(CallEndReason.TransportFailed, 503, "The caller cannot be reached"));
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
    private byte[] WriteContactRow(in SipFlow flow) => _core.WriteContactRow(flow, IsIncoming ? RequestUri : null, _needsSecureContact);

    private void Cancelled()
    {
        _incoming!.Reject(487);
        End(new CallEnd(CallEndReason.Cancelled, 487, "Request Terminated"));
    }

    private void OnBye(SipServerTransaction transaction)
    {
        transaction.Respond(new SipReply(200));
        switch (State)
        {
            case CallState.Incoming or CallState.Ringing:
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

    private void OnReinvite(SipServerTransaction transaction)
    {
        SipMessageView invite = transaction.Request;
        if (_incoming is { IsPending: true })
        {
            transaction.Respond(new SipReply(500) { Headers = WireText.ToBytes($"Retry-After: {_core.Random.Next(0, 11)}\r\n") });
            return;
        }

        if (State is not (CallState.Accepted or CallState.Established))
        {
            transaction.Respond(new SipReply(481));
            return;
        }

        if (_session.IsOfferPending)
        {
            transaction.Respond(new SipReply(491));
            return;
        }

        if (!UserAgentCore.TryReadOffer(invite, out SessionDescription? offer, out SipReply refusal))
        {
            transaction.Respond(refusal);
            return;
        }

        if (_session.Describe(offer, out byte[] description) is var failure and not NegotiationFailure.None)
        {
            transaction.Respond(new SipReply(488) { Headers = SessionBody.Warning(failure) });
            return;
        }

        _dialog!.Refresh(invite);
        _incoming?.Close();     // who sends another INVITE has got the answer to the last one
        _incoming = new IncomingInvite(transaction, this, TagBytes);
        _incoming.Accept([.. WriteContactRow(transaction.Flow), .. _core.CallHeaders], description);
        if (State == CallState.Accepted) OnEstablished();
        if (State == CallState.Established && _session.TryTakeHold(out bool isHeld)) Observer.OnHeld(this, isHeld);
    }

    private void OnEstablished()
    {
        State = CallState.Established;
        _alive = new AliveCheck(_core, this, _dialog!);
        _alive.Start();
        _session.Talk();
        Observer.OnEstablished(this);
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
        new ByeRequest(_core, _dialog!, this).Start();
    }

    /// <summary>The call is over here; it has ended once its last sound is played and its BYE is answered.</summary>
    private void End(CallEnd end)
    {
        (State, _end) = (CallState.Ending, end);
        Lane.Loop.Schedule(_timer, Instant.Never);
        _incoming?.Close();
        _alive?.Stop();
        _session.Close();
        TryFinish();
    }

    private void TryFinish()
    {
        if (State != CallState.Ending || _isByeUnderWay || _session.HasMedia || _incoming is { IsAccepted: true }) return;
        State = CallState.Ended;
        _core.Remove(this);
        Observer.OnEnded(this, _end!);
    }

    private void OnTimer()
    {
        if (State is CallState.Calling or CallState.Proceeding) GiveUp(new CallEnd(CallEndReason.NoAnswer, 408, "No answer in time"));
        else if (State is CallState.Incoming or CallState.Ringing) Reject(480);
        else HangUp();
    }

    /// <summary>Before the answer: how long it may ring. After it: the end of what is played.</summary>
    private sealed class Timer(CallLeg leg) : LoopTimer
    {
        public override void OnDeadline(Instant now) => leg.OnTimer();
    }

    private sealed class Nobody : ICallObserver
    {
        public static Nobody Instance { get; } = new();
    }
}
