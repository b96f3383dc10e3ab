using System.Runtime.InteropServices;

namespace Parley.Tests.Commands;

public sealed class InterruptionTests
{
    private readonly StillTime _time = new();

    [Fact]
    public void The_first_signal_asks_for_an_end_and_a_later_one_ends_at_once()
    {
        using var interruption = new Interruption(TextWriter.Null, _time);
        Assert.True(interruption.TryTake(PosixSignal.SIGINT));
        Assert.True(interruption.Token.IsCancellationRequested);
        Assert.False(interruption.IsTermination);
        _time.Now += TimeSpan.FromSeconds(1);
        Assert.False(interruption.TryTake(PosixSignal.SIGINT));
    }

    [Fact]
    public void The_same_signal_to_the_process_and_to_its_group_is_one()
    {
        using var interruption = new Interruption(TextWriter.Null, _time);
        Assert.True(interruption.TryTake(PosixSignal.SIGTERM));
        Assert.True(interruption.TryTake(PosixSignal.SIGINT));
        _time.Now += TimeSpan.FromMilliseconds(400);
        Assert.True(interruption.TryTake(PosixSignal.SIGTERM));
        Assert.True(interruption.IsTermination);
    }

    private sealed class StillTime : TimeProvider
    {
        public TimeSpan Now { get; set; } = TimeSpan.FromHours(1);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
