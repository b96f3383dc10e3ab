namespace Parley.Load.Traffic;

/// <summary>What a run is to do.</summary>
internal sealed record LoadPlan
{
    /// <summary>What its exchanges are.</summary>
    public required WorkKind Work { get; init; }

    /// <summary>How many exchanges.</summary>
    /// <value>1 to 10,000,000.</value>
    public required long Count { get; init; }

    /// <summary>How many may be under way at once.</summary>
    /// <value>1 to <see cref="LoadSessionOptions.Room"/>.</value>
    public int Window { get; init; } = 64;

    /// <summary>How many begin in a second, whatever comes back; null begins the next one when one has ended.</summary>
    public double? Rate { get; init; }

    /// <summary>How many users take turns.</summary>
    public int Users { get; init; } = 20_000;

    /// <summary>True when they take turns scattered, in another order in each run; false in the order of their numbers.</summary>
    public bool Scatters { get; init; }

    /// <summary>After this no more are begun; null for no such limit.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>How long the beginning is that <see cref="LoadResult.SteadyRate"/> leaves out.</summary>
    public TimeSpan Beginning { get; init; }

    /// <summary>True to leave what is under way when no more are begun, as if all callers were gone.</summary>
    public bool Leaves { get; init; }
}
