namespace Parley.Server.Configuration;

/// <summary>Limits of the proxy.</summary>
public sealed record ProxyOptions
{
    /// <summary>How long a branch of an INVITE may ring.</summary>
    /// <value>More than 3 minutes (RFC 3261 16.6 step 11). Default 185 s.</value>
    public TimeSpan TimerC { get; init; } = TimeSpan.FromSeconds(185);

    /// <summary>How many targets one request may be forked to; further ones, the least preferred, are not tried.</summary>
    /// <value>1 to 100. Default 16: each branch costs a transaction (RFC 5393 5 bounds what forking may amplify).</value>
    public int MaxBranches { get; init; } = 16;

    /// <summary>The longest time between two signs that a call still stands, which this server asks of the phones by a session timer.</summary>
    /// <value>90 s or more; zero, the default, asks for none, but where calls are counted (RFC 4028 8).</value>
    public TimeSpan SessionExpires { get; init; }

    /// <summary>Who is told by P-Asserted-Identity which user of ours calls (RFC 3325).</summary>
    /// <value>Default <see cref="IdentityAssertion.Trusted"/>.</value>
    public IdentityAssertion AssertIdentity { get; init; }

    /// <summary>Whether the proxy itself tries the contacts of a redirection (3xx) that one of our users' phones answers with; else it passes the answer on.</summary>
    /// <value>Default false: the caller decides whom he calls (RFC 3261 16.5 leaves it to the proxy).</value>
    public bool Recurse { get; init; }
}

/// <summary>Who is told which user of ours calls.</summary>
public enum IdentityAssertion
{
    /// <summary>The networks of <c>trusted</c>: gateways and trunks.</summary>
    Trusted,

    /// <summary>Everybody, but for callers who do not want it (<c>Privacy: id</c>).</summary>
    Always,

    /// <summary>Nobody.</summary>
    Never,
}
