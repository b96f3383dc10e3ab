using Parley.Endpoint.Sip;
using Parley.Server.Proxy;
using Parley.Sip.Messages;

namespace Parley.Server.Rules;

/// <summary>Refuses whatever comes from networks that may send nothing, before any work is done for it.</summary>
internal sealed class ScreenNetworks : IRequestStep
{
    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        AccessRules access = request.Configuration.Access;
        return access.AllowsAllNetworks || access.MaySend(request.Incoming.Flow.Remote) ? StepResult.Continue : request.Reply(403);
    }
}

/// <summary>Refuses callers who may call nobody, and destinations that may not be called.</summary>
/// <remarks>Looks at what the caller asks for, outside of dialogs; where the administrator's own rules send a call is his word.</remarks>
internal sealed class ScreenCalls : IRequestStep
{
    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        AccessRules access = request.Configuration.Access;
        if (access.AllowsAllCalls || request.Caller == CallerKind.InDialog) return StepResult.Continue;
        bool mayCall = request.Message.TryGetFrom(out NameAddressView from) != HeaderStatus.Ok || !from.TryGetUri(out SipUriView caller) || access.MayCall(caller);
        if (!mayCall) return request.Reply(new SipReply(403) { ReasonPhrase = "Caller Denied"u8 });
        return access.MayBeCalled(request.RequestUri, isOwn: request.Domain is not null) ? StepResult.Continue : request.Reply(new SipReply(403) { ReasonPhrase = "Destination Denied"u8 });
    }
}
