using System.Text;
using Parley.Core;
using Parley.Rtp.HeaderExtensions;
using Parley.Rtp.Rtcp;
using Parley.Rtp.Rtcp.ExtendedReports;

namespace Parley.Rtp;

/// <summary>One side of an RTP session between two: numbers what is sent, believes what is received, reports on both.</summary>
/// <remarks>
/// A core: it writes into the caller's buffers and is told the time. One remote source is listened to; another takes its
/// place once two of its packets came in sequence, at once when the first has said goodbye or has been silent for a second.
/// Source: RFC 3550 6 and 8.
/// </remarks>
public sealed class RtpSession
{
    private const int MaxCollisions = 4;        // more than that is no chance
    private const int MaxReflected = 1000;      // packets that a reflector may hold: 20 s
    private const int FewMembers = 50;          // who say goodbye at once (RFC 3550 6.3.7)
    private const int TimeoutIntervals = 5;     // RFC 3550 6.3.5
    private static readonly TimeSpan SourceSilence = TimeSpan.FromSeconds(1);

    private readonly RtpSessionOptions _options;
    private readonly Random _random;
    private readonly RtcpSchedule _schedule;
    private readonly byte[] _canonicalName;
    private ushort _sequence;
    private (Instant At, uint Timestamp) _mediaClock;
    private long _packetsSent, _octetsSent;
    private uint _packetsOfSsrc, _octetsOfSsrc;         // what SR counts: it begins anew with the SSRC
    private int _reportsSinceSent = 2;                  // we count as a sender for two reports after a packet
    private readonly RtcpMembers _members = new();
    private readonly ExtendedReporter _extended = new();
    private uint? _ssrcLeft;
    private int _changes;                               // of this side's SSRC
    private long _collisions, _looped;
    private bool _hasReported;
    private bool _isLeaving;
    private bool _hasLeft;

    private RtpSource? _source;
    private RtpSource? _candidate;
    private Instant _sourceHeard;
    private bool _sourceLeft;
    private uint _receivedAtReport;
    private long _receivedBefore, _lostBefore, _octetsReceived;
    private (Instant At, uint Compact)? _lastSenderReport;
    private byte[]? _remoteName;                        // the CNAME of the source that is listened to
    private TimeSpan? _roundTrip;
    private RtcpReportBlock? _remoteReport;
    private long _remoteReports;

    /// <summary>Bytes of a header with an extension that says how loud the payload is.</summary>
    public const int HeaderWithLevelLengthBytes = RtpPacket.FixedHeaderLengthBytes + 8;

    /// <summary>A session that begins.</summary>
    /// <param name="now">The time.</param>
    /// <param name="options">What it is set up with.</param>
    /// <param name="clockRate">Timestamp units per second.</param>
    /// <param name="random">For SSRC, first sequence number and the spread of reports: RFC 3550 5.1 asks for unpredictable values.</param>
    public RtpSession(Instant now, RtpSessionOptions options, int clockRate, Random random)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        _options = options;
        _random = random;
        _canonicalName = Encoding.UTF8.GetBytes(options.CanonicalName);
        if (_canonicalName.Length is 0 or > 255) throw new ArgumentException("A canonical name has 1 to 255 bytes.", nameof(options));
        ClockRate = clockRate;
        TimeSpan reduced = RtcpSchedule.ReducedMinimum(options.BandwidthBytesPerSecond);
        TimeSpan least = options.UsesReducedMinimum && reduced < options.MinReportInterval ? reduced : options.MinReportInterval;
        _schedule = new RtcpSchedule(now, options.BandwidthBytesPerSecond * 0.05, random, least);
        Ssrc = NextRandom();
        _sequence = (ushort)random.Next(0, 1 << 15);    // in the lower half, as SRTP's first packets need it (RFC 3711 3.3.1)
        _mediaClock = (now, NextRandom());
    }

    /// <summary>Timestamp units per second; changes with the codec.</summary>
    public int ClockRate
    {
        get;
        set
        {
            if (field == value) return;
            field = value;
            // How long packets took in the old units says nothing in the new ones.
            _source?.ForgetTransit();
            _extended.ForgetTransit();
        }
    }

    /// <summary>This side's identifier.</summary>
    public uint Ssrc { get; private set; }

    /// <summary>The source that is listened to; null before its first packet.</summary>
    public uint? RemoteSsrc => _source?.Ssrc;

    /// <summary>When <see cref="TryWriteReport"/> wants to be called.</summary>
    /// <value><see cref="Instant.Never"/> once this side has left.</value>
    public Instant NextReport => _hasLeft ? Instant.Never : _schedule.Next;

    /// <summary>Members of the session that this side knows of, itself included.</summary>
    public int Members => _members.Count + 1;

    /// <summary>Whether RTCP need not begin with a report, as agreed on (RFC 5506).</summary>
    public bool TakesReducedSize { get; set; }

    /// <summary>A first timestamp for the media, unpredictable as RFC 3550 5.1 asks.</summary>
    public uint FirstTimestamp => _mediaClock.Timestamp;

    /// <summary>How it has gone so far.</summary>
    public RtpStatistics Statistics => new(
        _packetsSent,
        _octetsSent,
        _receivedBefore + (_source?.Received ?? 0),
        _octetsReceived,
        _lostBefore + (_source is { Received: > 0 } ? _source.CumulativeLost : 0),
        ToTime(_source?.Jitter ?? 0),
        _roundTrip,
        _remoteReport?.CumulativeLost,
        _remoteReport?.FractionLost / 256.0,
        _remoteReport is { } report ? ToTime(report.Jitter) : null)
    {
        RemoteReports = _remoteReports,
        Collisions = _collisions,
        Looped = _looped,
        RemoteVoipMetrics = _extended.RemoteVoipMetrics,
        RemoteLossRun = _extended.RemoteLossRun,
    };

    /// <summary>Says which timestamp is now, so that reports can relate the media's clock to the wall's.</summary>
    public void SetMediaClock(Instant now, uint timestamp) => _mediaClock = (now, timestamp);

    /// <summary>Writes the header of a packet whose payload already stands behind its place, and counts it as sent.</summary>
    /// <param name="packet">Header and payload: 12 bytes and more.</param>
    /// <param name="payloadType">0 to 127.</param>
    /// <param name="marker">The first after a silence, or of an event.</param>
    /// <param name="timestamp">Of the payload.</param>
    public void WriteHeader(Span<byte> packet, byte payloadType, bool marker, uint timestamp)
    {
        ReadOnlySpan<byte> payload = packet[RtpPacket.FixedHeaderLengthBytes..];
        RtpPacket.Write(packet, new RtpHeader(payloadType, marker, _sequence++, timestamp, Ssrc), payload);
        OnSent(payload.Length);
    }

    /// <summary>The same with an extension that says how loud the payload is.</summary>
    /// <param name="packet">Header, extension and payload: <see cref="HeaderWithLevelLengthBytes"/> bytes and more.</param>
    /// <param name="payloadType">0 to 127.</param>
    /// <param name="marker">The first after a silence, or of an event.</param>
    /// <param name="timestamp">Of the payload.</param>
    /// <param name="level">How loud it is.</param>
    /// <param name="levelId">What the extension is known by: 1 to 255.</param>
    public void WriteHeader(Span<byte> packet, byte payloadType, bool marker, uint timestamp, AudioLevel level, byte levelId)
    {
        ReadOnlySpan<byte> payload = packet[HeaderWithLevelLengthBytes..];
        Span<byte> extension = stackalloc byte[4];
        RtpHeaderExtensionWriter elements = new(extension, isOneByte: levelId <= 14);
        elements.Write(levelId, [level.ToByte()]);
        elements.Pad();
        RtpPacket.Write(packet, new RtpHeader(payloadType, marker, _sequence++, timestamp, Ssrc), default, elements.Profile, extension, payload);
        OnSent(payload.Length);
    }

    /// <summary>Takes which extended reports the other side asked for, at the start and later.</summary>
    public void Agree(XrAgreement extendedReports) => _extended.Agree(extendedReports);

    /// <summary>Says what only who plays the stream knows, for the next report.</summary>
    public void SetPlayout(in XrPlayout playout) => _extended.Playout = playout;

    /// <summary>A packet that was accepted could not be played.</summary>
    public void OnDiscarded(ushort sequenceNumber) => _extended.OnDiscarded(sequenceNumber);

    /// <summary>A packet came whose payload type is known.</summary>
    public RtpAcceptance OnPacket(Instant now, in RtpPacket packet)
    {
        if (packet.Ssrc == Ssrc) OnOwnSsrc(packet.SequenceNumber);
        for (int i = 0; i < packet.CsrcCount; i++) _looped += packet.Csrc(i) == Ssrc ? 1 : 0;
        RtpAcceptance acceptance = RtpAcceptance.Accepted;
        if (_source is null || packet.Ssrc != _source.Ssrc)
        {
            if (!Follow(now, packet)) return RtpAcceptance.Probation;
            acceptance = RtpAcceptance.NewSource;
        }
        else if (!_source.OnSequence(packet.SequenceNumber))
        {
            return RtpAcceptance.Misplaced;
        }

        (_sourceHeard, _sourceLeft) = (now, false);
        uint units = ToUnits(now);
        _source!.OnArrival(units, packet.Timestamp);
        _extended.OnPacket(packet.SequenceNumber, units, packet.Timestamp);
        _octetsReceived += packet.Payload.Length;
        if (_members.OnHeard(now, packet.Ssrc, isRtp: true)) UpdateMembers(now);
        return acceptance;
    }

    /// <summary>An RTCP datagram came.</summary>
    public RtcpNews OnControl(Instant now, ReadOnlySpan<byte> datagram)
    {
        if (RtcpReader.TryParse(datagram, out RtcpReader reader, TakesReducedSize) != RtcpError.None) return RtcpNews.Invalid;
        _schedule.OnReceived(datagram.Length);
        RtcpNews news = RtcpNews.Reports;
        while (reader.TryRead(out RtcpPacket packet))
        {
            switch (packet.Type)
            {
                case RtcpPacketType.SenderReport or RtcpPacketType.ReceiverReport:
                    OnReport(now, packet);
                    break;
                case RtcpPacketType.SourceDescription:
                    OnDescriptions(now, packet.SourceDescriptions);
                    break;
                case RtcpPacketType.Goodbye:
                    if (OnGoodbye(now, packet)) news = RtcpNews.RemoteLeft;
                    _schedule.OnGoodbyeWhileLeaving(datagram.Length);
                    break;
                case RtcpPacketType.ExtendedReport when packet.TryGetSsrc(out uint sender) && sender != Ssrc:
                    TimeSpan? before = _extended.RoundTrip;
                    _extended.OnReport(now, sender, packet.ExtendedReports, Ssrc, _options.Clock);
                    if (_extended.RoundTrip != before) _roundTrip = _extended.RoundTrip;
                    break;
                default:
                    break;      // what applications define, feedback about what is not sent here, and what is not known need nothing done
            }
        }

        return news;
    }

    /// <summary>Writes a report when one is due.</summary>
    /// <param name="now">The time.</param>
    /// <param name="datagram">1200 bytes suffice.</param>
    /// <returns>Bytes written; 0 when none is due yet, and <see cref="NextReport"/> has moved.</returns>
    public int TryWriteReport(Instant now, Span<byte> datagram)
    {
        if (_hasLeft || !_schedule.OnDeadline(now)) return 0;
        if (_isLeaving)
        {
            _hasLeft = true;
            return WriteCompound(now, datagram, goodbye: true);
        }

        TimeSpan interval = _schedule.TimeoutInterval;
        if (_members.Expire(now, interval * TimeoutIntervals, interval * 2)) UpdateMembers(now);
        int length = WriteCompound(now, datagram, goodbye: false);
        _reportsSinceSent = Math.Min(_reportsSinceSent + 1, 2);
        UpdateSenders();
        _schedule.OnSent(now, length);
        return length;
    }

    /// <summary>Ends this side's stream: writes its goodbye, or has it wait its turn where many leave (<see cref="NextReport"/>).</summary>
    /// <param name="now">The time.</param>
    /// <param name="datagram">1200 bytes suffice.</param>
    /// <returns>Bytes written; 0 when it waits, or when nothing was ever sent that it could take leave of.</returns>
    /// <remarks>Source: RFC 3550 6.3.7.</remarks>
    public int WriteGoodbye(Instant now, Span<byte> datagram)
    {
        if (_hasLeft) return 0;
        _hasLeft = true;
        if (_packetsSent == 0 && !_hasReported) return 0;
        if (Members < FewMembers) return WriteCompound(now, datagram, goodbye: true);
        (_hasLeft, _isLeaving) = (false, true);
        _schedule.Leave(now, WriteCompound(now, datagram, goodbye: true));
        return 0;
    }

    private int WriteCompound(Instant now, Span<byte> datagram, bool goodbye)
    {
        RtcpWriter writer = new(datagram);
        _hasReported = true;
        Span<RtcpReportBlock> blocks = stackalloc RtcpReportBlock[1];
        blocks = blocks[..WriteBlock(now, blocks)];
        if (_reportsSinceSent < 2)
        {
            uint timestamp = _mediaClock.Timestamp + (uint)(long)((now - _mediaClock.At).TotalSeconds * ClockRate);
            writer.WriteSenderReport(Ssrc, new RtcpSenderInfo(_options.Clock.At(now), timestamp, _packetsOfSsrc, _octetsOfSsrc), blocks);
        }
        else
        {
            writer.WriteReceiverReport(Ssrc, blocks);
        }

        writer.WriteSourceDescription(Ssrc, RtcpSdesItem.CanonicalName, _canonicalName);
        _extended.Write(now, ref writer, Ssrc, RemoteSsrc, _schedule.WeSent, _roundTrip, _options.Clock);
        if (_ssrcLeft is { } left) writer.WriteGoodbye(left);
        _ssrcLeft = null;
        if (goodbye) writer.WriteGoodbye(Ssrc);
        return writer.Length;
    }

    private int WriteBlock(Instant now, Span<RtcpReportBlock> blocks)
    {
        // Only who was heard since the last report is reported on (RFC 3550 6.4).
        if (_source is not { IsValid: true } source || source.Received == _receivedAtReport) return 0;
        _receivedAtReport = source.Received;
        uint delay = _lastSenderReport is { } last ? (uint)Math.Min((now - last.At).TotalSeconds * 65536, uint.MaxValue) : 0;
        blocks[0] = new RtcpReportBlock(
            source.Ssrc,
            source.TakeFractionLost(),
            source.CumulativeLost,
            source.ExtendedHighestSequence,
            (uint)source.Jitter,
            _lastSenderReport?.Compact ?? 0,
            delay);
        return 1;
    }

    private void OnReport(Instant now, RtcpPacket packet)
    {
        if (packet.TryGetSenderInfo(out RtcpSenderInfo info) && packet.TryGetSsrc(out uint ssrc) && (_source is null || ssrc == _source.Ssrc))
            _lastSenderReport = (now, (uint)(info.NtpTimestamp >> 16));
        for (int i = 0; packet.TryGetReportBlock(i, out RtcpReportBlock block); i++)
        {
            if (block.Ssrc != Ssrc) continue;
            _remoteReport = block;
            _remoteReports++;
            if (block.LastSenderReport == 0) continue;
            // RFC 3550 6.4.1, figure 2. What comes out negative is a report on something we never sent, or clocks at their limit.
            int roundTrip = (int)(_options.Clock.CompactAt(now) - block.LastSenderReport - block.DelaySinceLastSenderReport);
            if (roundTrip >= 0) _roundTrip = TimeSpan.FromSeconds(roundTrip / 65536.0);
        }
    }

    /// <summary>Decides whether a source other than the one listened to takes its place.</summary>
    private bool Follow(Instant now, in RtpPacket packet)
    {
        bool trusted = _source is null || _sourceLeft || now - _sourceHeard >= SourceSilence;
        if (_candidate is null || _candidate.Ssrc != packet.Ssrc || trusted) _candidate = new RtpSource(packet.Ssrc, packet.SequenceNumber, trusted);
        if (!_candidate.OnSequence(packet.SequenceNumber)) return false;
        if (_source is { Received: > 0 })
        {
            _receivedBefore += _source.Received;
            _lostBefore += _source.CumulativeLost;
        }

        if (_source is not null) _extended.OnNewSource();
        (_source, _candidate, _lastSenderReport, _receivedAtReport, _remoteName) = (_candidate, null, null, 0, null);
        return true;
    }

    /// <summary>Goes through who the sources are: members, somebody with this side's SSRC, and two with the same.</summary>
    private void OnDescriptions(Instant now, RtcpSourceDescriptions descriptions)
    {
        bool isChanged = false;
        while (descriptions.TryRead(out uint ssrc, out RtcpSdesItem item, out ReadOnlySpan<byte> text))
        {
            if (item != RtcpSdesItem.CanonicalName) continue;
            if (ssrc == Ssrc)
            {
                if (text.SequenceEqual(_canonicalName)) _looped++;
                else OnCollision();
                continue;
            }

            isChanged |= _members.OnHeard(now, ssrc, isRtp: false);
            if (_source is null || ssrc != _source.Ssrc) continue;
            if (_remoteName is null) _remoteName = text.ToArray();
            else if (!text.SequenceEqual(_remoteName)) _collisions++;
        }

        if (isChanged) UpdateMembers(now);
    }

    /// <summary>Takes sources out that say goodbye.</summary>
    /// <returns>True when the one that is listened to is among them.</returns>
    private bool OnGoodbye(Instant now, RtcpPacket packet)
    {
        (bool isChanged, bool isRemote) = (false, false);
        for (int i = 0; packet.TryGetGoodbye(i, out uint ssrc); i++)
        {
            isChanged |= _members.OnGoodbye(now, ssrc);
            if (_source is null || ssrc != _source.Ssrc) continue;
            isRemote = _sourceLeft = true;
        }

        if (isChanged) UpdateMembers(now);
        return isRemote;
    }

    /// <summary>A packet came that has this side's SSRC.</summary>
    /// <remarks>When the number is one that was just sent, it is this side's own packet: the other side is a reflector for testing, and is listened to.</remarks>
    private void OnOwnSsrc(ushort sequence)
    {
        int since = RtpSequence.Difference(_sequence, sequence);
        if (_packetsOfSsrc > 0 && since is > 0 and <= MaxReflected) _looped++;
        else OnCollision();
    }

    /// <summary>The other side chose the same SSRC: a new one is chosen, the old one says goodbye with the next report (RFC 3550 8.2).</summary>
    private void OnCollision()
    {
        _collisions++;
        if (_changes++ >= MaxCollisions) return;
        if (_packetsOfSsrc > 0) _ssrcLeft = Ssrc;
        uint before = Ssrc;
        do
        {
            Ssrc = NextRandom();
        }
        while (Ssrc == before || _members.Knows(Ssrc));
        (_packetsOfSsrc, _octetsOfSsrc) = (0, 0);
    }

    private void OnSent(int payloadLengthBytes)
    {
        _packetsSent++;
        _octetsSent += payloadLengthBytes;
        _packetsOfSsrc++;
        _octetsOfSsrc += (uint)payloadLengthBytes;
        _reportsSinceSent = 0;
        UpdateSenders();
    }

    private void UpdateMembers(Instant now)
    {
        _schedule.OnMembers(now, Members);
        UpdateSenders();
    }

    private void UpdateSenders()
    {
        if (_isLeaving) return;
        _schedule.WeSent = _reportsSinceSent < 2;
        _schedule.Senders = (_schedule.WeSent ? 1 : 0) + _members.Senders;
    }

    private uint ToUnits(Instant now) => unchecked((uint)(long)(now.Ticks * (Int128)ClockRate / TimeSpan.TicksPerSecond));

    private TimeSpan ToTime(double units) => TimeSpan.FromSeconds(units / ClockRate);

    private uint NextRandom() => (uint)_random.NextInt64(0, 1L << 32);
}
