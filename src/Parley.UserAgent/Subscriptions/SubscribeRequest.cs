using System.Globalization;
using System.Text;
using Parley.Endpoint.Sip;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Subscriptions;

/// <summary>One SUBSCRIBE: the first of a subscription, or in the dialog that its NOTIFY made.</summary>
/// <remarks>Source: RFC 6665 4.1.2.</remarks>
internal sealed class SubscribeRequest : ClientRequest
{
    private readonly Subscription _subscription;
    private readonly SubscribedDialog _leg;
    private readonly TimeSpan _expires;
    private bool _hasRaisedExpires;

    public SubscribeRequest(UserAgentCore core, Subscription subscription, SubscribedDialog leg, TimeSpan expires)
        : base(core, usesKnownNonces: leg.Dialog is not null || core.Proxy is not null) =>
        (_subscription, _leg, _expires) = (subscription, leg, expires);

    public void Start()
    {
        if (_leg.Dialog is { } dialog) SendTo(dialog.NextHop);
        else SendTo(Core.NextHop(_subscription.Target));
    }

    /// <inheritdoc/>
    protected override RequestTemplate? Compose(in SipFlow flow)
    {
        byte[] headers = WriteHeaders(_expires);
        byte[] contentType = WireText.ToBytes(_subscription.Options.ContentType);
        byte[] body = _subscription.Options.Body.ToArray();
        if (_leg.Dialog is { } dialog) return dialog.CreateTargetRefresh(SipMethod.Subscribe, headers, Core.ContactUser, contentType, body);
        return new RequestTemplate
        {
            Method = SipMethod.Subscribe,
            RequestUri = _subscription.Target,
            Route = Core.RouteTo(_subscription.Target),
            From = Core.WriteFrom(flow, _subscription.Tag.ToBytes()),
            To = WireText.ToBytes(new NameAddress(WireText.ToName(_subscription.Uri)).ToString()),
            CallId = _subscription.CallId,
            Sequence = _subscription.NextSequence(),
            ContactUser = Core.ContactUser,
            Headers = headers,
            ContentType = contentType,
            Body = body,
        };
    }

    /// <inheritdoc/>
    protected override uint NextSequence() => _leg.Dialog is { } dialog ? dialog.TakeSequenceNumber() : _subscription.NextSequence();

    /// <summary>423: the notifier wants the subscription to last longer.</summary>
    protected override bool TryRepair(in SipMessageView response)
    {
        if (response.StatusCode != 423 || _expires == TimeSpan.Zero || _hasRaisedExpires) return false;
        if (response.TryGetSeconds(HeaderId.MinExpires, out uint seconds) != HeaderStatus.Ok || TimeSpan.FromSeconds(seconds) is var least && least <= _expires) return false;
        _hasRaisedExpires = true;
        Template!.Headers = WriteHeaders(least);
        Resend();
        return true;
    }

    /// <inheritdoc/>
    protected override void OnFinal(in SipMessageView response)
    {
        if (response.StatusCode < 300) _leg.Dialog?.Refresh(response);
        TimeSpan? granted = response.TryGetExpires(out uint seconds) == HeaderStatus.Ok ? TimeSpan.FromSeconds(seconds) : null;
        _subscription.OnAnswered(_leg, response.StatusCode, granted, response.RetryAfter());
    }

    /// <inheritdoc/>
    protected override void OnFailed(RequestFailure failure) => _subscription.OnAnswered(_leg, failure.Describe("").StatusCode, null, null);

    private byte[] WriteHeaders(TimeSpan expires)
    {
        StringBuilder rows = new();
        rows.Append(CultureInfo.InvariantCulture, $"Event: {_subscription.Event}\r\nExpires: {(long)expires.TotalSeconds}\r\n");
        IReadOnlyList<string> accept = _subscription.Options.Accept is { Count: > 0 } asked ? asked : _subscription.Package is { Body.Length: > 0 } package ? [package.Body] : [];
        if (accept.Count > 0) rows.Append("Accept: ").AppendJoin(", ", accept);
        if (accept.Count > 0 && _subscription.Options.TakesLists) rows.Append(", multipart/related, application/rlmi+xml");
        if (accept.Count > 0) rows.Append("\r\n");
        if (_subscription.Options.TakesLists) rows.Append("Supported: eventlist\r\n");
        return [.. WireText.ToBytes(rows.ToString()), .. Core.ProductHeader];
    }
}
