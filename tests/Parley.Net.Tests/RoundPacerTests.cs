using Parley.Core;

namespace Parley.Net.Tests;

public sealed class RoundPacerTests
{
    private const int BusyPerSecond = 10_000;
    private static readonly TimeSpan Longest = TimeSpan.FromMicroseconds(300);

    [Theory]
    [InlineData(100, 0)]
    [InlineData(9_000, 0)]
    [InlineData(11_000, 300)]
    [InlineData(20_000, 200)]
    [InlineData(50_000, 80)]
    [InlineData(80_000, 60)]
    [InlineData(500_000, 60)]
    public void Datagrams_that_come_alone_are_waited_for_when_many_come(int perSecond, int microseconds)
    {
        var pacer = new RoundPacer(Longest, BusyPerSecond);
        Instant now = Instant.Zero;
        TimeSpan pause = default;
        for (int count = 0; count <= perSecond; count++)
        {
            pause = pacer.After(now, count);
            now += TimeSpan.FromSeconds(1.0 / perSecond);
        }

        Assert.InRange(pause.TotalMicroseconds, microseconds * 0.9, microseconds * 1.1);
    }

    [Fact]
    public void A_round_that_brings_many_or_nothing_is_followed_at_once()
    {
        var pacer = new RoundPacer(Longest, BusyPerSecond);
        Instant now = Instant.Zero;
        long count = 0;
        for (int i = 0; i < 1000; i++) pacer.After(now += TimeSpan.FromMicroseconds(50), ++count);
        Assert.Equal(TimeSpan.FromMicroseconds(200), pacer.After(now += TimeSpan.FromMicroseconds(50), count += 3));
        Assert.Equal(TimeSpan.Zero, pacer.After(now += TimeSpan.FromMicroseconds(50), count += 16));
        Assert.Equal(TimeSpan.Zero, pacer.After(now, count));
    }

    [Fact]
    public void A_load_that_ends_is_forgotten_with_the_next_window()
    {
        var pacer = new RoundPacer(Longest, BusyPerSecond);
        Instant now = Instant.Zero;
        long count = 0;
        for (int i = 0; i < 1000; i++) pacer.After(now += TimeSpan.FromMicroseconds(50), ++count);
        Assert.Equal(TimeSpan.Zero, pacer.After(now + TimeSpan.FromSeconds(1), count + 1));
    }

    [Fact]
    public void Without_a_longest_there_is_none()
    {
        var pacer = new RoundPacer(TimeSpan.Zero, BusyPerSecond);
        for (int i = 1; i < 1000; i++) Assert.Equal(TimeSpan.Zero, pacer.After(Instant.Zero + TimeSpan.FromMicroseconds(50 * i), i));
    }
}
