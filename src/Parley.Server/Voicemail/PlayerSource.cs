using Parley.Media.Streams;

namespace Parley.Server.Voicemail;

/// <summary>Plays one thing after the other, silence between, and tells when there is nothing more to play. Never ends.</summary>
/// <remarks>All members are the loop's of its call.</remarks>
internal sealed class PlayerSource(Action played) : IAudioSource
{
    private readonly Queue<IAudioSource> _queue = new();
    private IAudioSource? _playing;
    private int _sampleRate;

    /// <summary>Plays something after what is queued.</summary>
    public void Add(IAudioSource source) => _queue.Enqueue(source);

    /// <summary>Leaves out what is played and what is queued.</summary>
    public void Clear()
    {
        _queue.Clear();
        _playing = null;
    }

    /// <inheritdoc/>
    public void Start(int sampleRate)
    {
        _sampleRate = sampleRate;
        _playing?.Start(sampleRate);
    }

    /// <inheritdoc/>
    public int Read(Span<short> samples)
    {
        int given = 0;
        while (given < samples.Length && TryNext())
        {
            given += _playing!.Read(samples[given..]);
            if (given == samples.Length) break;
            _playing = null;
            if (_queue.Count == 0) played();
        }

        samples[given..].Clear();
        return samples.Length;
    }

    private bool TryNext()
    {
        if (_playing is not null) return true;
        if (!_queue.TryDequeue(out _playing)) return false;
        _playing.Start(_sampleRate);
        return true;
    }
}
