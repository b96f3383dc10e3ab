using Parley.Endpoint.Sip;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>At the edge of a domain: passes what phones send on to the domain's registrar and proxy, which checks who they are.</summary>
/// <remarks>
/// So do calls of the domain's users to elsewhere: nobody here knows them. They may have the domain's proxy as their Route. What comes back by a Path, or in a dialog, goes its own way.
/// Source: RFC 3327 5.2, RFC 5626 5.
/// </remarks>
internal sealed class PassToRegistrar(ServerState server) : IRequestStep
{
    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        if (!server.Configuration.HasEdge || request.Caller == CallerKind.InDialog || request.Method == SipMethod.Ack) return StepResult.Continue;
        DomainOptions? domain = request.Domain;
        if (domain is null && request.Message.TryGetFrom(out NameAddressView from) == HeaderStatus.Ok && from.TryGetUri(out SipUriView uri)) domain = server.FindDomainOfUser(uri);
        if (domain is not { Role: DomainRole.Edge }) return StepResult.Continue;
        bool isRouted = request.HasNextRoute;
        if (isRouted && !IsWayOf(domain, request.NextRoute)) return StepResult.Continue;
        if (request.Method == SipMethod.Register && request.Configuration.Registrar.RequirePath && !request.Message.HasToken(HeaderId.Supported, "path"u8))
        {
            return request.Reply(new SipReply(421) { Headers = "Require: path\r\n"u8 });     // RFC 3327 5.2
        }

        ProxyCall call = request.Server.Proxy.RentCall();
        call.Targets.Add(request.RequestUri, TargetSet.MostPreferred, isRouted ? default : domain.RegistrarRoute.AsSpan());
        return request.Server.Proxy.Forward(ref request, call);
    }

    /// <summary>True when a Route leads to the domain's own proxy, as phones write it that were given a Service-Route (RFC 3608 6.1).</summary>
    private static bool IsWayOf(DomainOptions domain, scoped in SipUriView route)
    {
        if (IsSameServer(route, domain.Registrar!)) return true;
        foreach (SipUri service in domain.ServiceRoute)
        {
            if (IsSameServer(route, service)) return true;
        }

        return false;
    }

    private static bool IsSameServer(scoped in SipUriView route, SipUri server) =>
        route.IsSip && System.Text.Ascii.EqualsIgnoreCase(route.Host, server.Host) && PortOf(route.Port) == PortOf(server.Port);

    private static int PortOf(int port) => port == 0 ? 5060 : port;
}
