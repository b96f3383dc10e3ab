using Parley.Endpoint.Sip;
using Parley.Server.Proxy;
using Parley.Sip.Messages;

namespace CallRouting;

/// <summary>Refuses calls of those who do not say who they are: 433 (Anonymity Disallowed).</summary>
/// <remarks>Source: RFC 5079; RFC 3323 4.1.1.3 for what an anonymous From looks like.</remarks>
internal static class BlockAnonymous
{
    public static StepResult Run(ref RequestContext request)
    {
        if (request.Method != SipMethod.Invite || request.IsInDialog) return StepResult.Continue;
        bool isNamed = request.Message.TryGetFrom(out NameAddressView from) == HeaderStatus.Ok
            && from.TryGetUri(out SipUriView caller)
            && !caller.Host.EndsWith("anonymous.invalid"u8)
            && !caller.User.SequenceEqual("anonymous"u8);
        return isNamed ? StepResult.Continue : request.Reply(new SipReply(433) { ReasonPhrase = "Anonymity Disallowed"u8 });
    }
}
