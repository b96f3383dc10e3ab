using Parley.Endpoint.Sip;
using Parley.Sdp;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;
using Parley.UserAgent.Infos;

namespace Parley.UserAgent.Calls;

/// <summary>What comes in the dialogs of one call: places it, refuses what does not fit, and hands on what does.</summary>
/// <remarks>Source: RFC 3261 12.2.2, 14.2, 15.1.2; RFC 3262 3; RFC 3311 5.2; RFC 6086 4.2.2.</remarks>
internal sealed class CallRequests(UserAgentCore core, CallLeg leg, CallSession session)
{
    /// <summary>A request with this side's tag came.</summary>
    /// <param name="request">The request.</param>
    /// <param name="dialog">The dialog with its other tag; null when there is none.</param>
    public void Take(in SipIncomingRequest request, CallDialog? dialog)
    {
        SipMessageView message = request.Message;
        DialogRequestResult place = dialog?.Dialog.TryTakeRequest(message) ?? DialogRequestResult.UnknownDialog;
        if (message.Method == SipMethod.Ack)
        {
            if (place == DialogRequestResult.Ok) leg.OnAck(message);
            return;
        }

        switch (place)
        {
            case DialogRequestResult.UnknownDialog: request.Reply(new SipReply(481)); return;
            case DialogRequestResult.OutOfOrder: request.Reply(new SipReply(500) { ReasonPhrase = "CSeq Out of Order"u8 }); return;
            case DialogRequestResult.Malformed: request.Reply(new SipReply(400)); return;
        }

        // Its number is taken: when it comes again, only a transaction knows that it has been answered.
        if (request.CreateTransaction(core) is not { } transaction) return;
        if (leg.State is CallState.Ending or CallState.Ended && !OutlivesTheCall(message.Method))
        {
            transaction.Respond(new SipReply(481));
            return;
        }

        dialog!.Learn(message);
        switch (message.Method)
        {
            case SipMethod.Bye: leg.OnBye(transaction); break;
            case SipMethod.Invite: OnReinvite(transaction, dialog); break;
            case SipMethod.Update: OnUpdate(transaction, dialog); break;
            case SipMethod.Prack when leg.TakePrack(transaction): break;
            case SipMethod.Prack: transaction.Respond(new SipReply(481)); break;
            case SipMethod.Subscribe or SipMethod.Notify: core.Events.OnRequestInCall(transaction); break;
            case SipMethod.Refer: core.TakeRefer(transaction, leg, dialog.Dialog, leg.Tag, dialog.TakeFirstRefer()); break;
            case SipMethod.Info: IncomingInfo.Take(core, transaction, leg, session); break;
            case SipMethod.Message: transaction.Respond(core.TakeMessage(message)); break;
            default: transaction.Respond(core.WriteOptionsReply(transaction.Request, transaction.Flow, isInDialog: true)); break;
        }
    }

    /// <summary>What this side has hung up is over for the other one too, but for its own BYE and for subscriptions that share the dialog.</summary>
    /// <remarks>Source: RFC 5407 3.2, RFC 5057 4.</remarks>
    private static bool OutlivesTheCall(SipMethod method) => method is SipMethod.Bye or SipMethod.Prack or SipMethod.Subscribe or SipMethod.Notify;

    private void OnReinvite(SipServerTransaction transaction, CallDialog dialog)
    {
        SipMessageView invite = transaction.Request;
        if (dialog.Pending.RefusalOfInvite() is var pending and not 0)
        {
            RefusePending(transaction, pending);
            return;
        }

        if (leg.State is not (CallState.Accepted or CallState.Established))     // a re-INVITE in an early dialog of this side
        {
            transaction.Respond(new SipReply(481));
            return;
        }

        if (!TryReadOffer(transaction, out SessionDescription? offer)) return;
        byte[] description;
        if (offer is null)
        {
            description = session.Offer(dialog.Negotiation);
        }
        else if (session.Answer(dialog.Negotiation, offer, out description) is var failure and not NegotiationFailure.None)
        {
            transaction.Respond(new SipReply(488) { Headers = SessionBody.Warning(failure) });
            return;
        }

        dialog.Dialog.Refresh(invite);
        dialog.LearnInfoPackages(invite);
        dialog.Pending |= PendingExchanges.AckAwaited;
        if (offer is null) dialog.Pending |= PendingExchanges.OfferOfReceivedInvite;
        leg.AcceptReinvite(transaction, [.. leg.Refresh.Accept(invite), .. core.AnswerRecvInfo(invite)], description);
    }

    private void OnUpdate(SipServerTransaction transaction, CallDialog dialog)
    {
        SipMessageView update = transaction.Request;
        if (!TryReadOffer(transaction, out SessionDescription? offer)) return;
        if (dialog.Pending.RefusalOfUpdate(offer is not null) is var pending and not 0)
        {
            RefusePending(transaction, pending);
            return;
        }

        byte[] description = [];
        if (offer is not null && session.Answer(dialog.Negotiation, offer, out description) is var failure and not NegotiationFailure.None)
        {
            transaction.Respond(new SipReply(488) { Headers = SessionBody.Warning(failure) });
            return;
        }

        dialog.Dialog.Refresh(update);
        dialog.LearnInfoPackages(update);
        bool isEarly = leg.State is not (CallState.Accepted or CallState.Established);
        transaction.Respond(new SipReply(200)
        {
            Headers = [.. leg.WriteContactRow(transaction.Flow), .. core.CallHeaders, .. isEarly ? [] : leg.Refresh.Accept(update), .. core.AnswerRecvInfo(update)],
            ContentType = "application/sdp"u8,
            Body = description,
        });
        if (offer is not null) leg.TellHold();
    }

    private bool TryReadOffer(SipServerTransaction transaction, out SessionDescription? offer)
    {
        if (SessionRefresh.IsTooShort(transaction.Request, core.Options.MinSessionExpiry, out SipReply refusal)
            || !core.TryReadOffer(transaction.Request, out offer, out refusal))
        {
            offer = null;
            transaction.Respond(refusal);
            return false;
        }

        return true;
    }

    private void RefusePending(SipServerTransaction transaction, int status)
    {
        if (status == 491) transaction.Respond(new SipReply(491));
        else transaction.Respond(new SipReply(500) { Headers = WireText.ToBytes($"Retry-After: {core.Random.Next(0, 11)}\r\n") });
    }
}
