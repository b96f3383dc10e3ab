using System.Text;
using Parley.Core;
using Parley.Rtp.Rtcp;

namespace Parley.Rtp;

/// <summary>What an RTP session is set up with.</summary>
public sealed record RtpSessionOptions
{
    /// <summary>The canonical name: the same for all streams of a participant, different for each participant (RFC 7022).</summary>
    public required string CanonicalName { get; init; }

    /// <summary>Wall-clock time for sender reports.</summary>
    public required NtpClock Clock { get; init; }

    /// <summary>What both sides' media takes together; RTCP may take a twentieth of it.</summary>
    /// <value>20,000 bytes per second: 64 kbit/s with headers, both ways.</value>
    public int BandwidthBytesPerSecond { get; init; } = 20_000;

    /// <summary>Between reports on average.</summary>
    /// <value>5 s: RFC 3550 6.2.</value>
    public TimeSpan MinReportInterval { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>What becomes of a packet that came.</summary>
public enum RtpAcceptance
{
    /// <summary>It belongs to the source that is listened to.</summary>
    Accepted,

    /// <summary>It does, and that source is a new one.</summary>
    NewSource,

    /// <summary>Its source is not yet believed.</summary>
    Probation,

    /// <summary>Its sequence number is far off and not yet believed.</summary>
    Misplaced,
}

/// <summary>What came with an RTCP datagram.</summary>
public enum RtcpNews
{
    /// <summary>It is no RTCP.</summary>
    Invalid,

    /// <summary>Reports.</summary>
    Reports,

    /// <summary>The source that is listened to said goodbye.</summary>
    RemoteLeft,
}

/// <summary>How a session has gone so far.</summary>
/// <param name="PacketsSent">RTP packets sent.</param>
/// <param name="OctetsSent">Bytes of payload in them.</param>
/// <param name="PacketsReceived">RTP packets received of believed sources.</param>
/// <param name="OctetsReceived">Bytes of payload in them.</param>
/// <param name="PacketsLost">Packets that never came, duplicates subtracted (RFC 3550 A.3).</param>
/// <param name="Jitter">Estimated interarrival jitter of what is received (RFC 3550 A.8).</param>
/// <param name="RoundTrip">By the other side's last report; null before one.</param>
/// <param name="RemotePacketsLost">What the other side says it lost; null before its first report.</param>
/// <param name="RemoteFractionLost">The same for the time of its last report: 0 to 1.</param>
/// <param name="RemoteJitter">The jitter that it says it sees.</param>
public readonly record struct RtpStatistics(
    long PacketsSent,
    long OctetsSent,
    long PacketsReceived,
    long OctetsReceived,
    long PacketsLost,
    TimeSpan Jitter,
    TimeSpan? RoundTrip,
    int? RemotePacketsLost,
    double? RemoteFractionLost,
    TimeSpan? RemoteJitter);

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
    private uint? _ssrcLeft;
    private int _collisions;

    private RtpSource? _source;
    private RtpSource? _candidate;
    private Instant _sourceHeard;
    private bool _sourceLeft;
    private uint _receivedAtReport;
    private long _receivedBefore, _lostBefore, _octetsReceived;
    private (Instant At, uint Compact)? _lastSenderReport;
    private TimeSpan? _roundTrip;
    private RtcpReportBlock? _remoteReport;

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
        _schedule = new RtcpSchedule(now, options.BandwidthBytesPerSecond * 0.05, random, options.MinReportInterval);
        Ssrc = NextRandom();
        _sequence = (ushort)random.Next(0, 1 << 15);    // in the lower half, as SRTP's first packets need it (RFC 3711 3.3.1)
        _mediaClock = (now, NextRandom());
    }

    /// <summary>Timestamp units per second; changes with the codec.</summary>
    public int ClockRate { get; set; }

    /// <summary>This side's identifier.</summary>
    public uint Ssrc { get; private set; }

    /// <summary>The source that is listened to; null before its first packet.</summary>
    public uint? RemoteSsrc => _source?.Ssrc;

    /// <summary>When <see cref="TryWriteReport"/> wants to be called.</summary>
    public Instant NextReport => _schedule.Next;

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
        _remoteReport is { } report ? ToTime(report.Jitter) : null);

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
        _packetsSent++;
        _octetsSent += payload.Length;
        _packetsOfSsrc++;
        _octetsOfSsrc += (uint)payload.Length;
        _reportsSinceSent = 0;
        UpdateSenders();
    }

    /// <summary>A packet came whose payload type is known.</summary>
    public RtpAcceptance OnPacket(Instant now, in RtpPacket packet)
    {
        if (packet.Ssrc == Ssrc) OnOwnSsrc(packet.SequenceNumber);
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
        _source!.OnArrival(now, packet.Timestamp, ClockRate);
        _octetsReceived += packet.Payload.Length;
        if (_schedule.Members == 1)
        {
            _schedule.OnMembers(now, 2);
            UpdateSenders();
        }

        return acceptance;
    }

    /// <summary>An RTCP datagram came.</summary>
    public RtcpNews OnControl(Instant now, ReadOnlySpan<byte> datagram)
    {
        if (RtcpReader.TryParse(datagram, out RtcpReader reader) != RtcpError.None) return RtcpNews.Invalid;
        _schedule.OnReceived(datagram.Length);
        RtcpNews news = RtcpNews.Reports;
        while (reader.TryRead(out RtcpPacket packet))
        {
            switch (packet.Type)
            {
                case RtcpPacketType.SenderReport or RtcpPacketType.ReceiverReport:
                    OnReport(now, packet);
                    break;
                case RtcpPacketType.Goodbye:
                    for (int i = 0; packet.TryGetGoodbye(i, out uint ssrc); i++)
                    {
                        if (_source is null || ssrc != _source.Ssrc) continue;
                        _sourceLeft = true;
                        _schedule.OnMembers(now, 1);
                        UpdateSenders();
                        news = RtcpNews.RemoteLeft;
                    }

                    break;
                default:
                    break;      // descriptions and what is not known need nothing done
            }
        }

        return news;
    }

    /// <summary>Writes a report when one is due.</summary>
    /// <param name="now">The time.</param>
    /// <param name="datagram">512 bytes suffice.</param>
    /// <returns>Bytes written; 0 when none is due yet, and <see cref="NextReport"/> has moved.</returns>
    public int TryWriteReport(Instant now, Span<byte> datagram)
    {
        if (!_schedule.OnDeadline(now)) return 0;
        int length = WriteCompound(now, datagram, goodbye: false);
        _reportsSinceSent = Math.Min(_reportsSinceSent + 1, 2);
        UpdateSenders();
        _schedule.OnSent(now, length);
        return length;
    }

    /// <summary>Writes the goodbye that ends this side's stream. Sessions of fewer than 50 send it at once (RFC 3550 6.3.7).</summary>
    /// <param name="now">The time.</param>
    /// <param name="datagram">512 bytes suffice.</param>
    /// <returns>Bytes written.</returns>
    public int WriteGoodbye(Instant now, Span<byte> datagram) => WriteCompound(now, datagram, goodbye: true);

    private int WriteCompound(Instant now, Span<byte> datagram, bool goodbye)
    {
        RtcpWriter writer = new(datagram);
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

        (_source, _candidate, _lastSenderReport, _receivedAtReport) = (_candidate, null, null, 0);
        return true;
    }

    /// <summary>The other side chose the same SSRC: a new one is chosen, the old one says goodbye with the next report (RFC 3550 8.2).</summary>
    /// <remarks>When the number is one that was just sent, it is this side's own packet: the other side is a reflector for testing, and is listened to.</remarks>
    private void OnOwnSsrc(ushort sequence)
    {
        int since = RtpSequence.Difference(_sequence, sequence);
        if (_packetsOfSsrc > 0 && since is > 0 and <= MaxReflected) return;
        if (_collisions++ >= MaxCollisions) return;
        if (_packetsOfSsrc > 0) _ssrcLeft = Ssrc;
        Ssrc = NextRandom();
        (_packetsOfSsrc, _octetsOfSsrc) = (0, 0);
    }

    private void UpdateSenders()
    {
        _schedule.WeSent = _reportsSinceSent < 2;
        _schedule.Senders = (_schedule.WeSent ? 1 : 0) + (_schedule.Members > 1 ? 1 : 0);
    }

    private TimeSpan ToTime(double units) => TimeSpan.FromSeconds(units / ClockRate);

    private uint NextRandom() => (uint)_random.NextInt64(0, 1L << 32);
}
