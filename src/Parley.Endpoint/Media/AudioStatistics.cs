using Parley.Core;
using Parley.Endpoint.Media.Quality;
using Parley.Rtp;
using Parley.Rtp.Jitter;

namespace Parley.Endpoint.Media;

/// <summary>How a call's audio has gone so far.</summary>
public sealed record AudioStatistics
{
    /// <summary>The codec that is sent, as in its <c>rtpmap</c>; null before the start.</summary>
    public string? Codec { get; init; }

    /// <summary>Where RTP is received.</summary>
    public NetworkAddress LocalRtp { get; init; }

    /// <summary>This side's SSRC; 0 before the start.</summary>
    public uint LocalSsrc { get; init; }

    /// <summary>The SSRC that is listened to; 0 before its first packet.</summary>
    public uint RemoteSsrc { get; init; }

    /// <summary>Where RTP goes now.</summary>
    public NetworkAddress RemoteRtp { get; init; }

    /// <summary>Packets, losses, jitter and round trip.</summary>
    public RtpStatistics Rtp { get; init; }

    /// <summary>What became of the received packets.</summary>
    public JitterBufferStatistics Playout { get; init; }

    /// <summary>Datagrams that were no RTP, of an unknown payload type or not (yet) believed.</summary>
    public long Discarded { get; init; }

    /// <summary>Datagrams from an address that the stream does not come from.</summary>
    public long Foreign { get; init; }

    /// <summary>Lost packets whose sound came a second time with a later one.</summary>
    public long Recovered { get; init; }

    /// <summary>How many earlier payloads go with each packet that is sent now (RFC 2198).</summary>
    public int RedundancyDepth { get; init; }

    /// <summary>How long playout waits now: from when the fastest packets come to when their sound is given.</summary>
    public TimeSpan PlayoutDelay { get; init; }

    /// <summary>Sound that was left out so that the delay gets shorter.</summary>
    public TimeSpan Shortened { get; init; }

    /// <summary>Sound that was played twice so that the delay gets longer.</summary>
    public TimeSpan Lengthened { get; init; }

    /// <summary>How good the call is in both directions; null before the start.</summary>
    public CallQuality? Quality { get; init; }

    /// <summary>Sound that was not sent as nobody spoke.</summary>
    public TimeSpan Suppressed { get; init; }

    /// <summary>How loud the other side says that its last packet was, in dB below the loudest; null when it does not say.</summary>
    public int? RemoteLevel { get; init; }

    /// <summary>The crypto-suite that protects the stream; null for plain RTP.</summary>
    public string? CryptoSuite { get; init; }

    /// <summary>Datagrams that SRTP refused: changed on the way, forged, not protected, or of another key.</summary>
    public long NotAuthentic { get; init; }

    /// <summary>Datagrams that SRTP refused as they were there before, or came later than its window remembers.</summary>
    public long Replayed { get; init; }
}
