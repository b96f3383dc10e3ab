using Parley.Rtp.Rtcp.ExtendedReports;

namespace Parley.Rtp;

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
    TimeSpan? RemoteJitter)
{
    /// <summary>How often the other side has reported on this one.</summary>
    public long RemoteReports { get; init; }

    /// <summary>How often somebody else had this side's SSRC, or two others had the same.</summary>
    public long Collisions { get; init; }

    /// <summary>Packets of this side that came back to it, RTP and RTCP.</summary>
    public long Looped { get; init; }

    /// <summary>How many packets of this side get lost one after the other, on average, as the other side tells; null before it told of a few losses.</summary>
    /// <value>1 or more: 1 / (1 - loss) when each is lost by itself.</value>
    public double? RemoteLossRun { get; init; }

    /// <summary>How the other side says that it sounds; null before it has said so.</summary>
    public XrVoipMetrics? RemoteVoipMetrics { get; init; }
}
