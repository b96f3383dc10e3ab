using System.Collections.Immutable;

namespace Parley.Server.Configuration;

/// <summary>What the server does against those who guess passwords or take more than their share.</summary>
public sealed record ProtectionOptions
{
    /// <summary>Wrong passwords of one user from one source within <see cref="Window"/>, after which the source is shut out for this user; ten times as many, of whomever, shut out the source.</summary>
    /// <value>3 to 1000. Default 10.</value>
    public int Failures { get; init; } = 10;

    /// <summary>How long a wrong password is counted for.</summary>
    /// <value>1 s to a day. Default 10 minutes.</value>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long the first ban lasts; each further one lasts twice as long as the one before.</summary>
    /// <value>1 s to a day. Default 5 minutes.</value>
    public TimeSpan BanTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The longest ban.</summary>
    /// <value>1 s to 30 days. Default one hour.</value>
    public TimeSpan MaxBanTime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Networks that are never banned nor limited, besides the trusted ones.</summary>
    public ImmutableArray<NetworkPrefix> Exempt { get; init; } = [];

    /// <summary>Stream connections that one source may have open.</summary>
    /// <value>1 to 65536. Default 2000: an office behind one address.</value>
    public int ConnectionsPerSource { get; init; } = 2000;
}
