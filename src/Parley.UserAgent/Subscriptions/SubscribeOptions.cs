namespace Parley.UserAgent.Subscriptions;

/// <summary>How somebody subscribes.</summary>
public sealed record SubscribeOptions
{
    /// <summary>How long the subscription is asked to last; it is refreshed in time.</summary>
    /// <value>0 asks for the state once. Null, the default, takes the package's, or an hour.</value>
    public TimeSpan? Expiry { get; init; }

    /// <summary>Media types of bodies that are understood.</summary>
    /// <value>Empty, the default, takes the package's.</value>
    public IReadOnlyList<string> Accept { get; init; } = [];

    /// <summary>Whether a subscription that stood and ended is made anew, where the notifier does not forbid it.</summary>
    /// <value>True unless set.</value>
    public bool KeepsTrying { get; init; } = true;

    /// <summary>Whether a list of resources may be answered with the states of all of them in one body (RFC 4662).</summary>
    /// <value>False unless set.</value>
    public bool TakesLists { get; init; }

    /// <summary>The body of the SUBSCRIBE, such as a filter; empty for none.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Its media type.</summary>
    public string ContentType { get; init; } = "";

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">One is not allowed; the message names it and what is.</exception>
    public void Validate()
    {
        if (Expiry < TimeSpan.Zero || Expiry?.TotalSeconds > uint.MaxValue) throw new ArgumentException($"{nameof(Expiry)} must be 0 to {uint.MaxValue} seconds.");
        foreach (string type in (IEnumerable<string>)[.. Accept, ContentType])
        {
            if (type.AsSpan().ContainsAny('\r', '\n')) throw new ArgumentException($"{nameof(Accept)} and {nameof(ContentType)} must be media types such as application/pidf+xml.");
        }
    }
}
