using System.Globalization;
using Parley.Core;

namespace Parley.Sdp;

/// <summary>One side of a session's offers and answers: makes them, reads the other side's, and says what both agree on.</summary>
/// <remarks>
/// <code>
///            CreateOffer                  ProcessAnswer, Abandon
/// Stable ---------------> OfferPending -------------------------> Stable
///   | ^
///   +-+ Answer
/// </code>
/// One per dialog. A stream of audio is negotiated; every other stream of an offer is rejected in its place. Source: RFC 3264.
/// </remarks>
public sealed class OfferAnswer
{
    private readonly AudioCapabilities _capabilities;
    private readonly CryptoNegotiation _crypto;
    private readonly ReportingNegotiation _reporting;
    private readonly string _sessionId;
    private MediaDirection _offeredDirection;
    private bool _offeredMux;
    private int _mediaIndex;
    private SdpList<MediaFormat> _formats;          // this side's, with the numbers that hold for the session
    private SessionDescription? _beforeOffer;
    private SessionDescription? _lastMade;          // what the version counts on from

    /// <summary>The beginning of a session.</summary>
    /// <param name="capabilities">What this side can do.</param>
    /// <param name="sessionId">The id of its <c>o=</c> lines: 0 to 2^62, different for each session of a host.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another id (RFC 3264 5).</exception>
    /// <exception cref="ArgumentException">The capabilities have no codec.</exception>
    public OfferAnswer(AudioCapabilities capabilities, long sessionId)
    {
        ArgumentNullException.ThrowIfNull(capabilities);
        ArgumentOutOfRangeException.ThrowIfNegative(sessionId);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sessionId, 1L << 62);
        if (!HasCodec(capabilities.Formats)) throw new ArgumentException("Audio needs a codec.", nameof(capabilities));
        _capabilities = capabilities;
        _crypto = new CryptoNegotiation(capabilities.Srtp, capabilities.CryptoSuites);
        _reporting = new ReportingNegotiation(capabilities);
        _formats = capabilities.Formats;
        _sessionId = sessionId.ToString(CultureInfo.InvariantCulture);
    }

    private OfferAnswer(OfferAnswer other)
    {
        (_capabilities, _crypto, _reporting, _sessionId, _offeredDirection, _offeredMux) = (other._capabilities, other._crypto, other._reporting, other._sessionId, other._offeredDirection, other._offeredMux);
        (_mediaIndex, _formats, _beforeOffer, _lastMade) = (other._mediaIndex, other._formats, other._beforeOffer, other._lastMade);
        (Local, Remote, Audio, IsOfferPending) = (other.Local, other.Remote, other.Audio, other.IsOfferPending);
        (Recording, TellsRecording) = (other.Recording, other.TellsRecording);
    }

    /// <summary>This side's last description.</summary>
    public SessionDescription? Local { get; private set; }

    /// <summary>The other side's last description.</summary>
    public SessionDescription? Remote { get; private set; }

    /// <summary>What holds now; null before the first answer.</summary>
    public NegotiatedAudio? Audio { get; private set; }

    /// <summary>True while this side's offer waits for its answer.</summary>
    public bool IsOfferPending { get; private set; }

    /// <summary>What the next descriptions say of this side's recording; null for nothing.</summary>
    public RecordingState? Recording { get; set; }

    /// <summary>Whether the other side would take in that it is recorded.</summary>
    /// <value>True until it is known that it would not: who does not know the attribute passes it over.</value>
    public bool TellsRecording { get; set; } = true;

    /// <summary>What this side's last description said of its recording; null for nothing.</summary>
    public RecordingState? ToldRecording => Local is { } local && _mediaIndex < local.Media.Count ? local.RecordingOf(local.Media[_mediaIndex]) : null;

    /// <summary>A copy, for another dialog that the same INVITE made (RFC 3261 13.2.2.4).</summary>
    public OfferAnswer Fork() => new(this);

    /// <summary>Makes an offer: the first one, or one that changes direction or address.</summary>
    /// <param name="address">Where this side receives.</param>
    /// <param name="direction">What it wants to do; <see cref="MediaDirection.SendOnly"/> puts the other side on hold (RFC 3264 8.4).</param>
    /// <exception cref="InvalidOperationException">An offer is pending.</exception>
    public SessionDescription CreateOffer(LocalAudioAddress address, MediaDirection direction)
    {
        if (IsOfferPending) throw new InvalidOperationException("An offer is pending.");
        // A secure profile that was agreed on stays (RFC 8643 makes no change to it).
        string protocol = Local?.Media.Count > 0 && CryptoNegotiation.IsSecure(Local.Media[_mediaIndex].Protocol) ? Local.Media[_mediaIndex].Protocol : _crypto.OfferedProtocol;
        MediaDescription media = Describe(address, OfferedFormats(), direction, _capabilities.OfferRtcpMux, protocol, [.. _reporting.Offer(Audio), .. RecordingLines(), .. _crypto.Offer(address.Rtp)]);
        SdpList<MediaDescription> streams;
        if (Local is null || Local.Media.Count == 0)
        {
            (_mediaIndex, streams) = (0, [media]);
        }
        else
        {
            // The n-th stream stays the n-th for the life of the session (RFC 3264 8).
            streams = Local.Media.SetItem(_mediaIndex, media);
        }

        _beforeOffer = Local;
        (IsOfferPending, _offeredDirection, _offeredMux) = (true, direction, _capabilities.OfferRtcpMux);
        return Local = Numbered(address.Rtp, [SdpTime.Permanent], streams);
    }

    /// <summary>Takes the pending offer back, when the other side refused it: what held before holds on.</summary>
    public void Abandon()
    {
        if (!IsOfferPending) return;
        IsOfferPending = false;
        Local = _beforeOffer;
    }

    /// <summary>Reads the answer to the pending offer.</summary>
    /// <param name="answer">The other side's description.</param>
    /// <param name="audio">What both agree on.</param>
    /// <returns>Why there is no audio, or None. The offer is pending no more either way.</returns>
    /// <exception cref="InvalidOperationException">No offer is pending.</exception>
    public NegotiationFailure ProcessAnswer(SessionDescription answer, out NegotiatedAudio? audio)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (!IsOfferPending) throw new InvalidOperationException("No offer is pending.");
        IsOfferPending = false;
        audio = null;
        Remote = answer;
        if (answer.Media.Count != Local!.Media.Count) return NegotiationFailure.StreamsDiffer;
        MediaDescription media = answer.Media[_mediaIndex];
        if (media.Media != "audio") return NegotiationFailure.StreamsDiffer;
        if (media.IsRejected) return NegotiationFailure.Rejected;
        NegotiationFailure failure = Match(
            answer, _mediaIndex, _formats, isOffer: false, _offeredDirection, _offeredMux && media.RtcpMux, out audio);
        if (failure != NegotiationFailure.None) return failure;
        if (!_crypto.TryTake(media, Local.Media[_mediaIndex], out NegotiatedCrypto? crypto))
        {
            audio = null;
            return NegotiationFailure.NoCommonCrypto;
        }

        Audio = audio = audio! with { Crypto = crypto };
        return NegotiationFailure.None;
    }

    /// <summary>Says what <see cref="Answer"/> would: whether a call can be refused before anything is opened for it.</summary>
    public NegotiationFailure Evaluate(SessionDescription offer)
    {
        ArgumentNullException.ThrowIfNull(offer);
        return IsOfferPending ? NegotiationFailure.OfferPending : Choose(offer, MediaDirection.SendReceive, default, out _);
    }

    /// <summary>Answers an offer.</summary>
    /// <param name="offer">The other side's description.</param>
    /// <param name="address">Where this side receives.</param>
    /// <param name="direction">What this side is willing to do; the answer says as much of it as the offer allows.</param>
    /// <param name="answer">The description to send; null when there is no audio.</param>
    /// <param name="audio">What both agree on.</param>
    /// <returns>Why there is no audio, or None.</returns>
    public NegotiationFailure Answer(
        SessionDescription offer,
        LocalAudioAddress address,
        MediaDirection direction,
        out SessionDescription? answer,
        out NegotiatedAudio? audio)
    {
        ArgumentNullException.ThrowIfNull(offer);
        (answer, audio) = (null, null);
        if (IsOfferPending) return NegotiationFailure.OfferPending;
        NegotiationFailure failure = Choose(offer, direction, address.Rtp, out audio);
        if (failure != NegotiationFailure.None) return failure;

        _mediaIndex = audio!.MediaIndex;
        _formats = Renumber(_formats, offer.Media[_mediaIndex].RtpFormats());
        MediaDescription[] streams = new MediaDescription[offer.Media.Count];
        for (int i = 0; i < streams.Length; i++)
        {
            streams[i] = i == _mediaIndex
                ? Describe(address, AnswerFormats(_formats, audio, offer.Media[i].RtpFormats()), audio.Direction, audio.RtcpMux, offer.Media[i].Protocol, [.. _reporting.Answer(audio), .. RecordingLines(), .. AnsweredCrypto(audio)])
                : Rejected(offer.Media[i]);
        }

        Remote = offer;
        Audio = audio;
        answer = Local = Numbered(address.Rtp, offer.Times, [.. streams]);
        return NegotiationFailure.None;
    }

    /// <summary>What this side could do, for the answer to a SIP OPTIONS.</summary>
    /// <param name="capabilities">What it can do.</param>
    /// <param name="address">Any address of this side.</param>
    /// <param name="sessionId">As for a session.</param>
    /// <remarks>The port is 0, so that it cannot start anything. Source: RFC 3264 9.</remarks>
    public static SessionDescription DescribeCapabilities(AudioCapabilities capabilities, NetworkAddress address, long sessionId)
    {
        // Keys are for sessions, and there is none.
        OfferAnswer session = new(capabilities with { Srtp = SrtpUse.Off }, sessionId);
        return session.CreateOffer(new LocalAudioAddress(address.WithPort(0), address.WithPort(1)), MediaDirection.SendReceive);
    }

    private NegotiationFailure Choose(SessionDescription offer, MediaDirection direction, NetworkAddress local, out NegotiatedAudio? audio)
    {
        audio = null;
        NegotiationFailure failure = NegotiationFailure.NoAudio;
        for (int i = 0; i < offer.Media.Count; i++)
        {
            MediaDescription media = offer.Media[i];
            if (media.Media != "audio") continue;
            NegotiationFailure here = media.IsRejected ? NegotiationFailure.Rejected
                : Match(offer, i, _formats, isOffer: true, direction, media.RtcpMux, out audio);
            if (here == NegotiationFailure.None)
            {
                if (_crypto.TryChoose(media, local, out NegotiatedCrypto? crypto))
                {
                    audio = audio! with { Crypto = crypto };
                    return here;
                }

                (here, audio) = (NegotiationFailure.NoCommonCrypto, null);
            }

            // The reason of the stream that came nearest to an agreement is the one worth telling.
            if (here > failure) failure = here;
        }

        return failure;
    }

    private NegotiationFailure Match(
        SessionDescription remote, int index, SdpList<MediaFormat> ours, bool isOffer, MediaDirection direction, bool mux, out NegotiatedAudio? audio)
    {
        audio = null;
        MediaDescription media = remote.Media[index];
        if (!_crypto.IsKnown(media.Protocol)) return NegotiationFailure.UnsupportedTransport;

        List<NegotiatedFormat> codecs = [], events = [], redundancy = [], noise = [];
        foreach (MediaFormat theirs in media.RtpFormats())
        {
            if (Find(ours, theirs) is not { } own) continue;
            // An answer takes the offer's numbers over, so both directions then have the same (RFC 3264 6.1).
            byte receive = isOffer ? theirs.PayloadType : own.PayloadType;
            List<NegotiatedFormat> kind = theirs.IsTelephoneEvent ? events : theirs.IsRedundancy ? redundancy : theirs.IsComfortNoise ? noise : codecs;
            kind.Add(new NegotiatedFormat(own with { Parameters = theirs.Parameters }, theirs.PayloadType, receive));
        }

        if (codecs.Count == 0) return NegotiationFailure.NoCommonCodec;
        if (remote.ConnectionOf(media) is not { } connection
            || !connection.TryGetAddress(media.Port, out NetworkAddress rtp)) return NegotiationFailure.UnusableAddress;

        MediaDirection theirDirection = remote.DirectionOf(media);
        MediaDirection both = direction & theirDirection.Mirror();
        NetworkAddress rtcp = mux ? rtp : media.RtcpAddress(rtp);
        if (rtp.IsAny)
        {
            // The hold of RFC 2543: nothing may go there (RFC 3264 8.4).
            both &= ~MediaDirection.SendOnly;
            theirDirection &= ~MediaDirection.ReceiveOnly;
            rtp = rtcp = default;
        }

        audio = new NegotiatedAudio
        {
            MediaIndex = index,
            RemoteRtp = rtp,
            RemoteRtcp = rtcp,
            RtcpMux = mux,
            Direction = both,
            RemoteDirection = theirDirection,
            Codecs = [.. codecs],
            // Many that have Opus know events by the clock of 8 kHz alone.
            TelephoneEvent = events.Find(e => e.Format.ClockRate == codecs[0].Format.ClockRate) ?? events.FirstOrDefault(),
            Redundancy = [.. redundancy.Where(red => codecs.Exists(codec => IsFor(red.Format, codec.Format)))],
            ComfortNoise = [.. noise.Where(cn => codecs.Exists(codec => codec.Format.ClockRate == cn.Format.ClockRate))],
            PacketTime = PacketTimeOf(media),
            RemoteRecording = remote.RecordingOf(media),
            RemoteRecordingPreference = remote.RecordingPreferenceOf(media),
        };
        audio = _reporting.Take(audio, remote, media, isOffer);
        return NegotiationFailure.None;
    }

    private static MediaFormat? Find(SdpList<MediaFormat> formats, MediaFormat wanted)
    {
        foreach (MediaFormat format in formats)
        {
            if (format.IsSameEncoding(wanted)) return format;
        }

        return null;
    }

    private static TimeSpan PacketTimeOf(MediaDescription media)
    {
        TimeSpan wish = media.PacketTime ?? TimeSpan.FromMilliseconds(20);
        return media.MaxPacketTime is { } most && most < wish ? most : wish;
    }

    private static bool HasCodec(SdpList<MediaFormat> formats)
    {
        foreach (MediaFormat format in formats)
        {
            if (format.IsCodec) return true;
        }

        return false;
    }

    /// <summary>Gives this side's formats the numbers that an offer gave them, so that no number changes its meaning later on (RFC 3264 8.3.2).</summary>
    private static SdpList<MediaFormat> Renumber(SdpList<MediaFormat> ours, SdpList<MediaFormat> theirs)
    {
        SdpList<MediaFormat> result = [];
        UInt128 taken = 0;
        foreach (MediaFormat format in theirs) taken |= UInt128.One << format.PayloadType;
        foreach (MediaFormat format in ours)
        {
            byte number = format.PayloadType;
            if (Find(theirs, format) is { } same) number = same.PayloadType;
            else if ((taken >> number & 1) != 0) number = FreeDynamicNumber(taken, ours);
            taken |= UInt128.One << number;
            result = result.Add(format with { PayloadType = number });
        }

        return result;
    }

    /// <summary>A number from 96 to 127 that nothing uses; 127 when all are used, which 32 formats in one stream would need.</summary>
    private static byte FreeDynamicNumber(UInt128 taken, SdpList<MediaFormat> ours)
    {
        foreach (MediaFormat format in ours) taken |= UInt128.One << format.PayloadType;
        for (byte number = 96; number < 127; number++)
        {
            if ((taken >> number & 1) == 0) return number;
        }

        return 127;
    }

    private static SdpList<MediaFormat> AnswerFormats(SdpList<MediaFormat> ours, NegotiatedAudio audio, SdpList<MediaFormat> offered)
    {
        SdpList<MediaFormat> formats = [];
        foreach (MediaFormat theirs in offered)
        {
            if (Find(ours, theirs) is not { } own) continue;
            if ((theirs.IsTelephoneEvent || theirs.IsComfortNoise) && !HasCodecWithClock(audio.Codecs, theirs.ClockRate)) continue;
            if (theirs.IsRedundancy && !HasRedundancy(audio, theirs)) continue;
            formats = formats.Add(own with { PayloadType = theirs.PayloadType });
        }

        return formats;
    }

    /// <summary>Comfort noise is offered where that is wanted, or was agreed on before; redundancy in its first format, or in all that are known, or were agreed on before.</summary>
    private SdpList<MediaFormat> OfferedFormats()
    {
        MediaFormat? first = _formats.FirstOrDefault(format => format.IsRedundancy);
        bool noise = _capabilities.OfferComfortNoise || Audio is { ComfortNoise.Count: > 0 };
        return [.. _formats.Where(format => format.IsComfortNoise ? noise : !format.IsRedundancy || _capabilities.OfferAllRedundancy || format == first || IsAgreedOn(format))];

        bool IsAgreedOn(MediaFormat format) => Audio?.Redundancy.Any(red => red.Format.IsSameEncoding(format)) == true;
    }

    /// <summary>True when redundancy is for a codec: blocks have the clock of the packet (RFC 2198 3).</summary>
    private static bool IsFor(MediaFormat redundancy, MediaFormat codec) => codec.IsCodec && codec.ClockRate == redundancy.ClockRate && codec.Channels == redundancy.Channels;

    private static bool HasRedundancy(NegotiatedAudio audio, MediaFormat theirs)
    {
        foreach (NegotiatedFormat format in audio.Redundancy)
        {
            if (format.SendPayloadType == theirs.PayloadType) return true;
        }

        return false;
    }

    private static bool HasCodecWithClock(SdpList<NegotiatedFormat> codecs, int clockRate)
    {
        foreach (NegotiatedFormat codec in codecs)
        {
            if (codec.Format.ClockRate == clockRate) return true;
        }

        return false;
    }

    private MediaDescription Describe(
        LocalAudioAddress address, SdpList<MediaFormat> formats, MediaDirection direction, bool mux, string protocol, SdpList<SdpAttribute> more)
    {
        SdpList<SdpAttribute> attributes = [];
        SdpList<string> numbers = [];
        foreach (MediaFormat format in formats)
        {
            numbers = numbers.Add(format.PayloadType.ToString(CultureInfo.InvariantCulture));
            attributes = attributes.Add(new SdpAttribute("rtpmap", format.ToRtpMap()));
            if (ParametersOf(format, formats) is { } parameters) attributes = attributes.Add(new SdpAttribute("fmtp", $"{format.PayloadType} {parameters}"));
        }

        attributes = attributes.Add(new SdpAttribute("ptime", _capabilities.PacketTime.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture)));
        if (RtcpAttribute(address) is { } rtcp) attributes = attributes.Add(rtcp);
        if (mux) attributes = attributes.Add(new SdpAttribute("rtcp-mux"));
        foreach (SdpAttribute line in more) attributes = attributes.Add(line);
        return new MediaDescription
        {
            Media = "audio",
            Port = address.Rtp.Port,
            Protocol = protocol,
            Formats = numbers,
            Attributes = attributes.Add(new SdpAttribute(direction.ToAttributeName())),
        };
    }

    /// <summary>The text of a format's <c>fmtp</c>; for redundancy the numbers of what it is for, first and second (RFC 2198 5).</summary>
    private static string? ParametersOf(MediaFormat format, SdpList<MediaFormat> formats)
    {
        if (!format.IsRedundancy) return format.Parameters;
        foreach (MediaFormat codec in formats)
        {
            if (IsFor(format, codec)) return $"{codec.PayloadType}/{codec.PayloadType}";
        }

        return null;
    }

    private static SdpList<SdpAttribute> AnsweredCrypto(NegotiatedAudio audio) => audio.Crypto is { } crypto ? [CryptoNegotiation.Answer(crypto)] : [];

    private SdpList<SdpAttribute> RecordingLines()
    {
        SdpList<SdpAttribute> lines = [];
        if (TellsRecording && Recording is { } recording) lines = lines.Add(RecordingAttributes.ToAttribute(recording));
        if (_capabilities.RecordingPreference != RecordingPreference.NoPreference) lines = lines.Add(RecordingAttributes.ToAttribute(_capabilities.RecordingPreference));
        return lines;
    }

    private static SdpAttribute? RtcpAttribute(LocalAudioAddress address)
    {
        string port = address.Rtcp.Port.ToString(CultureInfo.InvariantCulture);
        if (!address.Rtcp.SameHost(address.Rtp))
        {
            SdpConnection c = SdpConnection.From(address.Rtcp);
            return new SdpAttribute("rtcp", $"{port} {c.NetworkType} {c.AddressType} {c.Address}");
        }

        return address.Rtcp.Port == address.Rtp.Port + 1 ? null : new SdpAttribute("rtcp", port);
    }

    private static MediaDescription Rejected(MediaDescription offered) => new()
    {
        Media = offered.Media,
        Port = 0,
        Protocol = offered.Protocol,
        Formats = offered.Formats,
    };

    /// <summary>A description with the session's origin, whose version grows when anything changed (RFC 3264 8).</summary>
    private SessionDescription Numbered(NetworkAddress address, SdpList<SdpTime> times, SdpList<MediaDescription> streams)
    {
        SdpConnection connection = SdpConnection.From(address);
        SdpOrigin origin = _lastMade?.Origin ?? new SdpOrigin("-", _sessionId, 1, connection.AddressType, connection.Address);
        SessionDescription made = new() { Origin = origin, Connection = connection, Times = times, Media = streams };
        if (_lastMade is not null && made != _lastMade) made = made with { Origin = origin with { SessionVersion = origin.SessionVersion + 1 } };
        return _lastMade = made;
    }
}
