using Parley.Endpoint.Media;
using Parley.Endpoint.Media.Quality;
using Parley.Media.Quality;
using Parley.Output;
using Parley.Rtp.Rtcp.ExtendedReports;
using Parley.Sip.Events.VoiceQuality;
using Parley.Sip.Messages;
using Parley.UserAgent;

namespace Parley.Commands;

/// <summary>Tells a collector at the end of each call how good it was (RFC 6035).</summary>
internal sealed class QualityReporter(SipUserAgent agent, SipUri collector, SipUri? identity)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Sends the report of a call that has ended, and tells what became of it. That does not change how the command ends.</summary>
    public async Task SendAsync(Call call, CommandOutput output)
    {
        (bool isSent, string? problem) = await TrySendAsync(call).ConfigureAwait(false);
        if (isSent) output.Event("reported", ("call", call.CallId), ("collector", collector.ToString()));
        if (problem is null) return;
        output.Event("notReported", ("call", call.CallId), ("collector", collector.ToString()), ("reason", problem));
        output.Note($"parley: {problem}");
    }

    /// <summary>Sends the report of a call that has ended.</summary>
    /// <returns>Whether there was one and it was taken; and why it was not.</returns>
    public async Task<(bool IsSent, string? Problem)> TrySendAsync(Call call)
    {
        AudioStatistics? audio = await call.GetStatisticsAsync().ConfigureAwait(false);
        if (call.AnsweredAt is not { } start || audio is null || Write(call, audio, start, TimeProvider.System.GetUtcNow(), identity?.ToString() ?? "sip:anonymous@anonymous.invalid") is not { } report) return (false, null);
        try
        {
            await agent.ReportAsync(collector, VoiceQualityReport.EventType, VoiceQualityReport.MediaType, report.Write()).WaitAsync(Patience, TimeProvider.System).ConfigureAwait(false);
            return (true, null);
        }
        catch (SipRequestException problem)
        {
            return (false, $"{collector} does not take the quality report: {problem.StatusCode} {problem.ReasonPhrase}");
        }
        catch (TimeoutException)
        {
            return (false, $"{collector} does not answer the quality report");
        }
    }

    /// <summary>The report of a call.</summary>
    /// <returns>Null when nothing was heard in it.</returns>
    internal static VoiceQualityReport? Write(Call call, AudioStatistics audio, DateTimeOffset start, DateTimeOffset stop, string local)
    {
        if (audio.Quality is not { Receiving: { } heard }) return null;
        return new VoiceQualityReport
        {
            IsLast = true,
            CallId = call.CallId,
            LocalId = local,
            RemoteId = call.RemoteUri,
            OriginatorId = call.IsIncoming ? call.RemoteUri : local,
            Local = new VoiceQualityAddress(audio.LocalRtp.ToIPAddress(), audio.LocalRtp.Port, audio.LocalSsrc),
            Remote = new VoiceQualityAddress(audio.RemoteRtp.ToIPAddress(), audio.RemoteRtp.Port, audio.RemoteSsrc),
            LocalMetrics = Metrics(heard, audio.Rtp.RoundTrip, start, stop),
            RemoteMetrics = audio.Rtp.RemoteVoipMetrics is { } told ? Metrics(told, audio.Codec ?? "", start, stop) : null,
        };
    }

    private static VoiceQualityMetrics Metrics(in DirectionQuality quality, TimeSpan? roundTrip, DateTimeOffset start, DateTimeOffset stop)
    {
        (QualityMeasures measures, QualityRating rating) = (quality.Measures, quality.Rating);
        return new VoiceQualityMetrics
        {
            Start = start,
            Stop = stop,
            Codec = quality.Codec,
            Concealment = (int)XrConcealment.Enhanced,
            JitterBuffer = (int)XrJitterBufferKind.Adaptive,
            LossPercent = Math.Max(0, measures.Concealed - measures.Discarded) * 100,
            DiscardPercent = measures.Discarded * 100,
            RoundTripMilliseconds = Milliseconds(roundTrip),
            EndSystemMilliseconds = Milliseconds(measures.Delay - ((roundTrip ?? TimeSpan.Zero) / 2)),
            SymmetricDelayMilliseconds = Milliseconds(measures.Delay),
            JitterMilliseconds = Milliseconds(quality.Jitter),
            ListeningR = Scale(rating.Band, rating.ListeningR),
            ConversationalR = Scale(rating.Band, rating.R),
            ListeningScore = rating.ListeningScore,
            ConversationalScore = rating.ConversationalScore,
            Algorithm = "G.107",
        };
    }

    private static VoiceQualityMetrics Metrics(in XrVoipMetrics told, string codec, DateTimeOffset start, DateTimeOffset stop) => new()
    {
        Start = start,
        Stop = stop,
        Codec = codec,
        Concealment = (int)told.Concealment,
        JitterBuffer = (int)told.JitterBuffer,
        JitterBufferNominal = told.NominalDelay,
        JitterBufferMax = told.MaxDelay,
        JitterBufferAbsoluteMax = told.AbsoluteMaxDelay,
        LossPercent = told.LossRate / 2.56,
        DiscardPercent = told.DiscardRate / 2.56,
        BurstLossPercent = told.BurstDensity / 2.56,
        BurstMilliseconds = told.BurstDuration,
        GapLossPercent = told.GapDensity / 2.56,
        GapMilliseconds = told.GapDuration,
        GapThreshold = told.GapThreshold == 0 ? null : told.GapThreshold,
        RoundTripMilliseconds = told.RoundTripDelay,
        EndSystemMilliseconds = told.EndSystemDelay,
        ConversationalR = told.RFactor == XrVoipMetrics.Unavailable ? null : told.RFactor,
        ListeningScore = told.ListeningQuality == XrVoipMetrics.Unavailable ? null : told.ListeningQuality / 10.0,
        ConversationalScore = told.ConversationalQuality == XrVoipMetrics.Unavailable ? null : told.ConversationalQuality / 10.0,
    };

    /// <summary>R on one of the scales that a report has: to 95 in the narrow band, else to 120 (RFC 6035 4.6.2.11).</summary>
    private static int Scale(AudioBand band, double r) => (int)Math.Round(band == AudioBand.Narrow ? Math.Min(r, 95) : Math.Min(r / band.Factor() * AudioBand.Wide.Factor(), 120));

    private static int? Milliseconds(TimeSpan? time) => time is { } known ? (int)Math.Clamp(known.TotalMilliseconds, 0, 65_535) : null;
}
