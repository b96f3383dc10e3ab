namespace Parley.Server.Configuration;

/// <summary>Limits of the event server.</summary>
public sealed record EventOptions
{
    /// <summary>Subscriptions at a time; one more is answered 503.</summary>
    /// <value>1 to 1000000. Default 100000: each takes about two kilobytes.</value>
    public int MaxSubscriptions { get; init; } = 100_000;

    /// <summary>Subscriptions of one watcher at a time.</summary>
    /// <value>1 to 10000. Default 200: the buddies and busy lamps of a person's phones.</value>
    public int MaxSubscriptionsPerUser { get; init; } = 200;

    /// <summary>Published states at a time, of which a user may have 16.</summary>
    /// <value>1 to 1000000. Default 100000.</value>
    public int MaxPublications { get; init; } = 100_000;

    /// <summary>What is told of users' calls.</summary>
    /// <value>Default <see cref="DialogState.State"/>: a lamp shows no more.</value>
    public DialogState DialogState { get; init; } = DialogState.State;
}
