namespace Parley.Media.Files;

/// <summary>Sound in memory: 16-bit samples, those of one moment side by side.</summary>
public sealed class PcmAudio
{
    /// <summary>Sound of some samples, which are not copied.</summary>
    /// <param name="samples">Interleaved by channel.</param>
    /// <param name="sampleRate">Per second and channel; more than 0.</param>
    /// <param name="channels">1 or more.</param>
    /// <exception cref="ArgumentException">The samples are no whole number of moments.</exception>
    public PcmAudio(ReadOnlyMemory<short> samples, int sampleRate, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sampleRate);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        if (samples.Length % channels != 0) throw new ArgumentException("A sample of a channel is missing.", nameof(samples));
        (Samples, SampleRate, Channels) = (samples, sampleRate, channels);
    }

    /// <summary>The samples, interleaved by channel.</summary>
    public ReadOnlyMemory<short> Samples { get; }

    /// <summary>Samples per second and channel.</summary>
    public int SampleRate { get; }

    /// <summary>Channels.</summary>
    public int Channels { get; }

    /// <summary>How long it lasts.</summary>
    public TimeSpan Duration => TimeSpan.FromSeconds((double)Samples.Length / Channels / SampleRate);

    /// <summary>The same with one channel: the mean of all.</summary>
    public PcmAudio ToMono()
    {
        if (Channels == 1) return this;
        ReadOnlySpan<short> from = Samples.Span;
        short[] mono = new short[from.Length / Channels];
        for (int i = 0; i < mono.Length; i++)
        {
            int sum = 0;
            foreach (short sample in from.Slice(i * Channels, Channels)) sum += sample;
            mono[i] = (short)(sum / Channels);
        }

        return new PcmAudio(mono, SampleRate, 1);
    }
}
