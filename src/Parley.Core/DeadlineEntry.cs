namespace Parley.Core;

/// <summary>Something with a deadline that a <see cref="DeadlineWheel"/> can hold: the wheel's links live in the entry, so scheduling allocates nothing.</summary>
/// <remarks>An entry is in one wheel at most, and is used by that wheel's owner alone.</remarks>
public abstract class DeadlineEntry
{
    /// <summary>When the entry is due, as its wheel knows it.</summary>
    /// <value><see cref="Instant.Never"/> while it is in no wheel.</value>
    public Instant ScheduledFor { get; internal set; } = Instant.Never;

    internal DeadlineEntry? Next { get; set; }

    internal DeadlineEntry? Previous { get; set; }

    /// <summary>Index of the list that holds the entry, -1 for none.</summary>
    internal int Slot { get; set; } = -1;
}
