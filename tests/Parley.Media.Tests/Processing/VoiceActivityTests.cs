using Parley.Media.Processing;
using Parley.Media.Tests.Speech;
using Parley.TestSupport;
using Xunit.Abstractions;

namespace Parley.Media.Tests.Processing;

/// <summary>Speech is told from pauses in recorded speech, with noise and without.</summary>
public sealed class VoiceActivityTests(ITestOutputHelper output)
{
    private const int PauseFrames = 20;     // 400 ms without speech are a pause
    private const int Grace = 12;           // of which so many may pass until it is noticed: 240 ms
    private const double SpeechWithin = 25, PauseBelow = 35;    // dB below the loud parts

    private static readonly Lazy<short[]> Said = new(() => RecordedSpeech.Sentences());

    // The noise, its distance in dB, the rate; of 100 frames of 20 ms: the most of speech that may be missed, the least of pauses that must be found.
    [SpeechTheory]
    [InlineData("none", 0, 8000, 0.1, 98)]
    [InlineData("none", 0, 16000, 0.1, 98)]
    [InlineData("none", 0, 48000, 0.1, 98)]
    [InlineData("pink", 20, 8000, 0.5, 98)]
    [InlineData("pink", 20, 16000, 0.5, 98)]
    [InlineData("pink", 20, 48000, 0.5, 98)]
    [InlineData("pink", 10, 8000, 2.5, 98)]
    [InlineData("pink", 10, 16000, 2.5, 98)]
    [InlineData("babble", 20, 8000, 0.5, 40)]
    [InlineData("babble", 20, 16000, 0.5, 40)]
    [InlineData("babble", 10, 8000, 2, 40)]
    public void Speech_is_sent_and_pauses_are_found(string noise, double distance, int rate, double mostMissed, double leastFound)
    {
        short[] said = Said.Value;
        double[]? under = noise switch { "pink" => RecordedSpeech.Pink(said.Length), "babble" => RecordedSpeech.Babble(said.Length), _ => null };
        short[] heard = RecordedSpeech.At(under is null ? said : RecordedSpeech.With(said, under, distance), rate);
        double[] levels = RecordedSpeech.Levels([.. said.Select(sample => (double)sample)]);
        double loud = RecordedSpeech.Loud(levels);
        bool[] isActive = Detect(heard, rate, levels.Length);

        (int speech, int missed, int pause, int found) = (0, 0, 0, 0);
        for (int i = 0, quiet = 0; i < levels.Length; i++)
        {
            if (levels[i] > loud - SpeechWithin)
            {
                speech++;
                if (!isActive[i]) missed++;
            }

            quiet = levels[i] < loud - PauseBelow ? quiet + 1 : 0;
            if (quiet <= Grace) continue;
            int last = i;
            while (last + 1 < levels.Length && levels[last + 1] < loud - PauseBelow) last++;
            if (last - i + quiet < PauseFrames) continue;
            pause++;
            if (!isActive[i]) found++;
        }

        double missedPercent = 100.0 * missed / speech, foundPercent = 100.0 * found / pause;
        output.WriteLine($"{speech} frames of speech, {missedPercent:0.00} % missed; {pause} of pauses, {foundPercent:0.0} % found; {100.0 * isActive.Count(x => x) / isActive.Length:0.0} % sent");
        Assert.True(speech > 1000 && pause > 400, $"{speech} {pause}");
        Assert.True(missedPercent <= mostMissed, $"{missedPercent:0.00} % missed");
        Assert.True(foundPercent >= leastFound, $"{foundPercent:0.0} % found");
    }

    // An onset is never cut: the frame in which a sentence begins after a pause is sent, and the one in which it ends as well.
    [SpeechFact]
    public void Words_are_sent_from_their_first_frame_to_their_last()
    {
        short[] heard = RecordedSpeech.With(Said.Value, RecordedSpeech.Pink(Said.Value.Length), 30);
        double[] levels = RecordedSpeech.Levels([.. Said.Value.Select(sample => (double)sample)]);
        double loud = RecordedSpeech.Loud(levels);
        bool[] isActive = Detect(heard, RecordedSpeech.SampleRate, levels.Length);

        int begun = 0;
        for (int i = PauseFrames; i + PauseFrames < levels.Length; i++)
        {
            bool isOnset = levels[i] > loud - SpeechWithin && levels[(i - PauseFrames)..i].All(level => level < loud - SpeechWithin);
            bool isEnd = levels[i] > loud - SpeechWithin && levels[(i + 1)..(i + PauseFrames)].All(level => level < loud - SpeechWithin);
            if (isOnset) begun++;
            Assert.True(!(isOnset || isEnd) || isActive[i], $"The frame at {i * 20} ms is missed.");
        }

        Assert.InRange(begun, 8, 100);
    }

    [Fact]
    public void Noise_that_grows_louder_is_noise_again_within_three_seconds()
    {
        short[] noise = [.. RecordedSpeech.Pink(80_000).Select((sample, i) => (short)(sample * (i < 24_000 ? 30 : 200)))];

        bool[] isActive = Detect(noise, 8000, 500);

        Assert.All(isActive[20..150], Assert.False);
        Assert.True(isActive[155]);
        Assert.All(isActive[300..], Assert.False);
    }

    [Theory]
    [InlineData(425)]
    [InlineData(1000)]
    public void A_tone_that_goes_on_is_no_noise(double hertz)
    {
        bool[] isActive = Detect(TestSound.Sine(hertz, 10, 8000, 4000), 8000, 500);
        Assert.All(isActive, Assert.True);
    }

    [Theory]
    [InlineData(8000)]
    [InlineData(11025)]
    [InlineData(44100)]
    [InlineData(48000)]
    public void Silence_is_no_speech_once_it_is_known(int rate)
    {
        bool[] isActive = Detect(new short[rate], rate, 50);
        Assert.All(isActive[..9], Assert.True);
        Assert.All(isActive[11..], Assert.False);
    }

    [Fact]
    public void Any_sound_is_judged()
    {
        Random random = new(9);
        var detector = new VoiceActivityDetector(16000);
        short[] samples = new short[700];
        for (int i = 0; i < 2000; i++)
        {
            foreach (ref short sample in samples.AsSpan()) sample = random.Next(3) == 0 ? (short)random.Next(short.MinValue, short.MaxValue + 1) : random.Next(2) == 0 ? short.MinValue : (short)0;
            detector.Process(samples.AsSpan(0, random.Next(samples.Length)));
            Assert.True(double.IsFinite(detector.NoiseLevel));
        }
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        var detector = new VoiceActivityDetector(48000);
        short[] frame = [.. RecordedSpeech.Pink(960).Select(sample => (short)(sample * 500))];
        Steady.AllocatesNothing(() => detector.Process(frame));
    }

    private static bool[] Detect(short[] sound, int rate, int frames)
    {
        var detector = new VoiceActivityDetector(rate);
        int frame = rate / 50;
        bool[] isActive = new bool[frames];
        for (int i = 0; i < frames && (i + 1) * frame <= sound.Length; i++) isActive[i] = detector.Process(sound.AsSpan(i * frame, frame));
        return isActive;
    }
}
