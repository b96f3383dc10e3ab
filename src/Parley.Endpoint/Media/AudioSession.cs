using System.Buffers.Binary;
using Parley.Core;
using Parley.Endpoint.Media.Quality;
using Parley.Media.Codecs;
using Parley.Media.Processing;
using Parley.Media.Streams;
using Parley.Rtp;
using Parley.Rtp.Events;
using Parley.Rtp.HeaderExtensions;
using Parley.Rtp.Redundancy;
using Parley.Sdp;

namespace Parley.Endpoint.Media;

/// <summary>Where an <see cref="AudioSession"/> is in its life.</summary>
public enum AudioSessionState
{
    /// <summary>Not started: what comes is kept for a moment.</summary>
    Idle,

    /// <summary>Sends and plays.</summary>
    Running,

    /// <summary>Sends no more; plays what is still there.</summary>
    Draining,

    /// <summary>Over.</summary>
    Ended,
}

/// <summary>The audio of one call, without sockets or clock: is fed datagrams and the time, and drained of datagrams and news.</summary>
/// <remarks>
/// <code>
///        Start            Stop               all is played
/// Idle ---------> Running ------> Draining ---------------> Ended
/// </code>
/// Every 20 ms, counted from the start so that nothing drifts, it asks the source for samples. The sink gets 20 ms of sound at most each time that what it got is over; when that is
/// follows what comes from the network, as what is played may be left out or repeated (<see cref="AudioReceiver"/>).
/// After each call of anything here, drain <see cref="TryTake"/> and read <see cref="NextDeadline"/> again.
/// </remarks>
public sealed class AudioSession : IDisposable
{
    /// <summary>The beat on which sound is taken, and the most that is given at once.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(20);

    private const int BeatsPerSecond = 50;
    private const int MaxEarly = 50;
    private const byte ComfortNoise = 13;       // RFC 3389: some send it to those who did not ask for it; it is silence then, not a lost packet
    private const int RtcpLengthBytes = 1200;
    private static readonly TimeSpan MaxCatchUp = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan MaxDrain = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(40);     // that the end of a call may be ahead of its last packets

    private readonly AudioOptions _options;
    private readonly BufferPool _buffers;
    private readonly NtpClock _clock;
    private readonly Random _random;
    private readonly SymmetricRtp _remote = new();
    private readonly SrtpProtection _protection;
    private readonly TelephoneEventReceiver _events = new();
    private readonly QualityMonitor _quality = new();
    private readonly Queue<AudioOutput> _outputs = new();
    private readonly Queue<(Instant At, PooledBuffer Datagram, NetworkAddress From)> _early = new();
    private AudioCodecs? _codecs;
    private RtpSession? _session;
    private AudioSender? _sender;
    private AudioReceiver? _receiver;
    private NegotiatedAudio? _audio;
    private IAudioTap? _tap;
    private IAudioSource? _overlay;
    private Instant _start;
    private long _beats;
    private long _remoteReports;            // that were acted on
    private Instant _nextPlayout;           // what the sink got is over then
    private Instant _stopped;
    private bool _toldSourceEnded;
    private int? _remoteLevel;
    private long _discarded, _foreign;

    /// <summary>A session that waits for its negotiation.</summary>
    /// <param name="options">How it sends and plays.</param>
    /// <param name="buffers">Where datagrams are kept.</param>
    /// <param name="clock">Wall-clock time for RTCP; the same for all streams of a host.</param>
    /// <param name="random">For SSRC, first numbers and the spread of reports; not to be guessed by strangers.</param>
    public AudioSession(AudioOptions options, BufferPool buffers, NtpClock clock, Random random)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _buffers, _clock, _random) = (options, buffers, clock, random);
        _protection = new SrtpProtection(buffers);
    }

    /// <summary>Where it is in its life.</summary>
    public AudioSessionState State { get; private set; }

    /// <summary>When <see cref="OnDeadline"/> wants to be called; <see cref="Instant.Never"/> when nothing is due.</summary>
    public Instant NextDeadline => State switch
    {
        AudioSessionState.Running => Instant.Min(Instant.Min(NextBeat, _nextPlayout), Instant.Min(_session!.NextReport, _events.NextDeadline)),
        AudioSessionState.Draining => Instant.Min(_nextPlayout, Instant.Min(_session!.NextReport, _events.NextDeadline)),
        _ => Instant.Never,
    };

    /// <summary>True when RTCP goes out of the RTP port (RFC 5761).</summary>
    public bool IsRtcpMultiplexed => _audio is { RtcpMux: true };

    /// <summary>Who hears both directions besides; null for nobody. May change at any time.</summary>
    public IAudioTap? Tap
    {
        get => _tap;
        set
        {
            _tap = value;
            if (_sender is not null) (_sender.Tap, _receiver!.Tap) = (value, value);
        }
    }

    /// <summary>What sounds over what the source gives, until it ends; null for nothing. May change at any time.</summary>
    public IAudioSource? Overlay
    {
        get => _overlay;
        set
        {
            _overlay = value;
            if (_sender is not null) _sender.Overlay = value;
        }
    }

    /// <summary>How it has gone so far.</summary>
    public AudioStatistics Statistics => new()
    {
        Codec = _audio?.Codec.Format.EncodingName,
        LocalSsrc = _session?.Ssrc ?? 0,
        RemoteSsrc = _session?.RemoteSsrc ?? 0,
        RemoteRtp = _remote.Rtp,
        Rtp = _session?.Statistics ?? default,
        Playout = _receiver?.Statistics ?? default,
        Discarded = _discarded,
        Foreign = _foreign,
        Recovered = _receiver?.Recovered ?? 0,
        RedundancyDepth = _sender?.RedundancyDepth ?? 0,
        PlayoutDelay = _receiver?.Delay ?? default,
        Shortened = _receiver?.Shortened ?? default,
        Lengthened = _receiver?.Lengthened ?? default,
        Suppressed = _sender?.Suppressed ?? default,
        RemoteLevel = _remoteLevel,
        CryptoSuite = _protection.Suite,
        NotAuthentic = _protection.NotAuthentic,
        Replayed = _protection.Replayed,
        Quality = _session is null ? null : _quality.Whole(_session.Statistics, _receiver!, _sender!),
    };

    /// <summary>How good the call was in the last interval; null before its first.</summary>
    public QualityInterval? LastInterval => _quality.Last;

    private Instant NextBeat => _start + (Beat * _beats);

    /// <summary>Begins to send and to play.</summary>
    /// <param name="now">The time: the first beat is now.</param>
    /// <param name="audio">What was negotiated.</param>
    /// <param name="codecs">What has all codecs of it.</param>
    /// <param name="source">What is sent.</param>
    /// <param name="sink">Who gets what is received.</param>
    /// <exception cref="InvalidOperationException">It was started before.</exception>
    public void Start(Instant now, NegotiatedAudio audio, AudioCodecs codecs, IAudioSource source, IAudioSink sink)
    {
        if (State != AudioSessionState.Idle) throw new InvalidOperationException($"The session is {State}.");
        int clockRate = audio.Codec.Format.ClockRate;
        _codecs = codecs;
        _session = new RtpSession(now, new RtpSessionOptions { CanonicalName = _options.CanonicalName, Clock = _clock }, clockRate, _random);
        _sender = new AudioSender(_options, _buffers, source, now, _session.FirstTimestamp);
        _receiver = new AudioReceiver(_options, _buffers, sink);
        (Tap, Overlay) = (_tap, _overlay);
        (_start, _nextPlayout, State) = (now, now, AudioSessionState.Running);
        Update(audio);
        while (_early.TryDequeue(out (Instant At, PooledBuffer Datagram, NetworkAddress From) early))
        {
            if (now - early.At <= _options.EarlyMedia) OnRtp(early.At, early.Datagram.Span, early.From);
            early.Datagram.Release();
        }

        OnDeadline(now);
    }

    /// <summary>Takes a new negotiation over: hold, another address, another codec.</summary>
    /// <exception cref="InvalidOperationException">It is not running.</exception>
    public void Update(NegotiatedAudio audio)
    {
        if (State != AudioSessionState.Running) throw new InvalidOperationException($"The session is {State}.");
        _audio = audio;
        _session!.ClockRate = audio.Codec.Format.ClockRate;
        _session.TakesReducedSize = audio.ReducedSizeRtcp;
        _session.Agree(audio.ExtendedReports.ToAgreement());
        _remote.Negotiate(audio);
        _protection.Negotiate(audio.Crypto);
        _sender!.Negotiate(audio, _codecs!);
        _receiver!.Negotiate(audio, _codecs!);
    }

    /// <summary>Lets a DTMF digit or another event be sent after those that wait.</summary>
    /// <param name="code">0 to 15 for the digits.</param>
    /// <returns>False when the other side takes no events, too many wait, or it is not running.</returns>
    public bool SendEvent(byte code) => State == AudioSessionState.Running && _sender!.TryQueueEvent(code);

    /// <summary>Lets a DTMF digit sound in the place of what the source gives, after those that wait: for who listens for tones and knows no events.</summary>
    /// <param name="code">0 to 15: the digits.</param>
    /// <returns>False when it is no digit, too many wait, or it is not running.</returns>
    public bool SendTone(byte code) => State == AudioSessionState.Running && _sender!.TryQueueTone(code);

    /// <summary>Says goodbye, sends no more, and plays what is still there.</summary>
    public void Stop(Instant now)
    {
        if (State == AudioSessionState.Idle) End();
        if (State != AudioSessionState.Running) return;
        _sender!.Flush(_session!);
        TakePackets();
        PooledBuffer datagram = _buffers.Rent(RtcpLengthBytes);
        SendRtcp(datagram, _session!.WriteGoodbye(now, datagram.Span));

        (State, _stopped) = (AudioSessionState.Draining, now);
        if (_receiver!.IsDrained) End();
    }

    /// <summary>A datagram came to the RTP port.</summary>
    public void OnRtp(Instant now, ReadOnlySpan<byte> datagram, NetworkAddress from)
    {
        if (State == AudioSessionState.Ended || (State == AudioSessionState.Draining && now - _stopped > Grace)) return;
        if (State == AudioSessionState.Idle)
        {
            KeepEarly(now, datagram, from);
            return;
        }

        if (RtpPacket.IsRtcp(datagram))
        {
            OnRtcp(now, datagram, from);
            return;
        }

        // Before SRTP: a copy that comes from elsewhere must not take a packet's place in the replay window.
        bool isKnownSource = datagram.Length >= RtpPacket.FixedHeaderLengthBytes && BinaryPrimitives.ReadUInt32BigEndian(datagram[8..]) == _session!.RemoteSsrc;
        if (!_remote.Admits(now, from, isKnownSource))
        {
            _foreign++;
            return;
        }

        if (!_protection.TryUnprotect(ref datagram, isRtcp: false)) return;
        if (RtpPacket.TryParse(datagram, out RtpPacket packet) != RtpError.None)
        {
            _discarded++;
            return;
        }

        RtpHeader header = packet.Header;
        ReadOnlySpan<byte> payload = packet.Payload;
        RedundantPayload redundant = default;
        if (IsRedundancy(header.PayloadType))
        {
            if (!RedundantPayload.TryParse(payload, out redundant))
            {
                _discarded++;
                return;
            }

            header = header with { PayloadType = redundant.Primary.PayloadType };
            payload = redundant.Primary.Payload;
        }

        bool isEvent = IsEvent(header.PayloadType), isNoise = !isEvent && IsNoise(header.PayloadType);
        if (!isEvent && !isNoise && !_receiver!.Knows(header.PayloadType))
        {
            _discarded++;
            return;
        }

        RtpAcceptance acceptance = _session!.OnPacket(now, packet);
        if (acceptance is not (RtpAcceptance.Accepted or RtpAcceptance.NewSource))
        {
            _discarded++;
            return;
        }

        _remote.OnBelieved(now, from);
        if (_audio!.AudioLevel is { } mapping && AudioLevel.TryRead(packet, mapping.Id, out AudioLevel level)) _remoteLevel = level.Decibels;
        if (acceptance == RtpAcceptance.NewSource) _events.Reset();
        if (isEvent)
        {
            _receiver!.PutOther(header);
            while (redundant.TryReadRedundant(out RedundantBlock block))
            {
                if (IsEvent(block.PayloadType)) _events.OnPacket(now, header.Timestamp - block.TimestampOffset, block.Payload);
            }

            _events.OnPacket(now, header.Timestamp, payload);
        }
        else if (isNoise)
        {
            _receiver!.PutNoise(header, payload);
        }
        else if (!_receiver!.Put(header, payload, redundant, now, out bool isDiscarded))
        {
            _discarded++;
        }
        else if (isDiscarded)
        {
            _session.OnDiscarded(header.SequenceNumber);
        }

        TakeEvents();
    }

    /// <summary>A datagram came to the RTCP port.</summary>
    public void OnRtcp(Instant now, ReadOnlySpan<byte> datagram, NetworkAddress from)
    {
        if (State is not (AudioSessionState.Running or AudioSessionState.Draining)) return;
        if (!_remote.AdmitsRtcp(from))
        {
            _foreign++;
            return;
        }

        if (!_protection.TryUnprotect(ref datagram, isRtcp: true)) return;
        RtcpNews news = _session!.OnControl(now, datagram);
        if (news == RtcpNews.Invalid)
        {
            _discarded++;
            return;
        }

        _remote.OnBelievedRtcp(from);
        if (news == RtcpNews.RemoteLeft) _outputs.Enqueue(new AudioOutput(AudioOutputKind.RemoteLeft));
        // A datagram without a report on this side says nothing new about losses.
        RtpStatistics heard = _session.Statistics;
        if (heard.RemoteReports == _remoteReports || heard.RemoteFractionLost is null) return;
        _remoteReports = heard.RemoteReports;
        _sender!.OnLoss(now, heard);
    }

    /// <summary>The time came; calling it early or twice does nothing.</summary>
    public void OnDeadline(Instant now)
    {
        if (State is not (AudioSessionState.Running or AudioSessionState.Draining)) return;
        // After a pause of the whole process its beats are made up for, so that no sound is left out; after a long one the
        // beat begins anew, and only the time is lost.
        if (now - NextBeat > MaxCatchUp) _start = now - (Beat * _beats);
        if (now - _nextPlayout > MaxCatchUp) _nextPlayout = now;
        while (true)
        {
            Instant beat = State == AudioSessionState.Running ? NextBeat : Instant.Never;
            if (State == AudioSessionState.Ended || Instant.Min(beat, _nextPlayout) > now) break;
            if (_nextPlayout <= beat) Play(now);
            else OnBeat();
        }

        _events.OnDeadline(now);
        TakeEvents();
        if (State != AudioSessionState.Ended && _session!.NextReport <= now) SendReport(now);
    }

    /// <summary>Gives what is to be done or told, in order.</summary>
    public bool TryTake(out AudioOutput output) => _outputs.TryDequeue(out output);

    /// <summary>Gives back all that it holds, without playing it.</summary>
    public void Dispose()
    {
        State = AudioSessionState.Ended;
        while (_early.TryDequeue(out (Instant At, PooledBuffer Datagram, NetworkAddress From) early)) early.Datagram.Release();
        while (_outputs.TryDequeue(out AudioOutput output)) output.Datagram?.Release();
        _sender?.Dispose();
        _receiver?.Dispose();
        _protection.Dispose();
    }

    private void Play(Instant now)
    {
        _nextPlayout += _receiver!.Beat(Beat, _nextPlayout);
        while (_receiver.TryTakeKey(out HeardDigit key))
        {
            if (Dtmf.TryGetCode(key.Digit, out byte code)) _outputs.Enqueue(new AudioOutput(AudioOutputKind.Event, Event: new AudioEvent(code, key.IsEnd, key.Duration)));
        }

        if (State == AudioSessionState.Draining && (_receiver.IsDrained || now - _stopped >= MaxDrain)) End();
    }

    private void OnBeat()
    {
        Instant at = NextBeat;
        _beats++;
        if (_beats % BeatsPerSecond == 0) _sender!.OnOwnLoss(at, _session!.Statistics);
        if (_beats % (BeatsPerSecond * QualityMonitor.IntervalSeconds) == 0)
        {
            _quality.Close(_session!.Statistics, _receiver!, _sender!);
            _outputs.Enqueue(new AudioOutput(AudioOutputKind.Quality));
        }

        _session!.SetMediaClock(at, _sender!.Timestamp);
        _sender.Beat(at, Beat, _session);
        TakePackets();
        if (!_sender.HasSourceEnded || _toldSourceEnded) return;
        _toldSourceEnded = true;
        _outputs.Enqueue(new AudioOutput(AudioOutputKind.SourceEnded));
    }

    private void SendReport(Instant now)
    {
        _session!.SetPlayout(_receiver!.Playout with { Quality = _quality.ToReport(_session.Statistics, _receiver) });
        PooledBuffer datagram = _buffers.Rent(RtcpLengthBytes);
        SendRtcp(datagram, _session.TryWriteReport(now, datagram.Span));
    }

    private void SendRtcp(PooledBuffer datagram, int length)
    {
        if (length == 0 || !_remote.Rtcp.IsSpecified)
        {
            datagram.Release();
            return;
        }

        datagram.Length = length;
        if (_protection.Protect(datagram, isRtcp: true) is { } whole) _outputs.Enqueue(new AudioOutput(AudioOutputKind.SendRtcp, whole, _remote.Rtcp));
    }

    private void TakePackets()
    {
        while (_sender!.TryTake(out PooledBuffer? packet))
        {
            if (_protection.Protect(packet!, isRtcp: false) is { } whole) _outputs.Enqueue(new AudioOutput(AudioOutputKind.SendRtp, whole, _remote.Rtp));
        }
    }

    private void TakeEvents()
    {
        while (_events.TryTake(out TelephoneEventNotice notice))
        {
            TimeSpan duration = TimeSpan.FromSeconds((double)notice.DurationUnits / (_audio!.TelephoneEvent?.Format.ClockRate ?? _session!.ClockRate));
            _outputs.Enqueue(new AudioOutput(AudioOutputKind.Event, Event: new AudioEvent(notice.Code, notice.IsEnd, duration)));
        }
    }

    private bool IsEvent(byte payloadType) =>
        _audio!.TelephoneEvent is { } format && !_receiver!.Knows(payloadType)
        && (payloadType == format.ReceivePayloadType || payloadType == format.SendPayloadType);

    private bool IsNoise(byte payloadType)
    {
        if (_receiver!.Knows(payloadType)) return false;
        foreach (NegotiatedFormat format in _audio!.ComfortNoise)
        {
            if (payloadType == format.ReceivePayloadType || payloadType == format.SendPayloadType) return true;
        }

        return payloadType == ComfortNoise;
    }

    private bool IsRedundancy(byte payloadType)
    {
        if (_receiver!.Knows(payloadType)) return false;
        foreach (NegotiatedFormat format in _audio!.Redundancy)
        {
            if (payloadType == format.ReceivePayloadType || payloadType == format.SendPayloadType) return true;
        }

        return false;
    }

    private void KeepEarly(Instant now, ReadOnlySpan<byte> datagram, NetworkAddress from)
    {
        if (_early.Count == MaxEarly && _early.TryDequeue(out (Instant At, PooledBuffer Datagram, NetworkAddress From) oldest)) oldest.Datagram.Release();
        _early.Enqueue((now, _buffers.Copy(datagram), from));
    }

    private void End()
    {
        State = AudioSessionState.Ended;
        _receiver?.End();
        _outputs.Enqueue(new AudioOutput(AudioOutputKind.Ended));
    }
}
