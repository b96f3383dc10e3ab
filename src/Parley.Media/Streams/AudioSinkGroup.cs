namespace Parley.Media.Streams;

/// <summary>Gives what is heard to several sinks, in their order.</summary>
/// <param name="sinks">Who hears it.</param>
public sealed class AudioSinkGroup(params IAudioSink[] sinks) : IAudioSink
{
    /// <inheritdoc/>
    public void Start(int sampleRate)
    {
        foreach (IAudioSink sink in sinks) sink.Start(sampleRate);
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<short> samples)
    {
        foreach (IAudioSink sink in sinks) sink.Write(samples);
    }

    /// <inheritdoc/>
    public void End()
    {
        foreach (IAudioSink sink in sinks) sink.End();
    }
}
