using Parley.Core;

namespace Parley.Sdp;

/// <summary>What this side can do with audio: the material of its offers and answers.</summary>
public sealed record AudioCapabilities
{
    /// <summary>Codecs in order of preference, each with the payload type number that offers give it.</summary>
    /// <remarks>
    /// Named events (<see cref="MediaFormat.TelephoneEvent"/>) stand here too: one per clock rate in use. So does redundancy (<see cref="MediaFormat.Redundancy"/>), whose
    /// parameters are made of the codec's number, and comfort noise (<see cref="MediaFormat.ComfortNoise"/>), one per clock rate.
    /// </remarks>
    public required SdpList<MediaFormat> Formats { get; init; }

    /// <summary>Sound per packet that this side likes to receive.</summary>
    /// <value>20 ms: RFC 3551 4.2.</value>
    public TimeSpan PacketTime { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Whether offers ask for RTP and RTCP on one port; an offer that asks for it always gets it (RFC 5761).</summary>
    public bool OfferRtcpMux { get; init; }

    /// <summary>Whether offers ask for comfort noise; an offer that asks for it gets it where <see cref="Formats"/> has it.</summary>
    public bool OfferComfortNoise { get; init; }

    /// <summary>Whether offers ask for redundancy in all of its <see cref="Formats"/>, or in the first alone; an offer that asks for it gets it in either case.</summary>
    /// <value>True; with false an INVITE is shorter by two lines for each other clock rate.</value>
    public bool OfferAllRedundancy { get; init; } = true;

    /// <summary>Whether media is protected by SRTP.</summary>
    public SrtpUse Srtp { get; init; }

    /// <summary>The crypto-suites that can be negotiated, the preferred one first.</summary>
    public SdpList<CryptoSuite> CryptoSuites { get; init; } = [];

    /// <summary>The extended reports that this side wants to get; it sends those that the other side asks for. Null for neither.</summary>
    public RtcpXr? ExtendedReports { get; init; }

    /// <summary>Whether packets say how loud they are (RFC 6464): readable for all on the way, with SRTP too.</summary>
    public bool AudioLevels { get; init; }

    /// <summary>Whether this side wants its calls to be recorded; what it does not mind is not said.</summary>
    public RecordingPreference RecordingPreference { get; init; }

    /// <summary>The text of the <c>fmtp</c> for DTMF 0-9, *, #, A-D (RFC 4733 2.4.1 and 3.2).</summary>
    public const string DtmfEvents = "0-15";
}

/// <summary>Where this side receives.</summary>
/// <param name="Rtp">Address and port for RTP; goes into <c>c=</c>, <c>o=</c> and <c>m=</c>.</param>
/// <param name="Rtcp">Address and port for RTCP; said in an <c>rtcp</c> attribute when it is not the next higher port.</param>
public readonly record struct LocalAudioAddress(NetworkAddress Rtp, NetworkAddress Rtcp)
{
    /// <summary>RTCP is received on the next higher port.</summary>
    public LocalAudioAddress(NetworkAddress rtp)
        : this(rtp, rtp.WithPort((ushort)(rtp.Port + 1)))
    {
    }
}

/// <summary>A codec or event format that both sides know, with the number that each side receives it under.</summary>
/// <param name="Format">The encoding; its number is this side's, its parameters are the other side's.</param>
/// <param name="SendPayloadType">The number to send with: the other side's.</param>
/// <param name="ReceivePayloadType">The number to expect: this side's.</param>
public sealed record NegotiatedFormat(MediaFormat Format, byte SendPayloadType, byte ReceivePayloadType);

/// <summary>What an offer and its answer agree on for audio: all that is needed to send and receive.</summary>
public sealed record NegotiatedAudio
{
    /// <summary>Which <c>m=</c> line of the descriptions it is.</summary>
    public required int MediaIndex { get; init; }

    /// <summary>Where RTP goes.</summary>
    /// <value>The default value when the other side said 0.0.0.0: nothing may then be sent there, RTCP included (RFC 3264 8.4).</value>
    public required NetworkAddress RemoteRtp { get; init; }

    /// <summary>Where RTCP goes; the same as RTP with <see cref="RtcpMux"/>.</summary>
    public required NetworkAddress RemoteRtcp { get; init; }

    /// <summary>RTP and RTCP share one port in both directions.</summary>
    public required bool RtcpMux { get; init; }

    /// <summary>What this side does.</summary>
    public required MediaDirection Direction { get; init; }

    /// <summary>All codecs that both know, the one to send with first. The other side may change among them at any time.</summary>
    public required SdpList<NegotiatedFormat> Codecs { get; init; }

    /// <summary>The DTMF format with the first codec's clock rate, else another one; null when the other side knows none.</summary>
    public required NegotiatedFormat? TelephoneEvent { get; init; }

    /// <summary>The formats for redundancy that both sides know; each is for the codecs with its clock rate and channels (RFC 2198 3).</summary>
    public SdpList<NegotiatedFormat> Redundancy { get; init; } = [];

    /// <summary>The formats for comfort noise that both sides know; each is for the codecs with its clock rate (RFC 3389 5.1).</summary>
    public SdpList<NegotiatedFormat> ComfortNoise { get; init; } = [];

    /// <summary>Sound per packet that the other side likes to receive.</summary>
    public required TimeSpan PacketTime { get; init; }

    /// <summary>What protects the stream; null for plain RTP.</summary>
    public NegotiatedCrypto? Crypto { get; init; }

    /// <summary>The extended reports that the other side asks for; null when there is no word of them.</summary>
    public RtcpXr? ExtendedReports { get; init; }

    /// <summary>Whether the other side's RTCP need not begin with a report (RFC 5506).</summary>
    public bool ReducedSizeRtcp { get; init; }

    /// <summary>What the extension with audio levels is known by; null for none.</summary>
    public HeaderExtensionMapping? AudioLevel { get; init; }

    /// <summary>Whether the other side says that it records this stream; null when it says nothing, and what it said before holds on.</summary>
    public RecordingState? RemoteRecording { get; init; }

    /// <summary>Whether the other side wants this stream to be recorded.</summary>
    public RecordingPreference RemoteRecordingPreference { get; init; }

    /// <summary>The codec to send with.</summary>
    public NegotiatedFormat Codec => Codecs[0];

    /// <summary>True when the other side has put this one on hold: it wants to hear nothing.</summary>
    public bool IsHeldByRemote => !RemoteDirection.Receives();

    /// <summary>What the other side said that it does.</summary>
    public required MediaDirection RemoteDirection { get; init; }
}

/// <summary>Why an offer or an answer leads to no audio. A call with such an offer gets a SIP 488.</summary>
public enum NegotiationFailure
{
    /// <summary>It does.</summary>
    None,

    /// <summary>There is no stream of audio in it.</summary>
    NoAudio,

    /// <summary>The streams of audio are rejected (port 0).</summary>
    Rejected,

    /// <summary>The streams of audio want a transport other than RTP, or SRTP where that is not to be used.</summary>
    UnsupportedTransport,

    /// <summary>One side wants the stream protected, and there is no crypto line that both can do.</summary>
    NoCommonCrypto,

    /// <summary>No codec that both know.</summary>
    NoCommonCodec,

    /// <summary>No <c>c=</c> line holds for the stream, or its address is multicast or a name.</summary>
    UnusableAddress,

    /// <summary>The answer has not the streams that the offer has.</summary>
    StreamsDiffer,

    /// <summary>An offer came while this side's own is unanswered: SIP 491 (RFC 3261 14.1).</summary>
    OfferPending,
}
