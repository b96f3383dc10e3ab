using System.Globalization;
using System.Text;
using Parley.Endpoint.Sip;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Messages;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Publications;

/// <summary>One PUBLISH that tells a collector something, and makes no state that would have to be kept up.</summary>
/// <remarks>Source: RFC 6035 3.2, RFC 3903 4.</remarks>
internal sealed class ReportRequest(UserAgentCore core, SipUri collector, string eventType, string contentType, byte[] body, IMessageObserver observer)
    : ClientRequest(core, usesKnownNonces: core.Proxy is not null)
{
    private readonly byte[] _target = WireText.ToRequestUri(collector).ToBytes();

    public void Start() => SendTo(Core.NextHop(_target));

    /// <inheritdoc/>
    protected override RequestTemplate? Compose(in SipFlow flow) => new()
    {
        Method = SipMethod.Publish,
        RequestUri = _target,
        Route = Core.RouteTo(_target),
        From = Core.WriteFrom(flow, LocalTag.Create().ToBytes()),
        To = WireText.ToBytes(new NameAddress(WireText.ToName(collector)).ToString()),
        CallId = Core.CreateCallId(),
        Sequence = 1,
        Headers = [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"Event: {eventType}\r\n")), .. Core.ProductHeader],
        ContentType = Encoding.ASCII.GetBytes(contentType),
        Body = body,
    };

    /// <inheritdoc/>
    protected override void OnFinal(in SipMessageView response) => observer.OnAnswered(response);

    /// <inheritdoc/>
    protected override void OnFailed(RequestFailure failure) => observer.OnFailed(failure);
}
