namespace Parley.Rtp.Rtcp.ExtendedReports;

/// <summary>Which extended reports a session sends: what the other side asked for.</summary>
/// <remarks>Source: RFC 3611 5.</remarks>
public sealed record XrAgreement
{
    /// <summary>None.</summary>
    public static XrAgreement None { get; } = new();

    /// <summary>The longest block that tells which packets came; 0 for none.</summary>
    public int LossRunsLengthBytes { get; init; }

    /// <summary>The longest block that tells which packets came twice; 0 for none.</summary>
    public int DuplicateRunsLengthBytes { get; init; }

    /// <summary>The longest block that tells when packets came; 0 for none.</summary>
    public int ReceiptTimesLengthBytes { get; init; }

    /// <summary>Whether this side tells its time while it does not send, and answers the other's.</summary>
    public bool ReferenceTime { get; init; }

    /// <summary>Whether only who sends answers.</summary>
    public bool OnlySendersAnswer { get; init; }

    /// <summary>Whether the summary has the packets that were lost.</summary>
    public bool SummaryOfLoss { get; init; }

    /// <summary>Whether the summary has the packets that came twice.</summary>
    public bool SummaryOfDuplicates { get; init; }

    /// <summary>Whether the summary has the jitter.</summary>
    public bool SummaryOfJitter { get; init; }

    /// <summary>Whether it tells how the call sounds.</summary>
    public bool VoipMetrics { get; init; }

    internal bool HasSummary => SummaryOfLoss || SummaryOfDuplicates || SummaryOfJitter;

    internal bool NeedsLog => HasSummary || VoipMetrics || LossRunsLengthBytes > 0 || DuplicateRunsLengthBytes > 0 || ReceiptTimesLengthBytes > 0;
}

/// <summary>What a session cannot know of how a call sounds: who plays it tells.</summary>
/// <param name="PacketTime">How long a packet lasts.</param>
/// <param name="EndSystemDelay">What this end adds: taking in, coding, waiting, playing.</param>
/// <param name="NominalDelay">How long a packet waits that comes when it should.</param>
/// <param name="MaxDelay">How early a packet may come to be played.</param>
/// <param name="AbsoluteMaxDelay">The most that this can grow to.</param>
/// <param name="Concealment">How lost packets are filled in for.</param>
/// <param name="JitterBuffer">Whether the jitter buffer follows the network.</param>
public readonly record struct XrPlayout(
    TimeSpan PacketTime,
    TimeSpan EndSystemDelay,
    TimeSpan NominalDelay,
    TimeSpan MaxDelay,
    TimeSpan AbsoluteMaxDelay,
    XrConcealment Concealment,
    XrJitterBufferKind JitterBuffer)
{
    /// <summary>Lost packets whose sound came with later ones.</summary>
    public long Repaired { get; init; }

    /// <summary>How good the call is; null when that is not known.</summary>
    public XrQuality? Quality { get; init; }
}

/// <summary>How good a call is to who receives it, as extended reports have it.</summary>
/// <param name="RFactor">Quality by the E-model: 0 to 100.</param>
/// <param name="ListeningQuality">Listening quality, times ten: 10 to 50.</param>
/// <param name="ConversationalQuality">Conversational quality, times ten: 10 to 50.</param>
public readonly record struct XrQuality(byte RFactor, byte ListeningQuality, byte ConversationalQuality);
