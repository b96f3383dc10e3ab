namespace Parley.Media.Streams;

/// <summary>Says nothing, for ever.</summary>
public sealed class SilenceSource : IAudioSource
{
    /// <inheritdoc/>
    public void Start(int sampleRate)
    {
    }

    /// <inheritdoc/>
    public int Read(Span<short> samples)
    {
        samples.Clear();
        return samples.Length;
    }
}

/// <summary>Hears nothing.</summary>
public sealed class NullSink : IAudioSink
{
    /// <inheritdoc/>
    public void Start(int sampleRate)
    {
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<short> samples)
    {
    }

    /// <inheritdoc/>
    public void End()
    {
    }
}
