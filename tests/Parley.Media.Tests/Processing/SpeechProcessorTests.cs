using Parley.Media.Processing;
using Parley.Media.Tests.Speech;
using Parley.Voice;

namespace Parley.Media.Tests.Processing;

/// <summary>A test that needs libspeexdsp and recorded speech.</summary>
public sealed class SpeexTheoryAttribute : TheoryAttribute
{
    public SpeexTheoryAttribute() => Skip = SpeechProcessor.IsAvailable ? RecordedSpeech.WhyNot : $"{SpeechProcessor.Library} is not installed.";
}

/// <summary>What a microphone hears is made fit to be sent: echoes, noise and loudness, on recorded speech.</summary>
public sealed class SpeechProcessorTests(Xunit.Abstractions.ITestOutputHelper output)
{
    private const int Seconds = 30, Learning = 10;

    // The rate; the least echo return loss enhancement in dB, by cancelling alone and with all that is done to the sound.
    [SpeexTheory]
    [InlineData(8000, 30, 25)]
    [InlineData(16000, 28, 20)]
    [InlineData(48000, 28, 20)]
    public void An_echo_of_the_room_is_taken_out(int rate, double leastByCancelling, double leastInAll)
    {
        short[] played = Talk(rate), echo = Echo(played, rate);
        double cancelled = Level(echo, rate) - Level(Process(rate, SpeechProcessing.EchoCancellation, echo, played), rate), all = Level(echo, rate) - Level(Process(rate, SpeechProcessing.All, echo, played), rate);
        output.WriteLine($"{cancelled:0.0} dB by cancelling, {all:0.0} dB in all");
        Assert.True(cancelled >= leastByCancelling, $"{cancelled:0.0}");
        Assert.True(all >= leastInAll, $"{all:0.0}");
    }

    [SpeexTheory]
    [InlineData(8000, 0.9)]
    [InlineData(16000, 0.9)]
    public void Who_speaks_into_an_echo_is_understood(int rate, double intelligibility)
    {
        short[] played = Talk(rate), echo = Echo(played, rate);
        short[] near = [.. new short[rate * 5], .. RecordedSpeech.At(RecordedSpeech.Sentences(pauses: 0, sentences: 5), rate)];
        Array.Resize(ref near, played.Length);
        short[] heard = [.. near.Zip(echo, (voice, reflection) => (short)Math.Clamp(voice + reflection, short.MinValue, short.MaxValue))];

        double score = Intelligibility.Of(near, rate, Process(rate, SpeechProcessing.All, heard, played), rate).Score;

        output.WriteLine($"{score:0.000}");
        Assert.True(score >= intelligibility, $"{score:0.000}");
    }

    [SpeexTheory]
    [InlineData(8000, 5)]
    [InlineData(16000, 5)]
    [InlineData(48000, 5)]
    public void Noise_is_made_softer_and_speech_is_not_made_worse(int rate, double least)
    {
        short[] clean = RecordedSpeech.Sentences(sentences: 5);
        short[] speech = RecordedSpeech.At(clean, rate), noisy = RecordedSpeech.At(RecordedSpeech.With(clean, RecordedSpeech.Pink(clean.Length), 20), rate);
        short[] heard = Process(rate, SpeechProcessing.NoiseReduction, noisy, new short[noisy.Length]);

        double[] said = Levels(speech, rate), before = Levels(noisy, rate), behind = Levels(heard, rate);
        int[] pauses = [.. Enumerable.Range(250, said.Length - 250).Where(i => said[(i - 15)..i].All(level => level < -70))];
        double reduced = Mean(before, pauses) - Mean(behind, pauses);
        (double was, double now) = (Intelligibility.Of(speech, rate, noisy, rate).Score, Intelligibility.Of(speech, rate, heard, rate).Score);

        output.WriteLine($"{reduced:0.0} dB softer in {pauses.Length} frames of pauses; intelligibility {was:0.000} before, {now:0.000} behind");
        Assert.True(pauses.Length > 100 && reduced >= least, $"{reduced:0.0}");
        Assert.True(now >= was - 0.01, $"{was:0.000} {now:0.000}");
    }

    // Level of speech that goes in; what comes out once it is known is -26 dBov, to 3 dB.
    [SpeexTheory]
    [InlineData(8000, -40)]
    [InlineData(8000, -14)]
    [InlineData(16000, -40)]
    [InlineData(48000, -40)]
    public void Loudness_is_evened_out(int rate, double level)
    {
        double gain = Math.Pow(10, (level - RecordedSpeech.Level) / 20);
        short[] speech = [.. Talk(rate).Select(sample => (short)Math.Clamp(sample * gain, short.MinValue, short.MaxValue))];

        double[] levels = Levels(Process(rate, SpeechProcessing.GainControl, speech, new short[speech.Length]), rate)[(Learning * 50)..];

        double loud = RecordedSpeech.Loud(levels), spoken = 10 * Math.Log10(levels.Where(l => l > loud - 25).Average(l => Math.Pow(10, l / 10)));
        output.WriteLine($"{spoken:0.0} dBov");
        Assert.InRange(spoken, -29, -23);
    }

    [SpeexTheory]
    [InlineData(48000)]
    public void Nothing_is_allocated(int rate)
    {
        using var processor = new SpeechProcessor(rate, SpeechProcessing.All);
        short[] spoken = new short[rate / 100], played = [.. RecordedSpeech.Pink(rate / 100).Select(sample => (short)(sample * 1000))];
        Steady.AllocatesNothing(() => processor.Process(spoken, played));
    }

    private static short[] Talk(int rate) => RecordedSpeech.At(RecordedSpeech.Sentences(pauses: 0.2), rate)[..(Seconds * rate)];

    /// <summary>What a microphone hears of it: 40 ms later, 12 dB softer, by way of a room that rings for 60 ms.</summary>
    private static short[] Echo(short[] played, int rate)
    {
        Random random = new(1);
        int delay = rate * 40 / 1000, length = rate * 60 / 1000;
        double[] room = [.. Enumerable.Range(0, length).Select(i => i == 0 ? 1 : i % (rate / 8000) == 0 ? ((random.NextDouble() * 2) - 1) * 0.3 * Math.Exp(-i / (rate * 0.012)) : 0)];
        double gain = Math.Pow(10, -12 / 20.0) / Math.Sqrt(room.Sum(tap => tap * tap));
        int[] taps = [.. Enumerable.Range(0, length).Where(i => room[i] != 0)];
        short[] echo = new short[played.Length];
        for (int i = delay; i < echo.Length; i++)
        {
            double sum = 0;
            foreach (int tap in taps)
            {
                if (tap > i - delay) break;
                sum += room[tap] * played[i - delay - tap];
            }

            echo[i] = (short)Math.Round(sum * gain);
        }

        return echo;
    }

    private static short[] Process(int rate, SpeechProcessing processing, short[] spoken, short[] played)
    {
        using var processor = new SpeechProcessor(rate, processing);
        short[] sound = [.. spoken];
        for (int at = 0; at + processor.FrameSamples <= sound.Length; at += processor.FrameSamples)
            processor.Process(sound.AsSpan(at, processor.FrameSamples), played.AsSpan(at, processor.FrameSamples));
        return sound;
    }

    private static double[] Levels(short[] sound, int rate) => RecordedSpeech.Levels([.. sound.Select(sample => (double)sample)], rate);

    private static double Level(short[] sound, int rate) => Mean(Levels(sound, rate), [.. Enumerable.Range(Learning * 50, (Seconds - Learning) * 50)]);

    private static double Mean(double[] levels, int[] frames) => 10 * Math.Log10(frames.Average(i => Math.Pow(10, levels[i] / 10)));
}
