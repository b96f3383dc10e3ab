namespace Parley.Core;

/// <summary>Reads <see cref="Instant"/>s from a <see cref="TimeProvider"/>'s timestamps: what a shell asks, once per batch.</summary>
public sealed class MonotonicClock
{
    private readonly TimeProvider _time;
    private readonly double _ticksPerTimestamp;

    /// <summary>A clock over a provider.</summary>
    /// <param name="time">The provider; <see cref="TimeProvider.System"/> outside tests.</param>
    public MonotonicClock(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _ticksPerTimestamp = (double)TimeSpan.TicksPerSecond / time.TimestampFrequency;
    }

    /// <summary>The time now; never earlier than a value read before it.</summary>
    public Instant Now
    {
        get
        {
            long timestamp = _time.GetTimestamp();
            return Instant.FromTicks(_ticksPerTimestamp switch
            {
                1.0 => timestamp,
                0.01 => timestamp / 100,    // Linux counts nanoseconds
                _ => (long)(timestamp * _ticksPerTimestamp),
            });
        }
    }
}
