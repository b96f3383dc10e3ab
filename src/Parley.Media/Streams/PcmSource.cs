using Parley.Media.Files;
using Parley.Media.Processing;

namespace Parley.Media.Streams;

/// <summary>Plays sound from memory, at whatever rate it is asked for.</summary>
public sealed class PcmSource : IAudioSource
{
    private readonly PcmAudio _audio;
    private readonly bool _repeats;
    private Resampler? _resampler;
    private short[] _ready = [];        // converted, and not yet asked for
    private int _readyAt;
    private int _readyCount;
    private int _position;              // of the next sample to convert
    private bool _isFlushed;

    /// <summary>A source at the beginning of its sound.</summary>
    /// <param name="audio">The sound; more than one channel are mixed down.</param>
    /// <param name="repeats">Whether it begins again at the end.</param>
    public PcmSource(PcmAudio audio, bool repeats = false)
    {
        ArgumentNullException.ThrowIfNull(audio);
        _audio = audio.ToMono();
        _repeats = repeats;
    }

    /// <inheritdoc/>
    public void Start(int sampleRate)
    {
        _resampler = new Resampler(_audio.SampleRate, sampleRate);
        _ready = new short[Math.Max(_resampler.MaxOutput(_audio.SampleRate / 50), _resampler.MaxFlush)];
        (_readyAt, _readyCount, _isFlushed) = (0, 0, false);
    }

    /// <inheritdoc/>
    public int Read(Span<short> samples)
    {
        if (_resampler is null) throw new InvalidOperationException("The source was not started.");
        int given = 0;
        while (given < samples.Length)
        {
            if (_readyCount == 0 && !Refill()) break;
            int count = Math.Min(samples.Length - given, _readyCount);
            _ready.AsSpan(_readyAt, count).CopyTo(samples[given..]);
            given += count;
            _readyAt += count;
            _readyCount -= count;
        }

        return given;
    }

    private bool Refill()
    {
        ReadOnlySpan<short> all = _audio.Samples.Span;
        _readyAt = 0;
        if (_position == all.Length && _repeats) _position = 0;
        while (_readyCount == 0 && _position < all.Length)
        {
            int count = Math.Min(_audio.SampleRate / 50, all.Length - _position);
            _readyCount = _resampler!.Process(all.Slice(_position, count), _ready);
            _position += count;
        }

        if (_readyCount == 0 && !_isFlushed)
        {
            _isFlushed = true;
            _readyCount = _resampler!.Flush(_ready);
        }

        return _readyCount > 0;
    }
}
