using System.Text;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>Where a step can send a request.</summary>
public static class RequestRouting
{
    /// <summary>Forwards a request to several places, one after the other, until one accepts it; the best refusal goes back when none does.</summary>
    /// <param name="request">The request.</param>
    /// <param name="targets">sip or sips URIs, the first to be tried first; at most <c>proxy.maxBranches</c> of them are.</param>
    /// <remarks>A 6xx ends the search (RFC 3261 16.7), a CANCEL too. Source: RFC 3261 16.6.</remarks>
    /// <exception cref="ArgumentException">There is no target.</exception>
    public static StepResult ForwardInTurn(ref this RequestContext request, params ReadOnlySpan<SipUri> targets) => Forward(ref request, targets, inTurn: true);

    /// <summary>Forwards a request to several places at once; the first to accept it gets it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="targets">sip or sips URIs; at most <c>proxy.maxBranches</c> of them are tried.</param>
    /// <exception cref="ArgumentException">There is no target.</exception>
    public static StepResult ForwardAtOnce(ref this RequestContext request, params ReadOnlySpan<SipUri> targets) => Forward(ref request, targets, inTurn: false);

    private static StepResult Forward(ref RequestContext request, scoped ReadOnlySpan<SipUri> targets, bool inTurn)
    {
        if (targets.IsEmpty) throw new ArgumentException("A request needs a target.", nameof(targets));
        if (request.Method == SipMethod.Ack) return request.Reply(404);     // an ACK follows its dialog's route, or nothing
        ProxyCore proxy = request.Server.Proxy;
        ProxyCall call = proxy.RentCall();
        int preference = TargetSet.MostPreferred;
        foreach (SipUri target in targets)
        {
            if (!SipUriView.TryParse(Encoding.UTF8.GetBytes(target.ToString()), out SipUriView uri) || !uri.IsSip) continue;
            call.Targets.Add(uri, preference);
            if (inTurn && preference > 0) preference--;
        }

        if (call.Targets.Count > 0) return proxy.Forward(ref request, call);
        proxy.Return(call);
        return request.Reply(416);
    }
}
