namespace Parley.Rtp.Rtcp.ExtendedReports;

/// <summary>Tells bursts of loss from single losses, packet by packet in their order.</summary>
/// <remarks>
/// <code>
/// 11110111111111111111111X111X1011110111111111111111111X111111111     0 lost, X discarded
/// |---------gap----------|--burst---|------------gap------------|
/// </code>
/// A burst begins and ends with a packet that is missing, and has nowhere as many that came in a row as the threshold says; one missing packet alone is
/// none. Before the first and behind the last packet as many as that are taken to have come. The counts are exact, where the algorithm of RFC 3611 A.2 infers
/// some to within 1; durations are what it defines: all of the time in gaps, and all of that in bursts, through the number of bursts. A value: a copy can be
/// fed what may still change. Source: RFC 3611 4.7.2 and A.2.
/// </remarks>
public struct BurstGapMeter()
{
    /// <summary>Gmin, as recommended.</summary>
    public const byte DefaultThreshold = 16;

    private long _since;                // that came since the last missing one
    private long _missing, _came;       // of what may become a burst, from its first to its last missing packet
    private long _burstMissing, _burstCame, _gapMissing, _gapCame;
    private bool _isMissing;            // the last one

    /// <summary>Packets that never came.</summary>
    public long Lost { get; private set; }

    /// <summary>Packets that came and could not be played.</summary>
    public long Discarded { get; private set; }

    /// <summary>Bursts that have ended.</summary>
    public long Bursts { get; private set; }

    /// <summary>Runs of missing packets, with none between that came.</summary>
    public long Runs { get; private set; }

    /// <summary>How long these runs are, by how long they would be if packets were missing by chance.</summary>
    /// <value>1 or more; 1 when nothing is missing.</value>
    /// <remarks>Source: ITU-T G.107 (06/2015) 7.5, BurstR.</remarks>
    public readonly double BurstRatio
    {
        get
        {
            if (Runs == 0) return 1;
            double missing = Lost + Discarded;
            return Math.Max(1, missing / Runs * (1 - (missing / Packets)));
        }
    }

    /// <summary>All packets.</summary>
    public readonly long Packets => _burstMissing + _burstCame + _gapMissing + _gapCame + _missing + _came + _since;

    /// <summary>A packet came and is played.</summary>
    public void OnReceived()
    {
        _since++;
        _isMissing = false;
    }

    /// <summary>A packet never came.</summary>
    public void OnLost()
    {
        Lost++;
        OnMissing();
    }

    /// <summary>A packet came and cannot be played.</summary>
    public void OnDiscarded()
    {
        Discarded++;
        OnMissing();
    }

    /// <summary>Writes rates, densities and durations into a report.</summary>
    /// <param name="metrics">The rest of the report.</param>
    /// <param name="packetTime">How long a packet lasts.</param>
    /// <param name="repaired">Lost packets that were made good from later ones: they do not count in the loss rate.</param>
    public readonly XrVoipMetrics Report(in XrVoipMetrics metrics, TimeSpan packetTime, long repaired = 0)
    {
        BurstGapMeter closed = this;
        closed.Close();
        long burst = closed._burstMissing + closed._burstCame, gap = closed._gapMissing + closed._gapCame, bursts = Math.Max(1, closed.Bursts);
        return metrics with
        {
            LossRate = Fraction(Math.Max(0, Lost - repaired), burst + gap),
            DiscardRate = Fraction(Discarded, burst + gap),
            BurstDensity = Fraction(closed._burstMissing, burst),
            GapDensity = Fraction(closed._gapMissing, gap),
            BurstDuration = Milliseconds(burst),
            GapDuration = Milliseconds(gap),
        };

        ushort Milliseconds(long packets) => (ushort)Math.Min(packets * packetTime.TotalMilliseconds / bursts, ushort.MaxValue);
    }

    private static byte Fraction(long part, long whole) => whole == 0 ? (byte)0 : (byte)Math.Min(part * 256 / whole, 255);

    private void OnMissing()
    {
        if (_missing == 0 || _since >= DefaultThreshold) Close();
        else _came += _since;
        if (!_isMissing) Runs++;
        (_missing, _since, _isMissing) = (_missing + 1, 0, true);
    }

    /// <summary>What was missing last is settled: enough came behind it.</summary>
    private void Close()
    {
        if (_missing == 1)
        {
            _gapMissing++;
        }
        else if (_missing > 1)
        {
            Bursts++;
            _burstMissing += _missing;
            _burstCame += _came;
        }

        _gapCame += _since;
        (_missing, _came, _since) = (0, 0, 0);
    }
}
