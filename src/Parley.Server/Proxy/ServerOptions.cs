using Parley.Endpoint.Sip;
using Parley.Server.Events;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>What this server can do itself, and what it answers to OPTIONS. As a proxy it forwards any method.</summary>
/// <remarks>The events are those of its users, whose SUBSCRIBEs it takes for them. Source: RFC 3261 11.2, RFC 6665 4.4.4.</remarks>
internal static class ServerOptions
{
    /// <summary>The table of it: of extensions those of the registrar (RFC 3327, RFC 5626, RFC 5627) and of lists (RFC 4662).</summary>
    public static SipCapabilities Declared { get; } = new(
        [SipMethod.Options, SipMethod.Register],
        [new("path", SipMethod.Register), new("outbound", SipMethod.Register), new("gruu", SipMethod.Register), new("eventlist", SipMethod.Subscribe)],
        [(SipMethod.Options, "application/sdp")],
        ServerPackages.All.Select(package => package.Package.Name));

    /// <summary>200 to an OPTIONS.</summary>
    public static StepResult Answer(ref RequestContext request) => request.Reply(new SipReply(200) { Headers = Declared.Options });
}
