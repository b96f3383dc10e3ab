using Parley.Endpoint.Sip;
using Parley.Server.Proxy;
using Parley.Sip.Messages;

namespace Parley.Server.Hosting;

/// <summary>Answers 503 to new calls while the server shuts down, and to everything before it knows its addresses.</summary>
internal sealed class RefuseWhenStopping(ServerState server) : IRequestStep
{
    /// <summary>When to try again: the server, or the one that takes its place, is expected to be there then.</summary>
    public static readonly TimeSpan Absence = TimeSpan.FromSeconds(30);

    private static ReadOnlySpan<byte> RetryAfter => "Retry-After: 30\r\n"u8;

    /// <inheritdoc/>
    public StepResult Run(ref RequestContext request)
    {
        bool isRefused = !server.IsListening || (server.IsStopping && request.Method is SipMethod.Invite or SipMethod.Subscribe && !request.IsInDialog);
        return isRefused ? request.Reply(new SipReply(503) { Headers = RetryAfter }) : StepResult.Continue;
    }
}
