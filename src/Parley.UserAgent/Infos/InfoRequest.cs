using Parley.Endpoint.Sip;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Infos;

/// <summary>An INFO in the dialog of a call.</summary>
/// <remarks>Refusals leave the call as it was, but for those that say that there is none (RFC 5057 5). Source: RFC 6086 4.2.1.</remarks>
internal sealed class InfoRequest(UserAgentCore core, CallLeg leg, Dialog dialog, InfoMessage info, Action<int, string>? done) : ClientRequest(core, usesKnownNonces: true)
{
    public void Start() => SendTo(dialog.NextHop);

    /// <inheritdoc/>
    protected override RequestTemplate? Compose(in SipFlow flow)
    {
        string package = info.Package is null ? "" : $"Info-Package: {info.Package}\r\n{(info.Body.IsEmpty ? "" : "Content-Disposition: Info-Package\r\n")}";
        return dialog.CreateTemplate(SipMethod.Info, [.. WireText.ToBytes(package), .. Core.ProductHeader], WireText.ToBytes(info.ContentType), info.Body.ToArray());
    }

    /// <inheritdoc/>
    protected override uint NextSequence() => dialog.TakeSequenceNumber();

    /// <inheritdoc/>
    protected override void OnFinal(in SipMessageView response)
    {
        string phrase = WireText.From(response.ReasonPhrase);
        done?.Invoke(response.StatusCode, phrase);
        if (Dialog.IsEndedBy(response.StatusCode)) leg.OnLost(response.StatusCode, phrase);
    }

    /// <inheritdoc/>
    protected override void OnFailed(RequestFailure failure)
    {
        (int status, string phrase) = failure.Describe("The other side");
        done?.Invoke(status, phrase);
        if (failure == RequestFailure.TimedOut) leg.OnLost(status, phrase);
    }
}
