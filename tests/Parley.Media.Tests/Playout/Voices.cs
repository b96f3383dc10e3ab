namespace Parley.Media.Tests.Playout;

/// <summary>Sound as voices make it, of known pitch.</summary>
internal static class Voices
{
    /// <summary>A vowel: harmonics of a pitch, the higher the weaker.</summary>
    public static short[] Vowel(double pitch, int sampleRate, int samples, double amplitude = 6000)
    {
        short[] sound = new short[samples];
        for (int i = 0; i < samples; i++)
        {
            double value = 0;
            for (int harmonic = 1; harmonic <= 8 && harmonic * pitch < sampleRate / 2.2; harmonic++)
            {
                value += Math.Sin((2 * Math.PI * harmonic * pitch * i / sampleRate) + (harmonic * harmonic)) / harmonic;
            }

            sound[i] = (short)(amplitude * value);
        }

        return sound;
    }

    /// <summary>A hiss.</summary>
    public static short[] Noise(int samples, int seed = 1, int amplitude = 3000)
    {
        Random random = new(seed);
        short[] sound = new short[samples];
        for (int i = 0; i < samples; i++) sound[i] = (short)random.Next(-amplitude, amplitude);
        return sound;
    }

    /// <summary>How much louder a sound is than its difference from another.</summary>
    public static double SignalToNoise(ReadOnlySpan<short> sound, ReadOnlySpan<short> other)
    {
        double signal = 0, noise = 0;
        for (int i = 0; i < sound.Length; i++)
        {
            signal += (double)sound[i] * sound[i];
            noise += Math.Pow(sound[i] - other[i], 2);
        }

        return noise == 0 ? double.PositiveInfinity : 10 * Math.Log10(signal / noise);
    }

    public static double Level(ReadOnlySpan<short> sound)
    {
        double sum = 0;
        foreach (short sample in sound) sum += (double)sample * sample;
        return Math.Sqrt(sum / sound.Length);
    }

    /// <summary>The largest step from one sample to the next: a click is one that the sound itself has not.</summary>
    public static int LargestStep(ReadOnlySpan<short> sound)
    {
        int largest = 0;
        for (int i = 1; i < sound.Length; i++) largest = Math.Max(largest, Math.Abs(sound[i] - sound[i - 1]));
        return largest;
    }
}
