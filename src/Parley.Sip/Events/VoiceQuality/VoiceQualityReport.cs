using System.Net;

namespace Parley.Sip.Events.VoiceQuality;

/// <summary>Which report it is.</summary>
public enum VoiceQualityReportKind
{
    /// <summary>Of a whole session: VQSessionReport.</summary>
    Session,

    /// <summary>Of a part of it: VQIntervalReport.</summary>
    Interval,

    /// <summary>That something is worse than it should be: VQAlertReport.</summary>
    Alert,
}

/// <summary>Where an end of a stream is.</summary>
/// <param name="Address">IP.</param>
/// <param name="Port">PORT.</param>
/// <param name="Ssrc">SSRC.</param>
public readonly record struct VoiceQualityAddress(IPAddress Address, ushort Port, uint Ssrc);

/// <summary>What an alert is about.</summary>
/// <param name="Metric">The metric's name in the report: <c>NLR</c>, <c>MOSCQ</c>.</param>
/// <param name="Severity">Warning, Critical or Clear.</param>
/// <param name="Direction">local or remote.</param>
public sealed record VoiceQualityAlert(string Metric, string Severity, string Direction);

/// <summary>A report of an end of a call on how it sounds there: the body of the event package <c>vq-rtcpxr</c>.</summary>
/// <remarks>
/// <code>
/// VQSessionReport: CallTerm
/// CallID:... LocalID:... RemoteID:... OrigID:...
/// LocalAddr:IP=... PORT=... SSRC=0x...    RemoteAddr:...
/// LocalGroup:...   RemoteGroup:...
/// LocalMetrics:                           what came here
/// Timestamps:START=... STOP=...
/// PacketLoss:NLR=... JDR=...   Delay:...   QualityEst:...
/// RemoteMetrics:                          what the other end says came there
/// ...
/// DialogID:...
/// </code>
/// Lines are parted by CRLF; one that begins with white space goes on with the one before. Source: RFC 6035 4.6.
/// </remarks>
public sealed record VoiceQualityReport
{
    /// <summary>The event package's name.</summary>
    public const string EventType = "vq-rtcpxr";

    /// <summary>The body's media type.</summary>
    public const string MediaType = "application/vq-rtcpxr";

    /// <summary>Which report it is.</summary>
    public VoiceQualityReportKind Kind { get; init; }

    /// <summary>CallTerm: the last one of its session.</summary>
    public bool IsLast { get; init; }

    /// <summary>What it is an alert about; null for another report.</summary>
    public VoiceQualityAlert? Alert { get; init; }

    /// <summary>The Call-ID of the session.</summary>
    public required string CallId { get; init; }

    /// <summary>Who reports: name-addr or URI.</summary>
    public required string LocalId { get; init; }

    /// <summary>The other end.</summary>
    public required string RemoteId { get; init; }

    /// <summary>Who began the session.</summary>
    public required string OriginatorId { get; init; }

    /// <summary>Where the stream is received.</summary>
    public VoiceQualityAddress Local { get; init; }

    /// <summary>Where it comes from.</summary>
    public VoiceQualityAddress Remote { get; init; }

    /// <summary>What the reporting end is counted with.</summary>
    public string LocalGroup { get; init; } = "";

    /// <summary>What the other end is counted with.</summary>
    public string RemoteGroup { get; init; } = "";

    /// <summary>What came here.</summary>
    public required VoiceQualityMetrics LocalMetrics { get; init; }

    /// <summary>What came there; null where the other end does not say.</summary>
    public VoiceQualityMetrics? RemoteMetrics { get; init; }

    /// <summary>The dialog, as Call-ID and tags; null where that is not said.</summary>
    public string? DialogId { get; init; }

    /// <summary>Reads a report.</summary>
    /// <param name="body">The body.</param>
    /// <param name="report">The report.</param>
    /// <param name="error">Why it is none.</param>
    /// <returns>False when it is none.</returns>
    /// <remarks>What it has besides is passed over, and a value that is out of its range is as if it were not there; RFC 6035's own examples have SSRC without <c>0x</c>.</remarks>
    public static bool TryParse(ReadOnlySpan<byte> body, out VoiceQualityReport? report, out VoiceQualityError error)
    {
        error = VoiceQualityReader.Read(body, out report);
        return error == VoiceQualityError.None;
    }

    /// <summary>Writes the report.</summary>
    public byte[] Write() => VoiceQualityWriter.Write(this);
}

/// <summary>Why a body is no report.</summary>
public enum VoiceQualityError
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>Longer than 16,384 bytes, or of more than 128 lines.</summary>
    TooLong,

    /// <summary>Its first line names no report.</summary>
    UnknownReport,

    /// <summary>A line has no name.</summary>
    MalformedLine,

    /// <summary>CallID, LocalID, RemoteID or OrigID is missing or empty.</summary>
    NoSession,

    /// <summary>There are no local metrics.</summary>
    NoMetrics,

    /// <summary>Metrics have no START and STOP in UTC.</summary>
    NoTime,
}
