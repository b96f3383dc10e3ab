using Parley.Endpoint.Sip;
using Parley.Sip.Dialogs;
using Parley.Sip.Events;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Subscriptions;
using Parley.UserAgent.Transfers;

namespace Parley.UserAgent;

/// <remarks>Transfers: REFER both ways, and calls that replace or join others. Source: RFC 3515, RFC 3891, RFC 3911.</remarks>
public sealed partial class UserAgentCore
{
    /// <summary>Who decides about REFERs of others; null refuses them (405).</summary>
    public ITransferHandler? TransferHandler
    {
        get;
        set
        {
            field = value;
            Declare();
        }
    }

    /// <summary>Asks somebody, outside of any call, to call somebody else. The observer may hear before this returns.</summary>
    /// <param name="uri">Who is asked: a sip or sips URI.</param>
    /// <param name="target">Who is to be called.</param>
    /// <param name="observer">Who hears what becomes of it.</param>
    /// <exception cref="ArgumentException">The URI is no SIP URI.</exception>
    /// <remarks>Source: RFC 3515, RFC 7647.</remarks>
    public void Refer(SipUri uri, SipUri target, ITransferObserver observer)
    {
        ArgumentNullException.ThrowIfNull(uri);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(observer);
        if (!uri.IsSip) throw new ArgumentException($"{uri} is no SIP URI.", nameof(uri));
        SendRefer(uri, target, observer, LocalTag.Create(), CreateCallId(), dialog: null, ContactUser);
    }

    internal void SendRefer(SipUri uri, SipUri target, ITransferObserver observer, LocalTag tag, byte[] callId, Dialog? dialog, byte[] contactUser)
    {
        var transfer = new OutgoingTransfer(observer);
        var subscription = new Subscription(this, uri, new EventName("refer"u8), new SubscribeOptions { KeepsTrying = false }, transfer);
        if (!subscription.TryExpect(tag, callId, sequence: 1, dialog))
        {
            transfer.OnRefused(503, "Too many subscriptions");
            return;
        }

        new ReferRequest(this, transfer, subscription, uri, WireText.ToBytes(new NameAddress(target).ToString()), dialog, contactUser).Start();
    }

    /// <summary>Takes a REFER, in the dialog of a call or outside of all.</summary>
    internal void TakeRefer(SipServerTransaction transaction, CallLeg? call, Dialog? dialog, LocalTag tag, bool isFirst)
    {
        SipMessageView refer = transaction.Request;
        if (refer.TryGetAddress(HeaderId.ReferTo, out NameAddressView to) != HeaderStatus.Ok)
        {
            transaction.Respond(new SipReply(400) { ReasonPhrase = "Missing or Malformed Refer-To"u8 });
            return;
        }

        if (!SipUri.TryParse(to.Uri, out SipUri? target) || !target.IsSip || target.Parameters.Get("method") is { } method && !method.Equals("INVITE", StringComparison.OrdinalIgnoreCase))
        {
            transaction.Respond(new SipReply(target is { IsSip: true } ? 403 : 416));
            return;
        }

        DialogReference? replaces = null;
        if (target.Headers.Get("Replaces") is { } text && !DialogReference.TryParse(WireText.ToBytes(text), out replaces))
        {
            transaction.Respond(new SipReply(400) { ReasonPhrase = "Malformed Replaces"u8 });
            return;
        }

        if (dialog is null && !Dialog.TryCreateAtServer(refer, tag.ToBytes(), transaction.Flow.Transport.IsSecure, out dialog))
        {
            transaction.Respond(new SipReply(400) { ReasonPhrase = "Malformed Contact or Record-Route"u8 });
            return;
        }

        if (call is null) dialog.Confirm();
        string? referredBy = refer.TryGetAddress(HeaderId.ReferredBy, out NameAddressView by) == HeaderStatus.Ok ? WireText.From(by.Bytes) : null;
        // Of the headers that the URI may bring only Replaces is followed: the others are nobody's business but the caller's (RFC 3261 19.1.5).
        var transfer = new IncomingTransfer(this, transaction, call, dialog, tag, isFirst, WireText.ToRequestUri(target), replaces, referredBy);
        TransferHandler!.OnTransferRequested(transfer);
    }

    private void OnRefer(in SipIncomingRequest request)
    {
        if (request.CreateTransaction(this) is { } transaction) TakeRefer(transaction, call: null, dialog: null, LocalTag.Create(), isFirst: true);
    }

    /// <summary>Finds the call that an INVITE is to replace, or refuses it.</summary>
    /// <param name="request">An INVITE outside of all dialogs.</param>
    /// <param name="replaced">The call; null for none.</param>
    /// <returns>False when it was answered.</returns>
    /// <remarks>Who names the identifiers of a call, of which 128 bits cannot be guessed, is taken to be allowed to. Source: RFC 3891 3, RFC 3911 4.</remarks>
    private bool TryReadReplaces(in SipIncomingRequest request, out CallLeg? replaced)
    {
        replaced = null;
        HeaderStatus replaces = DialogReference.TryRead(request.Message, HeaderId.Replaces, out DialogReference? old);
        HeaderStatus join = DialogReference.TryRead(request.Message, HeaderId.Join, out DialogReference? joined);
        if (replaces == HeaderStatus.Missing && join == HeaderStatus.Missing) return true;
        int status = replaces == HeaderStatus.Malformed || join == HeaderStatus.Malformed || (old is not null && joined is not null) ? 400
            : FindCall((old ?? joined)!) is not { } call ? 481
            : call.State is CallState.Cancelling or CallState.Ending or CallState.Ended ? 603
            : joined is not null ? 488
            : call.RefusalOfReplacement(old!.IsEarlyOnly);
        if (status == 0) replaced = FindCall(old!);
        else request.Reply(new SipReply(status));
        return status == 0;
    }

    private CallLeg? FindCall(DialogReference reference) =>
        LocalTag.TryParse(WireText.ToBytes(reference.ToTag), out LocalTag tag) && _calls.GetValueOrDefault(tag.Number) is { } call && call.HasDialog(reference) ? call : null;
}
