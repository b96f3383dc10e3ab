namespace Parley.Media.Mixing;

/// <summary>Samples on their way from one thread to another: one writes, one reads, nobody waits.</summary>
/// <remarks>The counts only grow; each is written by one side, after the samples that it counts.</remarks>
internal sealed class SampleRing
{
    /// <summary>Beats that it holds.</summary>
    public const int Beats = 16;

    private readonly short[] _samples;
    private long _written;
    private long _read;

    /// <summary>An empty ring.</summary>
    /// <param name="sampleRate">Samples per second.</param>
    public SampleRing(int sampleRate)
    {
        SampleRate = sampleRate;
        _samples = new short[Mixer.SamplesPerBeat(sampleRate) * Beats];
    }

    /// <summary>Samples per second.</summary>
    public int SampleRate { get; }

    /// <summary>Samples that wait.</summary>
    public int Count => (int)(Volatile.Read(ref _written) - Volatile.Read(ref _read));

    /// <summary>The writer's: adds samples, as many as there is room for.</summary>
    /// <returns>Samples that were left out.</returns>
    public int Write(ReadOnlySpan<short> samples)
    {
        int count = Math.Min(samples.Length, _samples.Length - Count);
        int at = (int)(_written % _samples.Length), first = Math.Min(count, _samples.Length - at);
        samples[..first].CopyTo(_samples.AsSpan(at));
        samples[first..count].CopyTo(_samples);
        Volatile.Write(ref _written, _written + count);
        return samples.Length - count;
    }

    /// <summary>The reader's: takes the oldest samples out; there must be as many.</summary>
    public void Read(Span<short> samples)
    {
        int at = (int)(_read % _samples.Length), first = Math.Min(samples.Length, _samples.Length - at);
        _samples.AsSpan(at, first).CopyTo(samples);
        _samples.AsSpan(0, samples.Length - first).CopyTo(samples[first..]);
        Skip(samples.Length);
    }

    /// <summary>The reader's: leaves the oldest samples out; there must be as many.</summary>
    public void Skip(int count) => Volatile.Write(ref _read, _read + count);
}
