using Parley.Media.Codecs;
using Parley.Media.Quality;
using Parley.Rtp;
using Parley.Rtp.Jitter;
using Parley.Rtp.Rtcp.ExtendedReports;

namespace Parley.Endpoint.Media.Quality;

/// <summary>Rates a call in both directions, every five seconds and as a whole.</summary>
/// <remarks>Works at the end of an interval and when asked, never for a packet. Bounded: <see cref="MaxIntervals"/> intervals are kept. Source: ITU-T G.107; RFC 3611 4.7.</remarks>
public sealed class QualityMonitor
{
    /// <summary>How long an interval is.</summary>
    public const int IntervalSeconds = 5;

    /// <summary>Intervals that are kept: of the last minute.</summary>
    public const int MaxIntervals = 12;

    private const int MaxSilentIntervals = 3;       // a report tells of the intervals until the next, but not for ever

    // Of a telephone that does not tell: what is beside its packet, a jitter buffer of two.
    private static readonly TimeSpan UsualPlayout = TimeSpan.FromMilliseconds(40);

    private readonly QualityInterval[] _intervals = new QualityInterval[MaxIntervals];
    private long _count;
    private JitterBufferStatistics _before;         // when the interval began
    private long _reports, _sent;
    private int _silent;
    private TimeSpan _receivingDelay, _sendingDelay;
    private int _receivingDelays, _sendingDelays;

    /// <summary>The last interval; null before the first has ended.</summary>
    public QualityInterval? Last => _count == 0 ? null : _intervals[(_count - 1) % MaxIntervals];

    /// <summary>An interval has ended.</summary>
    internal void Close(in RtpStatistics rtp, AudioReceiver receiver, AudioSender sender)
    {
        JitterBufferStatistics playout = receiver.Statistics;
        DirectionQuality? receiving = Receiving(receiver, receiver.TakeHeard(), _before, playout, DelayOf(rtp, receiver), rtp);
        _silent = rtp.RemoteReports == _reports ? _silent + 1 : 0;
        long sent = rtp.PacketsSent - _sent;
        bool isTold = rtp.RemoteReports > 0 && _silent < MaxSilentIntervals && sent > 0;
        DirectionQuality? sending = isTold ? Sending(sender, rtp.RemoteFractionLost ?? 0, sent, DelayOf(rtp, sender), rtp) : null;
        (_before, _reports, _sent) = (playout, rtp.RemoteReports, rtp.PacketsSent);
        if (receiving is { } heard) (_receivingDelay, _receivingDelays) = (_receivingDelay + heard.Measures.Delay, _receivingDelays + 1);
        if (sending is { } said) (_sendingDelay, _sendingDelays) = (_sendingDelay + said.Measures.Delay, _sendingDelays + 1);
        _intervals[_count % MaxIntervals] = new QualityInterval(_count + 1, receiving, sending);
        _count++;
    }

    /// <summary>The call until now.</summary>
    internal CallQuality Whole(in RtpStatistics rtp, AudioReceiver receiver, AudioSender sender)
    {
        QualityInterval[] kept = new QualityInterval[Math.Min(_count, MaxIntervals)];
        for (int i = 0; i < kept.Length; i++) kept[i] = _intervals[(_count - kept.Length + i) % MaxIntervals];
        DirectionQuality? sending = null;
        if (rtp.RemoteReports > 0 && rtp.PacketsSent > 0)
        {
            TimeSpan delay = _sendingDelays > 0 ? _sendingDelay / _sendingDelays : DelayOf(rtp, sender);
            sending = Sending(sender, RemoteLoss(rtp), rtp.PacketsSent, delay, rtp);
        }

        return new CallQuality(WholeReceiving(rtp, receiver), sending, kept);
    }

    /// <summary>What extended reports say of it; null when nothing was heard yet.</summary>
    internal XrQuality? ToReport(in RtpStatistics rtp, AudioReceiver receiver) => WholeReceiving(rtp, receiver) is not { Rating: var rating } ? null : new XrQuality(
        (byte)Math.Round(rating.NarrowR), (byte)Math.Round(rating.ListeningScore * 10), (byte)Math.Round(rating.ConversationalScore * 10));

    private DirectionQuality? WholeReceiving(in RtpStatistics rtp, AudioReceiver receiver) => Receiving(
        receiver, receiver.Heard, default, receiver.Statistics, _receivingDelays > 0 ? _receivingDelay / _receivingDelays : DelayOf(rtp, receiver), rtp);

    private static DirectionQuality? Receiving(
        AudioReceiver receiver, in BurstGapMeter heard, in JitterBufferStatistics before, in JitterBufferStatistics after, TimeSpan delay, in RtpStatistics rtp)
    {
        double packets = heard.Packets;
        if (packets == 0) return null;
        long late = after.Late - before.Late, discarded = late + after.Overflows - before.Overflows;
        var measures = new QualityMeasures
        {
            NetworkLoss = Math.Clamp((after.Lost - before.Lost - late) / packets, 0, 1),
            Discarded = Math.Clamp(discarded / packets, 0, 1),
            Concealed = heard.Lost / packets,
            BurstRatio = heard.BurstRatio,
            Delay = delay,
            IsDelayKnown = rtp.RoundTrip is not null,
        };
        return Rate(receiver.Format, heard.Packets, measures, rtp.Jitter);
    }

    private static DirectionQuality Sending(AudioSender sender, double lost, long packets, TimeSpan delay, in RtpStatistics rtp)
    {
        double remaining = lost, discarded = 0;
        if (rtp.RemoteVoipMetrics is { } told)
        {
            // Its loss rate is what repair left, since the beginning (RFC 3611 4.7.1): the same share is taken to be left of these.
            double whole = RemoteLoss(rtp);
            discarded = told.DiscardRate / 256.0;
            if (whole > 0) remaining = lost * Math.Min(1, told.LossRate / 256.0 / whole);
        }

        var measures = new QualityMeasures
        {
            NetworkLoss = lost,
            Discarded = discarded,
            Concealed = Math.Min(1, remaining + discarded),
            BurstRatio = 1,
            Delay = delay,
            IsDelayKnown = rtp.RoundTrip is not null,
        };
        return Rate(sender.Format, packets, measures, rtp.RemoteJitter ?? TimeSpan.Zero);
    }

    private static DirectionQuality Rate(AudioFormat format, long packets, in QualityMeasures measures, TimeSpan jitter) =>
        new(format.Name, packets, measures, QualityRating.Rate(CodecImpairment.Of(format), measures), jitter);

    /// <summary>Of all packets that were sent, those that the other side misses.</summary>
    private static double RemoteLoss(in RtpStatistics rtp) => Math.Clamp((rtp.RemotePacketsLost ?? 0) / (double)Math.Max(1, rtp.PacketsSent), 0, 1);

    private static TimeSpan DelayOf(in RtpStatistics rtp, AudioReceiver receiver) =>
        ((rtp.RoundTrip ?? TimeSpan.Zero) / 2) + receiver.Playout.EndSystemDelay + CodecImpairment.LookAhead(receiver.Format);

    private static TimeSpan DelayOf(in RtpStatistics rtp, AudioSender sender)
    {
        TimeSpan there = rtp.RemoteVoipMetrics is { EndSystemDelay: > 0 and var told } ? TimeSpan.FromMilliseconds(told) : sender.PacketTime + UsualPlayout;
        return ((rtp.RoundTrip ?? TimeSpan.Zero) / 2) + there + CodecImpairment.LookAhead(sender.Format);
    }
}
