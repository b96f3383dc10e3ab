using Parley.Endpoint.Sip;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Calls;

/// <summary>Hangs up.</summary>
/// <remarks>Whatever comes back, or nothing: the dialog is over (RFC 3261 15.1.1).</remarks>
internal sealed class ByeRequest(UserAgentCore core, Dialog dialog, CallLeg? leg) : ClientRequest(core, usesKnownNonces: true)
{
    public void Start() => SendTo(dialog.NextHop);

    /// <inheritdoc/>
    protected override RequestTemplate? Compose(in SipFlow flow) => dialog.CreateTemplate(SipMethod.Bye, Core.ProductHeader);

    /// <inheritdoc/>
    protected override uint NextSequence() => dialog.TakeSequenceNumber();

    /// <inheritdoc/>
    protected override void OnFinal(in SipMessageView response) => leg?.OnByeDone();

    /// <inheritdoc/>
    protected override void OnFailed(RequestFailure failure) => leg?.OnByeDone();
}
