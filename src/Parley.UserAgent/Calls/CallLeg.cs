using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Sdp;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;
using Parley.UserAgent.Infos;
using Parley.UserAgent.Transfers;

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
public sealed partial class CallLeg
{
    private static readonly TimeSpan PlayoutTime = TimeSpan.FromMilliseconds(300);

    // The caller's CANCEL may never come, when all that told it of this call was lost. Proxies wait for three minutes and more (timer C).
    private static readonly TimeSpan LongestRinging = TimeSpan.FromMinutes(10);

    private readonly UserAgentCore _core;
    private readonly CallSession _session;
    private readonly CallRequests _requests;
    private readonly Timer _timer;
    private readonly KeysByInfo _keys;
    private readonly EarlyDialogs _early;   // of an outgoing call, until one is answered
    private OutgoingInvite? _outgoing;
    private IncomingInvite? _incoming;      // the first INVITE, then the latest re-INVITE
    private CallDialog? _dialog;
    private SessionChanges? _changes;       // once the dialog is confirmed
    private AliveCheck? _alive;
    private SessionDescription? _offer;     // of an incoming call, until it is answered
    private byte[] _description = [];       // what answered it, or was offered instead, in a provisional response
    private bool _isDescribedReliably;
    private Referral? _referral;            // who asked for an outgoing call by REFER hears how far it comes
    private CallEnd? _end;                  // what is reported when the other side has confirmed the end
    private bool _isByeUnderWay;
    private bool _needsSecureContact;

    private CallLeg(UserAgentCore core, byte[] callId, string target)
    {
        (_core, CallIdBytes, RequestUri, RemoteUri) = (core, callId, target, target);
        _session = new CallSession(core, this);
        _requests = new CallRequests(core, this, _session);
        _timer = new Timer(this);
        _keys = new KeysByInfo(core, this);
        _early = new EarlyDialogs(core, this, _session);
        Refresh = new SessionRefresh(core, this);
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

    /// <summary>True while this side has put the other one on hold.</summary>
    public bool IsHolding => _session.IsHolding;

    /// <summary>True while the other side has put this one on hold: it wants to hear nothing.</summary>
    public bool IsHeld => _session.IsHeld;

    internal SessionRefresh Refresh { get; }

    /// <summary>The user of this side's Contact: as whom it was called, or as whom it called.</summary>
    internal byte[] ContactUser => _core.ContactUserOf(IsIncoming ? RequestUri : null);

    internal LocalTag Tag { get; }

    internal byte[] TagBytes { get; }

    internal byte[] CallIdBytes { get; }

    /// <summary>Finds copies of the INVITE that came another way (RFC 3261 8.2.2.2).</summary>
    internal UInt128 MergeKey { get; private init; }

    private SipLane Lane => _core.Lane;

    internal INetworkLoop Loop => _core.Lane.Loop;

    /// <summary>Tells the caller that it rings.</summary>
    /// <param name="statusCode">101 to 199.</param>
    /// <returns>False when the call is not waiting for an answer, or has ended as it has no port for media.</returns>
    /// <remarks>Who asks for reliable responses and made no offer gets one in the first of them (RFC 3262 5).</remarks>
    public bool Ring(int statusCode = 180)
    {
        if (State is not (CallState.Incoming or CallState.Ringing)) return false;
        byte[] body = [];
        if (_incoming!.NeedsReliability && _offer is null && _description.Length == 0)
        {
            if (!TryDescribe()) return false;
            (body, _isDescribedReliably) = (_description, true);
        }

        State = CallState.Ringing;
        _incoming.Progress(statusCode, WriteProgressHeaders(), body, _incoming.NeedsReliability);
        return true;
    }

    /// <summary>Lets the caller hear something before the call is answered: an announcement, another tone. It sends 183 with this side's description.</summary>
    /// <param name="audio">What is said and heard, in the conversation too.</param>
    /// <returns>False when the call is not waiting for an answer, was described before, or cannot be: it then has ended.</returns>
    /// <remarks>Reliable where the caller can acknowledge it. Source: RFC 3960 2, 3; RFC 3262 5.</remarks>
    public bool Progress(CallAudio audio)
    {
        ArgumentNullException.ThrowIfNull(audio);
        if (State is not (CallState.Incoming or CallState.Ringing) || _description.Length > 0) return false;
        _session.Audio = audio;
        if (!TryDescribe()) return false;
        State = CallState.Ringing;
        _isDescribedReliably = _incoming!.TakesReliability;
        _incoming.Progress(183, WriteProgressHeaders(), _description, _incoming.TakesReliability);
        if (_dialog!.IsAgreed) _session.TalkEarly();
        return true;
    }

    /// <summary>Answers the call.</summary>
    /// <param name="audio">What it says and hears; after <see cref="Progress"/> that of the progress goes on.</param>
    /// <returns>False when the call is not waiting for an answer, or cannot be answered: it then has ended.</returns>
    public bool Answer(CallAudio audio)
    {
        ArgumentNullException.ThrowIfNull(audio);
        if (State is not (CallState.Incoming or CallState.Ringing)) return false;
        bool isDescribed = _description.Length > 0;
        if (!isDescribed || _session.Audio == CallAudio.None) _session.Audio = audio;
        if (!isDescribed && !TryDescribe()) return false;
        State = CallState.Accepted;
        Lane.Loop.Schedule(_timer, Instant.Never);
        _session.Listen();
        _dialog!.Dialog.Confirm();
        // What PRACKs have confirmed is not said again (RFC 6337 3.1.1); what they will confirm the 2xx waits for.
        bool isThrough = isDescribed && _isDescribedReliably;
        byte[] refresh = [.. Refresh.Accept(_incoming!.Request), .. _core.AnswerRecvInfo(_incoming.Request)];
        if (!isThrough) Settle(_dialog);
        _dialog.Pending |= PendingExchanges.AckAwaited;
        _dialog.Pending &= ~PendingExchanges.InviteReceived;
        _incoming.Accept([.. WriteContactRow(_incoming.Flow), .. _core.CallHeaders, .. refresh], isThrough ? [] : _description);
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
        Refuse(statusCode, reasonPhrase);
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
            case CallState.Accepted when _incoming!.IsPending:
                Refuse(603, null);      // the 2xx still waits for a PRACK
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
    public bool SendDigits(string digits) => State == CallState.Established && _session.TrySendDigits(digits, asTones: false);

    /// <summary>Presses keys, one after the other, by a way of the caller's choice.</summary>
    /// <param name="digits">0-9, *, #, A-D.</param>
    /// <param name="by">The way. With the sound <see cref="ICallObserver.OnDigitsSent"/> tells that they were sent, and <paramref name="done"/> hears nothing.</param>
    /// <param name="done">Hears the status and phrase of what came of it, once: the first refusal ends it, and leaves the call as it was.</param>
    /// <returns>False when the call is not established, the other side takes no digits with the sound, or too many wait.</returns>
    public bool SendDigits(string digits, KeyTransport by, Action<int, string>? done = null) =>
        by is KeyTransport.Rtp or KeyTransport.Tones ? State == CallState.Established && _session.TrySendDigits(digits, by == KeyTransport.Tones) : State == CallState.Established && _keys.TryAdd(digits, by, done);

    /// <summary>Sends a program at the other side something in the dialog of the call.</summary>
    /// <param name="info">What.</param>
    /// <param name="done">Hears the status and phrase of the answer, once, perhaps before this returns.</param>
    /// <returns>False when the call is not established, or the other side has not said that it takes the package.</returns>
    /// <exception cref="ArgumentException">A value is not allowed.</exception>
    /// <remarks>Source: RFC 6086 4.2.1.</remarks>
    public bool SendInfo(InfoMessage info, Action<int, string>? done = null)
    {
        ArgumentNullException.ThrowIfNull(info);
        info.Validate();
        if (State != CallState.Established || (info.Package is { } package && !_dialog!.TakesInfo(package))) return false;
        StartInfo(info, done);
        return true;
    }

    internal void StartInfo(InfoMessage info, Action<int, string>? done) => new InfoRequest(_core, this, _dialog!.Dialog, info, done).Start();

    /// <summary>Puts the other side on hold, or talks to it again.</summary>
    /// <param name="isHolding">True for hold.</param>
    /// <param name="done">Hears the status and phrase of what came of it, once, perhaps before this returns: one of 300 or more left all as it was.</param>
    /// <returns>False when the call is not established, or too many changes wait.</returns>
    /// <remarks>Source: RFC 3264 8.4, RFC 6337 5.3.</remarks>
    public bool Hold(bool isHolding, Action<int, string>? done = null) => State == CallState.Established && _changes!.TryHold(isHolding, done);

    /// <summary>Asks the other side to call somebody else instead. The call goes on until somebody hangs up.</summary>
    /// <param name="target">Who is to be called.</param>
    /// <param name="observer">Who hears what becomes of it, perhaps before this returns.</param>
    /// <returns>False when the call is not established.</returns>
    /// <remarks>Source: RFC 3515, RFC 5589 6.</remarks>
    public bool Transfer(SipUri target, ITransferObserver observer)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(observer);
        if (State != CallState.Established) return false;
        _core.SendRefer(SipUri.Parse(WireText.From(_dialog!.Dialog.RemoteTarget)), target, observer, Tag, CallIdBytes, _dialog.Dialog, ContactUser);
        return true;
    }

    /// <summary>Asks the other side to take this side's place in another call.</summary>
    /// <param name="other">An established call of this side.</param>
    /// <param name="observer">Who hears what becomes of it, perhaps before this returns.</param>
    /// <returns>False when one of the calls is not established.</returns>
    /// <remarks>Source: RFC 5589 7, RFC 3891.</remarks>
    public bool Transfer(CallLeg other, ITransferObserver observer)
    {
        ArgumentNullException.ThrowIfNull(other);
        return other is { State: CallState.Established, _dialog: { } dialog } && Transfer(dialog.Dialog.ToReplace(), observer);
    }

    /// <summary>The call that this one replaces when it is answered; null for none.</summary>
    /// <remarks>Who takes such a call answers it without ringing. Source: RFC 3891 3.</remarks>
    public CallLeg? Replaced { get; private init; }

    /// <summary>True when it has the dialog that a Replaces or Join names.</summary>
    internal bool HasDialog(DialogReference reference) => _dialog?.Dialog.IsNamed(reference) ?? _early.Has(reference);

    /// <summary>The status that refuses to replace the call; 0 when it can be.</summary>
    /// <remarks>Source: RFC 3891 3.</remarks>
    internal int RefusalOfReplacement(bool isEarlyOnly) => State switch
    {
        CallState.Accepted or CallState.Established => isEarlyOnly ? 486 : 0,
        CallState.Calling or CallState.Proceeding => 0,
        _ => 481,
    };

    /// <summary>Another call has taken its place.</summary>
    internal void OnReplaced(CallLeg by)
    {
        Observer.OnReplaced(this, by);
        HangUp();
    }

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
        (leg._session.Audio, leg._session.Srtp) = (options.Audio, options.Srtp);
        leg._referral = options.Referral;
        leg._outgoing = new OutgoingInvite(core, leg, target, options);
        core.Add(leg);
        core.Lane.Loop.Schedule(leg._timer, core.Lane.Now + options.RingTimeout);
        observer.OnStarted(leg);
        leg._outgoing.Start();
        return leg;
    }

    /// <summary>Takes an INVITE that starts a call.</summary>
    /// <returns>Null when it makes no dialog: there was no way to answer it.</returns>
    internal static CallLeg? Receive(UserAgentCore core, SipServerTransaction invite, SessionDescription? offer, UInt128 mergeKey, CallLeg? replaced)
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
            Replaced = replaced,
        };
        if (!Dialog.TryCreateAtServer(request, leg.TagBytes, invite.Flow.Transport.IsSecure, out Dialog? dialog)) return null;
        leg._dialog = new CallDialog(dialog, leg._session.Fork()) { Pending = PendingExchanges.InviteReceived | PendingExchanges.OfferOfReceivedInvite };
        leg._dialog.Learn(request);
        leg._dialog.LearnInfoPackages(request);
        leg._incoming = new IncomingInvite(invite, leg, leg.TagBytes);
        core.Add(leg);
        core.Lane.Loop.Schedule(leg._timer, core.Lane.Now + LongestRinging);
        return leg;
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
