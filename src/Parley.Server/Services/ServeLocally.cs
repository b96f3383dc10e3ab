using Parley.Endpoint.Sip;
using Parley.Server.Proxy;
using Parley.Sip.Messages;

namespace Parley.Server.Services;

/// <summary>Hands requests for the users that the server itself is to their services.</summary>
internal sealed class ServeLocally(ILocalService[] services) : IRequestStep
{
    private const int ShortestInvite = 400;     // bytes, of one that leaves the offer to the answer

    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        if (request.Domain is null || request.HasNextRoute) return StepResult.Continue;
        foreach (ILocalService service in services)
        {
            if (!service.Serves(request.RequestUri.User) && !(request.IsInDialog && service.Owns(request.Incoming))) continue;
            // What it is answered, with a session description, would be more than three times as long; and this may go to somebody who has never called.
            bool isTooShort = request.Caller == CallerKind.Stranger && request.Method == SipMethod.Invite && !request.Incoming.Flow.IsReliable
                && request.Message.BodyLength == 0 && request.Message.Bytes.Length < ShortestInvite;
            if (isTooShort) return request.Reply(new SipReply(403) { ReasonPhrase = "Too Short Without Credentials"u8 });
            service.Take(ref request);
            return StepResult.Done;
        }

        return StepResult.Continue;
    }
}
