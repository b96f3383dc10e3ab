using Parley.Media.Streams;

namespace Menu;

/// <summary>A sound that can be changed for another; silence follows its end.</summary>
internal sealed class ChangingSource(IAudioSource first) : IAudioSource
{
    private readonly Lock _gate = new();
    private IAudioSource _now = first;
    private int _sampleRate;

    public void Say(IAudioSource next)
    {
        lock (_gate)
        {
            if (_sampleRate > 0) next.Start(_sampleRate);
            _now = next;
        }
    }

    public void Start(int sampleRate)
    {
        lock (_gate) (_sampleRate, _now) = (sampleRate, Started(_now, sampleRate));
    }

    public int Read(Span<short> samples)
    {
        lock (_gate) samples[_now.Read(samples)..].Clear();
        return samples.Length;
    }

    private static IAudioSource Started(IAudioSource source, int sampleRate)
    {
        source.Start(sampleRate);
        return source;
    }
}
