using Parley.Sdp;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;

namespace Parley.UserAgent.Calls;

/// <summary>The dialogs that the provisional responses to one INVITE began: one for each phone that a proxy made it ring at.</summary>
/// <remarks>
/// Each has a route, a remote target, numbers and offers of its own. The first 2xx picks one, or begins another, and the rest are
/// forgotten: whoever else answers is acknowledged and hung up. Source: RFC 3261 12.1.2, 13.2.2.1, 13.2.2.4; RFC 3262 4, 5.
/// </remarks>
internal sealed class EarlyDialogs(UserAgentCore core, CallLeg leg, CallSession session)
{
    private const int MaxDialogs = 16;

    private readonly List<CallDialog> _dialogs = [];

    /// <summary>Takes a provisional response; acknowledges it when it is reliable.</summary>
    /// <param name="response">101 to 199.</param>
    /// <param name="invite">The INVITE.</param>
    /// <param name="hasEarlyMedia">True when sound comes from now on.</param>
    /// <returns>False when it is to be passed over: it was seen before, or must wait for one that was lost.</returns>
    public bool TryTake(in SipMessageView response, OutgoingInvite invite, out bool hasEarlyMedia)
    {
        hasEarlyMedia = false;
        CallDialog? dialog = FindOrAdd(response, invite);
        if (!PrackRequest.IsReliable(response))
        {
            hasEarlyMedia = dialog is not { IsAgreed: true } && session.TakePreview(response);
            return true;
        }

        if (dialog is null || !PrackRequest.TryPlace(response, dialog.Provisionals, out string acknowledged)) return false;
        NegotiationFailure failure = TakeDescription(dialog, response, out byte[] answer, out hasEarlyMedia);
        new PrackRequest(core, dialog, acknowledged, answer).Start();
        if (failure != NegotiationFailure.None) leg.OnUnusableAnswer(failure);
        return failure == NegotiationFailure.None;
    }

    /// <summary>The dialog of a request of the other side; null when there is none.</summary>
    public CallDialog? Find(in SipMessageView message)
    {
        foreach (CallDialog dialog in _dialogs)
        {
            if (dialog.Dialog.IsMine(message)) return dialog;
        }

        return null;
    }

    /// <summary>True when one of them is the one that is named.</summary>
    public bool Has(DialogReference reference) => _dialogs.Exists(dialog => dialog.Dialog.IsNamed(reference));

    /// <summary>The 2xx that answers the call came: its dialog is the call's, and the others are forgotten.</summary>
    /// <returns>Null when it makes no dialog.</returns>
    public CallDialog? Confirm(in SipMessageView success, OutgoingInvite invite)
    {
        CallDialog? dialog = Find(success);
        if (dialog is not null) dialog.Dialog.Confirm(success);
        else if (invite.CreateDialog(success) is { } made) dialog = new CallDialog(made, session.Fork());
        dialog?.Learn(success);
        dialog?.LearnInfoPackages(success);
        Clear();
        return dialog;
    }

    /// <summary>Forgets them.</summary>
    public void Clear()
    {
        foreach (CallDialog dialog in _dialogs)
        {
            if (dialog.Dialog.State == DialogState.Early) dialog.Dialog.Terminate();
        }

        _dialogs.Clear();
    }

    private CallDialog? FindOrAdd(in SipMessageView response, OutgoingInvite invite)
    {
        CallDialog? dialog = Find(response);
        if (dialog is null && _dialogs.Count < MaxDialogs && invite.CreateDialog(response) is { } made)
        {
            dialog = new CallDialog(made, session.Fork()) { Pending = PendingExchanges.InviteSent | PendingExchanges.OfferOfSentInvite };
            _dialogs.Add(dialog);
        }

        dialog?.Learn(response);
        dialog?.LearnInfoPackages(response);
        return dialog;
    }

    /// <summary>Reads the description of a reliable response: an answer, or an offer where the INVITE had none. Another one is to be passed over.</summary>
    private NegotiationFailure TakeDescription(CallDialog dialog, in SipMessageView response, out byte[] answer, out bool hasEarlyMedia)
    {
        (answer, hasEarlyMedia) = ([], false);
        if (dialog.IsAgreed || SessionBody.TryRead(response, out SessionDescription? description, out _) != SessionBodyKind.Description) return NegotiationFailure.None;
        NegotiationFailure failure = dialog.Negotiation.IsOfferPending
            ? session.TakeAnswer(dialog.Negotiation, description!)
            : session.Answer(dialog.Negotiation, description!, out answer);
        hasEarlyMedia = failure == NegotiationFailure.None;
        if (hasEarlyMedia) session.Listen();
        return failure;
    }
}
