using Microsoft.Extensions.Logging;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Server.Configuration;
using Parley.Server.Proxy;
using Parley.Server.Services;
using Parley.UserAgent;
using Parley.UserAgent.Calls;

namespace Parley.Server.Application;

/// <summary>The users that a program is itself, by functions of its own.</summary>
internal sealed class MappedCalls : ILocalService, IIncomingCallHandler
{
    private readonly Utf8Map<Func<Call, Task>> _handlers;
    private readonly ILogger _logger;
    private readonly UserAgentCore _core;
    private Func<Call, Task>? _called;      // while the core takes an INVITE

    /// <summary>The users of a lane.</summary>
    /// <param name="lane">The lane.</param>
    /// <param name="ports">The server's media ports.</param>
    /// <param name="configuration">Which address is offered for media.</param>
    /// <param name="handlers">Who they are.</param>
    /// <param name="logger">Hears of functions that fail.</param>
    public MappedCalls(SipLane lane, MediaPorts ports, ParleyConfiguration configuration, Utf8Map<Func<Call, Task>> handlers, ILogger logger)
    {
        (_handlers, _logger) = (handlers, logger);
        _core = ServiceCore.Create(lane, ports, configuration, this);
    }

    /// <inheritdoc/>
    public int OpenCalls => _core.CallCount;

    /// <inheritdoc/>
    public bool Serves(ReadOnlySpan<byte> user) => _handlers.TryGetValue(user, out _);

    /// <inheritdoc/>
    public bool Owns(in SipIncomingRequest request) => _core.Owns(request);

    /// <inheritdoc/>
    public void Take(ref RequestContext request)
    {
        _handlers.TryGetValue(request.RequestUri.User, out _called);
        _core.OnRequest(request.Incoming);
    }

    /// <inheritdoc/>
    public void EndCalls() => _core.HangUpAll();

    /// <inheritdoc/>
    public void OnIncomingCall(CallLeg call) => _ = RunAsync(_called!, Call.Of(call));

    /// <summary>Runs a function on a thread of its own: the lane's is not for others' code. What it leaves open is ended.</summary>
    private async Task RunAsync(Func<Call, Task> handler, Call call)
    {
        await Task.Yield();
        try
        {
            await handler(call).ConfigureAwait(false);
            await call.HangUpAsync().ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is CallFailedException or OperationCanceledException or ObjectDisposedException)
        {
            // The caller has gone, or the server stops.
        }
        catch (Exception problem)
        {
            Log.HandlerFailed(_logger, call.RequestUri, problem);
            await EndAsync(call).ConfigureAwait(false);
        }
    }

    private static async Task EndAsync(Call call)
    {
        try
        {
            if (call.State is CallState.Incoming or CallState.Ringing) await call.RejectAsync(500).ConfigureAwait(false);
            else await call.HangUpAsync().ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is InvalidOperationException or ObjectDisposedException)
        {
            // It has ended meanwhile.
        }
    }
}
