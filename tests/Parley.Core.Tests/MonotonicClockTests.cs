namespace Parley.Core.Tests;

public sealed class MonotonicClockTests
{
    [Theory]
    [InlineData(10_000_000)]        // Windows
    [InlineData(1_000_000_000)]     // Linux, macOS
    [InlineData(1_000_000)]
    [InlineData(24_000_000)]
    [InlineData(3_579_545)]
    public void Any_frequency_gives_the_same_seconds(long frequency)
    {
        var time = new Timestamps(frequency);
        var clock = new MonotonicClock(time);
        foreach (long seconds in (long[])[0, 1, 59, 86_400, 400L * 86_400])
        {
            time.Timestamp = seconds * frequency;
            Assert.InRange(clock.Now.Ticks - (seconds * TimeSpan.TicksPerSecond), -1, 1);
        }
    }

    [Theory]
    [InlineData(1_000_000_000)]
    [InlineData(3_579_545)]
    public void A_later_timestamp_is_never_an_earlier_instant(long frequency)
    {
        var time = new Timestamps(frequency) { Timestamp = 365L * 86_400 * frequency };
        var clock = new MonotonicClock(time);
        Instant last = clock.Now;
        for (int i = 0; i < 10_000; i++)
        {
            time.Timestamp++;
            Assert.True(clock.Now >= last);
            last = clock.Now;
        }
    }

    private sealed class Timestamps(long frequency) : TimeProvider
    {
        public long Timestamp { get; set; }

        public override long TimestampFrequency => frequency;

        public override long GetTimestamp() => Timestamp;
    }
}
