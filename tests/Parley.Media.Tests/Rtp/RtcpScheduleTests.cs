using Parley.Core;
using Parley.Rtp.Rtcp;

namespace Parley.Media.Tests.Rtp;

public class RtcpScheduleTests
{
    private static readonly TimeSpan Min = TimeSpan.FromSeconds(5);

    [Fact]
    public void Reports_of_two_are_five_seconds_apart_spread_from_half_to_one_and_a_half()
    {
        List<double> intervals = [];
        for (int seed = 0; seed < 200; seed++)
        {
            RtcpSchedule schedule = TwoSenders(seed, out Instant now);
            for (int i = 0; i < 5; i++)
            {
                Instant last = now;
                now = RunToReport(schedule, now);
                if (i > 0) intervals.Add((now - last).TotalSeconds);
                schedule.OnSent(now, 80);
            }
        }

        // RFC 3550 6.3.1: 0.5 to 1.5 times the interval, divided by e - 3/2; reconsideration brings the mean back to about 5.
        Assert.InRange(intervals.Min(), 5 * 0.5 / 1.2183, 3);
        Assert.InRange(intervals.Max(), 5.5, 5 * 1.5 / 1.2183 + 0.01);
        Assert.InRange(intervals.Average(), 4, 5.5);
    }

    [Fact]
    public void The_first_report_comes_in_half_the_time()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            RtcpSchedule schedule = TwoSenders(seed, out Instant now);
            Assert.InRange((RunToReport(schedule, now) - now).TotalSeconds, 2.5 * 0.5 / 1.2183, 2.5 * 1.5 / 1.2183 + 0.01);
        }
    }

    [Fact]
    public void A_call_too_early_does_nothing()
    {
        RtcpSchedule schedule = TwoSenders(1, out Instant now);
        Instant next = schedule.Next;

        Assert.False(schedule.OnDeadline(now));
        Assert.Equal(next, schedule.Next);
    }

    [Fact]
    public void Many_members_share_the_bandwidth()
    {
        RtcpSchedule schedule = new(Instant.Zero, 500, new Random(1), Min);
        schedule.OnMembers(Instant.Zero, 1000);
        schedule.Senders = 500;
        schedule.OnSent(Instant.Zero, 100);

        // 1000 members of about 128 bytes at 500 bytes a second: 256 s.
        Assert.InRange((schedule.Next - Instant.Zero).TotalSeconds, 256 * 0.5 / 1.2183 * 0.98, 256 * 1.5 / 1.2183);
    }

    [Fact]
    public void Few_senders_have_a_quarter_of_it_for_themselves()
    {
        RtcpSchedule sender = new(Instant.Zero, 500, new Random(1), Min), listener = new(Instant.Zero, 500, new Random(1), Min);
        foreach (RtcpSchedule schedule in new[] { sender, listener })
        {
            schedule.OnMembers(Instant.Zero, 1000);
            schedule.Senders = 1;
        }

        sender.WeSent = true;
        sender.OnSent(Instant.Zero, 100);
        listener.OnSent(Instant.Zero, 100);

        Assert.InRange((sender.Next - Instant.Zero).TotalSeconds, 1, 6.2);
        Assert.InRange((listener.Next - Instant.Zero).TotalSeconds, 130, 430);
    }

    [Fact]
    public void When_members_leave_the_next_report_comes_sooner()
    {
        RtcpSchedule schedule = new(Instant.Zero, 500, new Random(1), Min);
        schedule.OnMembers(Instant.Zero, 1000);
        schedule.Senders = 500;
        schedule.OnDeadline(schedule.Next);         // reconsiders, with a thousand
        TimeSpan before = schedule.Next - Instant.Zero;

        schedule.OnMembers(Instant.Zero, 100);

        Assert.Equal(before.TotalSeconds / 10, (schedule.Next - Instant.Zero).TotalSeconds, 3);
    }

    private static RtcpSchedule TwoSenders(int seed, out Instant now)
    {
        now = Instant.FromTicks(seed * 12345);
        RtcpSchedule schedule = new(now, 500, new Random(seed), Min);
        schedule.OnMembers(now, 2);
        (schedule.Senders, schedule.WeSent) = (2, true);
        return schedule;
    }

    private static Instant RunToReport(RtcpSchedule schedule, Instant now)
    {
        for (int i = 0; i < 100; i++)
        {
            now = Instant.Max(now, schedule.Next);
            if (schedule.OnDeadline(now)) return now;
            Assert.True(schedule.Next > now, "The deadline did not move on.");
        }

        throw new InvalidOperationException("No report in a hundred tries.");
    }
}
