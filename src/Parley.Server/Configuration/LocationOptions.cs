namespace Parley.Server.Configuration;

/// <summary>How the location service keeps bindings.</summary>
public sealed record LocationOptions
{
    /// <summary>True when a binding is on disk before its 200 is sent; false keeps bindings in memory only.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>How many addresses of record may have bindings at a time; a REGISTER of one more is answered 503.</summary>
    /// <value>1 or more. Default 1,000,000: about 300 MB.</value>
    public int MaxAddressesOfRecord { get; init; } = 1_000_000;
}
