using Parley.Media.Files;
using Parley.Media.Processing;

namespace Parley.Media.Tests.Speech;

/// <summary>A test that needs recorded speech.</summary>
public sealed class SpeechFactAttribute : FactAttribute
{
    public SpeechFactAttribute() => Skip = RecordedSpeech.WhyNot;
}

/// <summary>A table of tests that need recorded speech.</summary>
public sealed class SpeechTheoryAttribute : TheoryAttribute
{
    public SpeechTheoryAttribute() => Skip = RecordedSpeech.WhyNot;
}

/// <summary>What a person said into a microphone: prompts of Debian's asterisk-core-sounds-en-wav, 8 kHz, and noise to lay under them.</summary>
internal static class RecordedSpeech
{
    public const int SampleRate = 8000;

    /// <summary>The level that speech is brought to, of its speaking parts: dBov, as telephones have it (ITU-T P.56).</summary>
    public const double Level = -26;

    private const string Folder = "/usr/share/asterisk/sounds/en_US_f_Allison";
    private const double FullScale = 32767;

    private static readonly string[] Said =
        ["vm-opts-full", "vm-advopts", "vm-forwardoptions", "dir-intro", "vm-options", "conf-getpin", "demo-thanks", "demo-nomatch", "demo-abouttotry", "vm-intro", "vm-msginstruct", "invalid"];

    private static readonly string[] Crowd =
        ["conf-usermenu", "demo-moreinfo", "demo-instruct", "demo-congrats", "priv-callee-options", "screen-callee-options", "conf-adminmenu", "dir-intro-fn"];

    /// <summary>Why there is none; null when there is.</summary>
    public static string? WhyNot => File.Exists($"{Folder}/vm-opts-full.wav") ? null : "asterisk-core-sounds-en-wav is not installed.";

    /// <summary>Sentences, each of 6 s at most and followed by a pause.</summary>
    /// <param name="pauses">How long a pause is, as a share of the sentence before it; null for 1.5 s each.</param>
    /// <param name="sentences">How many.</param>
    public static short[] Sentences(double? pauses = null, int sentences = 12)
    {
        List<double> all = [];
        foreach (string name in Said.Where(name => File.Exists($"{Folder}/{name}.wav")).Take(sentences))
        {
            short[] sentence = Trimmed(Read(name));
            sentence = sentence[..Math.Min(sentence.Length, 6 * SampleRate)];
            all.AddRange(sentence.Select(sample => (double)sample));
            all.AddRange(new double[pauses is { } share ? (int)(share * sentence.Length) : SampleRate * 3 / 2]);
        }

        double gain = Math.Pow(10, (Level - LevelOf([.. all])) / 20);
        return [.. all.Select(sample => (short)Math.Round(sample * gain))];
    }

    /// <summary>Many who speak at once.</summary>
    public static double[] Babble(int samples)
    {
        double[] sum = new double[samples];
        for (int voice = 0; voice < Crowd.Length; voice++)
        {
            short[] said = Read(Crowd[voice]);
            for (int i = 0; i < samples; i++) sum[i] += said[(i + (voice * 7919)) % said.Length];
        }

        return sum;
    }

    /// <summary>Noise with as much power in each octave (a filter of Paul Kellet's on white noise).</summary>
    public static double[] Pink(int samples, int seed = 1)
    {
        Random random = new(seed);
        double[] noise = new double[samples];
        (double a, double b, double c) = (0, 0, 0);
        for (int i = 0; i < samples; i++)
        {
            double white = (random.NextDouble() * 2) - 1;
            (a, b, c) = ((0.99765 * a) + (white * 0.0990460), (0.96300 * b) + (white * 0.2965164), (0.57000 * c) + (white * 1.0526913));
            noise[i] = a + b + c + (white * 0.1848);
        }

        return noise;
    }

    /// <summary>Speech with noise under it.</summary>
    /// <param name="speech">What is said.</param>
    /// <param name="noise">As long.</param>
    /// <param name="signalToNoise">dB by which the speaking parts are louder.</param>
    public static short[] With(ReadOnlySpan<short> speech, ReadOnlySpan<double> noise, double signalToNoise)
    {
        double[] said = new double[speech.Length];
        for (int i = 0; i < said.Length; i++) said[i] = speech[i];
        double power = 0;
        foreach (double sample in noise) power += sample * sample / noise.Length;
        double gain = Math.Pow(10, (LevelOf(said) - signalToNoise) / 20) * FullScale / Math.Sqrt(power);
        short[] mixed = new short[speech.Length];
        for (int i = 0; i < mixed.Length; i++) mixed[i] = (short)Math.Clamp(Math.Round(said[i] + (noise[i] * gain)), short.MinValue, short.MaxValue);
        return mixed;
    }

    /// <summary>At another rate.</summary>
    public static short[] At(ReadOnlySpan<short> sound, int sampleRate)
    {
        var resampler = new Resampler(SampleRate, sampleRate);
        short[] samples = new short[resampler.MaxOutput(sound.Length) + resampler.MaxFlush];
        int count = resampler.Process(sound, samples);
        count += resampler.Flush(samples.AsSpan(count));
        return samples[..count];
    }

    /// <summary>The level of each 20 ms: dBov.</summary>
    public static double[] Levels(ReadOnlySpan<double> sound, int sampleRate = SampleRate)
    {
        int frame = sampleRate / 50;
        double[] levels = new double[sound.Length / frame];
        for (int i = 0; i < levels.Length; i++)
        {
            double squares = 0;
            foreach (double sample in sound.Slice(i * frame, frame)) squares += sample * sample;
            levels[i] = 10 * Math.Log10((squares / frame / (FullScale * FullScale)) + 1e-10);
        }

        return levels;
    }

    /// <summary>How loud somebody speaks while he speaks: of the frames that are no more than 25 dB softer than the loudest.</summary>
    private static double LevelOf(double[] sound)
    {
        double[] levels = Levels(sound);
        double loud = Loud(levels);
        return 10 * Math.Log10(levels.Where(level => level > loud - 25).Average(level => Math.Pow(10, level / 10)));
    }

    /// <summary>What 19 of 20 frames do not exceed.</summary>
    public static double Loud(double[] levels) => levels.Order().ElementAt((int)(levels.Length * 0.95));

    private static short[] Read(string name)
    {
        using FileStream stream = File.OpenRead($"{Folder}/{name}.wav");
        Assert.True(WavReader.TryRead(stream, out PcmAudio? audio, out AudioFileError error), $"{name}: {error}");
        return audio!.Samples.ToArray();
    }

    private static short[] Trimmed(short[] sound)
    {
        int from = Array.FindIndex(sound, sample => Math.Abs((int)sample) > 100), to = Array.FindLastIndex(sound, sample => Math.Abs((int)sample) > 100);
        return sound[Math.Max(0, from - 400)..Math.Min(sound.Length, to + 400)];
    }
}
