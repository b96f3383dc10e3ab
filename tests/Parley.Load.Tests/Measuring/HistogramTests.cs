using Parley.Load.Measuring;

namespace Parley.Load.Tests.Measuring;

public sealed class HistogramTests
{
    private static TimeSpan Microseconds(double microseconds) => TimeSpan.FromTicks((long)(microseconds * TimeSpan.TicksPerMicrosecond));

    [Fact]
    public void An_empty_one_has_no_times()
    {
        var histogram = new Histogram();

        Assert.Equal(0, histogram.Count);
        Assert.Equal(TimeSpan.Zero, histogram.Quantile(0.5));
        Assert.Equal(TimeSpan.Zero, histogram.Longest);
    }

    [Fact]
    public void Short_times_are_exact()
    {
        var histogram = new Histogram();
        for (int tick = 1; tick <= 100; tick++) histogram.Record(TimeSpan.FromTicks(tick));

        Assert.Equal(TimeSpan.FromTicks(1), histogram.Quantile(0));
        Assert.Equal(TimeSpan.FromTicks(50), histogram.Quantile(0.5));
        Assert.Equal(TimeSpan.FromTicks(99), histogram.Quantile(0.99));
        Assert.Equal(TimeSpan.FromTicks(100), histogram.Quantile(1));
    }

    [Fact]
    public void No_time_is_read_shorter_or_much_longer_than_it_was()
    {
        var random = new Random(1);
        for (int i = 0; i < 10_000; i++)
        {
            var time = TimeSpan.FromTicks((long)Math.Exp(random.NextDouble() * Math.Log(TimeSpan.FromHours(1).Ticks)));
            var histogram = new Histogram();
            histogram.Record(time);
            histogram.Record(TimeSpan.FromHours(2));

            TimeSpan read = histogram.Quantile(0.5);

            Assert.InRange(read.Ticks, time.Ticks, time.Ticks * 1.016);
        }
    }

    [Fact]
    public void Quantiles_are_those_of_the_sorted_times()
    {
        var random = new Random(2);
        TimeSpan[] times = [.. Enumerable.Range(0, 5000).Select(_ => Microseconds(10 + (random.NextDouble() * random.NextDouble() * 50_000)))];
        var histogram = new Histogram();
        foreach (TimeSpan time in times) histogram.Record(time);
        Array.Sort(times);

        foreach (double part in new[] { 0.5, 0.9, 0.99, 0.999 })
        {
            TimeSpan exact = times[(int)Math.Ceiling(part * times.Length) - 1];
            Assert.InRange(histogram.Quantile(part).Ticks, exact.Ticks, exact.Ticks * 1.016);
        }

        Assert.Equal(times[^1], histogram.Quantile(1));
        Assert.Equal(times[^1], histogram.Longest);
    }

    [Fact]
    public void Times_out_of_range_count_as_the_nearest_in_range()
    {
        var histogram = new Histogram();
        histogram.Record(TimeSpan.FromSeconds(-1));
        histogram.Record(TimeSpan.MaxValue);

        Assert.Equal(2, histogram.Count);
        Assert.Equal(TimeSpan.Zero, histogram.Quantile(0.5));
        Assert.True(histogram.Quantile(1) > TimeSpan.FromHours(24));
    }

    [Fact]
    public void It_forgets()
    {
        var histogram = new Histogram();
        histogram.Record(Microseconds(5));
        histogram.Clear();

        Assert.Equal(0, histogram.Count);
        Assert.Equal(TimeSpan.Zero, histogram.Quantile(1));
    }

    [Fact]
    public void Recording_allocates_nothing()
    {
        var histogram = new Histogram();
        histogram.Record(Microseconds(5));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) histogram.Record(Microseconds(i));

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
