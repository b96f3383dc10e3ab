namespace Parley.TestSupport;

/// <summary>Sound for tests that needs no file: the same for the same seed.</summary>
public static class TestSound
{
    /// <summary>Something like speech: syllables of gliding tones and noise with pauses between, so that every place of it is its own.</summary>
    public static short[] Speech(int seconds, int sampleRate = 8000, int seed = 1)
    {
        Random random = new(seed);
        short[] samples = new short[seconds * sampleRate];
        int at = sampleRate / 10;
        while (at < samples.Length)
        {
            int length = (int)(sampleRate * (0.08 + (random.NextDouble() * 0.25)));
            double pitch = 90 + (random.NextDouble() * 140), glide = 0.8 + (random.NextDouble() * 0.5), level = 3000 + (random.NextDouble() * 9000);
            double breath = random.NextDouble() * 0.3, phase = 0;
            for (int i = 0; i < length && at + i < samples.Length; i++)
            {
                double part = (double)i / length;
                phase += 2 * Math.PI * pitch * (1 + ((glide - 1) * part)) / sampleRate;
                double voice = (Math.Sin(phase) * 0.5) + (Math.Sin(phase * 3) * 0.3) + (Math.Sin(phase * 7) * 0.2);
                double noise = (random.NextDouble() * 2) - 1;
                samples[at + i] = (short)(level * Math.Sin(Math.PI * part) * ((voice * (1 - breath)) + (noise * breath)));
            }

            at += length + (int)(sampleRate * random.NextDouble() * 0.3);
        }

        return samples;
    }

    /// <summary>A sine.</summary>
    public static short[] Sine(double hertz, double seconds, int sampleRate, double amplitude = 16_000)
    {
        short[] samples = new short[(int)(seconds * sampleRate)];
        for (int i = 0; i < samples.Length; i++) samples[i] = (short)Math.Round(amplitude * Math.Sin(2 * Math.PI * hertz * i / sampleRate));
        return samples;
    }
}
