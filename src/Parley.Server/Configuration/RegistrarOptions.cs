namespace Parley.Server.Configuration;

/// <summary>What the registrar grants.</summary>
public sealed record RegistrarOptions
{
    /// <summary>Requests for less are refused with 423, unless they ask for an hour or more.</summary>
    /// <value>1 s to 3600 s. Default 60 s: a phone behind a NAT refreshes about this often, and RFC 3261 10.3 step 7 asks not to be stricter than load demands.</value>
    public TimeSpan MinExpires { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Requests for more get this.</summary>
    /// <value><see cref="MinExpires"/> or more. Default 7200 s: twice what RFC 3261 10.2 suggests to clients, so that their wish is granted.</value>
    public TimeSpan MaxExpires { get; init; } = TimeSpan.FromSeconds(7200);

    /// <summary>What a request gets that asks for nothing.</summary>
    /// <value>Between the two. Default 3600 s (RFC 3261 10.2 and 20.19).</value>
    public TimeSpan DefaultExpires { get; init; } = TimeSpan.FromSeconds(3600);

    /// <summary>How many contacts an address of record may have; a request for more is refused with 403.</summary>
    /// <value>1 to 100. Default 10: a person's phones, with those that forgot to unregister.</value>
    public int MaxContacts { get; init; } = 10;

    /// <summary>How many bytes one binding may take, with its URI, Call-ID, User-Agent and Path; more is refused with 513.</summary>
    /// <value>256 to 16384. Default 2048: a browser's contact with instance and Path takes about 800.</value>
    public int MaxBindingBytes { get; init; } = 2048;

    /// <summary>How often a phone that is bound to its TCP or TLS connection has to be heard at least, as it is told (RFC 5626 4.4, 5.4).</summary>
    /// <value>30 s to 1500 s, which is well below the half hour after which a silent connection is closed; 0 says nothing. Default 840 s: what RFC 5626 4.4.1 has phones on batteries do by themselves.</value>
    public TimeSpan FlowTimer { get; init; } = TimeSpan.FromSeconds(840);

    /// <summary>Whether a phone that came through an edge has to know Path: else the edge refuses it with 421, and the registrar with 420.</summary>
    /// <value>Default false: it works without (RFC 3327 5.3), and many phones that do not say it come through edges.</value>
    public bool RequirePath { get; init; }

    /// <summary>The least interval of a request that needs one of its own, in seconds; never more than what is granted at most.</summary>
    internal uint LeastExpires(uint least) => Math.Max((uint)MinExpires.TotalSeconds, Math.Min(least, (uint)MaxExpires.TotalSeconds));
}
