using Parley.Endpoint.Sip;
using Parley.Sip.Messages;
using Parley.UserAgent.Calls;

namespace Parley.UserAgent.Requests;

/// <summary>Hears the answer to an OPTIONS, on the lane.</summary>
public interface IOptionsObserver
{
    /// <summary>The final response came.</summary>
    /// <param name="response">The response, valid during the call.</param>
    /// <param name="roundTrip">From the sending of the request that it answers.</param>
    void OnAnswered(in SipMessageView response, TimeSpan roundTrip);

    /// <summary>None came.</summary>
    void OnFailed(RequestFailure failure);
}

/// <summary>Asks somebody what they can do, and whether they are there.</summary>
/// <remarks>Source: RFC 3261 11.1.</remarks>
internal sealed class OptionsRequest(UserAgentCore core, SipUri target, IOptionsObserver observer) : ClientRequest(core, usesKnownNonces: core.Proxy is not null)
{
    private readonly byte[] _target = WireText.ToRequestUri(target).ToBytes();

    public void Start() => SendTo(Core.NextHop(_target));

    /// <inheritdoc/>
    protected override RequestTemplate? Compose(in SipFlow flow) => new()
    {
        Method = SipMethod.Options,
        RequestUri = _target,
        Route = Core.RouteTo(_target),
        From = Core.WriteFrom(flow, LocalTag.Create().ToBytes()),
        To = WireText.ToBytes(new NameAddress(WireText.ToName(target)).ToString()),
        CallId = Core.CreateCallId(),
        Sequence = 1,
        ContactUser = Core.ContactUser,
        Headers = [.. "Accept: application/sdp\r\n"u8, .. Core.ProductHeader],
    };

    /// <inheritdoc/>
    protected override void OnFinal(in SipMessageView response) => observer.OnAnswered(response, Core.Lane.Now - SentAt);

    /// <inheritdoc/>
    protected override void OnFailed(RequestFailure failure) => observer.OnFailed(failure);
}
