using Parley.Core;
using Parley.Media.Recording;
using Parley.TestSupport;

namespace Parley.Media.Tests.Recording;

/// <summary>Both directions of a call on one time line.</summary>
public class RecordingTimelineTests
{
    private static readonly Instant Start = Instant.FromTicks(123_456_789);
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(20);

    [Theory]
    [InlineData(8000, 8000, 8000)]
    [InlineData(16000, 8000, 16000)]
    [InlineData(48000, 16000, 8000)]
    [InlineData(8000, 44100, 48000)]
    public void What_was_at_one_time_stands_side_by_side(int receivedRate, int sentRate, int rate)
    {
        var timeline = new RecordingTimeline(RecordAs.Both, rate);
        short[] received = Clicks(receivedRate, 0.5, 1.25), sent = Clicks(sentRate, 0.75, 1.25);
        List<short> file = [];
        for (int beat = 0; beat < 100; beat++)
        {
            // What is heard begins later, and its beats are not those of what is said.
            if (beat >= 10) timeline.AddReceived(Start + (Beat * beat) + TimeSpan.FromMilliseconds(7), receivedRate, Piece(received, receivedRate, (0.02 * beat) + 0.007));
            timeline.AddSent(Start + (Beat * beat), sentRate, Piece(sent, sentRate, 0.02 * beat));
            file.AddRange(timeline.Take());
        }

        Finish(timeline, file);
        Assert.InRange(file.Count / 2.0 / rate, 2.0, 2.008);
        AssertClicks(Channel(file, 0), rate, 0.5, 1.25);
        AssertClicks(Channel(file, 1), rate, 0.75, 1.25);
    }

    [Fact]
    public void A_direction_that_has_nothing_is_silent_and_nobody_waits_for_it_long()
    {
        var timeline = new RecordingTimeline(RecordAs.Both, 8000);
        short[] tone = TestSound.Sine(400, 4, 8000);
        List<short> file = [];
        for (int beat = 0; beat < 200; beat++)
        {
            timeline.AddReceived(Start + (Beat * beat), 8000, tone.AsSpan(beat * 160, 160));
            if (beat is < 50 or >= 150) timeline.AddSent(Start + (Beat * beat), 8000, tone.AsSpan(beat * 160, 160));      // on hold between
            file.AddRange(timeline.Take());
            Assert.InRange(((beat + 1) * 160) - (file.Count / 2), 0, 1600);
        }

        Finish(timeline, file);
        Assert.Equal(tone, Channel(file, 0));
        short[] said = Channel(file, 1);
        Assert.Equal(tone[..8000], said[..8000]);
        Assert.All(said[8000..24000], sample => Assert.Equal(0, sample));
        Assert.Equal(tone[24000..], said[24000..]);
    }

    [Fact]
    public void What_was_there_already_and_what_comes_too_late_is_left_out()
    {
        var timeline = new RecordingTimeline(RecordAs.Both, 8000);
        timeline.AddReceived(Start, 8000, Constant(1, 800));
        timeline.AddReceived(Start + TimeSpan.FromMilliseconds(50), 8000, Constant(2, 800));
        timeline.AddReceived(Start + TimeSpan.FromMilliseconds(150), 8000, Constant(3, 4000));
        List<short> file = [.. timeline.Take()];
        timeline.AddSent(Start, 8000, Constant(9, 4000));        // half a second behind, of which 200 ms are waited for
        Finish(timeline, file);

        Assert.Equal([.. Constant(1, 800), .. Constant(2, 400), .. Constant(3, 4000)], Channel(file, 0));
        short[] said = Channel(file, 1);
        Assert.Equal([.. new short[3600], .. Constant(9, 400), .. new short[1200]], said);
    }

    [Fact]
    public void The_time_of_a_pause_is_left_out_and_so_is_a_long_one_without_any_sound()
    {
        var timeline = new RecordingTimeline(RecordAs.Mixed, 8000);
        List<short> file = [];
        timeline.AddReceived(Start, 8000, Constant(1, 800));
        timeline.AddSent(Start + TimeSpan.FromMilliseconds(50), 8000, Constant(10, 800));
        timeline.Pause();
        file.AddRange(timeline.Take());
        timeline.AddReceived(Start + TimeSpan.FromSeconds(5), 8000, Constant(2, 800));
        timeline.AddReceived(Start + TimeSpan.FromHours(5), 8000, Constant(3, 800));
        Finish(timeline, file);

        Assert.Equal([.. Constant(1, 400), .. Constant(11, 400), .. Constant(10, 400), .. Constant(2, 800), .. Constant(3, 800)], file);
    }

    [Theory]
    [InlineData(RecordAs.Received, 1, 20_000)]
    [InlineData(RecordAs.Sent, 1, 15_000)]
    [InlineData(RecordAs.Mixed, 1, 32_767)]
    [InlineData(RecordAs.Both, 2, 20_000)]
    public void What_is_wanted_comes_out(RecordAs recordAs, int channels, int first)
    {
        var timeline = new RecordingTimeline(recordAs, 8000);
        timeline.AddReceived(Start, 8000, Constant(20_000, 160));
        timeline.AddSent(Start, 8000, Constant(15_000, 160));
        List<short> file = [];
        Finish(timeline, file);

        Assert.Equal((channels, 160 * channels, first), (timeline.Channels, file.Count, file[0]));
        if (channels == 2) Assert.Equal(15_000, file[1]);
    }

    [Fact]
    public void A_clock_that_runs_a_little_fast_leaves_no_hole_in_each_piece()
    {
        var timeline = new RecordingTimeline(RecordAs.Both, 8000);
        List<short> file = [];
        for (int beat = 0; beat < 500; beat++)
        {
            timeline.AddReceived(Start + (beat * TimeSpan.FromTicks(200_100)), 8000, Constant(1, 160));       // 0.05 % more
            timeline.AddSent(Start + (beat * Beat), 8000, Constant(2, 160));
            file.AddRange(timeline.Take());
        }

        Finish(timeline, file);
        // After ten seconds it is 5 ms off, made good for in steps of the accuracy.
        short[] heard = Channel(file, 0);
        Assert.InRange(heard.Count(sample => sample == 0), 32, 41);
        Assert.InRange(heard.Zip(heard.Skip(1)).Count(pair => pair.First != 0 && pair.Second == 0), 3, 5);
    }

    private static void Finish(RecordingTimeline timeline, List<short> file)
    {
        timeline.Pause();
        file.AddRange(timeline.Take());
        Assert.True(timeline.Take().IsEmpty);
    }

    private static short[] Channel(List<short> file, int channel) => [.. file.Where((_, i) => i % 2 == channel)];

    private static short[] Constant(short value, int count) => [.. Enumerable.Repeat(value, count)];

    /// <summary>Two seconds of silence with a short soft pulse at some times.</summary>
    private static short[] Clicks(int rate, params double[] seconds)
    {
        short[] samples = new short[(int)(2.1 * rate)];
        foreach (double second in seconds)
        {
            int middle = (int)Math.Round(second * rate), half = rate / 500;
            for (int i = -half; i <= half; i++) samples[middle + i] = (short)(16_000 * Math.Pow(Math.Cos(Math.PI * i / (2 * half)), 2));
        }

        return samples;
    }

    private static ReadOnlySpan<short> Piece(short[] samples, int rate, double second) => samples.AsSpan((int)Math.Round(second * rate), rate / 50);

    private static void AssertClicks(short[] samples, int rate, params double[] seconds)
    {
        double[] found = [.. Enumerable.Range(1, samples.Length - 2).Where(i => samples[i] > 12_000 && samples[i] >= samples[i - 1] && samples[i] > samples[i + 1]).Select(i => (double)i / rate)];
        Assert.Equal(seconds.Length, found.Length);
        for (int i = 0; i < seconds.Length; i++) Assert.InRange(Math.Abs(found[i] - seconds[i]), 0, RecordingTimeline.Accuracy.TotalSeconds);
    }
}
