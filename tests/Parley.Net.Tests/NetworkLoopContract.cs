using System.Collections.Concurrent;
using Parley.Core;

namespace Parley.Net.Tests;

/// <summary>What every engine does alike. The other parts of this class are in the files Datagrams and Streams.</summary>
public abstract partial class NetworkLoopContract(NetworkEngine engine) : IDisposable
{
    private readonly ConcurrentBag<NetworkLoop> _loops = [];
    private readonly ConcurrentQueue<Exception> _faults = [];
    private readonly BufferPool _buffers = new();

    /// <summary>What handlers let out; a test that expects some clears it.</summary>
    protected ConcurrentQueue<Exception> Faults => _faults;

    [Fact]
    public async Task Posted_work_of_many_threads_all_runs_each_threads_in_order()
    {
        NetworkLoop loop = Start();
        var seen = new List<(int Thread, int Number)>();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (int number = 0; number < 5_000; number++)
            {
                int own = number;
                Assert.True(loop.Post(new Work(_ => seen.Add((thread, own)))));
            }
        })));
        await loop.RunAsync(() => Assert.Equal(20_000, seen.Count));
        foreach (IGrouping<int, (int Thread, int Number)> thread in seen.GroupBy(entry => entry.Thread))
        {
            Assert.Equal(Enumerable.Range(0, 5_000), thread.Select(entry => entry.Number));
        }
    }

    [Fact]
    public async Task Work_beyond_the_inbox_is_refused_and_counted()
    {
        NetworkLoop loop = Start(options => options with { InboxCapacity = 4 });
        using var entered = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        Assert.True(loop.Post(new Work(_ =>
        {
            entered.Set();
            go.Wait(Loops.Limit);
        })));
        Assert.True(entered.Wait(Loops.Limit));
        int run = 0;
        var last = new TaskCompletionSource();
        for (int i = 0; i < 4; i++)
        {
            Assert.True(loop.Post(new Work(_ =>
            {
                if (++run == 4) last.SetResult();
            })));
        }

        Assert.False(loop.Post(new Work(_ => run++)));
        Assert.Equal(1, loop.Counters.WorkRefused);
        go.Set();
        await last.Task.WaitAsync(Loops.Limit);
        await loop.RunAsync(() => Assert.Equal(4, run));
    }

    [Fact]
    public async Task Work_may_post_itself_again_while_it_runs()
    {
        NetworkLoop loop = Start();
        int left = 100;
        var done = new TaskCompletionSource();
        Work work = null!;
        work = new Work(_ =>
        {
            if (--left > 0) Assert.True(loop.Post(work));
            else done.SetResult();
        });
        loop.Post(work);
        await done.Task.WaitAsync(Loops.Limit);
    }

    [Fact]
    public async Task What_holds_up_a_round_does_not_count_against_the_deadlines_that_it_sets()
    {
        var clock = new AdvancedTime();
        NetworkLoop loop = Start(options => options with { Time = clock });
        Instant start = default;
        Instant? ran = null;
        await loop.RunAsync(() =>
        {
            start = loop.Now;
            loop.Schedule(new Timer(now => ran = now), start + TimeSpan.FromHours(1));
            clock.Advance(TimeSpan.FromHours(2));
        });

        await loop.RunAsync(() => Assert.InRange(loop.Now - start, TimeSpan.FromMilliseconds(250), TimeSpan.FromMinutes(1)));

        Assert.Null(ran);
        Assert.InRange(loop.Counters.LongestRound, TimeSpan.FromHours(2), TimeSpan.FromMinutes(121));
        Assert.InRange(loop.Counters.SlowRounds, 1, long.MaxValue);
        // Between two rounds: this time has passed for others too. Where it falls into the end of a round it does not count, and is given once more.
        await loop.UntilAsync(() => ran is not null, between: () => clock.Advance(TimeSpan.FromHours(1)));
        Assert.InRange(ran!.Value - start, TimeSpan.FromHours(1), TimeSpan.FromMinutes(61));
    }

    [Fact]
    public async Task Timers_run_in_order_never_early_and_not_after_being_cancelled()
    {
        NetworkLoop loop = Start();
        var ran = new List<(string Name, Instant At)>();
        Instant start = default;
        var done = new TaskCompletionSource();
        var cancelled = new Timer(now => ran.Add(("cancelled", now)));
        await loop.RunAsync(() =>
        {
            start = loop.Now;
            loop.Schedule(new Timer(now => ran.Add(("30", now))), start + TimeSpan.FromMilliseconds(30));
            loop.Schedule(new Timer(now => ran.Add(("10", now))), start + TimeSpan.FromMilliseconds(10));
            loop.Schedule(cancelled, start + TimeSpan.FromMilliseconds(20));
            loop.Schedule(new Timer(_ => done.SetResult()), start + TimeSpan.FromMilliseconds(60));
            loop.Schedule(new Timer(_ => loop.Schedule(cancelled, Instant.Never)), start + TimeSpan.FromMilliseconds(15));
            loop.Schedule(new Timer(_ => ran.Add(("far", default))), start + TimeSpan.FromDays(40));
        });
        await done.Task.WaitAsync(Loops.Limit);
        await loop.RunAsync(() =>
        {
            Assert.Equal(["10", "30"], ran.Select(entry => entry.Name));
            Assert.True(ran[0].At - start >= TimeSpan.FromMilliseconds(10));
            Assert.True(ran[1].At - start >= TimeSpan.FromMilliseconds(30));
        });
    }

    [Fact]
    public async Task A_timer_that_is_moved_runs_at_its_new_time()
    {
        NetworkLoop loop = Start();
        var ran = new TaskCompletionSource<Instant>(TaskCreationOptions.RunContinuationsAsynchronously);
        Instant due = default;
        var timer = new Timer(ran.SetResult);
        await loop.RunAsync(() => loop.Schedule(timer, loop.Now + TimeSpan.FromHours(1)));         // the loop waits for this
        await loop.RunAsync(() => loop.Schedule(timer, loop.Now + TimeSpan.FromMilliseconds(20)));
        await loop.RunAsync(() => loop.Schedule(timer, due = loop.Now + TimeSpan.FromMilliseconds(150)));
        Instant at = await ran.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(at >= due && at < due + TimeSpan.FromSeconds(20), $"{at} for {due}");
    }

    [Fact]
    public async Task A_timer_that_is_always_due_leaves_room_for_posted_work()
    {
        NetworkLoop loop = Start();
        bool stop = false;
        Timer busy = null!;
        busy = new Timer(now =>
        {
            if (!stop) loop.Schedule(busy, now);
        });
        await loop.RunAsync(() => loop.Schedule(busy, loop.Now));
        await loop.RunAsync(() => stop = true);
    }

    [Fact]
    public async Task Exceptions_of_work_and_timers_are_reported_and_the_loop_lives_on()
    {
        NetworkLoop loop = Start();
        loop.Post(new Work(_ => throw new InvalidOperationException("work")));
        await loop.RunAsync(() => loop.Schedule(new Timer(_ => throw new InvalidOperationException("timer")), loop.Now));
        await loop.UntilAsync(() => loop.Counters.Faults == 2);
        Assert.Equal(["work", "timer"], _faults.Select(fault => fault.Message));
        _faults.Clear();
    }

    [Fact]
    public async Task An_exception_in_the_report_of_an_exception_does_not_end_the_loop()
    {
        NetworkLoop loop = Start(options => options with { OnFault = _ => throw new InvalidOperationException("report") });
        loop.Post(new Work(_ => throw new InvalidOperationException("work")));
        await loop.UntilAsync(() => loop.Counters.Faults == 2);
    }

    [Fact]
    public async Task The_end_runs_accepted_work_and_then_accepts_none()
    {
        NetworkLoop loop = Start();
        using var go = new ManualResetEventSlim();
        int run = 0;
        loop.Post(new Work(_ => go.Wait(Loops.Limit)));
        for (int i = 0; i < 100; i++) Assert.True(loop.Post(new Work(_ => run++)));
        Task end = Task.Run(loop.Dispose);
        go.Set();
        await end.WaitAsync(Loops.Limit);
        Assert.Equal(100, run);
        Assert.False(loop.Post(new Work(_ => run++)));
        Assert.Throws<ObjectDisposedException>(() => loop.OpenDatagram(Loops.Loopback(), new DatagramRecorder()));
        Assert.Throws<ObjectDisposedException>(() => loop.ListenStream(Loops.Loopback(), _ => null));
    }

    [Fact]
    public async Task A_loop_may_end_itself()
    {
        NetworkLoop loop = Start();
        var recorder = new StreamRecorder();
        using IStreamListener listener = loop.ListenStream(Loops.Loopback(), _ => recorder);
        var client = new StreamRecorder();
        await loop.RunAsync(() => loop.ConnectStream(listener.LocalAddress, client));
        await recorder.Connected;
        await loop.RunAsync(loop.Dispose);
        Assert.Equal(StreamCloseReason.ClosedHere, await recorder.Closed);
        loop.Dispose();
        loop.Dispose();
    }

    [Fact]
    public async Task Time_does_not_pass_within_a_round_and_never_goes_back()
    {
        NetworkLoop loop = Start();
        Instant last = Instant.Zero;
        for (int i = 0; i < 100; i++)
        {
            await loop.RunAsync(() =>
            {
                Instant now = loop.Now;
                Assert.Equal(now, loop.Now);
                Assert.True(now >= last);
                last = now;
            });
        }
    }

    [Fact]
    public void Options_outside_their_range_are_named()
    {
        var exception = Assert.Throws<ArgumentOutOfRangeException>(() => NetworkLoop.Start(new NetworkLoopOptions { Engine = engine, InboxCapacity = 0 }));
        Assert.Contains("InboxCapacity is from 1 to 1048576", exception.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        foreach (NetworkLoop loop in _loops) loop.Dispose();
        Assert.Empty(_faults);
        Assert.Equal(0, _buffers.Outstanding);
        Assert.All(_loops, loop => Assert.Equal(0, loop.Counters.Connections));
        GC.SuppressFinalize(this);
    }

    protected NetworkLoop Start(Func<NetworkLoopOptions, NetworkLoopOptions>? configure = null)
    {
        var options = new NetworkLoopOptions { Name = "test", Engine = engine, Buffers = _buffers, OnFault = _faults.Enqueue };
        NetworkLoop loop = NetworkLoop.Start(configure?.Invoke(options) ?? options);
        _loops.Add(loop);
        return loop;
    }

    /// <summary>A buffer whose lease the caller gives back at once, as senders do.</summary>
    protected bool Send(IStreamConnection connection, ReadOnlySpan<byte> bytes)
    {
        PooledBuffer buffer = _buffers.Copy(bytes);
        bool isQueued = connection.Send(buffer);
        buffer.Release();
        return isQueued;
    }

    protected static byte[] Bytes(int lengthBytes, int seed)
    {
        byte[] bytes = new byte[lengthBytes];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    protected sealed class Work(Action<Instant> action) : ILoopWork
    {
        public void Run(Instant now) => action(now);
    }

    /// <summary>The system's time, and what was added to it.</summary>
    private sealed class AdvancedTime : TimeProvider
    {
        private long _added;

        public override long GetTimestamp() => System.GetTimestamp() + Interlocked.Read(ref _added);

        public void Advance(TimeSpan time) => Interlocked.Add(ref _added, (long)(time.TotalSeconds * TimestampFrequency));
    }

    protected sealed class Timer(Action<Instant> action) : LoopTimer
    {
        public override void OnDeadline(Instant now) => action(now);
    }
}
