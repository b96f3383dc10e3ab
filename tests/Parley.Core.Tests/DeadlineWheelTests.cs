namespace Parley.Core.Tests;

public sealed class DeadlineWheelTests
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    [Fact]
    public void An_entry_comes_once_at_its_deadline_and_not_before()
    {
        Instant start = Instant.Zero + TimeSpan.FromHours(7);
        foreach (TimeSpan span in Spans())
        {
            var wheel = new DeadlineWheel(start);
            var entry = new Entry();
            wheel.Schedule(entry, start + span);
            Assert.Equal(1, wheel.Count);
            Assert.Equal(start + span, entry.ScheduledFor);
            if (span > Millisecond) Assert.False(wheel.TryTakeDue(start + span - TimeSpan.FromTicks(1), out _), $"{span} came early");
            Assert.True(wheel.TryTakeDue(start + span + Millisecond, out DeadlineEntry due), $"{span} did not come");
            Assert.Same(entry, due);
            Assert.True(entry.ScheduledFor.IsNever);
            Assert.False(wheel.TryTakeDue(start + span + TimeSpan.FromDays(100), out _));
            Assert.Equal(0, wheel.Count);
            Assert.True(wheel.NextDeadline.IsNever);
        }
    }

    [Fact]
    public void Who_asks_when_the_wheel_wants_to_be_asked_gets_there_in_few_steps()
    {
        foreach (TimeSpan span in Spans())
        {
            Instant now = Instant.Zero;
            var wheel = new DeadlineWheel(now);
            wheel.Schedule(new Entry(), now + span);
            int steps = 0;
            while (!wheel.TryTakeDue(now, out _))
            {
                Assert.True(wheel.NextDeadline > now, $"{span}: stands still at {now}");
                now = wheel.NextDeadline;
                Assert.True(++steps <= 8, $"{span}: {steps} steps");
            }

            Assert.True(now >= Instant.Zero + span && now < Instant.Zero + span + Millisecond, $"{span} came at {now}");
        }
    }

    [Fact]
    public void A_past_deadline_is_due_at_once()
    {
        var wheel = new DeadlineWheel(Instant.Zero + TimeSpan.FromDays(1));
        wheel.Schedule(new Entry(), Instant.Zero);
        Assert.Equal(Instant.Zero + TimeSpan.FromDays(1), wheel.NextDeadline);
        Assert.True(wheel.TryTakeDue(Instant.Zero, out _));
    }

    [Fact]
    public void Never_and_cancel_take_an_entry_out_and_clear_takes_all()
    {
        var wheel = new DeadlineWheel(Instant.Zero);
        Entry[] entries = [.. Spans().Select(_ => new Entry())];
        int i = 0;
        foreach (TimeSpan span in Spans()) wheel.Schedule(entries[i++], Instant.Zero + span);
        wheel.Cancel(entries[0]);
        wheel.Cancel(entries[0]);
        wheel.Schedule(entries[1], Instant.Never);
        wheel.Cancel(new Entry());
        Assert.Equal(entries.Length - 2, wheel.Count);
        wheel.Clear();
        Assert.Equal(0, wheel.Count);
        Assert.True(wheel.NextDeadline.IsNever);
        Assert.All(entries, entry => Assert.True(entry.ScheduledFor.IsNever));
        var other = new DeadlineWheel(Instant.Zero);
        foreach (Entry entry in entries) other.Schedule(entry, Instant.Zero);
        Assert.Equal(entries.Length, other.Count);
    }

    [Fact]
    public void A_hand_that_lags_far_behind_catches_up_in_a_few_steps()
    {
        var wheel = new DeadlineWheel(Instant.Zero);
        Instant now = Instant.Zero + TimeSpan.FromDays(3_000_000);      // by fixed steps this test would not end
        var far = new Entry();
        wheel.Schedule(far, now + TimeSpan.FromDays(45));
        wheel.Schedule(new Entry(), now + Millisecond);
        Assert.False(wheel.TryTakeDue(now, out _));
        Assert.True(wheel.TryTakeDue(now + Millisecond, out _));
        Assert.Equal(now + TimeSpan.FromDays(45), far.ScheduledFor);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void A_wheel_agrees_with_a_list(int seed)
    {
        var random = new Random(seed);
        Instant now = Instant.FromTicks(random.NextInt64(-TimeSpan.TicksPerDay, 100 * TimeSpan.TicksPerDay));
        var wheel = new DeadlineWheel(now);
        Entry[] entries = [.. Enumerable.Range(0, 200).Select(_ => new Entry())];
        for (int step = 0; step < 10_000; step++)
        {
            Entry entry = entries[random.Next(entries.Length)];
            switch (random.Next(4))
            {
                case 0 or 1:
                    entry.Expected = now + DrawSpan(random);
                    wheel.Schedule(entry, entry.Expected);
                    break;
                case 2:
                    wheel.Cancel(entry);
                    entry.Expected = Instant.Never;
                    break;
                default:
                    now = random.Next(3) == 0 && !wheel.NextDeadline.IsNever ? Instant.Max(now, wheel.NextDeadline) : now + DrawSpan(random);
                    if (Expire(wheel, entries, now) is { } complaint) Assert.Fail($"seed {seed}, step {step}, {now}: {complaint}");
                    break;
            }

            Instant earliest = Instant.Never;
            int count = 0;
            foreach (Entry one in entries)
            {
                if (one.Expected.IsNever) continue;
                earliest = Instant.Min(earliest, one.Expected);
                count++;
            }

            if (wheel.Count != count) Assert.Fail($"seed {seed}, step {step}, {now}: {wheel.Count} entries, not {count}");
            if (entry.ScheduledFor != entry.Expected) Assert.Fail($"seed {seed}, step {step}, {now}: scheduled for {entry.ScheduledFor}, not {entry.Expected}");
            bool isInTime = count == 0 ? wheel.NextDeadline.IsNever : wheel.NextDeadline < Instant.Max(now, earliest) + Millisecond;
            if (!isInTime) Assert.Fail($"seed {seed}, step {step}, {now}: {wheel.NextDeadline} is after {earliest}");
        }
    }

    /// <returns>What is wrong, null when nothing is.</returns>
    private static string? Expire(DeadlineWheel wheel, Entry[] entries, Instant now)
    {
        while (wheel.TryTakeDue(now, out DeadlineEntry due))
        {
            var entry = (Entry)due;
            if (entry.Expected > now) return $"{entry.Expected} came early";
            if (!entry.ScheduledFor.IsNever) return $"{entry.Expected} came and is still scheduled";
            entry.Expected = Instant.Never;
        }

        return Array.Find(entries, entry => entry.Expected + Millisecond <= now) is { } late ? $"{late.Expected} did not come" : null;
    }

    /// <summary>Nought to 60 days, each order of magnitude as often as the others, some on whole milliseconds and on the rings' borders.</summary>
    private static TimeSpan DrawSpan(Random random)
    {
        double most = Math.Log(TimeSpan.FromDays(60).Ticks);
        var span = TimeSpan.FromTicks((long)Math.Exp(random.NextDouble() * most));
        return random.Next(4) switch
        {
            0 => TimeSpan.FromMilliseconds(Math.Floor(span.TotalMilliseconds)),
            1 => TimeSpan.FromMilliseconds((1L << random.Next(33)) + random.Next(-1, 2)),
            _ => span,
        };
    }

    private static IEnumerable<TimeSpan> Spans()
    {
        yield return TimeSpan.FromTicks(1);
        foreach (int bits in (int[])[0, 1, 8, 16, 24, 32])
        {
            foreach (int offset in (int[])[-1, 0, 1])
            {
                long milliseconds = (1L << bits) + offset;
                if (milliseconds <= 0) continue;
                yield return TimeSpan.FromMilliseconds(milliseconds);
                yield return TimeSpan.FromMilliseconds(milliseconds) + TimeSpan.FromTicks(1);
            }
        }

        yield return TimeSpan.FromMilliseconds(500);
        yield return TimeSpan.FromSeconds(32);
        yield return TimeSpan.FromHours(1);
        yield return TimeSpan.FromDays(49);
        yield return TimeSpan.FromDays(60);
    }

    private sealed class Entry : DeadlineEntry
    {
        public Instant Expected { get; set; } = Instant.Never;
    }
}
