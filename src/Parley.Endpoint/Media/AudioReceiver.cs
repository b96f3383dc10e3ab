using Parley.Core;
using Parley.Media.Codecs;
using Parley.Media.Playout;
using Parley.Media.Processing;
using Parley.Media.Streams;
using Parley.Rtp;
using Parley.Rtp.Jitter;
using Parley.Rtp.Redundancy;
using Parley.Rtp.Rtcp.ExtendedReports;
using Parley.Sdp;

namespace Parley.Endpoint.Media;

/// <summary>The receiving half of an <see cref="AudioSession"/>: from packets to an even flow of samples.</summary>
/// <remarks>
/// When what it gave is over it takes the next from the buffer, so that its beats follow the network and not those of the sender in the same session. When the buffer's delay is not what the network needs, a period of a
/// voice is left out or played twice (<see cref="TimeScaler"/>). What did not come is taken from a later packet when that
/// has it too (RED, or FEC of the codec), else concealed by the codec, or from both sides of the gap (<see cref="LossConcealer"/>). All codecs that were negotiated are
/// understood at once; when one with another clock or rate comes, what waits is played out and the sink is started anew.
/// </remarks>
internal sealed class AudioReceiver : IDisposable
{
    private const int MaxPacketMilliseconds = 120;      // the longest an Opus packet can be (RFC 7587 4.2)
    private const int UrgentBeats = 4;
    private const int SmallestMilliseconds = 5;
    private const int ShortenFrom = 15, ShortenTo = 5;      // milliseconds that playout waits longer than it should: each change costs a little
    private const float AlikeWhenUrgent = 0.6f;

    private readonly AudioOptions _options;
    private readonly BufferPool _buffers;
    private readonly IAudioSink _sink;
    private readonly Decoder?[] _decoders = new Decoder?[128];
    private JitterBuffer? _jitter;
    private LossConcealer _concealer = null!;       // with the buffer
    private Decoder? _last;                 // of the last payload: it conceals
    private AudioFormat _format = null!;    // set by the first negotiation, before anything else
    private short[] _samples = [];          // decoded, and not yet given to the sink
    private int _count;
    private JitterBufferStatistics _before;
    private Instant _now;                   // of the beat
    private Instant _playedUntil;           // what was given is over then
    private TimeSpan _beat;
    private bool _isShortening;
    private bool _hearsKeys;
    private DtmfDetector? _keys;            // in the sound, of who knows no events
    private readonly ComfortNoiseGenerator _noise = new();
    private bool _isNoiseTold, _isNoisePlayed;      // a description came; and is being followed
    private long _recovered;
    private TimeSpan _packetTime;           // of the last packet
    private BurstGapMeter _heard = new(), _heardLately = new();     // what was played, and what had to be made up
    private long _concealed;                // packets that had to be made up, of which the meters know

    public AudioReceiver(AudioOptions options, BufferPool buffers, IAudioSink sink)
    {
        (_options, _buffers, _sink) = (options, buffers, sink);
    }

    /// <summary>False while on hold: what comes is not played.</summary>
    public bool IsOn { get; private set; }

    /// <summary>True when nothing waits to be played.</summary>
    public bool IsDrained => _jitter is not { Count: > 0 };

    /// <summary>Lost packets whose sound came with a later one.</summary>
    public long Recovered => _recovered;

    /// <summary>Packets that were played and those that had to be made up, in their order.</summary>
    public ref readonly BurstGapMeter Heard => ref _heard;

    /// <summary>The codec of what was played last.</summary>
    public AudioFormat Format => _last?.Format ?? _format;

    /// <summary>How long playout waits: from when the fastest packets come to when their sound is heard.</summary>
    public TimeSpan Delay => _jitter is null ? TimeSpan.Zero : TimeSpan.FromSeconds(((double)_jitter.Lead / _format.ClockRate) + ((double)_count / _format.SampleRate));

    /// <summary>What extended reports say of playout.</summary>
    public XrPlayout Playout => new(
        _packetTime,
        _packetTime + _beat + Delay,
        _jitter is null ? default : TimeSpan.FromSeconds((double)_jitter.Target / _format.ClockRate),
        _options.Jitter.MaxAhead,
        _options.Jitter.MaxAhead,
        XrConcealment.Enhanced,
        XrJitterBufferKind.Adaptive)
    {
        Repaired = _recovered,
    };

    /// <summary>Sound that was left out so that the delay gets shorter.</summary>
    public TimeSpan Shortened { get; private set; }

    /// <summary>Sound that was played twice so that the delay gets longer.</summary>
    public TimeSpan Lengthened { get; private set; }

    public JitterBufferStatistics Statistics => Sum(_before, _jitter?.Statistics ?? default);

    /// <summary>Who hears what is played besides; null for nobody.</summary>
    public IAudioTap? Tap { get; set; }

    /// <summary>The same as <see cref="Heard"/> since this was last asked for.</summary>
    public BurstGapMeter TakeHeard()
    {
        BurstGapMeter heard = _heardLately;
        _heardLately = new BurstGapMeter();
        return heard;
    }

    /// <summary>Takes what was negotiated, at the start and later.</summary>
    public void Negotiate(NegotiatedAudio audio, AudioCodecs codecs)
    {
        Decoder?[] before = [.. _decoders];
        Array.Clear(_decoders);
        // Under the numbers of this side's description; and, where those leave room, under the other side's, as some send.
        foreach (NegotiatedFormat format in audio.Codecs) Place(format.ReceivePayloadType, codecs.Find(format), before);
        foreach (NegotiatedFormat format in audio.Codecs) Place(format.SendPayloadType, codecs.Find(format), before);
        foreach (Decoder? old in before)
        {
            if (old is not null && Array.IndexOf(_decoders, old) < 0) old.Dispose();
        }

        if (_last is not null && Array.IndexOf(_decoders, _last) < 0) _last = null;
        IsOn = audio.Direction.Receives();
        _hearsKeys = audio.TelephoneEvent is null;
        if (!_hearsKeys) _keys = null;
        if (_jitter is null && codecs.Find(audio.Codec) is { } first) Use(first.Format);
        if (_hearsKeys) _keys ??= new DtmfDetector(_format.SampleRate);
        if (!IsOn) _jitter!.Clear();
    }

    /// <summary>True when a payload type is one of the negotiated codecs.</summary>
    public bool Knows(byte payloadType) => _decoders[payloadType] is not null;

    /// <summary>A packet of a negotiated codec came.</summary>
    /// <param name="header">Its header, with the codec's payload type.</param>
    /// <param name="payload">The codec's.</param>
    /// <param name="redundant">The earlier payloads that it also holds; the default value when it is no such packet.</param>
    /// <param name="now">The time.</param>
    /// <param name="isDiscarded">True when it came too late or too early to be played.</param>
    /// <returns>False when its payload cannot be one of that codec's.</returns>
    public bool Put(in RtpHeader header, ReadOnlySpan<byte> payload, RedundantPayload redundant, Instant now, out bool isDiscarded)
    {
        isDiscarded = false;
        Decoder decoder = _decoders[header.PayloadType]!;
        int samples = SamplesIn(decoder, payload);
        if (samples == 0) return false;
        if (!IsOn) return true;
        if (decoder.Format.ClockRate != _format.ClockRate || decoder.Format.SampleRate != _format.SampleRate) Use(decoder.Format);
        // A codec without concealment of its own is bridged from both sides: for that, what follows is as good as redundancy.
        int covers = !decoder.Codec.Conceals || decoder.Codec.HasRedundancy(payload) ? 1 : 0;
        isDiscarded = _jitter!.Put(header, payload, decoder.Format.ToTimestampUnits(samples), now, covers) is JitterPutResult.Late or JitterPutResult.Full;
        _packetTime = TimeSpan.FromSeconds((double)samples / decoder.Format.SampleRate);
        while (redundant.TryReadRedundant(out RedundantBlock block))
        {
            if (_decoders[block.PayloadType] is not { } earlier || earlier.Format.ClockRate != decoder.Format.ClockRate || earlier.Format.SampleRate != decoder.Format.SampleRate) continue;
            if (SamplesIn(earlier, block.Payload) is > 0 and int known)
                _jitter.PutRedundant(header, block.TimestampOffset, block.PayloadType, block.Payload, earlier.Format.ToTimestampUnits(known), now);
        }

        return true;
    }

    /// <summary>A packet came that says how silence sounds: the pause behind what waits is filled with such noise (RFC 3389).</summary>
    public void PutNoise(in RtpHeader header, ReadOnlySpan<byte> description)
    {
        PutOther(header);
        _noise.Update(description);
        _isNoiseTold = true;
    }

    /// <summary>A key was heard in the sound, or is over; only where the other side knows no events.</summary>
    public bool TryTakeKey(out HeardDigit key)
    {
        key = default;
        return _keys is not null && _keys.TryTake(out key);
    }

    /// <summary>A packet of the stream came that is no sound.</summary>
    public void PutOther(in RtpHeader header) => _jitter?.PutOther(header);

    /// <summary>Gives the sink the next sound: what was given before is over.</summary>
    /// <param name="beat">How much at most.</param>
    /// <param name="now">The time.</param>
    /// <returns>How long it lasts: that much later this is to be called again.</returns>
    public TimeSpan Beat(TimeSpan beat, Instant now)
    {
        (_now, _beat) = (now, beat);
        int most = _format.SamplesIn(beat);
        uint units = _format.ToTimestampUnits(most);
        while (_count < _format.SampleRate * SmallestMilliseconds / 1000) Step(units);
        int given = Math.Min(_count, most);
        _keys?.Process(_samples.AsSpan(0, given));
        _playedUntil = now;
        Give(_samples.AsSpan(0, given));
        _count -= given;
        _samples.AsSpan(given, _count).CopyTo(_samples);
        return _playedUntil - now;
    }

    /// <summary>Gives the sink what is decoded and ends it.</summary>
    public void End()
    {
        Flush();
        _sink.End();
    }

    public void Dispose()
    {
        _jitter?.Dispose();
        foreach (Decoder? decoder in _decoders) decoder?.Dispose();
    }

    private void Step(uint units)
    {
        PlayoutStep step = _jitter!.Take(units, _now);
        Span<short> room = _samples.AsSpan(_count);
        if (step.Kind == PlayoutKind.Frame && _decoders[step.PayloadType] is { } decoder)
        {
            _last = decoder;
            if (_isNoisePlayed) (_isNoiseTold, _isNoisePlayed) = (false, false);
            if (step.IsRecovered) _recovered++;
            Count();
            int length = decoder.Codec.Decode(step.Payload, room);
            _concealer.Merge(room[..length]);
            _concealer.Add(room[..length]);
            _count += length;
            Scale(waiting: _count - length);
            return;
        }

        Span<short> gap = room[.._format.ToSamples(step.DurationUnits)];
        _count += gap.Length;
        if (step.Kind == PlayoutKind.Lost && _last is not null) Conceal(gap, step.IsFollowed);
        else
        {
            _isNoisePlayed = _isNoiseTold;
            if (_isNoisePlayed) _noise.Fill(gap);
            else gap.Clear();
            _concealer.Add(gap);
        }
    }

    /// <summary>A frame is played: what is missing before it is known by now.</summary>
    private void Count()
    {
        JitterBufferStatistics statistics = Statistics;
        for (long concealed = statistics.Lost + statistics.Overflows - _recovered; _concealed < concealed; _concealed++)
        {
            _heard.OnLost();
            _heardLately.OnLost();
        }

        _heard.OnReceived();
        _heardLately.OnReceived();
    }

    /// <summary>Makes sound for what did not come, with regard to what follows it when that is there.</summary>
    private void Conceal(Span<short> gap, bool isFollowed)
    {
        PlayoutStep step = isFollowed ? _jitter!.Take(0, _now) : default;
        if (!isFollowed || step.Kind != PlayoutKind.Frame || _decoders[step.PayloadType] is not { } decoder)
        {
            if (_last!.Codec.Conceals) _last.Codec.Conceal(gap);
            else _concealer.Conceal(gap, default);
            return;
        }

        Span<short> room = _samples.AsSpan(_count);
        bool isConcealed = _last!.Codec.Conceals;
        if (isConcealed)
        {
            // The packet behind the gap knows as much of it as it lasts itself.
            int known = decoder == _last && decoder.Codec.HasRedundancy(step.Payload) ? Math.Min(gap.Length, _format.ToSamples(step.DurationUnits)) : 0;
            if (known < gap.Length) _last.Codec.Conceal(gap[..^known]);
            if (known > 0 && decoder.Codec.DecodeRedundancy(step.Payload, gap[^known..]) == 0) _last.Codec.Conceal(gap[^known..]);
            else if (known > 0) _recovered++;
        }

        _last = decoder;
        if (step.IsRecovered) _recovered++;
        Count();
        Span<short> next = room[..decoder.Codec.Decode(step.Payload, room)];
        if (!isConcealed) _concealer.Conceal(gap, next);
        _concealer.Add(next);
        _count += next.Length;
    }

    /// <summary>Plays a period of what is decoded twice, or not at all, when the buffer waits too short or too long.</summary>
    /// <param name="waiting">Samples before the last frame that are still to be given.</param>
    private void Scale(int waiting)
    {
        long surplus = _jitter!.Surplus + _format.ToTimestampUnits(waiting), beat = _format.ToTimestampUnits(_format.SamplesIn(_beat));
        _isShortening = surplus > _format.ClockRate * (_isShortening ? ShortenTo : ShortenFrom) / 1000;
        if (surplus >= 0 && !_isShortening) return;
        float alike = Math.Abs(surplus) >= UrgentBeats * beat ? AlikeWhenUrgent : TimeScaler.Alike;
        int most = Pitch.LongestPeriod(_format.SampleRate);
        if (surplus > 0)
        {
            most = Math.Min(most, _format.ToSamples((uint)surplus));
            int removed = TimeScaler.Shorten(_samples.AsSpan(0, _count), _format.SampleRate, most, alike);
            _count -= removed;
            Shortened += TimeSpan.FromSeconds((double)removed / _format.SampleRate);
        }
        else
        {
            int added = TimeScaler.Lengthen(_samples, _count, _format.SampleRate, Math.Min(most, _samples.Length - _count), alike);
            _count += added;
            Lengthened += TimeSpan.FromSeconds((double)added / _format.SampleRate);
        }
    }

    /// <summary>Goes over to a format with another clock or rate.</summary>
    private void Use(AudioFormat format)
    {
        if (_jitter is not null)
        {
            while (_jitter.Count > 0)
            {
                if (_count > _format.SampleRate / 50) Flush();      // as much as a beat leaves: there is room for a gap and a frame besides
                Step(_format.ToTimestampUnits(_format.SampleRate / 50));
            }

            Flush();
            _before = Sum(_before, _jitter.Statistics);
            _jitter.Dispose();
        }

        _format = format;
        _last = null;
        _samples = new short[format.SampleRate / 1000 * ((2 * MaxPacketMilliseconds) + 60)];
        _concealer = new LossConcealer(format.SampleRate);
        _keys = _hearsKeys ? new DtmfDetector(format.SampleRate) : null;
        _jitter = new JitterBuffer(_options.Jitter, format.ClockRate, _buffers);
        _sink.Start(format.SampleRate);
    }

    /// <summary>How much sound a payload holds, 0 when it is none of the codec's or more than is played.</summary>
    private static int SamplesIn(Decoder decoder, ReadOnlySpan<byte> payload)
    {
        int samples = decoder.Codec.SampleCount(payload);
        return samples > decoder.Format.SampleRate / 1000 * MaxPacketMilliseconds ? 0 : samples;
    }

    private void Flush()
    {
        if (_count > 0) Give(_samples.AsSpan(0, _count));
        _count = 0;
    }

    private void Give(ReadOnlySpan<short> samples)
    {
        _sink.Write(samples);
        Tap?.OnReceived(_playedUntil, _format.SampleRate, samples);
        _playedUntil += TimeSpan.FromTicks(samples.Length * TimeSpan.TicksPerSecond / _format.SampleRate);
    }

    private void Place(byte payloadType, IAudioCodec? codec, Decoder?[] before)
    {
        if (codec is null || _decoders[payloadType] is not null) return;
        Decoder? same = Array.Find(_decoders, d => d?.Maker == codec) ?? Array.Find(before, d => d?.Maker == codec);
        _decoders[payloadType] = same ?? new Decoder(codec);
    }

    private static JitterBufferStatistics Sum(in JitterBufferStatistics a, in JitterBufferStatistics b) => new(
        a.Queued + b.Queued,
        a.Played + b.Played,
        a.Lost + b.Lost,
        a.Late + b.Late,
        a.Duplicates + b.Duplicates,
        a.Reordered + b.Reordered,
        a.Overflows + b.Overflows,
        a.Underruns + b.Underruns,
        a.Resynchronizations + b.Resynchronizations);

    private sealed class Decoder(IAudioCodec maker) : IDisposable
    {
        public IAudioCodec Maker => maker;

        public AudioFormat Format => maker.Format;

        public IAudioDecoder Codec { get; } = maker.CreateDecoder();

        public void Dispose() => Codec.Dispose();
    }
}
