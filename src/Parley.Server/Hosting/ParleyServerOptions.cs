using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Server.Configuration;
using Parley.Server.Proxy;
using Parley.Server.Services;

namespace Parley.Server.Hosting;

/// <summary>What a server is given by the program that runs it.</summary>
public sealed record ParleyServerOptions
{
    /// <summary>Where the log goes; nowhere by default.</summary>
    public ILoggerFactory Logging { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Hears every SIP message; null for none.</summary>
    public ISipTrace? Trace { get; init; }

    /// <summary>Steps that the programmer adds to the chain: one is made for each lane, and runs when the caller is known and before targets are looked for.</summary>
    public IReadOnlyList<Func<SipLane, IRequestStep>> Steps { get; init; } = [];

    /// <summary>Users that the program is itself, besides the server's own; made for each lane.</summary>
    internal Func<SipLane, MediaPorts, ParleyConfiguration, ILocalService>? Service { get; init; }

    /// <summary>How long a shutdown waits for requests that are under way.</summary>
    /// <value>Default 4 s: after half of it, calls that still ring are ended.</value>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(4);
}
