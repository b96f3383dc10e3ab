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

    /// <summary>Whether reports come as often as the bandwidth allows, where that is more than 72 kbit/s, instead of every 5 s.</summary>
    /// <value>False: the other side may not expect it.</value>
    /// <remarks>Source: RFC 3550 6.2.</remarks>
    public bool UsesReducedMinimum { get; init; }
}
