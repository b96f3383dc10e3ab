using Parley.Core;
using Parley.Media.Codecs;
using Parley.Media.Processing;
using Parley.Media.Streams;
using Parley.Rtp;
using Parley.Rtp.Events;
using Parley.Rtp.HeaderExtensions;
using Parley.Rtp.Redundancy;
using Parley.Sdp;

namespace Parley.Endpoint.Media;

/// <summary>The sending half of an <see cref="AudioSession"/>: from samples and digits to packets.</summary>
/// <remarks>
/// A beat takes as many samples from the source as it lasts; packets are as long as the other side likes them. While a
/// digit is sent the sound goes on beside it (RFC 4733 2.5.2.2 has receivers expect that), so no word is lost to it.
/// On hold the source is not asked: a file goes on where it was. A source that has ended is followed by silence, which
/// keeps NAT bindings and the other side's watch on the stream alive. When packets get lost, later ones hold their sound again: as FEC where the codec has it, and by RED where it was
/// negotiated and FEC is not enough. Silence is left out where that is wanted (<see cref="SilenceSuppressor"/>): time goes on, and the first packet behind it has the marker.
/// </remarks>
internal sealed class AudioSender : IDisposable
{
    private const int LeastLost = 10;       // packets, before it means something how dense they are
    private const double SmallestLoss = 0.001, LeastExpectedLoss = 0.02;
    private static readonly TimeSpan MinPacketTime = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan NoiseInterval = TimeSpan.FromMilliseconds(800);       // one that got lost is made good for, and who hears it does not take this side for gone (RtpSession: 1 s)
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(15);  // RFC 6263 4: what NATs need
    private static readonly TimeSpan MaxPacketTime = TimeSpan.FromMilliseconds(100);

    private readonly AudioOptions _options;
    private readonly BufferPool _buffers;
    private readonly IAudioSource _source;
    private readonly Queue<PooledBuffer> _packets = new();
    private readonly RedundancyWriter _redundancy = new();
    private readonly Instant _start;
    private IAudioCodec? _codec;
    private IAudioEncoder? _encoder;
    private string? _parameters;            // of the other side, which the encoder was made with
    private TelephoneEventSender? _events;
    private DtmfGenerator? _tones;          // for who listens for them
    private IAudioSource? _overlay;
    private short[] _overlaid = [];
    private RedundancyControl? _control;
    private byte _payloadType;
    private byte? _redundancyPayloadType;
    private byte? _eventPayloadType;
    private SilenceSuppressor? _silence;    // null when silence is sent, or the codec leaves it out
    private byte? _noisePayloadType;
    private byte? _levelId;                 // of the extension that says how loud a packet is
    private int _eventClockRate;
    private short[] _samples = [];          // taken from the source, and not yet a packet's worth
    private int _count;
    private int _packetSamples;
    private uint _timestamp;                // of the first of them
    private bool _isFirst = true;           // the next packet begins a talk spurt

    public AudioSender(AudioOptions options, BufferPool buffers, IAudioSource source, Instant now, uint firstTimestamp)
    {
        (_options, _buffers, _source, _start, _timestamp) = (options, buffers, source, now, firstTimestamp);
    }

    /// <summary>False on hold: nothing is sent.</summary>
    public bool IsOn { get; private set; }

    /// <summary>True when the source has given its last sample.</summary>
    public bool HasSourceEnded { get; private set; }

    /// <summary>The codec that is sent.</summary>
    public AudioFormat Format => _codec!.Format;

    /// <summary>How many earlier payloads go with each packet, where the other side takes that.</summary>
    public int RedundancyDepth => _redundancyPayloadType is null ? 0 : _control!.Depth;

    /// <summary>How long a packet lasts.</summary>
    public TimeSpan PacketTime => TimeSpan.FromSeconds((double)_packetSamples / Format.SampleRate);

    /// <summary>Sound that was not sent as nobody spoke.</summary>
    public TimeSpan Suppressed { get; private set; }

    /// <summary>The timestamp of the next sample.</summary>
    public uint Timestamp => _timestamp + Format.ToTimestampUnits(_count);

    /// <summary>Takes what was negotiated, at the start and later.</summary>
    public void Negotiate(NegotiatedAudio audio, AudioCodecs codecs)
    {
        IAudioCodec codec = codecs.Find(audio.Codec) ?? throw new ArgumentException($"{audio.Codec.Format.EncodingName} was negotiated, and there is no such codec.", nameof(audio));
        if (codec != _codec)
        {
            int rate = _codec?.Format.SampleRate ?? 0;
            if (_codec is null || codec.Format.ClockRate != _codec.Format.ClockRate)
                _events = new TelephoneEventSender(codec.Format.ClockRate, _options.DtmfPause);
            _encoder?.Dispose();
            (_codec, _encoder, _silence, _count) = (codec, null, null, 0);
            _redundancy.Clear();
            if (codec.Format.SampleRate != rate)
            {
                _tones = new DtmfGenerator(codec.Format.SampleRate, _options.DtmfDuration, _options.DtmfPause);
                _source.Start(codec.Format.SampleRate);
                _overlay?.Start(codec.Format.SampleRate);
            }
        }

        if (_encoder is null || audio.Codec.Format.Parameters != _parameters)
        {
            _encoder?.Dispose();
            _parameters = audio.Codec.Format.Parameters;
            _encoder = codec.CreateEncoder(_parameters);
            _control = new RedundancyControl(_start, _encoder.SendsRedundancy ? 1 : 0);
            if (_options.Silence == SilenceSuppression.Always) _encoder.SuppressSilence();
        }

        NegotiateSilence(audio, codec);

        _payloadType = audio.Codec.SendPayloadType;
        _redundancyPayloadType = codec.SuitsRedundancy ? FindRedundancy(audio) : null;
        _eventPayloadType = audio.TelephoneEvent?.SendPayloadType;
        _levelId = audio.AudioLevel?.Id;
        _eventClockRate = audio.TelephoneEvent?.Format.ClockRate ?? codec.Format.ClockRate;
        IsOn = audio.Direction.Sends();
        TimeSpan packet = audio.PacketTime < MinPacketTime ? MinPacketTime : audio.PacketTime > MaxPacketTime ? MaxPacketTime : audio.PacketTime;
        _packetSamples = codec.PacketSamples(codec.Format.SampleRate / 100 * (int)(packet / MinPacketTime));
        if (_samples.Length < _packetSamples + (codec.Format.SampleRate / 10)) Array.Resize(ref _samples, _packetSamples + (codec.Format.SampleRate / 10));
    }

    /// <summary>Lets a digit be sent after those that wait.</summary>
    /// <returns>False when the other side takes none, or too many wait.</returns>
    public bool TryQueueEvent(byte code) => _eventPayloadType is not null && _events!.TryQueue(code, _options.DtmfDuration);

    /// <summary>Lets a digit sound in the place of what the source gives, after those that wait.</summary>
    /// <returns>False when it is no digit, or too many wait.</returns>
    public bool TryQueueTone(byte code) => Dtmf.TryGetDigit(code, out char digit) && _tones!.TryQueue(digit);

    /// <summary>The other side reported how many packets get lost; this is called when a codec was negotiated.</summary>
    /// <param name="now">The time.</param>
    /// <param name="heard">With its last report.</param>
    public void OnLoss(Instant now, in RtpStatistics heard)
    {
        double? run = heard.RemoteLossRun;
        if (run is null && heard.RemotePacketsLost >= LeastLost) run = heard.RemoteVoipMetrics?.MeanRun(PacketTime);
        _control!.OnReport(now, heard.RemoteFractionLost!.Value, run ?? 1);
        // With one packet in a hundred lost, many a report has seen none: FEC goes on until that is certain.
        double loss = _control.Loss!.Value;
        _encoder!.SetExpectedLoss((int)Math.Ceiling(100 * (loss < SmallestLoss ? 0 : Math.Max(loss, LeastExpectedLoss))));
    }

    /// <summary>Says what has been received, about each second.</summary>
    public void OnOwnLoss(Instant now, in RtpStatistics received) => _control?.OnOwnLoss(now, received.PacketsReceived, received.PacketsLost);

    /// <summary>Who hears what is sent besides; null for nobody.</summary>
    public IAudioTap? Tap { get; set; }

    /// <summary>What sounds over what the source gives; null for nothing.</summary>
    public IAudioSource? Overlay
    {
        get => _overlay;
        set
        {
            _overlay = value;
            if (_codec is not null) value?.Start(Format.SampleRate);
        }
    }

    /// <summary>Takes a beat's worth from the source, and makes packets when one is full.</summary>
    /// <param name="at">When the beat is.</param>
    /// <param name="beat">How long it lasts.</param>
    /// <param name="session">Numbers the packets.</param>
    public void Beat(Instant at, TimeSpan beat, RtpSession session)
    {
        int wanted = Format.SamplesIn(beat);
        uint units = Format.ToTimestampUnits(wanted);
        if (!IsOn)
        {
            _timestamp += Format.ToTimestampUnits(_count) + units;
            (_count, _isFirst) = (0, true);
            return;
        }

        if (_events!.TryNext(Timestamp, units, out TelephoneEventPacket packet)) WriteEvent(packet, session);
        Span<short> samples = _samples.AsSpan(_count, wanted);
        int given = HasSourceEnded ? 0 : _source.Read(samples);
        if (given < wanted)
        {
            samples[given..].Clear();
            HasSourceEnded = true;
        }

        if (_overlay is not null) AddOverlay(samples);
        if (_tones!.IsActive) _tones.Replace(samples);
        Tap?.OnSent(at, Format.SampleRate, samples);
        _count += wanted;
        while (_count >= _packetSamples) WritePacket(session);
    }

    /// <summary>Sends what is less than a packet, filled up with silence.</summary>
    public void Flush(RtpSession session)
    {
        if (_count == 0 || !IsOn) return;
        _samples.AsSpan(_count.._packetSamples).Clear();
        _count = _packetSamples;
        WritePacket(session);
    }

    /// <summary>Gives the packets that were made, in order; who takes one releases it.</summary>
    public bool TryTake(out PooledBuffer? packet) => _packets.TryDequeue(out packet);

    public void Dispose()
    {
        _encoder?.Dispose();
        while (_packets.TryDequeue(out PooledBuffer? packet)) packet.Release();
    }

    private void NegotiateSilence(NegotiatedAudio audio, IAudioCodec codec)
    {
        byte? noise = null;
        foreach (NegotiatedFormat format in audio.ComfortNoise)
        {
            if (noise is null && format.Format.ClockRate == codec.Format.ClockRate) noise = format.SendPayloadType;
        }

        bool isWanted = !codec.SuppressesSilence && (_options.Silence == SilenceSuppression.Always || (_options.Silence == SilenceSuppression.WhenAsked && noise is not null));
        if (!isWanted) _silence = null;
        else if (_silence is null || noise is null != _noisePayloadType is null)
            // With a clock that is not the sample rate (G.722) it is not said whose spectrum that would be.
            _silence = new SilenceSuppressor(codec.Format.SampleRate, codec.Format.SampleRate == codec.Format.ClockRate, noise is not null, noise is null ? KeepAliveInterval : NoiseInterval);
        _noisePayloadType = noise;
    }

    private void AddOverlay(Span<short> samples)
    {
        if (_overlaid.Length < samples.Length) _overlaid = new short[samples.Length];
        int count = _overlay!.Read(_overlaid.AsSpan(0, samples.Length));
        for (int i = 0; i < count; i++) samples[i] = (short)Math.Clamp(samples[i] + _overlaid[i], short.MinValue, short.MaxValue);
        if (count < samples.Length) _overlay = null;
    }

    private void WritePacket(RtpSession session)
    {
        SilenceStep step = _silence?.Next(_samples.AsSpan(0, _packetSamples)) ?? SilenceStep.Speech;
        if (step == SilenceStep.Noise && _noisePayloadType is { } noise) WriteNoise(session, noise);
        else if (step == SilenceStep.Nothing) Suppress();
        else WriteSound(session);
        _timestamp += Format.ToTimestampUnits(_packetSamples);
        _count -= _packetSamples;
        _samples.AsSpan(_packetSamples, _count).CopyTo(_samples);
    }

    private void WriteNoise(RtpSession session, byte payloadType)
    {
        PooledBuffer buffer = _buffers.Rent(HeaderLengthBytes + SilenceSuppressor.MaxLengthBytes);
        buffer.Length = HeaderLengthBytes + _silence!.Describe(buffer.Span[HeaderLengthBytes..]);
        // RFC 3389 4: no marker.
        WriteHeader(session, buffer, payloadType, marker: false);
        Suppress();
    }

    private void Suppress()
    {
        _isFirst = true;
        _redundancy.Clear();
        Suppressed += TimeSpan.FromTicks(_packetSamples * TimeSpan.TicksPerSecond / Format.SampleRate);
    }

    private void WriteSound(RtpSession session)
    {
        const int MaxPayload = 1400;        // no codec's packet is longer, and it goes through everywhere
        int most = Math.Min(MaxPayload, _packetSamples * 2);
        int header = HeaderLengthBytes;
        PooledBuffer buffer = _buffers.Rent(header + Math.Max(most, RedundancyDepth > 0 ? RedundancyWriter.MaxLengthBytes : 0));
        Span<byte> payload = buffer.Span[header..];
        ReadOnlySpan<short> samples = _samples.AsSpan(0, _packetSamples);
        int length = _encoder!.Encode(samples, payload[..most]);
        if (length > 0)
        {
            int whole = _redundancyPayloadType is null ? 0 : _redundancy.Write(payload, length, _payloadType, _timestamp, Format.ToTimestampUnits(_packetSamples), _control!.Plan);
            byte payloadType = whole > 0 ? _redundancyPayloadType!.Value : _payloadType;
            buffer.Length = header + (whole > 0 ? whole : length);
            WriteHeader(session, buffer, payloadType, _isFirst);
            _isFirst = false;
        }
        else
        {
            buffer.Release();
            Suppress();
        }
    }

    private int HeaderLengthBytes => _levelId is null ? RtpPacket.FixedHeaderLengthBytes : RtpSession.HeaderWithLevelLengthBytes;

    private void WriteHeader(RtpSession session, PooledBuffer packet, byte payloadType, bool marker)
    {
        if (_levelId is { } id) session.WriteHeader(packet.Span, payloadType, marker, _timestamp, AudioLevel.Of(_samples.AsSpan(0, _packetSamples)), id);
        else session.WriteHeader(packet.Span, payloadType, marker, _timestamp);
        _packets.Enqueue(packet);
    }

    private static byte? FindRedundancy(NegotiatedAudio audio)
    {
        foreach (NegotiatedFormat format in audio.Redundancy)
        {
            if (format.Format.ClockRate == audio.Codec.Format.ClockRate && format.Format.Channels == audio.Codec.Format.Channels) return format.SendPayloadType;
        }

        return null;
    }

    private void WriteEvent(in TelephoneEventPacket packet, RtpSession session)
    {
        if (_eventPayloadType is not { } payloadType) return;
        PooledBuffer buffer = _buffers.Rent(RtpPacket.FixedHeaderLengthBytes + TelephoneEvent.LengthBytes);
        // The timestamps are the stream's; the duration counts in the clock that the other side has for events.
        TelephoneEvent told = packet.Event with { Duration = (ushort)Math.Min((long)packet.Event.Duration * _eventClockRate / Format.ClockRate, ushort.MaxValue) };
        told.Write(buffer.Span[RtpPacket.FixedHeaderLengthBytes..]);
        session.WriteHeader(buffer.Span, payloadType, packet.Marker, packet.Timestamp);
        _packets.Enqueue(buffer);
    }
}
