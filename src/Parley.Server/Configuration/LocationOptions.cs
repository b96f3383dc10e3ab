namespace Parley.Server.Configuration;

/// <summary>How the location service keeps bindings.</summary>
public sealed record LocationOptions
{
    /// <summary>True when a binding is in the journal before its 200 is sent; false keeps bindings in memory only.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>How many addresses of record may have bindings at a time; a REGISTER of one more is answered 503.</summary>
    /// <value>1 or more. Default 1,000,000: about 300 MB.</value>
    public int MaxAddressesOfRecord { get; init; } = 1_000_000;

    /// <summary>How many changes the store keeps that later ones have replaced, besides as many as there are bindings, before it is rewritten.</summary>
    /// <value>0 or more; no key of the configuration. 20,000: about 5 MB, read in some 50 ms at a start.</value>
    internal int ReplacedChanges { get; init; } = 20_000;
}
