namespace Parley.Server.Configuration;

/// <summary>Whether calls are recorded, and how long that is kept.</summary>
public sealed record CallRecordOptions
{
    /// <summary>Whether they are.</summary>
    /// <value>Default false: who called whom is nothing to keep unless somebody wants it, and a record costs some kilobytes of memory a call.</value>
    public bool Record { get; init; }

    /// <summary>How long a record is kept.</summary>
    /// <value>1 to 3650 days. Default 30 days.</value>
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Calls that are kept; the oldest give way.</summary>
    /// <value>100 to 100000000. Default 1000000: some 300 megabytes.</value>
    public int MaxRows { get; init; } = 1_000_000;
}
