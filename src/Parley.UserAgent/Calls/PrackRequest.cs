using Parley.Endpoint.Sip;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Calls;

/// <summary>Acknowledges a reliable provisional response, and brings the answer to its offer.</summary>
/// <remarks>
/// When nothing comes back, the INVITE goes on without it: its server gives up after 64*T1 itself. Source: RFC 3262 4, 5.
/// </remarks>
internal sealed class PrackRequest(UserAgentCore core, CallDialog dialog, string acknowledged, byte[] description) : ClientRequest(core, usesKnownNonces: true)
{
    /// <summary>Places a reliable provisional response, and says what acknowledges it.</summary>
    /// <param name="response">101 to 199.</param>
    /// <param name="order">Those that came for the same INVITE before.</param>
    /// <param name="acknowledged">The value of RAck.</param>
    /// <returns>False when it is not reliable, was seen before, or must wait for one that was lost.</returns>
    public static bool TryPlace(in SipMessageView response, ProvisionalOrder order, out string acknowledged)
    {
        acknowledged = "";
        if (!IsReliable(response)) return false;
        if (response.TryGetNumber(HeaderId.RSeq, out uint number) != HeaderStatus.Ok || response.TryGetCSeq(out CSeqView cseq) != HeaderStatus.Ok) return false;
        acknowledged = $"{number} {cseq.Number} INVITE";
        return order.Take(number) == ProvisionalPlace.Next;
    }

    /// <summary>True for a provisional response that waits for a PRACK.</summary>
    /// <remarks>A 100 never does.</remarks>
    public static bool IsReliable(in SipMessageView response) => response.StatusCode > 100 && response.HasToken(HeaderId.Require, "100rel"u8);

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
