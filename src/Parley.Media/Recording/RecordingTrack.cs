using Parley.Core;
using Parley.Media.Processing;

namespace Parley.Media.Recording;

/// <summary>One direction of a recording: pieces of sound with their times become samples of one rate without gaps.</summary>
/// <param name="sampleRate">Of what comes out.</param>
internal sealed class RecordingTrack(int sampleRate)
{
    private static readonly long ToleratedTicks = RecordingTimeline.Accuracy.Ticks;

    private Resampler? _resampler;
    private int _inputRate;
    private Instant _anchor;            // the time of the first sample that came in without a gap
    private long _anchored;             // samples that came in since
    private short[] _samples = new short[4096];
    private int _count;
    private long _start;                // the position of the first of them in the recording

    /// <summary>The position behind what is known.</summary>
    public long End => _start + _count;

    /// <summary>What is known from the start on.</summary>
    public ReadOnlySpan<short> Samples => _samples.AsSpan(0, _count);

    private Instant NextAt => _anchor + TimeSpan.FromTicks(_anchored * TimeSpan.TicksPerSecond / _inputRate);

    /// <summary>Adds a piece: silence goes before it where nothing was, and what was there already is left out of it.</summary>
    /// <param name="at">The time of the piece.</param>
    /// <param name="position">The position of that time.</param>
    /// <param name="rate">Its samples per second.</param>
    /// <param name="samples">The piece.</param>
    public void Add(Instant at, long position, int rate, ReadOnlySpan<short> samples)
    {
        if (_inputRate == 0 || Math.Abs((at - NextAt).Ticks) > ToleratedTicks)
        {
            EndPiece();
            AddSilence(position - End);
            int known = (int)Math.Clamp((End - position) * rate / sampleRate, 0, samples.Length);
            samples = samples[known..];
            Begin(at + TimeSpan.FromTicks(known * TimeSpan.TicksPerSecond / rate), rate);
        }
        else if (rate != _inputRate)
        {
            Instant next = NextAt;
            EndPiece();
            Begin(next, rate);
        }

        _anchored += samples.Length;
        if (_resampler is null)
        {
            samples.CopyTo(Room(samples.Length));
            _count += samples.Length;
        }
        else
        {
            _count += _resampler.Process(samples, Room(_resampler.MaxOutput(samples.Length)));
        }
    }

    /// <summary>Ends what went on, so that the next piece begins anew.</summary>
    public void EndPiece()
    {
        if (_resampler is not null) _count += _resampler.Flush(Room(_resampler.MaxFlush));
        (_resampler, _inputRate) = (null, 0);
    }

    /// <summary>Fills up with silence to a position.</summary>
    public void ExtendTo(long position)
    {
        if (position <= End) return;
        EndPiece();         // which may know more still
        AddSilence(position - End);
    }

    /// <summary>Forgets the first samples.</summary>
    /// <param name="count">No more than there are.</param>
    public void Drop(int count)
    {
        _samples.AsSpan(count, _count - count).CopyTo(_samples);
        (_count, _start) = (_count - count, _start + count);
    }

    private void Begin(Instant at, int rate)
    {
        (_inputRate, _anchor, _anchored) = (rate, at, 0);
        _resampler = rate == sampleRate ? null : new Resampler(rate, sampleRate);
    }

    private void AddSilence(long count)
    {
        if (count <= 0) return;
        Room((int)count).Clear();
        _count += (int)count;
    }

    private Span<short> Room(int length)
    {
        if (_samples.Length - _count < length) Array.Resize(ref _samples, Math.Max(_samples.Length * 2, _count + length));
        return _samples.AsSpan(_count, length);
    }
}
