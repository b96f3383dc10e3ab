using System.Text;
using Parley.Endpoint.Sip;
using Parley.Sip.Dialogs;
using Parley.Sip.Events;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Subscriptions;

/// <summary>One NOTIFY.</summary>
/// <remarks>Source: RFC 6665 4.2.2.</remarks>
internal sealed class NotifyRequest(UserAgentCore core, Notifier notifier, Dialog dialog, SubscriptionStatus status) : ClientRequest(core, usesKnownNonces: true)
{
    public void Start(SipFlow? flow)
    {
        if (flow is { } known) OnLocated(Core.Lane.Now, [known]);
        else SendTo(dialog.NextHop);
    }

    /// <inheritdoc/>
    protected override RequestTemplate? Compose(in SipFlow flow)
    {
        NotifyBody state = notifier.Write(status);
        byte[] headers = [.. Encoding.UTF8.GetBytes($"Event: {notifier.Event}\r\nSubscription-State: {status}\r\n"), .. state.Headers ?? [], .. Core.ProductHeader];
        return dialog.CreateTargetRefresh(SipMethod.Notify, headers, notifier.ContactUser, state.ContentType, state.Body);
    }

    /// <inheritdoc/>
    protected override uint NextSequence() => dialog.TakeSequenceNumber();

    /// <inheritdoc/>
    protected override void OnFinal(in SipMessageView response)
    {
        if (response.StatusCode < 300) dialog.Refresh(response);
        notifier.OnAnswered(response.StatusCode, response.RetryAfter());
    }

    /// <inheritdoc/>
    protected override void OnFailed(RequestFailure failure) => notifier.OnAnswered(failure is RequestFailure.TimedOut or RequestFailure.TooLong ? 408 : 503, null);
}
