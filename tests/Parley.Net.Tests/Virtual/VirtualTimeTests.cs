using Parley.Core;
using Parley.Net.Virtual;

namespace Parley.Net.Tests.Virtual;

public sealed class VirtualTimeTests
{
    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly List<string> _log = [];
    private readonly VirtualLoop _loop;

    public VirtualTimeTests() => _loop = _network.AddHost("alice", "192.0.2.1").Loop;

    [Fact]
    public void Timers_of_all_loops_run_in_order_at_their_millisecond()
    {
        VirtualLoop other = _network.AddHost("bob", "192.0.2.2").Loop;
        _loop.Schedule(new Timer(now => _log.Add($"one {now}")), Instant.Zero + TimeSpan.FromSeconds(32));
        other.Schedule(new Timer(now => _log.Add($"two {now}")), Instant.Zero + TimeSpan.FromMilliseconds(500));
        _loop.Schedule(new Timer(now => _log.Add($"three {now}")), Instant.Zero + TimeSpan.FromDays(55));
        var cancelled = new Timer(_ => _log.Add("cancelled"));
        _loop.Schedule(cancelled, Instant.Zero + TimeSpan.FromSeconds(1));
        Assert.Equal(4, _network.ScheduledTimers);
        _loop.Schedule(cancelled, Instant.Never);
        Assert.True(_network.RunUntilIdle(TimeSpan.FromDays(60)));
        Assert.Equal(["two 0.500000s", "one 32.000000s", "three 4752000.000000s"], _log);
        Assert.Equal(0, _network.ScheduledTimers);
    }

    [Fact]
    public void A_timer_sets_itself_again()
    {
        int left = 5;
        Timer tick = null!;
        tick = new Timer(now =>
        {
            _log.Add(now.ToString());
            if (--left > 0) _loop.Schedule(tick, now + TimeSpan.FromMilliseconds(20));
        });
        _loop.Schedule(tick, _network.Now + TimeSpan.FromMilliseconds(20));
        _network.RunUntilIdle(TimeSpan.FromSeconds(1));
        Assert.Equal(["0.020000s", "0.040000s", "0.060000s", "0.080000s", "0.100000s"], _log);
    }

    [Fact]
    public void A_network_whose_timers_are_cancelled_is_idle_at_once()
    {
        var timer = new Timer(_ => _log.Add("ran"));
        _loop.Schedule(timer, Instant.Zero + TimeSpan.FromHours(5));
        Assert.False(_network.RunUntilIdle(TimeSpan.FromHours(1)));
        _loop.Schedule(timer, Instant.Never);
        Instant before = _network.Now;
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)));
        Assert.Equal(before, _network.Now);
    }

    [Fact]
    public void Posted_work_runs_in_order_and_before_anything_later()
    {
        _loop.Schedule(new Timer(_ => _log.Add("timer")), Instant.Zero + TimeSpan.FromMilliseconds(1));
        for (int i = 0; i < 3; i++)
        {
            int number = i;
            Assert.True(_loop.Post(new Work(now => _log.Add($"work {number} {now}"))));
        }

        _network.RunUntilIdle(TimeSpan.FromSeconds(1));
        Assert.Equal(["work 0 0.000000s", "work 1 0.000000s", "work 2 0.000000s", "timer"], _log);
    }

    [Fact]
    public async Task Other_threads_may_post()
    {
        int ran = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 1_000; i++) Assert.True(_loop.Post(new Work(_ => ran++)));
        })));
        Assert.True(_network.Run(() => ran == 4_000, TimeSpan.Zero));
    }

    [Fact]
    public void A_full_inbox_and_an_ended_loop_refuse_work()
    {
        int ran = 0;
        for (int i = 0; i < 65_536; i++) Assert.True(_loop.Post(new Work(_ => ran++)));
        Assert.False(_loop.Post(new Work(_ => ran++)));
        _network.RunUntilIdle(TimeSpan.Zero);
        Assert.Equal(65_536, ran);
        _loop.Dispose();
        Assert.False(_loop.Post(new Work(_ => ran++)));
    }

    [Fact]
    public void A_disposed_loop_forgets_its_timers()
    {
        _loop.Schedule(new Timer(_ => _log.Add("ran")), Instant.Zero + TimeSpan.FromSeconds(1));
        _loop.Dispose();
        Assert.True(_network.RunUntilIdle(TimeSpan.FromSeconds(2)));
        Assert.Empty(_log);
    }

    [Fact]
    public void A_run_ends_when_its_condition_holds_or_its_limit_is_reached()
    {
        bool done = false;
        _loop.Schedule(new Timer(_ => done = true), Instant.Zero + TimeSpan.FromSeconds(3));
        Assert.False(_network.Run(() => done, TimeSpan.FromSeconds(2)));
        Assert.Equal(Instant.Zero + TimeSpan.FromSeconds(2), _network.Now);
        Assert.True(_network.Run(() => done, TimeSpan.FromSeconds(2)));
        Assert.Equal(Instant.Zero + TimeSpan.FromSeconds(3), _network.Now);
    }

    [Fact]
    public void An_exception_comes_out_of_the_run_and_the_rest_still_happens()
    {
        _loop.Schedule(new Timer(_ => throw new InvalidOperationException("fault")), Instant.Zero + TimeSpan.FromSeconds(1));
        _loop.Schedule(new Timer(_ => _log.Add("next")), Instant.Zero + TimeSpan.FromSeconds(1));
        _loop.Schedule(new Timer(_ => _log.Add("later")), Instant.Zero + TimeSpan.FromSeconds(2));
        Assert.Throws<InvalidOperationException>(() => _network.RunUntilIdle(TimeSpan.FromMinutes(1)));
        Assert.True(_network.RunUntilIdle(TimeSpan.FromMinutes(1)));
        Assert.Equal(["next", "later"], _log.Order().Reverse());
    }

    [Fact]
    public void Time_that_stands_still_is_noticed()
    {
        Timer always = null!;
        always = new Timer(now => _loop.Schedule(always, now));
        _loop.Schedule(always, _network.Now);
        Assert.Contains("Time stands still: seed 1", Assert.Throws<InvalidOperationException>(() => _network.RunFor(TimeSpan.FromSeconds(1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_platforms_clock_and_timers_run_on_virtual_time()
    {
        TimeProvider time = _loop.Time;
        DateTimeOffset start = time.GetUtcNow();
        Assert.Equal(new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero), start);
        long timestamp = time.GetTimestamp();
        Task delay = Task.Delay(TimeSpan.FromHours(3), time);
        using var cancellation = new CancellationTokenSource(TimeSpan.FromHours(1), time);
        int ticks = 0;
        await using ITimer periodic = time.CreateTimer(_ => ticks++, null, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
        _network.RunFor(TimeSpan.FromHours(2));
        Assert.True(cancellation.IsCancellationRequested);
        Assert.False(delay.IsCompleted);
        Assert.Equal(120, ticks);
        Assert.True(periodic.Change(TimeSpan.FromMinutes(1), Timeout.InfiniteTimeSpan));
        _network.RunFor(TimeSpan.FromHours(1));
        Assert.Equal(121, ticks);
        await delay.WaitAsync(Loops.Limit);
        Assert.Equal(start + TimeSpan.FromHours(3), time.GetUtcNow());
        Assert.Equal(TimeSpan.FromHours(3), time.GetElapsedTime(timestamp));
        Assert.True(_network.RunUntilIdle(TimeSpan.Zero));
        await periodic.DisposeAsync();
        Assert.False(periodic.Change(TimeSpan.Zero, TimeSpan.Zero));
    }

    private sealed class Work(Action<Instant> action) : ILoopWork
    {
        public void Run(Instant now) => action(now);
    }

    private sealed class Timer(Action<Instant> action) : LoopTimer
    {
        public override void OnDeadline(Instant now) => action(now);
    }
}
