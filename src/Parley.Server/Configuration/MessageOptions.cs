namespace Parley.Server.Configuration;

/// <summary>How texts wait for users who are not there.</summary>
public sealed record MessageOptions
{
    /// <summary>Whether they do; else they are refused with 480.</summary>
    /// <value>Default true.</value>
    public bool Store { get; init; } = true;

    /// <summary>How long a text waits at most; its own Expires may be less.</summary>
    /// <value>1 s to 31536000 s. Default a week.</value>
    public TimeSpan Expires { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Texts that may wait for one user.</summary>
    /// <value>1 to 10000. Default 100.</value>
    public int MaxPerUser { get; init; } = 100;

    /// <summary>Texts that may wait in all.</summary>
    /// <value>1 to 10000000. Default 100000: a gigabyte at most, and usually a tenth of a percent of it.</value>
    public int MaxTotal { get; init; } = 100_000;
}
