using Parley.Endpoint.Sip;
using Parley.Sdp;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Messages;

namespace Parley.UserAgent;

/// <remarks>Requests: what comes in, placed in its call or dialog, taken or refused. Source: RFC 3261 8.2, 12.2.2.</remarks>
public sealed partial class UserAgentCore
{
    /// <summary>True when a request belongs to a call of this user agent, or cancels one.</summary>
    public bool Owns(in SipIncomingRequest request)
    {
        if (request.Message.Method == SipMethod.Cancel) return request.FindCancelled() is { } cancelled && ReferenceEquals(cancelled.User, this);
        return FindCall(request.Message) is not null || Events.Has(request.Message);
    }

    /// <inheritdoc/>
    public void OnRequest(in SipIncomingRequest request)
    {
        SipMessageView message = request.Message;
        switch (message.Method)
        {
            case SipMethod.Cancel:
                OnCancel(request);
                return;
            case SipMethod.Unknown:
                request.Reply(new SipReply(501) { Headers = CallHeaders });
                return;
            case SipMethod.Subscribe:       // in a dialog it refreshes what another request began
                break;
            case var method when !Declared.Takes(method):
                request.Reply(new SipReply(405) { Headers = CallHeaders });
                return;
        }

        if (message.Method != SipMethod.Ack && !Understands(request)) return;
        if (message.Method is not (SipMethod.Invite or SipMethod.Ack) && (message.Has(HeaderId.Replaces) || message.Has(HeaderId.Join)))
        {
            request.Reply(new SipReply(400) { ReasonPhrase = "Replaces or Join outside INVITE"u8 });
            return;
        }

        if (FindCall(message) is { } call) call.OnRequest(request);
        else if (message.Method == SipMethod.Ack) return;
        else if (message.Method is SipMethod.Subscribe or SipMethod.Notify) OnEventRequest(request);
        else if (message.TryGetTo(out NameAddressView to) == HeaderStatus.Ok && !to.Tag.IsEmpty) request.Reply(new SipReply(481));
        else if (message.Method == SipMethod.Invite) OnInvite(request);
        else if (message.Method == SipMethod.Refer) OnRefer(request);
        else if (message.Method == SipMethod.Options) request.Reply(WriteOptionsReply(message, request.Flow, isInDialog: false));
        else if (message.Method == SipMethod.Message) request.CreateTransaction(this)?.Respond(TakeMessage(message));     // once, however often it comes
        else request.Reply(new SipReply(481));
    }

    /// <summary>The answer to an OPTIONS: as an INVITE would be answered now.</summary>
    /// <remarks>Source: RFC 3261 11.2.</remarks>
    internal SipReply WriteOptionsReply(in SipMessageView options, in SipFlow flow, bool isInDialog)
    {
        byte[] headers = [.. Declared.Options, .. ProductHeader, .. Options.IsFocus ? WriteContactRow(flow, WireText.From(options.RequestUri), flow.Transport.IsSecure) : []];
        return new SipReply(!isInDialog && _calls.Count >= Options.MaxCalls ? 486 : 200) { Headers = headers };
    }

    /// <summary>The row for the answer to a request: only who says which packages it takes is told (RFC 6086 5.2.3).</summary>
    internal ReadOnlySpan<byte> AnswerRecvInfo(in SipMessageView request) => request.Has(HeaderId.RecvInfo) ? RecvInfoRow : default;

    /// <summary>Takes a text in.</summary>
    internal SipReply TakeMessage(in SipMessageView message) =>
        _messageHandler is null ? new SipReply(405) { Headers = CallHeaders } : IncomingMessage.Take(message, _messageHandler, Declared);

    /// <summary>Reads the offer of an INVITE.</summary>
    /// <param name="invite">The INVITE.</param>
    /// <param name="offer">The offer; null when there is none.</param>
    /// <param name="refusal">What to answer when it cannot be read.</param>
    /// <returns>False when it cannot be read.</returns>
    /// <remarks>Source: RFC 3261 8.2.3, 21.4.1, 21.4.13.</remarks>
    internal bool TryReadOffer(scoped in SipMessageView invite, out SessionDescription? offer, out SipReply refusal)
    {
        refusal = default;
        switch (SessionBody.TryRead(invite, out offer, out SdpError error))
        {
            case SessionBodyKind.Malformed:
                refusal = new SipReply(400) { ReasonPhrase = WireText.ToBytes($"Bad Request: {error}") };
                return false;
            case SessionBodyKind.Unsupported:
                refusal = new SipReply(415) { Headers = Declared.AcceptRows(invite.Method) };
                return false;
            default:
                return true;
        }
    }

    private void OnInvite(in SipIncomingRequest request)
    {
        SipMessageView message = request.Message;
        if (!SipRequestValidator.TryCheckHeader(message, HeaderId.Contact, isMandatory: true, out SipRefusal refusal))
        {
            request.Reply(new SipReply(refusal.Status) { ReasonPhrase = refusal.Reason });
            return;
        }

        if (!TryReadReplaces(request, out CallLeg? replaced)) return;
        if (SessionRefresh.IsTooShort(message, Options.MinSessionExpiry, out SipReply tooShort))
        {
            request.Reply(tooShort);
            return;
        }

        UInt128 mergeKey = MergeKey(message);
        if (_incoming.ContainsKey(mergeKey))
        {
            request.Reply(new SipReply(482));       // the same INVITE, by another way
            return;
        }

        if (!TryReadOffer(message, out SessionDescription? offer, out SipReply unreadable))
        {
            request.Reply(unreadable);
            return;
        }

        if (offer is not null && _capabilities.Evaluate(offer) is var failure and not NegotiationFailure.None)
        {
            request.Reply(new SipReply(488) { Headers = SessionBody.Warning(failure) });
            return;
        }

        if (_calls.Count >= Options.MaxCalls + (replaced is null ? 0 : 1))
        {
            request.Reply(new SipReply(486));
            return;
        }

        if (request.CreateTransaction(this) is not { } transaction) return;
        if (CallLeg.Receive(this, transaction, offer, mergeKey, replaced) is { } call) _handler.OnIncomingCall(call);
        else transaction.Respond(new SipReply(400) { ReasonPhrase = "Malformed Contact or Record-Route"u8 });
    }

    private static void OnCancel(in SipIncomingRequest request)
    {
        SipServerTransaction? invite = request.FindCancelled();
        if (invite?.State is not IncomingInvite incoming)
        {
            request.Reply(new SipReply(481));
            return;
        }

        request.Reply(new SipReply(200) { ToTag = incoming.ToTag });
        incoming.OnCancel();
    }

    /// <summary>Refuses a request that needs an extension which is not known here.</summary>
    /// <remarks>Source: RFC 3261 8.2.2.3.</remarks>
    private bool Understands(in SipIncomingRequest request)
    {
        byte[] unsupported = Declared.UnsupportedRow(request.Message);
        if (unsupported.Length == 0) return true;
        request.Reply(new SipReply(420) { Headers = unsupported });
        return false;
    }

    private CallLeg? FindCall(in SipMessageView message) =>
        message.TryGetTo(out NameAddressView to) == HeaderStatus.Ok && LocalTag.TryParse(to.Tag, out LocalTag tag)
            ? _calls.GetValueOrDefault(tag.Number)
            : null;

    private UInt128 MergeKey(in SipMessageView invite)
    {
        if (invite.TryGetCallId(out ReadOnlySpan<byte> callId) != HeaderStatus.Ok || invite.TryGetFrom(out NameAddressView from) != HeaderStatus.Ok) return default;
        return invite.TryGetCSeq(out CSeqView cseq) == HeaderStatus.Ok
            ? _hash.Compute([.. callId, 0, .. from.Tag, 0, .. BitConverter.GetBytes(cseq.Number)])
            : default;
    }
}
