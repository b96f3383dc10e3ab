using System.Text;
using Parley.Endpoint.Sip;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Requests;

namespace Parley.UserAgent.Messages;

/// <summary>Hears what became of a text, on the lane.</summary>
public interface IMessageObserver
{
    /// <summary>The final response came: 200 delivered, 202 taken to be delivered later, else not delivered.</summary>
    void OnAnswered(in SipMessageView response);

    /// <summary>None came.</summary>
    void OnFailed(RequestFailure failure);
}

/// <summary>Sends a text outside a call.</summary>
/// <remarks>It makes no dialog and has no Contact. Source: RFC 3428 4, 8.</remarks>
internal sealed class MessageRequest(UserAgentCore core, SipUri target, string text, IMessageObserver observer, Action<MessageRequest> ended)
    : ClientRequest(core, usesKnownNonces: core.Proxy is not null)
{
    /// <summary>The whole request, so that no hop sends much without congestion control.</summary>
    /// <remarks>Source: RFC 3428 8.</remarks>
    public const int MostBytes = 1300;

    private readonly byte[] _target = WireText.ToRequestUri(target).ToBytes();

    /// <summary>Whom it is for: one request at a time goes there.</summary>
    public string Target { get; } = target.ToString();

    public void Start() => SendTo(Core.NextHop(_target));

    /// <inheritdoc/>
    protected override int MaxBytes => MostBytes;

    /// <inheritdoc/>
    protected override RequestTemplate? Compose(in SipFlow flow) => new()
    {
        Method = SipMethod.Message,
        RequestUri = _target,
        Route = Core.RouteTo(_target),
        From = Core.WriteFrom(flow, LocalTag.Create().ToBytes()),
        To = WireText.ToBytes(new NameAddress(WireText.ToName(target)).ToString()),
        CallId = Core.CreateCallId(),
        Sequence = 1,
        Headers = Core.ProductHeader,
        ContentType = "text/plain;charset=UTF-8"u8.ToArray(),
        Body = Encoding.UTF8.GetBytes(text),
    };

    /// <inheritdoc/>
    protected override void OnFinal(in SipMessageView response)
    {
        observer.OnAnswered(response);
        ended(this);
    }

    /// <inheritdoc/>
    protected override void OnFailed(RequestFailure failure)
    {
        observer.OnFailed(failure);
        ended(this);
    }
}
