using Parley.Core;
using Parley.Rtp;
using Parley.Rtp.Jitter;

namespace Parley.Media.Tests.Rtp;

public class JitterBufferTests
{
    // A delay of three packets. What is put in between beats, and what the beats play.
    [Theory]
    [InlineData("even", "0 | 1 | 2 | 3 | 4 | 5 | | | |", ". . . 0 1 2 3 4 5")]
    [InlineData("a burst", "0 1 2 3 | | | | | | |", ". . . 0 1 2 3")]
    [InlineData("reordered", "1 | 0 | 3 | 2 | 4 | | | |", ". . 0 1 2 3 4 L")]
    [InlineData("reordered in the middle", "0 | 2 | 1 | 3 | | | |", ". . . 0 1 2 3")]
    [InlineData("duplicates", "0 0 | 1 | 1 2 | 0 3 2 | | | |", ". . . 0 1 2 3")]
    [InlineData("one lost", "0 | 2 | 3 | 4 | | | | |", ". . . 0 L 2 3 4")]
    [InlineData("two lost", "0 | 3 | 4 | 5 | | | | | |", ". . . 0 L L 3 4 5")]
    [InlineData("too late", "0 | 2 | 3 | 4 | | 1 | | |", ". . . 0 L 2 3 4")]
    [InlineData("just in time", "0 | 2 | 3 | 4 | 1 | | | |", ". . . 0 1 2 3 4")]
    [InlineData("a sender that stopped for a while", "0 | 1 | | | | | | | | 2 | 3 | | |", ". . . 0 1 L L L . 2 3")]
    public void Packets_come_out_in_their_order_and_time(string what, string script, string played)
    {
        using JitterBench bench = new();
        string expected = played.TrimEnd(" L.".ToCharArray());

        Assert.StartsWith(expected, bench.Run(script).Played, StringComparison.Ordinal);
        Assert.NotEmpty(what);
    }

    [Fact]
    public void Without_loss_every_packet_comes_out_once_in_order_and_nothing_between()
    {
        using JitterBench bench = new() { FirstSequence = 65530, FirstTimestamp = uint.MaxValue - 800 };
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(JitterPutResult.Queued, bench.Put(i, marker: i == 0));
            bench.Beat();
        }

        bench.Beat(3);
        Assert.Equal(Enumerable.Range(0, 1000), bench.Numbers);
        Assert.Equal(". . . " + string.Join(' ', Enumerable.Range(0, 1000)), bench.Played);
        Assert.Equal(new JitterBufferStatistics(1000, 1000, 0, 0, 0, 0, 0, 0, 0), bench.Buffer.Statistics);
    }

    [Fact]
    public void Any_order_within_the_delay_is_put_right()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            Random random = new(seed);
            using JitterBench bench = new() { FirstSequence = (ushort)random.Next(65536), FirstTimestamp = (uint)random.NextInt64(1L << 32) };
            // Each packet arrives up to 55 ms after it was sent, some twice; the first at once, as it sets the time.
            var arrivals = Enumerable.Range(0, 200)
                .SelectMany(i => Enumerable.Range(0, random.Next(10) == 0 ? 2 : 1).Select(_ => (At: (i * 20) + (i == 0 ? 0 : random.Next(55)), Number: i)))
                .OrderBy(x => x.At)
                .ToArray();
            int next = 0;
            for (int beat = 0; beat < 210; beat++)
            {
                while (next < arrivals.Length && arrivals[next].At < (beat * 20) + 10) bench.Put(arrivals[next++].Number);
                bench.Beat();
            }

            Assert.True(Enumerable.Range(0, 200).SequenceEqual(bench.Numbers), $"seed {seed}: {bench.Played}");
            JitterBufferStatistics s = bench.Buffer.Statistics;
            Assert.True(s is { Lost: 0, Late: 0, Played: 200 } && s.Duplicates == arrivals.Length - 200, $"seed {seed}: {s}");
        }
    }

    [Fact]
    public void Loss_is_counted_and_what_comes_is_played_in_its_place()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            Random random = new(seed);
            using JitterBench bench = new();
            List<int> kept = [0];
            for (int i = 0; i < 500; i++)
            {
                if (i == 0 || i == 499 || random.Next(10) > 0)
                {
                    bench.Put(i);
                    if (i > 0) kept.Add(i);
                }

                bench.Beat();
            }

            bench.Beat(3);
            Assert.True(kept.SequenceEqual(bench.Numbers), $"seed {seed}");
            Assert.Equal(500 - kept.Count, bench.Buffer.Statistics.Lost);
            // Each number stands in its place on the time line, behind three of delay.
            string[] line = bench.Played.Split(' ');
            Assert.All(kept, n => Assert.Equal($"{n}", line[n + 3]));
            Assert.Equal(500 - kept.Count, line.Count(word => word == "L"));
        }
    }

    [Fact]
    public void A_packet_that_is_no_sound_is_not_missing()
    {
        using JitterBench bench = new();
        bench.Put(0);
        bench.Buffer.PutOther(new RtpHeader(101, true, 101, 5000, 1));
        bench.Buffer.PutOther(new RtpHeader(101, false, 102, 5000, 1));
        bench.Put(1, sequenceOffset: 2);
        bench.Beat(5);

        Assert.Equal([0, 1], bench.Numbers);
        Assert.Equal(0, bench.Buffer.Statistics.Lost);
    }

    [Fact]
    public void A_buffer_that_ran_dry_waits_for_what_comes_a_little_late()
    {
        using JitterBench bench = new();
        for (int i = 0; i < 10; i++)
        {
            bench.Put(i);
            bench.Beat();
        }

        bench.Beat(5);                                          // 100 ms in which nothing comes
        for (int i = 10; i < 15; i++) bench.Put(i);             // then all at once
        for (int i = 15; i < 30; i++)
        {
            bench.Put(i);
            bench.Beat();
        }

        bench.Beat(10);
        Assert.Equal(Enumerable.Range(0, 30), bench.Numbers);
        JitterBufferStatistics s = bench.Buffer.Statistics;
        Assert.Equal((0, 0, 1), (s.Lost, s.Late, s.Underruns));
    }

    [Fact]
    public void The_delay_grows_up_to_its_limit_and_no_further()
    {
        using JitterBench bench = new();
        bench.Put(0);
        bench.Beat(4 + 17);                                     // 340 ms after its place
        Assert.Equal(JitterPutResult.Queued, bench.Put(1));
        bench.Beat(2);
        Assert.Equal(JitterPutResult.Late, bench.Put(2));       // and 20 ms more
        Assert.Equal(1, bench.Buffer.Statistics.Late);
        Assert.Equal(1, bench.Buffer.Statistics.Lost);
    }

    [Fact]
    public void A_stream_that_is_late_for_good_is_followed()
    {
        using JitterBench bench = new();
        for (int i = 0; i < 5; i++)
        {
            bench.Put(i);
            bench.Beat();
        }

        bench.Beat(50);                                         // a second later it goes on where it was
        for (int i = 5; i < 40; i++)
        {
            bench.Put(i);
            bench.Beat();
        }

        bench.Beat(5);
        JitterBufferStatistics s = bench.Buffer.Statistics;
        Assert.Equal(10, s.Late);
        Assert.Equal(1, s.Resynchronizations);
        Assert.Equal([0, 1, 2, 3, 4, .. Enumerable.Range(15, 25)], bench.Numbers);
    }

    [Fact]
    public void A_new_source_is_played_behind_the_old_one()
    {
        using JitterBench bench = new();
        bench.Run("0 | 1 | 2 |");
        bench.Put(700, ssrc: 2, timestampOffset: 123456789);
        bench.Put(701, ssrc: 2, timestampOffset: 123456789);
        bench.Beat(8);

        Assert.Equal([0, 1, 2, 700, 701], bench.Numbers);
        Assert.Equal(0, bench.Buffer.Statistics.Lost);
        Assert.Equal(1, bench.Buffer.Statistics.Resynchronizations);
    }

    [Theory]
    [InlineData(1_000_000u)]
    [InlineData(4_000_000_000u)]
    public void A_jump_of_the_timestamps_is_followed(uint jump)
    {
        using JitterBench bench = new();
        bench.Run("0 | 1 | 2 |");
        for (int i = 3; i < 10; i++)
        {
            bench.Put(i, timestampOffset: jump);
            bench.Beat();
        }

        bench.Beat(4);
        Assert.Equal(Enumerable.Range(0, 10), bench.Numbers);
        Assert.Equal((0, 1), (bench.Buffer.Statistics.Lost, bench.Buffer.Statistics.Resynchronizations));
    }

    [Fact]
    public void A_late_packet_from_before_a_jump_does_not_turn_it_back()
    {
        using JitterBench bench = new();
        bench.Run("0 | 1 |");
        bench.Put(3, timestampOffset: 1_000_000);
        Assert.Equal(JitterPutResult.Late, bench.Put(2));
        bench.Put(4, timestampOffset: 1_000_000);
        bench.Beat(6);

        Assert.Equal([0, 1, 3, 4], bench.Numbers);
        Assert.Equal(1, bench.Buffer.Statistics.Resynchronizations);
    }

    [Fact]
    public void A_jump_of_the_sequence_numbers_is_followed()
    {
        using JitterBench bench = new();
        bench.Run("0 | 1 | 2 |");
        for (int i = 3; i < 10; i++)
        {
            bench.Put(i, sequenceOffset: 30_000);
            bench.Beat();
        }

        bench.Beat(4);
        Assert.Equal(Enumerable.Range(0, 10), bench.Numbers);
        Assert.Equal(0, bench.Buffer.Statistics.Lost);
    }

    [Fact]
    public void The_silence_before_a_spurt_keeps_its_length_when_the_delay_is_about_right()
    {
        using JitterBench bench = new();
        bench.Run("0M | 1 | 2 | | | | | | |");
        bench.Put(8, marker: true, sequenceOffset: -5);
        bench.Beat(5);

        string[] line = bench.Played.Split(' ');
        Assert.Equal("8", line[8 + 3]);
        Assert.Equal(0, bench.Buffer.Statistics.Lost);
    }

    [Theory]
    [InlineData(+7, 3)]     // the sender's clock ran fast: the packet comes early, and waits as long as any
    [InlineData(-2, 1)]     // slow: it is late already, and waits for the rest of the time
    [InlineData(-4, 0)]     // so late that it is played at once
    public void The_delay_is_set_right_at_a_spurt(int drift, int beats)
    {
        using JitterBench bench = new();
        bench.Run("0M | 1 | 2 | 3 | | | | | | | | | | | | | | | |");
        int at = 19 + drift;                                    // number of the packet that comes now, if the clocks agreed: 19
        bench.Put(at, marker: true, sequenceOffset: 4 - at);
        int before = bench.Played.Split(' ').Length;
        bench.Beat(12);

        Assert.True(bench.Played.Split(' ')[before + beats] == $"{at}", bench.Played);
    }

    [Fact]
    public void How_long_it_waits_and_should_wait_is_told()
    {
        using JitterBench bench = new();
        int number = 0;
        for (; number < 2000; number++)
        {
            bench.Put(number);
            bench.Beat();
        }

        // Packets come evenly: the time to begin with is not needed any more.
        Assert.Equal(3 * JitterBench.Frame, bench.Buffer.Lead);
        Assert.Equal(80, bench.Buffer.Target);
        Assert.Equal(bench.Buffer.Lead - bench.Buffer.Target, bench.Buffer.Surplus);

        // Each second one comes 30 ms late.
        for (; number < 3000; number += 2)
        {
            bench.Put(number);
            bench.Beat();
            bench.Now += TimeSpan.FromMilliseconds(10);
            bench.Put(number + 1);
            bench.Now -= TimeSpan.FromMilliseconds(10);
            bench.Beat();
        }

        Assert.InRange(bench.Buffer.Target, 10 * 8, 20 * 8);
        Assert.Equal(0, bench.Buffer.Statistics.Lost);
    }

    [Fact]
    public void A_packet_that_stands_in_for_a_lost_one_is_waited_for()
    {
        using JitterBench bench = new();
        for (int number = 0; number < 3000; number++)
        {
            if (number % 20 != 7) bench.Put(number, covers: 1);
            bench.Beat();
        }

        Assert.InRange(bench.Buffer.Target, 20 * 8, 25 * 8);    // a frame longer than without loss
    }

    [Fact]
    public void A_full_buffer_refuses_and_counts()
    {
        using JitterBench bench = new(new JitterBufferOptions { MaxAhead = TimeSpan.FromSeconds(60) });
        for (int i = 0; i < JitterBuffer.Capacity; i++) Assert.Equal(JitterPutResult.Queued, bench.Put(i));

        Assert.Equal(JitterPutResult.Full, bench.Put(JitterBuffer.Capacity));
        Assert.Equal(1, bench.Buffer.Statistics.Overflows);
    }

    // Milliseconds of a packet; beats are of 20 ms.
    [Theory]
    [InlineData(10)]
    [InlineData(30)]
    [InlineData(60)]
    public void Packets_need_not_be_as_long_as_beats(int milliseconds)
    {
        BufferPool pool = new();
        using JitterBuffer buffer = new(new JitterBufferOptions(), 8000, pool);
        uint units = (uint)milliseconds * 8;
        byte[] payload = new byte[units];
        uint put = 0, taken = 0, played = 0;
        for (int beat = 0; beat < 600; beat++)
        {
            for (; put * units < beat * 160 && put < 100; put++) buffer.Put(new RtpHeader(0, false, (ushort)put, put * units, 1), payload, units, Instant.Zero + TimeSpan.FromMilliseconds(20 * beat));
            while (taken < (beat + 1) * 160)
            {
                PlayoutStep step = buffer.Take(160, Instant.Zero + TimeSpan.FromMilliseconds(20 * beat));
                if (step.Kind == PlayoutKind.Frame) played += step.DurationUnits;
                taken += step.DurationUnits;
            }
        }

        Assert.Equal(100 * units, played);
        Assert.Equal((0, 0), (buffer.Statistics.Lost, buffer.Statistics.Underruns));
    }

    [Fact]
    public void What_happens_in_any_order_never_throws_hangs_or_leaks()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            Random random = new(seed);
            using JitterBench bench = new(new JitterBufferOptions { Delay = TimeSpan.FromMilliseconds(random.Next(10, 200)) });
            int number = 0;
            for (int i = 0; i < 2000; i++)
            {
                switch (random.Next(8))
                {
                    case 0: bench.Beat(); break;
                    case 1: bench.Beat(random.Next(10)); break;
                    case 2: number += random.Next(-50, 50); break;
                    case 3: bench.Put(number, ssrc: (uint)random.Next(3)); break;
                    case 4: bench.Put(number, random.Next(2) == 0, timestampOffset: (uint)random.NextInt64(1L << 32), sequenceOffset: random.Next(65536)); break;
                    case 5: bench.Now += TimeSpan.FromMilliseconds(random.Next(300)); break;
                    case 6: bench.Buffer.PutOther(new RtpHeader(101, false, (ushort)random.Next(65536), 0, 1)); break;
                    default: bench.Put(number++, random.Next(20) == 0); break;
                }

                Assert.InRange(bench.Buffer.Count, 0, JitterBuffer.Capacity);
            }

            // Left alone it plays what it has and then nothing.
            for (int i = 0; bench.Buffer.Count > 0; i++)
            {
                Assert.True(i < 100_000, $"seed {seed}");
                bench.Beat();
            }

            JitterBufferStatistics s = bench.Buffer.Statistics;
            Assert.True(s.Queued >= s.Played, $"seed {seed}: {s}");
        }
    }

    [Fact]
    public void Nothing_is_allocated_in_the_steady_state()
    {
        using JitterBench bench = new();
        byte[] payload = new byte[160];
        int number = 0;
        Steady.AllocatesNothing(() =>
        {
            for (int i = 0; i < 1000; i++, number++)
            {
                bench.Buffer.Put(new RtpHeader(0, false, (ushort)number, (uint)number * 160, 1), payload, 160, bench.Now);
                bench.Buffer.Take(160, bench.Now);
                bench.Now += TimeSpan.FromMilliseconds(20);
            }
        });
    }

    [Fact]
    public void Options_that_contradict_each_other_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new JitterBench(new JitterBufferOptions { Delay = TimeSpan.FromSeconds(2) }));
        Assert.Throws<ArgumentException>(() => new JitterBench(new JitterBufferOptions { MaxDelay = TimeSpan.FromMilliseconds(10) }));
        Assert.Throws<ArgumentException>(() => new JitterBench(new JitterBufferOptions { MinDelay = TimeSpan.FromMilliseconds(70) }));
        Assert.Throws<ArgumentException>(() => new JitterBench(new JitterBufferOptions { MaxAhead = TimeSpan.FromMilliseconds(10) }));
    }

    // What is put in between beats: 3+2 is packet 3 with the two before it as well.
    [Theory]
    [InlineData("nothing is lost", "0 | 1+1 | 2+1 | 3+1 | 4+1 | | | |", ". . . 0 1 2 3 4", 0, 0)]
    [InlineData("one lost", "0 | 2+1 | 3+1 | 4+1 | | | | |", ". . . 0 1r 2 3 4", 1, 0)]
    [InlineData("two lost, one of them for good", "0 | 3+1 | 4+1 | | | | | |", ". . . 0 L 2r 3 4", 2, 0)]
    [InlineData("two lost", "0 | 3+2 | 4+2 | | | | | |", ". . . 0 1r 2r 3 4", 2, 0)]
    [InlineData("it comes itself, later", "0 | 2+1 | 1 | 3+1 | | | | |", ". . . 0 1 2 3", 0, 1)]
    [InlineData("it comes itself, too late", "0 | 2+1 | 3 | 4 | | | 1 | |", ". . . 0 1r 2 3 4", 1, 0)]
    [InlineData("redundancy that is too late", "0 | 2 | 3 | 4 | | | 5+4 | | |", ". . . 0 L 2 3 4 5", 1, 0)]
    [InlineData("the first packets", "2+2 | 3+2 | | | | |", ". 0r 1r 2 3", 2, 0)]
    public void What_packets_hold_of_others_is_played_when_those_are_missing(string what, string script, string played, int lost, int reordered)
    {
        using JitterBench bench = new();

        Assert.StartsWith(played, bench.Run(script).Played, StringComparison.Ordinal);
        Assert.NotEmpty(what);
        Assert.Equal((lost, reordered), (bench.Buffer.Statistics.Lost, bench.Buffer.Statistics.Reordered));
        Assert.Equal(0, bench.Buffer.Statistics.Duplicates);
    }

    [Fact]
    public void Redundancy_of_another_stream_or_far_away_is_refused()
    {
        using JitterBench bench = new();
        bench.Put(0);
        RtpHeader header = new(0, false, (ushort)(bench.FirstSequence + 1), bench.FirstTimestamp + 160, 1);
        Assert.Equal(JitterPutResult.Late, bench.Buffer.PutRedundant(header with { Ssrc = 2 }, 160, 0, new byte[160], 160, bench.Now));
        Assert.Equal(JitterPutResult.Late, bench.Buffer.PutRedundant(header, 16_000, 0, new byte[160], 160, bench.Now));
        Assert.Equal(JitterPutResult.Full, bench.Buffer.PutRedundant(header with { Timestamp = header.Timestamp + 80_000 }, 160, 0, new byte[160], 160, bench.Now));
        Assert.Equal(JitterPutResult.Duplicate, bench.Buffer.PutRedundant(header, 160, 0, new byte[160], 160, bench.Now));
        Assert.Equal(JitterPutResult.Duplicate, bench.Buffer.PutRedundant(header, 80, 0, new byte[160], 160, bench.Now));      // it overlaps what is there
        Assert.Equal(JitterPutResult.Duplicate, bench.Buffer.PutRedundant(header, 240, 0, new byte[160], 160, bench.Now));
        Assert.Equal(1, bench.Buffer.Count);
    }

    [Fact]
    public void Playout_waits_for_as_many_packets_as_it_takes()
    {
        Random random = new(1);
        using JitterBench bench = new();
        for (int i = 0; i < 2000; i++)
        {
            if (random.Next(10) > 0) bench.Put(i, covers: 2);
            bench.Beat();
        }

        Assert.InRange(bench.Buffer.Target, 2 * JitterBench.Frame, (2 * JitterBench.Frame) + 80);
    }
}
