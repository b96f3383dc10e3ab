using Parley.Core;

namespace Parley.Media.Recording;

/// <summary>Puts both directions of a call on one time line: pieces of sound with their times go in, samples of a file come out.</summary>
/// <remarks>
/// Where a direction has nothing there is silence. A direction that is behind the other is waited for, but not longer than <see cref="MaxSkew"/>; what comes later
/// still is left out. A time without any sound that is longer than <see cref="MaxSilence"/> is left out, as one is in which it was paused.
/// </remarks>
public sealed class RecordingTimeline
{
    /// <summary>How exactly a sound stands at its time.</summary>
    /// <value>1 ms: clocks that differ less are left alone, so that no sound has gaps for it.</value>
    public static readonly TimeSpan Accuracy = TimeSpan.FromMilliseconds(1);

    /// <summary>How long one direction is waited for.</summary>
    public static readonly TimeSpan MaxSkew = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest silence that is filled in.</summary>
    public static readonly TimeSpan MaxSilence = TimeSpan.FromSeconds(10);

    private readonly RecordAs _recordAs;
    private readonly RecordingTrack _received, _sent;
    private readonly long _maxSkew;
    private short[] _ready = [];
    private Instant? _origin;           // null at the beginning, and after a pause
    private long _originPosition;
    private Instant _latest;
    private long _given;                // positions that were given

    /// <summary>A time line at its beginning.</summary>
    /// <param name="recordAs">What of the call is wanted.</param>
    /// <param name="sampleRate">Per second and channel, of what comes out.</param>
    public RecordingTimeline(RecordAs recordAs, int sampleRate)
    {
        (_recordAs, SampleRate) = (recordAs, sampleRate);
        (_received, _sent) = (new RecordingTrack(sampleRate), new RecordingTrack(sampleRate));
        _maxSkew = MaxSkew.Ticks * sampleRate / TimeSpan.TicksPerSecond;
    }

    /// <summary>Samples per second and channel of what comes out.</summary>
    public int SampleRate { get; }

    /// <summary>Channels of what comes out: 2 for <see cref="RecordAs.Both"/>, else 1.</summary>
    public int Channels => _recordAs == RecordAs.Both ? 2 : 1;

    /// <summary>Takes a piece of what is heard.</summary>
    /// <param name="at">When its first sample is played.</param>
    /// <param name="sampleRate">Per second: 1000 to 768,000.</param>
    /// <param name="samples">Mono.</param>
    public void AddReceived(Instant at, int sampleRate, ReadOnlySpan<short> samples) => Add(_received, _recordAs != RecordAs.Sent, at, sampleRate, samples);

    /// <summary>Takes a piece of what is said.</summary>
    /// <inheritdoc cref="AddReceived"/>
    public void AddSent(Instant at, int sampleRate, ReadOnlySpan<short> samples) => Add(_sent, _recordAs != RecordAs.Received, at, sampleRate, samples);

    /// <summary>Nothing comes for now, or any more: all that was taken can be given, and the time until the next piece is left out.</summary>
    public void Pause()
    {
        _received.EndPiece();
        _sent.EndPiece();
        long end = Math.Max(_received.End, _sent.End);
        _received.ExtendTo(end);
        _sent.ExtendTo(end);
        (_origin, _originPosition) = (null, end);
    }

    /// <summary>Gives what is ready.</summary>
    /// <returns>Interleaved by channel; only valid until the next call of anything here. Empty when there is nothing.</returns>
    public ReadOnlySpan<short> Take()
    {
        long ahead = Math.Max(_received.End, _sent.End);
        long ready = _origin is null ? ahead : Math.Max(Math.Min(_received.End, _sent.End), ahead - _maxSkew);
        int count = (int)(ready - _given);
        if (count <= 0) return default;
        _received.ExtendTo(ready);
        _sent.ExtendTo(ready);
        if (_ready.Length < count * Channels) _ready = new short[count * Channels];
        Span<short> samples = _ready.AsSpan(0, count * Channels);
        Merge(_received.Samples[..count], _sent.Samples[..count], samples);
        _received.Drop(count);
        _sent.Drop(count);
        _given = ready;
        return samples;
    }

    private void Add(RecordingTrack track, bool isWanted, Instant at, int sampleRate, ReadOnlySpan<short> samples)
    {
        if (samples.IsEmpty) return;
        if (_origin is not null && at - _latest > MaxSilence) Pause();
        _origin ??= at;
        Instant end = at + TimeSpan.FromTicks(samples.Length * TimeSpan.TicksPerSecond / sampleRate);
        _latest = Instant.Max(_latest, end);
        // A direction that is not wanted says what time it is.
        if (isWanted) track.Add(at, PositionOf(at), sampleRate, samples);
        else track.ExtendTo(PositionOf(end));
    }

    private long PositionOf(Instant at) => _originPosition + (long)Math.Round((at - _origin!.Value).Ticks * (double)SampleRate / TimeSpan.TicksPerSecond);

    private void Merge(ReadOnlySpan<short> received, ReadOnlySpan<short> sent, Span<short> samples)
    {
        switch (_recordAs)
        {
            case RecordAs.Received:
                received.CopyTo(samples);
                break;

            case RecordAs.Sent:
                sent.CopyTo(samples);
                break;

            case RecordAs.Both:
                for (int i = 0; i < received.Length; i++) (samples[2 * i], samples[(2 * i) + 1]) = (received[i], sent[i]);
                break;

            default:
                for (int i = 0; i < received.Length; i++) samples[i] = (short)Math.Clamp(received[i] + sent[i], short.MinValue, short.MaxValue);
                break;
        }
    }
}
