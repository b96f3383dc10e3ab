namespace Parley.Net.Virtual;

/// <summary>What a link between two hosts does to what crosses it, one way.</summary>
public sealed record LinkConditions
{
    /// <summary>A link that only takes 1 ms.</summary>
    public static LinkConditions Good { get; } = new();

    /// <summary>How long everything takes.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Up to how much longer a datagram takes, evenly spread: more than the gap between two of them reorders them.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>Which part of the datagrams is lost, each for itself: 0 to 1.</summary>
    public double Loss { get; init; }

    /// <summary>How likely a burst of loss starts with a datagram: 0 to 1.</summary>
    public double BurstStart { get; init; }

    /// <summary>How likely a burst ends after a datagram: its mean length is 1 / <see cref="BurstEnd"/> datagrams.</summary>
    public double BurstEnd { get; init; } = 0.25;

    /// <summary>Which part of a burst's datagrams is lost: 0 to 1.</summary>
    public double BurstLoss { get; init; } = 1;

    /// <summary>Which part of the datagrams arrives twice: 0 to 1.</summary>
    public double Duplicate { get; init; }

    /// <summary>Which part of the datagrams is held back by <see cref="ReorderDelay"/>, so that later ones overtake it: 0 to 1.</summary>
    public double Reorder { get; init; }

    /// <summary>How long a reordered datagram is held back.</summary>
    public TimeSpan ReorderDelay { get; init; } = TimeSpan.FromMilliseconds(30);

    /// <summary>True when nothing gets across.</summary>
    public bool IsDown { get; init; }
}
