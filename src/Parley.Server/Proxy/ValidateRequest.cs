using Parley.Endpoint.Sip;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>Refuses what cannot be worked with: a sips request without TLS, no hops left, extensions that proxies would have to know.</summary>
/// <remarks>
/// The lane has checked the syntax of what every server needs. Route, Record-Route and Proxy-Require, which only proxies
/// read, are checked here, and that an INVITE has a Contact: without one nobody could hang up (RFC 3261 8.1.1.8). Source: RFC 3261 16.3 steps 1, 2, 3 and 5.
/// </remarks>
internal sealed class ValidateRequest : IRequestStep
{
    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        if (!SipRequestValidator.TryCheckHeader(request.Message, HeaderId.Route, isMandatory: false, out SipRefusal refusal)
            || !SipRequestValidator.TryCheckHeader(request.Message, HeaderId.RecordRoute, isMandatory: false, out refusal)
            || (request.Method == SipMethod.Invite && !SipRequestValidator.TryCheckHeader(request.Message, HeaderId.Contact, isMandatory: true, out refusal)))
        {
            return request.Reply(new SipReply(refusal.Status) { ReasonPhrase = refusal.Reason });
        }

        // RFC 3261 26.2.2: such a request is not sent in the open. In our own networks somebody may have taken TLS off.
        if (request.IsSecure && !request.Incoming.Flow.Transport.IsSecure && !request.Configuration.IsTrusted(request.Incoming.Flow.Remote))
        {
            return request.Reply(new SipReply(400) { ReasonPhrase = "SIPS Request in the Open"u8 });
        }

        bool hasHops = request.Message.TryGetMaxForwards(out int hops) != HeaderStatus.Ok || hops > 0;
        if (!hasHops) return request.Method == SipMethod.Options ? ServerOptions.Answer(ref request) : request.Reply(483);

        return UnsupportedExtensions.Check(ref request, HeaderId.ProxyRequire);
    }
}
