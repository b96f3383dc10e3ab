using System.Globalization;
using Parley.Endpoint.Media;
using Parley.Endpoint.Media.Quality;
using Parley.Media.Quality;
using Parley.Rtp.Rtcp.ExtendedReports;

namespace Parley.Output;

/// <summary>How good a call is, in words for people and in fields for programs.</summary>
internal static class QualityWords
{
    private const double Noticeable = 0.0005;       // 0.1 % when rounded

    /// <summary>Both directions in a short line, for one that is rewritten.</summary>
    public static string Line(in QualityInterval interval) => $"{Short("hearing", interval.Receiving)}   {Short("heard", interval.Sending)}";

    /// <summary>One direction with its causes: <c>good, MOS 4.3 (R 92): lost 3.1 % (0.2 % after repair), late 0.1 %, delay 140 ms</c>.</summary>
    public static string Describe(in DirectionQuality quality)
    {
        (QualityRating rating, QualityMeasures measures) = (quality.Rating, quality.Measures);
        string repaired = Math.Abs(measures.NetworkLoss + measures.Discarded - measures.Concealed) < Noticeable ? "" : $" ({Percent(measures.Concealed)} after repair)";
        string unknown = measures.IsDelayKnown ? "" : " and the network's";
        return string.Create(CultureInfo.InvariantCulture,
            $"{Grade(rating)}, MOS {rating.ConversationalScore:0.0} (R {rating.R:0}): lost {Percent(measures.NetworkLoss)}{repaired}, late {Percent(measures.Discarded)}, delay {measures.Delay.TotalMilliseconds:0} ms{unknown}");
    }

    /// <summary>A word for a rating.</summary>
    /// <remarks>Source: ITU-T G.109, table 1: limits at 90, 80, 70 and 60.</remarks>
    public static string Grade(in QualityRating rating) => rating.NarrowR switch
    {
        >= 90 => "very good",
        >= 80 => "good",
        >= 70 => "fair",
        >= 60 => "poor",
        _ => "bad",
    };

    /// <summary>Writes one event for a direction.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="callId">Of which call.</param>
    /// <param name="number">The call's number, where there are several.</param>
    /// <param name="direction"><c>receiving</c> or <c>sending</c>.</param>
    /// <param name="interval">Which interval; null for the whole call.</param>
    /// <param name="quality">How good it is; nothing is written for null.</param>
    /// <param name="reported">What the other side says itself, of what is sent.</param>
    public static void Tell(CommandOutput output, string callId, int? number, string direction, long? interval, in DirectionQuality? quality, XrVoipMetrics? reported = null)
    {
        if (quality is not { } told) return;
        (QualityRating rating, QualityMeasures measures) = (told.Rating, told.Measures);
        output.Event("quality",
            ("call", callId), ("number", number), ("direction", direction), ("interval", interval), ("whole", interval is null ? true : null),
            ("codec", told.Codec), ("band", rating.Band.ToString().ToLowerInvariant()), ("packets", told.Packets),
            ("r", rating.R), ("mos", rating.ConversationalScore), ("mosListening", rating.ListeningScore),
            ("lossPercent", measures.NetworkLoss * 100), ("latePercent", measures.Discarded * 100), ("concealedPercent", measures.Concealed * 100), ("burstRatio", measures.BurstRatio),
            ("delayMilliseconds", measures.Delay.TotalMilliseconds), ("delayIsKnown", measures.IsDelayKnown), ("jitterMilliseconds", told.Jitter.TotalMilliseconds),
            ("byCodec", rating.ByCodec), ("byLoss", rating.ByLoss), ("byLate", rating.ByDiscard), ("byDelay", rating.ByDelay), ("byEcho", rating.ByEcho),
            ("reportedR", Known(reported?.RFactor)), ("reportedMos", Score(reported?.ConversationalQuality)), ("reportedMosListening", Score(reported?.ListeningQuality)),
            ("reportedLossPercent", reported?.LossRate / 2.56), ("reportedLatePercent", reported?.DiscardRate / 2.56), ("reportedDelayMilliseconds", (int?)reported?.EndSystemDelay));
    }

    /// <summary>How good a whole call was: an event for each direction, and a line for people.</summary>
    public static void TellWhole(CommandOutput output, AudioStatistics audio, string callId, int? number, string start)
    {
        if (audio.Quality is not { } quality) return;
        Tell(output, callId, number, "receiving", interval: null, quality.Receiving);
        Tell(output, callId, number, "sending", interval: null, quality.Sending, audio.Rtp.RemoteVoipMetrics);
        if (quality.Receiving is { } heard) output.Say($"{start}heard here: {Describe(heard)}");
        if (quality.Sending is { } said) output.Say($"{start}heard there: {Describe(said)}");
    }

    private static string Short(string what, in DirectionQuality? quality) => quality is not { } told ? $"{what} -" : string.Create(CultureInfo.InvariantCulture,
        $"{what} MOS {told.Rating.ConversationalScore:0.0}, lost {Percent(told.Measures.Concealed)}, {told.Measures.Delay.TotalMilliseconds:0} ms");

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0} %");

    private static int? Known(byte? value) => value is null or XrVoipMetrics.Unavailable ? null : value;

    private static double? Score(byte? value) => Known(value) / 10.0;
}
