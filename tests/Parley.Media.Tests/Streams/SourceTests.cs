using Parley.Media.Files;
using Parley.Media.Processing;
using Parley.Media.Streams;
using Parley.TestSupport;

namespace Parley.Media.Tests.Streams;

public class SourceTests
{
    [Theory]
    [InlineData(8000)]
    [InlineData(16000)]
    [InlineData(44100)]
    public void Sound_from_memory_is_played_to_its_last_sample(int rate)
    {
        short[] speech = TestSound.Speech(1, rate);
        PcmSource source = new(new PcmAudio(speech, rate, 1));
        source.Start(8000);

        short[] played = ReadAll(source, 8000);

        Assert.Equal(Resampler.Convert(speech, rate, 8000), played);
        Assert.Equal(0, source.Read(new short[160]));
    }

    [Fact]
    public void A_repeated_sound_begins_again()
    {
        short[] sound = [.. Enumerable.Range(1, 100).Select(i => (short)i)];
        PcmSource source = new(new PcmAudio(sound, 8000, 1), repeats: true);
        source.Start(8000);
        short[] played = new short[250];

        Assert.Equal(250, source.Read(played));
        Assert.Equal([.. sound, .. sound, .. sound[..50]], played);
    }

    [Fact]
    public void Stereo_is_mixed_down()
    {
        PcmSource source = new(new PcmAudio(new short[] { 10, 20, 30, 50 }, 8000, 2));
        source.Start(8000);

        Assert.Equal([15, 40], ReadAll(source, 8000));
    }

    [Fact]
    public void A_source_that_was_not_started_says_so()
    {
        Assert.Throws<InvalidOperationException>(() => new PcmSource(new PcmAudio(new short[1], 8000, 1)).Read(new short[1]));
    }

    [Theory]
    [InlineData(8000)]
    [InlineData(48000)]
    public void The_tune_is_heard_never_too_loud_and_goes_on_for_ever(int rate)
    {
        MelodySource source = new();
        source.Start(rate);
        short[] once = new short[(int)(MelodySource.Duration.TotalSeconds * rate)], again = new short[once.Length];

        Assert.Equal(once.Length, source.Read(once));
        Assert.Equal(again.Length, source.Read(again));

        Assert.Equal(once, again);
        Assert.InRange(once.Max(s => Math.Abs((int)s)), 5_000, 30_000);
        for (int second = 0; second < MelodySource.Duration.TotalSeconds; second++)
        {
            Assert.True(once.AsSpan(second * rate, rate).ToArray().Max() > 2_000, $"second {second} is silent");
        }
    }

    [Fact]
    public void The_tune_goes_on_where_it_was_when_the_rate_changes()
    {
        MelodySource source = new(), other = new();
        source.Start(8000);
        source.Read(new short[8000]);
        source.Start(16000);
        other.Start(16000);
        other.Read(new short[16000]);
        short[] a = new short[100], b = new short[100];
        source.Read(a);
        other.Read(b);

        Assert.Equal(b, a);
    }

    [Fact]
    public void Ringing_sounds_for_one_second_in_five()
    {
        ToneSource tone = ToneSource.Ringback();
        tone.Start(8000);
        short[] samples = new short[10 * 8000];
        tone.Read(samples);

        for (int second = 0; second < 10; second++)
        {
            int crossings = Enumerable.Range((second * 8000) + 1, 7999).Count(i => samples[i - 1] < 0 && samples[i] >= 0);
            Assert.InRange(crossings, second % 5 == 0 ? 424 : 0, second % 5 == 0 ? 426 : 0);
        }

        Assert.InRange(samples.Max(s => Math.Abs((int)s)), 5_100, 5_250);        // -16 dB
    }

    [Fact]
    public void An_echo_gives_back_what_it_got_in_order()
    {
        EchoAudio echo = new();
        echo.Start(8000);
        short[] speech = TestSound.Speech(3);
        List<short> heard = [];
        short[] frame = new short[160];
        for (int at = 0; at < speech.Length; at += 160)
        {
            echo.Write(speech.AsSpan(at, 160));
            Assert.Equal(160, echo.Read(frame));
            heard.AddRange(frame);
        }

        // A beat later, as what is written and what is read need not be on the same beats.
        Assert.Equal([.. new short[160], .. speech[..^160]], heard);
        echo.Read(frame);
        Assert.Equal(speech[^160..], frame);
        echo.Read(frame);
        Assert.Equal(new short[160], frame);        // nothing there is silence, not the end
    }

    [Fact]
    public void An_echo_that_nobody_reads_keeps_the_last_second()
    {
        EchoAudio echo = new();
        echo.Start(8000);
        for (short i = 0; i < 100; i++) echo.Write([.. Enumerable.Repeat(i, 160)]);
        short[] frame = new short[8000];
        echo.Read(frame);

        Assert.Equal(50, frame[0]);
        Assert.Equal(99, frame[^1]);
        Assert.Equal(51 * 160, echo.Dropped);       // the silence at the beginning as well
    }

    [Fact]
    public void Silence_never_ends()
    {
        short[] frame = [1, 2, 3];
        Assert.Equal(3, new SilenceSource().Read(frame));
        Assert.Equal([0, 0, 0], frame);
    }

    private static short[] ReadAll(PcmSource source, int limit)
    {
        List<short> all = [];
        short[] frame = new short[160];
        int got;
        do
        {
            got = source.Read(frame);
            all.AddRange(frame[..got]);
            Assert.True(all.Count <= limit + 160);
        }
        while (got == 160);
        return [.. all];
    }
}
