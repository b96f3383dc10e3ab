namespace Parley.Rtp.Rtcp.ExtendedReports;

/// <summary>What became of each of the last packets of a source: whether it came, twice, in time, and when.</summary>
/// <remarks>
/// Numbers are extended: packets have places that do not wrap. What is a second or so behind the newest is settled, and told to a meter; a packet that comes
/// later than that still counts as received in the blocks about single packets. Bounded: <see cref="Size"/> packets. Source: RFC 3611 4.1 and A.1.
/// </remarks>
internal sealed class ReceptionLog
{
    /// <summary>Packets that are remembered: over a minute at 50 a second, so more than passes between two reports.</summary>
    public const int Size = 4096;

    private const int Settling = 50;
    private const int MaxStep = 3000;           // farther is another sequence, as for RtpSource

    private readonly byte[] _marks = new byte[Size];
    private readonly uint[]? _times;
    private BurstGapMeter _meter = new();
    private long _settled;                      // the next that the meter is told of
    private long _reference;                    // what the next number is extended by
    private long _first;                        // of the sequence
    private uint _transit;
    private bool _hasTransit;
    private int _transits;
    private double _sum, _squares, _least, _most;

    /// <summary>An empty log.</summary>
    /// <param name="keepsTimes">Whether it is asked when packets came.</param>
    public ReceptionLog(bool keepsTimes) => _times = keepsTimes ? new uint[Size] : null;

    /// <summary>The first packet of the range that is reported on next.</summary>
    public long Begin { get; private set; }

    /// <summary>Behind the newest packet.</summary>
    public long End { get; private set; }

    /// <summary>True when something came since the last report.</summary>
    public bool HasNews => End > Begin;

    /// <summary>Relative transit times since the last report.</summary>
    public XrJitter? Jitter
    {
        get
        {
            if (_transits == 0) return null;
            double mean = _sum / _transits, variance = Math.Max(0, (_squares / _transits) - (mean * mean));
            return new XrJitter(Clamp(_least), Clamp(_most), Clamp(Math.Round(mean)), Clamp(Math.Round(Math.Sqrt(variance))));
        }
    }

    /// <summary>True when a packet of the range came.</summary>
    public bool Came(long sequence) => (Mark(sequence) & Marks.Came) != 0;

    /// <summary>True when a packet of the range came more than once.</summary>
    public bool CameTwice(long sequence) => (Mark(sequence) & Marks.Twice) != 0;

    /// <summary>When a packet of the range came, in units of RTP timestamps; 0 for one that did not.</summary>
    public uint TimeOf(long sequence) => _times is not null && Came(sequence) ? _times[sequence & (Size - 1)] : 0;

    /// <summary>Bursts and gaps up to now: what is not settled yet is taken as it stands.</summary>
    public BurstGapMeter Meter
    {
        get
        {
            BurstGapMeter meter = _meter;
            for (long sequence = _settled; sequence < End; sequence++) Tell(ref meter, sequence);
            return meter;
        }
    }

    /// <summary>A packet came.</summary>
    /// <param name="sequenceNumber">Its number.</param>
    /// <param name="time">When, in units of RTP timestamps.</param>
    /// <param name="timestamp">Its timestamp.</param>
    public void OnPacket(ushort sequenceNumber, uint time, uint timestamp)
    {
        long sequence = RtpSequence.Extend(sequenceNumber, _reference);
        if (End == 0 || Math.Abs(sequence - _reference) > MaxStep) sequence = Restart(sequenceNumber);
        _reference = sequence;
        for (; End <= sequence; End++) _marks[End & (Size - 1)] = 0;
        while (_settled < End - Settling) Tell(ref _meter, _settled++);
        Begin = Math.Max(Begin, End - Size);
        if (sequence < Math.Max(_first, End - Size)) return;

        ref byte mark = ref _marks[sequence & (Size - 1)];
        if ((mark & Marks.Came) != 0)
        {
            mark |= Marks.Twice;
            return;
        }

        mark |= Marks.Came;
        if (_times is not null) _times[sequence & (Size - 1)] = time;
        OnTransit(time - timestamp);
    }

    /// <summary>A packet that came could not be played.</summary>
    public void OnDiscarded(ushort sequenceNumber)
    {
        long sequence = RtpSequence.Extend(sequenceNumber, _reference);
        if (sequence >= Math.Max(_first, End - Size) && sequence < End) _marks[sequence & (Size - 1)] |= Marks.Discarded;
    }

    /// <summary>The packets' times begin anew: nothing can be said of how much longer the next one took.</summary>
    public void ForgetTransit() => _hasTransit = false;

    /// <summary>What is lost and what came twice in the range.</summary>
    public (uint Lost, uint Duplicates) Count()
    {
        (uint lost, uint duplicates) = (0, 0);
        for (long sequence = Begin; sequence < End; sequence++)
        {
            lost += Came(sequence) ? 0u : 1;
            duplicates += CameTwice(sequence) ? 1u : 0;
        }

        return (lost, duplicates);
    }

    /// <summary>The range was reported on: the next one begins behind it.</summary>
    public void OnReported()
    {
        Begin = End;
        (_transits, _sum, _squares, _least, _most) = (0, 0, 0, 0, 0);
    }

    private static uint Clamp(double value) => (uint)Math.Clamp(value, 0, uint.MaxValue);

    private static void Tell(ref BurstGapMeter meter, byte mark)
    {
        if ((mark & Marks.Came) == 0) meter.OnLost();
        else if ((mark & Marks.Discarded) != 0) meter.OnDiscarded();
        else meter.OnReceived();
    }

    private void Tell(ref BurstGapMeter meter, long sequence) => Tell(ref meter, Mark(sequence));

    private byte Mark(long sequence) => _marks[sequence & (Size - 1)];

    /// <summary>The first packet, or one of another sequence: what is behind the range is told, and a new one begins.</summary>
    private long Restart(ushort sequenceNumber)
    {
        while (_settled < End) Tell(ref _meter, _settled++);
        // Each sequence has its own upper part, so that numbers of two are never compared.
        long sequence = (((End >> 16) + 2) << 16) + sequenceNumber;
        Begin = End = _settled = _first = sequence;
        _hasTransit = false;
        return sequence;
    }

    private void OnTransit(uint transit)
    {
        if (_hasTransit)
        {
            double difference = Math.Abs((double)(int)(transit - _transit));
            (_least, _most) = _transits == 0 ? (difference, difference) : (Math.Min(_least, difference), Math.Max(_most, difference));
            _sum += difference;
            _squares += difference * difference;
            _transits++;
        }

        (_transit, _hasTransit) = (transit, true);
    }

    private static class Marks
    {
        public const byte Came = 1;
        public const byte Twice = 2;
        public const byte Discarded = 4;
    }
}
