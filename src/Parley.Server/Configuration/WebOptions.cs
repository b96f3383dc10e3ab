using System.Collections.Immutable;

namespace Parley.Server.Configuration;

/// <summary>What web pages may do.</summary>
public sealed record WebOptions
{
    /// <summary>The pages whose scripts may connect by WebSocket, as browsers name them in Origin (RFC 6455 10.2); programs that name none may always.</summary>
    /// <value>Empty, which is the default, lets all of them.</value>
    public ImmutableArray<string> Origins { get; init; } = [];
}
