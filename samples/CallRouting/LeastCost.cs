using System.Text;
using Parley.Server.Proxy;
using Parley.Sip.Messages;

namespace CallRouting;

/// <summary>Sends calls for telephone numbers to the cheapest gateway, and to the next one when that fails.</summary>
/// <remarks>Strangers may not use it: a call that leaves the house costs money.</remarks>
internal sealed class LeastCost(IReadOnlyList<Rate> rates) : IRequestStep
{
    public StepResult Run(ref RequestContext request)
    {
        if (request.Method != SipMethod.Invite || request.IsInDialog || request.Domain is null || request.RequestUri.User is not [(byte)'+', ..]) return StepResult.Continue;
        if (request.Caller is not (CallerKind.LocalUser or CallerKind.Trusted)) return request.Reply(403);
        string number = Encoding.UTF8.GetString(request.RequestUri.User);
        SipUri[] gateways = [.. rates
            .Where(rate => number.StartsWith(rate.Prefix, StringComparison.Ordinal))
            .OrderBy(rate => rate.CentsPerMinute)
            .Select(rate => rate.Gateway with { User = number })];
        return gateways.Length > 0 ? request.ForwardInTurn(gateways) : request.Reply(404);
    }
}

/// <summary>What a gateway asks for calls to some numbers.</summary>
internal sealed record Rate(string Prefix, SipUri Gateway, decimal CentsPerMinute);
