using System.Text;
using Parley.Endpoint.Sip;
using Parley.Sip.Messages;

namespace Parley.UserAgent.Registrations;

/// <summary>What a registrar has granted.</summary>
/// <param name="Lifetime">How long it keeps the binding.</param>
/// <param name="ServiceRoute">By which proxies it wants requests to go.</param>
/// <param name="Flow">The flow that the REGISTER went over.</param>
/// <param name="IsOutbound">True when the binding is bound to that flow (RFC 5626 4.2.1).</param>
/// <param name="FlowTimer">How often the flow has to be used at least; 0 when nothing is said.</param>
/// <param name="Push">Who wakes this phone; null when nobody does (RFC 8599 4.1.1).</param>
/// <param name="Gruu">The public GRUU of this device; null without one (RFC 5627 4.3).</param>
internal readonly record struct RegisterAnswer(TimeSpan Lifetime, ServiceRoute ServiceRoute, SipFlow Flow, bool IsOutbound, TimeSpan FlowTimer, PushService? Push, SipUri? Gruu)
{
    private const uint LeastFlowTimerSeconds = 5;       // what less than that asks for would be a flood

    /// <summary>Reads a 2xx.</summary>
    /// <param name="response">The response.</param>
    /// <param name="flow">The flow that the REGISTER went over.</param>
    /// <param name="contact">The URI that this side has registered.</param>
    /// <param name="instance">This side's URN; null for none.</param>
    /// <param name="push">How this side is woken; null when it does not ask for it.</param>
    /// <param name="asked">The interval that was asked for, in seconds.</param>
    public static RegisterAnswer Read(in SipMessageView response, in SipFlow flow, in SipUriView contact, string? instance, PushParameters? push, uint asked)
    {
        uint granted = response.TryGetExpires(out uint seconds) == HeaderStatus.Ok ? seconds : asked;
        SipUri? gruu = null;
        foreach (HeaderValue value in response.Values(HeaderId.Contact))
        {
            if (!ContactView.TryParse(value, out ContactView listed) || listed.IsStar || !listed.Address.TryGetUri(out SipUriView uri) || !SipUriView.Equivalent(contact, uri)) continue;
            if (listed.HasExpires) granted = listed.ExpiresSeconds;
            if (instance is not null) gruu = ReadGruu(listed);
            break;
        }

        bool isOutbound = instance is not null && response.HasToken(HeaderId.Require, "outbound"u8);
        bool isTimed = response.TryGetNumber(HeaderId.FlowTimer, out uint flowTimer) == HeaderStatus.Ok && flowTimer >= LeastFlowTimerSeconds;
        return new RegisterAnswer(TimeSpan.FromSeconds(granted), ServiceRoute.Of(response), flow, isOutbound, isTimed ? TimeSpan.FromSeconds(flowTimer) : TimeSpan.Zero, push is null ? null : PushService.Read(response, push), gruu);
    }

    private static SipUri? ReadGruu(in ContactView contact)
    {
        if (!contact.Address.Parameters.TryGet("pub-gruu"u8, out ParameterView parameter)) return null;
        ReadOnlySpan<byte> raw = parameter.RawValue;
        return raw is [(byte)'"', .. var text, (byte)'"'] && SipUri.TryParse(Encoding.UTF8.GetString(text), out SipUri? uri) && uri.IsSip && uri.Headers.Count == 0 ? uri : null;
    }
}
