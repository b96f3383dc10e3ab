using Parley.Core;

namespace Parley.Rtp.Rtcp.ExtendedReports;

/// <summary>The part of a session that writes and reads extended reports.</summary>
/// <remarks>What was not agreed on is not kept and not written; what comes is read in any case. Source: RFC 3611.</remarks>
internal sealed class ExtendedReporter
{
    private const int MaxAsking = 4;        // whose times wait for an answer; of more the last ones
    private const int MaxBlockLengthBytes = 512;
    private const int MostTold = 2000;      // packets of a report that are looked at: a block can claim to know of 65,535
    private const double Remembered = 0.7;  // of the runs before a report
    private const double LeastRuns = 3;     // before their length means something

    private readonly (uint Ssrc, uint Time, Instant At)[] _asking = new (uint, uint, Instant)[MaxAsking];
    private int _asked;
    private XrAgreement _agreement = XrAgreement.None;
    private ReceptionLog? _log;
    private double _runs, _lostInRuns;      // that the other side told of, the last ones weighing most

    /// <summary>By the other side's last answer to this side's time.</summary>
    public TimeSpan? RoundTrip { get; private set; }

    /// <summary>How the other side says that it sounds.</summary>
    public XrVoipMetrics? RemoteVoipMetrics { get; private set; }

    /// <summary>How many packets of this side get lost one after the other, on average, by what the other side tells of each; null before it told of a few losses.</summary>
    public double? RemoteLossRun => _runs < LeastRuns ? null : _lostInRuns / _runs;

    /// <summary>What is told of playout.</summary>
    public XrPlayout Playout { get; set; }

    /// <summary>Takes what was agreed on, at the start and later.</summary>
    public void Agree(XrAgreement agreement)
    {
        if (!agreement.NeedsLog) _log = null;
        else if (_log is null || agreement.ReceiptTimesLengthBytes > 0 != _agreement.ReceiptTimesLengthBytes > 0) _log = new ReceptionLog(agreement.ReceiptTimesLengthBytes > 0);
        _agreement = agreement;
        if (!agreement.ReferenceTime) _asked = 0;
    }

    /// <summary>Another source is listened to.</summary>
    public void OnNewSource()
    {
        if (_log is not null) _log = new ReceptionLog(_agreement.ReceiptTimesLengthBytes > 0);
    }

    /// <summary>A packet was believed.</summary>
    /// <param name="sequenceNumber">Its number.</param>
    /// <param name="time">When it came, in units of RTP timestamps.</param>
    /// <param name="timestamp">Its timestamp.</param>
    public void OnPacket(ushort sequenceNumber, uint time, uint timestamp) => _log?.OnPacket(sequenceNumber, time, timestamp);

    /// <summary>A believed packet could not be played.</summary>
    public void OnDiscarded(ushort sequenceNumber) => _log?.OnDiscarded(sequenceNumber);

    /// <summary>The packets' times begin anew.</summary>
    public void ForgetTransit() => _log?.ForgetTransit();

    /// <summary>An XR came.</summary>
    /// <param name="now">The time.</param>
    /// <param name="sender">Who reports.</param>
    /// <param name="blocks">What.</param>
    /// <param name="self">This side.</param>
    /// <param name="clock">This side's time.</param>
    public void OnReport(Instant now, uint sender, XrBlocks blocks, uint self, NtpClock clock)
    {
        int left = MostTold;
        while (blocks.TryRead(out XrBlock block))
        {
            if (block.TryGetTrace(out XrTrace trace) && trace.Type == XrBlockType.LossRuns && trace.Ssrc == self && trace.Thinning == 0) CountRuns(trace, ref left);
            if (block.TryGetVoipMetrics(out XrVoipMetrics metrics) && metrics.Ssrc == self) RemoteVoipMetrics = metrics;
            if (block.TryGetReferenceTime(out ulong time) && _agreement.ReferenceTime) OnAsked(now, sender, (uint)(time >> 16));
            for (int i = 0; block.TryGetDelay(i, out XrDelay delay); i++)
            {
                if (delay.Ssrc != self || delay.LastReferenceTime == 0) continue;
                int roundTrip = (int)(clock.CompactAt(now) - delay.LastReferenceTime - delay.DelaySince);
                if (roundTrip >= 0) RoundTrip = TimeSpan.FromSeconds(roundTrip / 65536.0);
            }
        }
    }

    /// <summary>Writes an XR behind the report, when there is something to say.</summary>
    /// <param name="now">The time.</param>
    /// <param name="writer">The compound.</param>
    /// <param name="self">This side.</param>
    /// <param name="source">Who is listened to; null for nobody.</param>
    /// <param name="isSender">Whether this side sends.</param>
    /// <param name="roundTrip">The last that is known.</param>
    /// <param name="clock">This side's time.</param>
    public void Write(Instant now, ref RtcpWriter writer, uint self, uint? source, bool isSender, TimeSpan? roundTrip, NtpClock clock)
    {
        if (_agreement == XrAgreement.None) return;
        XrWriter blocks = writer.BeginExtendedReport(self);
        if (_agreement.ReferenceTime && !isSender) blocks.TryWriteReferenceTime(clock.At(now));
        if (_asked > 0 && (isSender || !_agreement.OnlySendersAnswer)) WriteAnswers(now, ref blocks);
        if (source is { } ssrc && _log is { HasNews: true } log)
        {
            WriteLog(ref blocks, ssrc, log, roundTrip);
            log.OnReported();
        }

        writer.End(blocks);
    }

    private void CountRuns(XrTrace trace, ref int left)
    {
        (double runs, double lost, bool came) = (0, 0, true);
        for (; left > 0 && trace.TryRead(out _, out bool value); left--)
        {
            if (!value) (runs, lost) = (runs + (came ? 1 : 0), lost + 1);
            came = value;
        }

        (_runs, _lostInRuns) = ((_runs * Remembered) + runs, (_lostInRuns * Remembered) + lost);
    }

    private static ushort Milliseconds(TimeSpan time) => (ushort)Math.Clamp(time.TotalMilliseconds, 0, ushort.MaxValue);

    private void OnAsked(Instant now, uint sender, uint time)
    {
        int at = 0;
        while (at < _asked && _asking[at].Ssrc != sender) at++;
        if (at == MaxAsking) at = MaxAsking - 1;
        _asking[at] = (sender, time, now);
        _asked = Math.Max(_asked, at + 1);
    }

    private void WriteAnswers(Instant now, ref XrWriter blocks)
    {
        Span<XrDelay> delays = stackalloc XrDelay[MaxAsking];
        for (int i = 0; i < _asked; i++) delays[i] = new XrDelay(_asking[i].Ssrc, _asking[i].Time, (uint)Math.Min((now - _asking[i].At).TotalSeconds * 65536, uint.MaxValue));
        blocks.TryWriteDelays(delays[.._asked]);
        _asked = 0;
    }

    private void WriteLog(ref XrWriter blocks, uint ssrc, ReceptionLog log, TimeSpan? roundTrip)
    {
        if (_agreement.VoipMetrics)
        {
            XrVoipMetrics metrics = new()
            {
                Ssrc = ssrc,
                RoundTripDelay = Milliseconds(roundTrip ?? default),
                EndSystemDelay = Milliseconds(Playout.EndSystemDelay),
                Concealment = Playout.Concealment,
                JitterBuffer = Playout.JitterBuffer,
                NominalDelay = Milliseconds(Playout.NominalDelay),
                MaxDelay = Milliseconds(Playout.MaxDelay),
                AbsoluteMaxDelay = Milliseconds(Playout.AbsoluteMaxDelay),
                RFactor = Playout.Quality?.RFactor ?? XrVoipMetrics.Unavailable,
                ListeningQuality = Playout.Quality?.ListeningQuality ?? XrVoipMetrics.Unavailable,
                ConversationalQuality = Playout.Quality?.ConversationalQuality ?? XrVoipMetrics.Unavailable,
            };
            blocks.TryWriteVoipMetrics(log.Meter.Report(metrics, Playout.PacketTime, Playout.Repaired));
        }

        if (_agreement.HasSummary)
        {
            (uint lost, uint duplicates) = log.Count();
            blocks.TryWriteSummary(new XrStatisticsSummary
            {
                Ssrc = ssrc,
                Begin = (ushort)log.Begin,
                End = (ushort)log.End,
                Lost = _agreement.SummaryOfLoss ? lost : null,
                Duplicates = _agreement.SummaryOfDuplicates ? duplicates : null,
                Jitter = _agreement.SummaryOfJitter ? log.Jitter : null,
            });
        }

        WriteTrace(ref blocks, XrBlockType.LossRuns, _agreement.LossRunsLengthBytes, ssrc, log);
        WriteTrace(ref blocks, XrBlockType.DuplicateRuns, _agreement.DuplicateRunsLengthBytes, ssrc, log);
        WriteTrace(ref blocks, XrBlockType.ReceiptTimes, _agreement.ReceiptTimesLengthBytes, ssrc, log);
    }

    private static void WriteTrace(ref XrWriter blocks, XrBlockType type, int lengthBytes, uint ssrc, ReceptionLog log)
    {
        if (lengthBytes > 0) blocks.TryWriteTrace(type, ssrc, log, log.Begin, log.End, Math.Min(lengthBytes, MaxBlockLengthBytes));
    }
}
