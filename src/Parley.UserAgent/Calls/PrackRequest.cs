using Parley.Endpoint.Sip;
using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Calls;

/// <summary>Acknowledges a reliable provisional response, and brings the answer to its offer.</summary>
/// <remarks>
/// When nothing comes back, the INVITE goes on without it: its server gives up after 64*T1 itself. Source: RFC 3262 4, 5.
/// </remarks>
internal sealed class PrackRequest(UserAgentCore core, CallDialog dialog, string acknowledged, byte[] description) : ClientRequest(core, usesKnownNonces: true)
{
    public void Start() => SendTo(dialog.Dialog.NextHop);

    /// <inheritdoc/>
    protected override RequestTemplate? Compose(in SipFlow flow) =>
        dialog.Dialog.CreateTemplate(SipMethod.Prack, [.. WireText.ToBytes($"RAck: {acknowledged}\r\n"), .. Core.ProductHeader], description);

    /// <inheritdoc/>
    protected override uint NextSequence() => dialog.Dialog.TakeSequenceNumber();

    /// <inheritdoc/>
    protected override void OnFinal(in SipMessageView response) => CallLeg.OnPrackDone(dialog);

    /// <inheritdoc/>
    protected override void OnFailed(RequestFailure failure) => CallLeg.OnPrackDone(dialog);
}
