using Parley.Load.Measuring;

namespace Parley.Load.Traffic;

/// <summary>What came of a run.</summary>
internal sealed record LoadResult
{
    /// <summary>How many exchanges were begun.</summary>
    public long Begun { get; init; }

    /// <summary>How many exchanges succeeded.</summary>
    public required long Done { get; init; }

    /// <summary>How many failed.</summary>
    public required long Failed { get; init; }

    /// <summary>From the beginning to the end of the last exchange.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Half of the exchanges took no longer.</summary>
    public required TimeSpan Median { get; init; }

    /// <summary>90 of 100 took no longer.</summary>
    public required TimeSpan P90 { get; init; }

    /// <summary>99 of 100 took no longer.</summary>
    public required TimeSpan P99 { get; init; }

    /// <summary>999 of 1,000 took no longer.</summary>
    public required TimeSpan P999 { get; init; }

    /// <summary>The longest that one took.</summary>
    public required TimeSpan Longest { get; init; }

    /// <summary>How many messages were sent again.</summary>
    public required long Retransmissions { get; init; }

    /// <summary>The longest time for which the tool itself did not look at its sockets: of a longer latency, this much may be the tool's.</summary>
    public required TimeSpan OwnGap { get; init; }

    /// <summary>What the tool allocated meanwhile on the thread that measures: 0, or its collector might have run.</summary>
    public required long AllocatedBytes { get; init; }

    /// <summary>The status of the last answer that was none to be content with; 0 for none.</summary>
    public required int LastRefusal { get; init; }

    /// <summary>How many succeeded in a second, from <see cref="LoadPlan.Beginning"/> until no more were begun.</summary>
    public double SteadyRate { get; init; }

    /// <summary>How many were refused with 503.</summary>
    public long Refused { get; init; }

    /// <summary>What the server used meanwhile; null when that was not asked for.</summary>
    public ServerUse? Server { get; init; }

    /// <summary>How many succeeded in a second.</summary>
    public double Rate => Elapsed > TimeSpan.Zero ? Done / Elapsed.TotalSeconds : 0;
}

/// <summary>What a server used during a run.</summary>
/// <param name="PerRequest">Processor time of all its processes, user and system, for one exchange.</param>
/// <param name="ResidentBytes">Memory in use at the end.</param>
/// <param name="Threads">Threads at the end.</param>
internal sealed record ServerUse(TimeSpan PerRequest, long ResidentBytes, int Threads)
{
    /// <summary>The difference of two looks at a server.</summary>
    /// <returns>Null when the server was not there at one of them.</returns>
    public static ServerUse? Between(ProcessUse? before, ProcessUse? after, long requests) =>
        before is { } first && after is { } last && requests > 0
            ? new ServerUse((last.Processor - first.Processor) / requests, last.ResidentBytes, last.Threads)
            : null;
}
