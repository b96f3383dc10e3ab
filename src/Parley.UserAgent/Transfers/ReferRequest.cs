using Parley.Endpoint.Sip;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Requests;
using Parley.UserAgent.Subscriptions;

namespace Parley.UserAgent.Transfers;

/// <summary>A REFER, in the dialog of a call or outside of all.</summary>
/// <remarks>Its NOTIFYs may be faster than its answer, so they are waited for from the start. Source: RFC 3515 2.4.1, RFC 7647 4.</remarks>
internal sealed class ReferRequest(UserAgentCore core, OutgoingTransfer transfer, Subscription subscription, SipUri target, byte[] referTo, Dialog? dialog, byte[] contactUser)
    : ClientRequest(core, usesKnownNonces: dialog is not null || core.Proxy is not null)
{
    private readonly byte[] _target = WireText.ToRequestUri(target).ToBytes();

    public void Start() => SendTo(dialog is null ? Core.NextHop(_target) : dialog.NextHop);

    /// <inheritdoc/>
    protected override RequestTemplate? Compose(in SipFlow flow)
    {
        byte[] referredBy = WireText.ToBytes(new NameAddress(WireText.ToName(Core.IdentityOn(flow).Uri)).ToString());
        byte[] headers = [.. "Refer-To: "u8, .. referTo, .. "\r\nReferred-By: "u8, .. referredBy, .. "\r\n"u8, .. Core.CallHeaders];
        if (dialog is not null)
        {
            RequestTemplate inDialog = dialog.CreateTargetRefresh(SipMethod.Refer, headers, contactUser, []);
            subscription.OnRequested(inDialog.Sequence);
            return inDialog;
        }

        return new RequestTemplate
        {
            Method = SipMethod.Refer,
            RequestUri = _target,
            Route = Core.RouteTo(_target),
            From = Core.WriteFrom(flow, subscription.Tag.ToBytes()),
            To = WireText.ToBytes(new NameAddress(WireText.ToName(target)).ToString()),
            CallId = subscription.CallId,
            Sequence = 1,
            ContactUser = contactUser,
            Headers = headers,
        };
    }

    /// <inheritdoc/>
    protected override uint NextSequence()
    {
        uint sequence = dialog?.TakeSequenceNumber() ?? Template!.Sequence + 1;
        subscription.OnRequested(sequence);
        return sequence;
    }

    /// <inheritdoc/>
    protected override void OnFinal(in SipMessageView response)
    {
        int status = response.StatusCode;
        string phrase = WireText.From(response.ReasonPhrase);
        if (status >= 300)
        {
            transfer.OnRefused(status, phrase);
            subscription.OnNotExpected();
            return;
        }

        dialog?.Refresh(response);
        if (response.TryGetParameterized(HeaderId.ReferSub, out ParameterizedValueView wanted) != HeaderStatus.Ok || !wanted.Is("false"u8)) return;
        transfer.OnAcceptedSilently(status, phrase);
        subscription.OnNotExpected();
    }

    /// <inheritdoc/>
    protected override void OnFailed(RequestFailure failure)
    {
        (int status, string phrase) = failure.Describe("The other side");
        transfer.OnRefused(status, phrase);
        subscription.OnNotExpected();
    }
}
