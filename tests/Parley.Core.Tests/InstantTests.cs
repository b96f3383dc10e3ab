namespace Parley.Core.Tests;

public sealed class InstantTests
{
    private static readonly Instant Noon = Instant.FromTicks(TimeSpan.FromHours(12).Ticks);

    [Fact]
    public void Spans_move_an_instant_and_differences_give_them_back()
    {
        foreach (TimeSpan span in (TimeSpan[])[TimeSpan.Zero, TimeSpan.FromTicks(1), TimeSpan.FromDays(60), -TimeSpan.FromHours(13)])
        {
            Assert.Equal(span, Noon + span - Noon);
            Assert.Equal(Noon, Noon + span - span);
        }
    }

    [Fact]
    public void Never_is_the_latest_and_nothing_moves_it()
    {
        Assert.True(Noon < Instant.Never);
        Assert.True(Instant.Never.IsNever);
        Assert.Equal(Instant.Never, Instant.Never + TimeSpan.FromDays(1));
        Assert.Equal(Instant.Never, Instant.Never - TimeSpan.FromDays(1));
        Assert.Equal(TimeSpan.MaxValue, Instant.Never - Noon);
        Assert.Equal(TimeSpan.MaxValue, Instant.Never - Instant.Never);
        Assert.Equal(TimeSpan.MinValue, Noon - Instant.Never);
        Assert.Equal("never", Instant.Never.ToString());
    }

    [Fact]
    public void What_would_overflow_stays_at_the_end()
    {
        Assert.Equal(Instant.Never, Noon + TimeSpan.MaxValue);
        Assert.Equal(Instant.Never, Noon - TimeSpan.MinValue);
        Instant earliest = Instant.FromTicks(long.MinValue);
        Assert.Equal(earliest, earliest + TimeSpan.FromTicks(-1));
        Assert.Equal(earliest, earliest - TimeSpan.MaxValue);
    }

    [Fact]
    public void Comparisons_agree_with_each_other()
    {
        Instant later = Noon + TimeSpan.FromTicks(1);
        Assert.True(Noon < later && later > Noon && Noon <= later && later >= Noon && Noon <= Instant.Min(later, Noon) && later >= Instant.Max(later, Noon));
        Assert.False(Noon > later || later < Noon || Noon >= later || later <= Noon);
        Assert.Equal(Noon, Instant.Min(Noon, later));
        Assert.Equal(later, Instant.Max(Noon, later));
        Assert.True(Noon.CompareTo(later) < 0 && later.CompareTo(Noon) > 0 && Noon.CompareTo(Noon) == 0);
        Assert.Equal("43200.000000s", Noon.ToString());
    }
}
