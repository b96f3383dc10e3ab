using Parley.Endpoint.Sip;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>Answers what is for the server itself and not for a user of it: OPTIONS, and a refusal to all else but REGISTER.</summary>
/// <remarks>Stateless. Source: RFC 3261 8.2.1, 11.2, 21.4.6, 21.5.2.</remarks>
internal sealed class AnswerForServer : IRequestStep
{
    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        if (!request.IsForServer || request.HasNextRoute || request.Method == SipMethod.Register) return StepResult.Continue;
        if (request.Method == SipMethod.Options)
        {
            StepResult checkedContent = UserAgentServerRules.Check(ref request);
            return checkedContent == StepResult.Done ? checkedContent : ServerOptions.Answer(ref request);
        }

        // 405 for what exists but not here, 501 for what is not known at all.
        return request.Reply(new SipReply(request.Method == SipMethod.Unknown ? 501 : 405) { Headers = ServerOptions.Declared.Allow });
    }
}
