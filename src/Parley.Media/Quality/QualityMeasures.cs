namespace Parley.Media.Quality;

/// <summary>What was measured of one direction of a call.</summary>
public readonly record struct QualityMeasures
{
    /// <summary>Packets that never came, of those that should: 0 to 1.</summary>
    public double NetworkLoss { get; init; }

    /// <summary>Packets that came too late or too early to be played: 0 to 1.</summary>
    public double Discarded { get; init; }

    /// <summary>Packets whose sound had to be made up as no later one had it either: 0 to 1. This is what is heard.</summary>
    public double Concealed { get; init; }

    /// <summary>How much longer runs of these are than chance would make them: 1 or more.</summary>
    public double BurstRatio { get; init; }

    /// <summary>From mouth to ear.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>False when how long the network takes is not known, so that it may be more.</summary>
    public bool IsDelayKnown { get; init; }
}
