namespace Parley.Media.Tests.Codecs;

/// <summary>Sound that codecs take for speech, and how like one sound is to another.</summary>
internal static class Vowels
{
    /// <summary>Vowels of a gliding voice, by their formants, in syllables of a quarter second with short pauses.</summary>
    public static short[] Speak(TimeSpan duration, int sampleRate)
    {
        (double F1, double F2, double F3)[] vowels = [(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410)];
        short[] samples = new short[(int)(duration.TotalSeconds * sampleRate)];
        double phase = 0;
        for (int i = 0; i < samples.Length; i++)
        {
            double time = (double)i / sampleRate, within = time * 4 % 1;
            (double f1, double f2, double f3) = vowels[(int)(time * 4) % vowels.Length];
            double pitch = 120 + (30 * Math.Sin(time * 5));
            phase += pitch / sampleRate;
            double sum = 0;
            for (int harmonic = 1; harmonic * pitch < Math.Min(3600, sampleRate / 2.2); harmonic++)
            {
                double frequency = harmonic * pitch;
                sum += (Peak(frequency, f1, 90) + (0.5 * Peak(frequency, f2, 120)) + (0.25 * Peak(frequency, f3, 160)) + 0.01) * Math.Sin(2 * Math.PI * harmonic * phase);
            }

            double envelope = within < 0.85 ? Math.Sin(Math.PI * within / 0.85) : 0;
            samples[i] = (short)(4500 * envelope * sum);
        }

        return samples;
    }

    /// <summary>The correlation of two sounds at the shift that suits best.</summary>
    /// <returns>1 when one is the other, louder or softer; 0 when they have nothing in common.</returns>
    public static double Likeness(ReadOnlySpan<short> a, ReadOnlySpan<short> b, int maxShift)
    {
        double best = -1;
        int length = Math.Min(a.Length, b.Length) - maxShift;
        for (int shift = 0; shift <= maxShift; shift++)
        {
            double product = 0, first = 0, second = 0;
            for (int i = 0; i < length; i++)
            {
                double x = a[i], y = b[i + shift];
                (product, first, second) = (product + (x * y), first + (x * x), second + (y * y));
            }

            best = Math.Max(best, product / Math.Sqrt((first * second) + 1));
        }

        return best;
    }

    /// <summary>The energy of what two sounds differ in.</summary>
    public static double Error(ReadOnlySpan<short> a, ReadOnlySpan<short> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += Math.Pow(a[i] - b[i], 2);
        return sum;
    }

    /// <summary>The ratio of a sound to what another differs from it in, at the shift that suits best.</summary>
    /// <returns>dB.</returns>
    public static double SignalToNoise(ReadOnlySpan<short> sound, ReadOnlySpan<short> heard, int maxShift)
    {
        double best = double.MinValue;
        int length = Math.Min(sound.Length, heard.Length) - maxShift;
        for (int shift = 0; shift <= maxShift; shift++)
        {
            double signal = 0;
            for (int i = 0; i < length; i++) signal += (double)sound[i] * sound[i];
            best = Math.Max(best, 10 * Math.Log10(signal / (Error(sound[..length], heard.Slice(shift, length)) + 1)));
        }

        return best;
    }

    private static double Peak(double frequency, double centre, double width) => 1 / (1 + Math.Pow((frequency - centre) / width, 2));
}
