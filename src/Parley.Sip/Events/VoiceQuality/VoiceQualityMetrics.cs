namespace Parley.Sip.Events.VoiceQuality;

/// <summary>What one end measured of the stream that it receives. What is null is not known.</summary>
/// <remarks>Times are in milliseconds, rates and densities in percent, levels in dBm0. Source: RFC 6035 4.6.1, Metrics; 4.6.2.</remarks>
public sealed record VoiceQualityMetrics
{
    /// <summary>When the stream began, in UTC.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>When it ended or the report was made, in UTC.</summary>
    public required DateTimeOffset Stop { get; init; }

    /// <summary>PT.</summary>
    /// <value>0 to 127.</value>
    public int? PayloadType { get; init; }

    /// <summary>PD: the codec, such as <c>PCMU</c>.</summary>
    public string? Codec { get; init; }

    /// <summary>SR: samples per second; the lowest where there are several.</summary>
    public int? SampleRate { get; init; }

    /// <summary>FD: how long a frame is.</summary>
    public int? FrameMilliseconds { get; init; }

    /// <summary>FPP.</summary>
    public int? FramesPerPacket { get; init; }

    /// <summary>PPS.</summary>
    public int? PacketsPerSecond { get; init; }

    /// <summary>PLC, as in RFC 3611: 0 unspecified, 1 disabled, 2 enhanced, 3 standard.</summary>
    public int? Concealment { get; init; }

    /// <summary>JBA, as in RFC 3611: 0 unknown, 2 fixed, 3 adaptive.</summary>
    public int? JitterBuffer { get; init; }

    /// <summary>JBN.</summary>
    public int? JitterBufferNominal { get; init; }

    /// <summary>JBM.</summary>
    public int? JitterBufferMax { get; init; }

    /// <summary>JBX.</summary>
    public int? JitterBufferAbsoluteMax { get; init; }

    /// <summary>NLR: packets that never came.</summary>
    public double? LossPercent { get; init; }

    /// <summary>JDR: packets that came and could not be played.</summary>
    public double? DiscardPercent { get; init; }

    /// <summary>BLD.</summary>
    public double? BurstLossPercent { get; init; }

    /// <summary>BD.</summary>
    public int? BurstMilliseconds { get; init; }

    /// <summary>GLD.</summary>
    public double? GapLossPercent { get; init; }

    /// <summary>GD.</summary>
    public int? GapMilliseconds { get; init; }

    /// <summary>GMIN.</summary>
    public int? GapThreshold { get; init; }

    /// <summary>RTD.</summary>
    public int? RoundTripMilliseconds { get; init; }

    /// <summary>ESD.</summary>
    public int? EndSystemMilliseconds { get; init; }

    /// <summary>SOWD: half the sum of the round trip and both ends' delays.</summary>
    public int? SymmetricDelayMilliseconds { get; init; }

    /// <summary>IAJ.</summary>
    public int? JitterMilliseconds { get; init; }

    /// <summary>SL.</summary>
    public int? SignalLevel { get; init; }

    /// <summary>NL.</summary>
    public int? NoiseLevel { get; init; }

    /// <summary>RLQ: R without delay and echo.</summary>
    /// <value>0 to 120.</value>
    public int? ListeningR { get; init; }

    /// <summary>RCQ: R.</summary>
    /// <value>0 to 120.</value>
    public int? ConversationalR { get; init; }

    /// <summary>MOSLQ.</summary>
    /// <value>0 to 4.999.</value>
    public double? ListeningScore { get; init; }

    /// <summary>MOSCQ.</summary>
    /// <value>0 to 4.999.</value>
    public double? ConversationalScore { get; init; }

    /// <summary>QoEEstAlg: how scores were estimated.</summary>
    public string? Algorithm { get; init; }
}
