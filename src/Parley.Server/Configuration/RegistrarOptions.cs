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
}
