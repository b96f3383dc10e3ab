namespace Parley.Media.Streams;

/// <summary>Plays back what it hears: the sink and the source of one call.</summary>
/// <remarks>
/// A ring of a second between them, which begins with a beat of silence: sound is written and read at the same pace, but not on the same beats. It takes up
/// what differs while the two rates of a codec change do. Full, it drops the oldest, so the delay never grows beyond it.
/// </remarks>
public sealed class EchoAudio : IAudioSource, IAudioSink
{
    private const int BeatsPerSecond = 50;

    private short[] _ring = new short[8000];
    private int _head;
    private int _count = 8000 / BeatsPerSecond;

    /// <summary>Samples that were dropped because nobody read them.</summary>
    public long Dropped { get; private set; }

    /// <inheritdoc cref="IAudioSink.Start"/>
    public void Start(int sampleRate)
    {
        if (_ring.Length == sampleRate) return;
        _ring = new short[sampleRate];
        (_head, _count) = (0, sampleRate / BeatsPerSecond);
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<short> samples)
    {
        if (samples.Length > _ring.Length) samples = samples[^_ring.Length..];
        int excess = _count + samples.Length - _ring.Length;
        if (excess > 0)
        {
            Dropped += excess;
            _head = (_head + excess) % _ring.Length;
            _count -= excess;
        }

        int tail = (_head + _count) % _ring.Length;
        int first = Math.Min(samples.Length, _ring.Length - tail);
        samples[..first].CopyTo(_ring.AsSpan(tail));
        samples[first..].CopyTo(_ring);
        _count += samples.Length;
    }

    /// <inheritdoc/>
    public int Read(Span<short> samples)
    {
        int count = Math.Min(samples.Length, _count);
        int first = Math.Min(count, _ring.Length - _head);
        _ring.AsSpan(_head, first).CopyTo(samples);
        _ring.AsSpan(0, count - first).CopyTo(samples[first..]);
        samples[count..].Clear();
        _head = (_head + count) % _ring.Length;
        _count -= count;
        return samples.Length;
    }

    /// <inheritdoc/>
    public void End()
    {
    }
}
