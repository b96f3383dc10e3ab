using Parley.Endpoint.Sip;

namespace Parley.Server.Proxy;

/// <summary>Lets nobody use this server to get from stranger to stranger.</summary>
/// <remarks>
/// Who is known goes anywhere. A stranger's request must be for a user of ours, and must not ask for further hops: RFC 3261
/// 26.3.2.1 has proxies authenticate what they relay.
/// </remarks>
internal sealed class AuthorizeRelay : IRequestStep
{
    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        if (request.Caller != CallerKind.Stranger) return StepResult.Continue;
        bool isForUs = request.Domain is not null && !request.HasNextRoute && request.RequestUri.MulticastAddress.IsEmpty;
        return isForUs ? StepResult.Continue : request.Reply(new SipReply(403) { ReasonPhrase = "Relaying Denied"u8 });
    }
}
