using Parley.Core;

namespace Parley.Rtp.Jitter;

/// <summary>Puts the packets of one stream back into their order and their time: they go in as they come and come out evenly.</summary>
/// <remarks>
/// Its time line grows by what is taken out. A packet's place on it is its timestamp plus an offset that is set by the first packet.
/// <code>
///  taken out already |--- lead ---| where the fastest packet would be now
/// -------------------+----+----+--+-------- time line in clock units
///           _playout ^   queued packets, sorted
/// </code>
/// The lead is how long playout waits for packets; how long it should wait, so that nearly all come in time, is measured
/// (<see cref="DelayEstimator"/>). Whoever plays makes up the difference (<see cref="Surplus"/>) by playing some sound shorter or longer: as the time line grows by what is
/// taken and not by what is heard, nothing more need be said about it here. At a talk spurt the buffer makes it up itself. So the delay follows the network,
/// and a clock that runs a little faster or slower than ours. Without loss every payload comes out once and nothing comes between. When the buffer runs dry
/// and the packet that was waited for comes a little late, playout steps back for it, up to <see cref="JitterBufferOptions.MaxDelay"/>. Bounded: <see cref="Capacity"/> packets.
/// </remarks>
public sealed class JitterBuffer : IDisposable
{
    /// <summary>Packets that it holds at most.</summary>
    public const int Capacity = 128;

    private const int HistoryLength = 128;
    private const int MaxSequenceStep = 1000;       // farther is another sequence, not a gap
    private const int MostBridgedMilliseconds = 120;
    private const int LateInARow = 10;              // after which the stream's clock is taken to have moved

    private readonly BufferPool _buffers;
    private readonly Entry[] _entries = new Entry[Capacity];
    private readonly int _clockRate;
    private readonly long _minDelay, _maxDelay, _maxAhead, _mostBridged;
    private readonly DelayEstimator _estimator;
    private int _head;
    private PooledBuffer? _taken;           // what the last step's payload is in

    private bool _hasStream;
    private uint _ssrc;
    private long _playout;                  // the place on the time line that is taken next
    private Instant _takenAt, _due;         // when something was last taken, and when that is over: the next is taken then
    private long _offset;                   // from extended timestamps to places
    private long _newestTimestamp;          // extended, of the packet with the highest sequence number
    private long _newestEnd;                // behind its last sample
    private long _highest;                  // extended sequence number
    private UInt128 _history;               // bit n: the packet n before the highest came
    private UInt128 _covered;               // the same, or something came that stands in for it
    private long _lastPlayed;               // extended sequence number of the last frame taken
    private long _concealed;                // pieces given as lost since then
    private uint _dry;                      // clock units taken out since the buffer ran dry
    private int _lateInARow;
    private bool _isSilent;                 // the newest packet has no sound

    private long _queued, _played, _lost, _late, _duplicates, _reordered, _overflows, _underruns, _resynchronizations;

    /// <summary>An empty buffer.</summary>
    /// <param name="options">Its delays.</param>
    /// <param name="clockRate">Timestamp units per second.</param>
    /// <param name="buffers">Where payloads are kept.</param>
    public JitterBuffer(JitterBufferOptions options, int clockRate, BufferPool buffers)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(buffers);
        options.Validate();
        (_buffers, _clockRate) = (buffers, clockRate);
        _minDelay = options.MinDelay.Ticks * clockRate / TimeSpan.TicksPerSecond;
        _maxDelay = options.MaxDelay.Ticks * clockRate / TimeSpan.TicksPerSecond;
        _maxAhead = options.MaxAhead.Ticks * clockRate / TimeSpan.TicksPerSecond;
        _mostBridged = clockRate * MostBridgedMilliseconds / 1000;
        _estimator = new DelayEstimator(clockRate, options.Delay.Ticks * clockRate / TimeSpan.TicksPerSecond, _maxDelay);
    }

    /// <summary>Packets that wait.</summary>
    public int Count { get; private set; }

    /// <summary>How long playout waited when the last frame was taken, counted from when the fastest packets come.</summary>
    /// <value>Clock units.</value>
    public long Lead { get; private set; }

    /// <summary>How long it should wait.</summary>
    /// <value>Clock units.</value>
    public long Target => Math.Clamp(_estimator.Delay, _minDelay, _maxDelay);

    /// <summary>How much longer than it should playout waited when the last frame was taken; negative when it was less.</summary>
    /// <value>Clock units. What is played that much shorter or longer sets it right.</value>
    public long Surplus { get; private set; }

    /// <summary>What happened so far.</summary>
    public JitterBufferStatistics Statistics =>
        new(_queued, _played, _lost, _late, _duplicates, _reordered, _overflows, _underruns, _resynchronizations);

    /// <summary>Puts a packet in.</summary>
    /// <param name="header">Its header.</param>
    /// <param name="payload">Copied.</param>
    /// <param name="durationUnits">How long the payload plays, in clock units; more than 0.</param>
    /// <param name="now">When it came.</param>
    /// <param name="covers">For how many packets before it, should they be missing, it can stand in.</param>
    public JitterPutResult Put(in RtpHeader header, ReadOnlySpan<byte> payload, uint durationUnits, Instant now, int covers = 0)
    {
        ArgumentOutOfRangeException.ThrowIfZero(durationUnits);
        if (!_hasStream || header.Ssrc != _ssrc) BeginStream(header, now);
        long sequence = RtpSequence.Extend(header.SequenceNumber, _highest);
        // RtpSource lets a number so far behind through when the next one followed on from it: the sender began anew.
        if (sequence - _highest is > MaxSequenceStep or < -HistoryLength)
        {
            BeginStream(header, now);
            sequence = _highest;
        }

        long ahead = sequence - _highest;
        if (!Remember(sequence))
        {
            _duplicates++;
            return JitterPutResult.Duplicate;
        }

        long timestamp = RtpSequence.Extend(header.Timestamp, _newestTimestamp);
        long place = timestamp + _offset;
        bool isNewest = ahead > 0 || _newestEnd == long.MinValue;
        if (isNewest && IsJump(place))
        {
            _resynchronizations++;
            _estimator.Restart();
            StartAt(timestamp, now);
            place = timestamp + _offset;
        }

        // A late packet that claims to be of quite another time says nothing of the network.
        if (isNewest || Math.Abs(place - _playout) <= _maxAhead) _estimator.OnArrival(now, timestamp, isItself: true);
        if (isNewest)
        {
            for (int i = 1; i <= covers && i < Math.Min(ahead, HistoryLength); i++) StandIn(sequence - i, now, timestamp - (i * (long)durationUnits));
            place = Align(place, header.Marker, ahead, now);
            (_newestTimestamp, _newestEnd, _isSilent) = (timestamp, place + durationUnits, false);
        }

        if (place < _playout) return RefuseLate(sequence, isNewest);
        if (Count == Capacity || place - _playout > _maxAhead)
        {
            _overflows++;
            return JitterPutResult.Full;
        }

        if (!Insert(new Entry(place, durationUnits, sequence, header.PayloadType, null), payload, isRedundant: false))
        {
            _duplicates++;      // another packet for the same time
            return JitterPutResult.Duplicate;
        }

        if (ahead < 0) _reordered++;
        _queued++;
        _lateInARow = 0;
        return JitterPutResult.Queued;
    }

    /// <summary>Puts in what a packet holds of an earlier one, should that be missing. Its own sound is put in before, even when that came late or twice.</summary>
    /// <param name="header">The packet's header.</param>
    /// <param name="timestampOffset">How much older than the packet's timestamp it is: clock units.</param>
    /// <param name="payloadType">What it is encoded as.</param>
    /// <param name="payload">Copied.</param>
    /// <param name="durationUnits">How long it plays, in clock units; more than 0.</param>
    /// <param name="now">When it came.</param>
    /// <returns><see cref="JitterPutResult.Duplicate"/>, as a rule: it is there already.</returns>
    /// <remarks>Which packet it was in first is not said (RFC 2198); it is taken for as many packets before as there is time between.</remarks>
    public JitterPutResult PutRedundant(in RtpHeader header, uint timestampOffset, byte payloadType, ReadOnlySpan<byte> payload, uint durationUnits, Instant now)
    {
        ArgumentOutOfRangeException.ThrowIfZero(durationUnits);
        if (!_hasStream || header.Ssrc != _ssrc) return JitterPutResult.Late;
        long timestamp = RtpSequence.Extend(header.Timestamp, _newestTimestamp) - timestampOffset, place = timestamp + _offset;
        long sequence = RtpSequence.Extend(header.SequenceNumber, _highest) - Math.Max(1, timestampOffset / durationUnits);
        StandIn(sequence, now, timestamp);
        if (place < _playout) return JitterPutResult.Late;
        if (Count == Capacity || place - _playout > _maxAhead) return JitterPutResult.Full;
        return Insert(new Entry(place, durationUnits, sequence, payloadType, null), payload, isRedundant: true) ? JitterPutResult.Queued : JitterPutResult.Duplicate;
    }

    /// <summary>Says that a packet of the stream came that carries no sound to be played, so that it does not count as lost; behind it there is silence.</summary>
    public void PutOther(in RtpHeader header)
    {
        if (!_hasStream || header.Ssrc != _ssrc) return;
        long sequence = RtpSequence.Extend(header.SequenceNumber, _highest);
        if (Math.Abs(sequence - _highest) > MaxSequenceStep) return;
        if (sequence > _highest) _isSilent = true;
        Remember(sequence);
    }

    /// <summary>Takes the next piece of the time line.</summary>
    /// <param name="maxUnits">How much is wanted; a frame may be longer.</param>
    /// <param name="now">The time.</param>
    public PlayoutStep Take(uint maxUnits, Instant now)
    {
        _taken?.Release();
        _taken = null;
        if (Count == 0)
        {
            _playout += maxUnits;
            // For about three packets it is more likely that something is missing than that the sender fell silent.
            bool likelyLost = _hasStream && !_isSilent && _dry < 3 * maxUnits;
            if (_dry < uint.MaxValue - maxUnits) _dry += maxUnits;
            OnTaken(now, maxUnits);
            return new PlayoutStep(likelyLost ? PlayoutKind.Lost : PlayoutKind.Silence, maxUnits);
        }

        ref Entry next = ref _entries[_head];
        long missing = CountMissing(next.Sequence);
        long gap = next.Place - _playout;
        if (gap > 0)
        {
            bool isLost = _concealed < missing;
            // What is lost up to a packet that is there comes in one piece, as long as that much may be made up and nothing of it is likely to come.
            bool isWhole = isLost && gap <= _mostBridged && gap <= (missing - _concealed + 1) * next.DurationUnits && IsOver(gap - next.DurationUnits, now);
            uint units = (uint)(isWhole ? gap : Math.Min(gap, maxUnits));
            _playout += units;
            _concealed++;
            OnTaken(now, units);
            return new PlayoutStep(isLost ? PlayoutKind.Lost : PlayoutKind.Silence, units) { IsFollowed = isWhole };
        }

        Lead = LeadAt(now, _playout);
        Surplus = Lead - Target;
        bool isRecovered = next.IsRedundant;
        PlayoutStep step = new(PlayoutKind.Frame, next.DurationUnits, next.PayloadType, next.Payload!.Span) { IsRecovered = isRecovered };
        _taken = next.Payload;
        OnTaken(now, next.DurationUnits);
        // A payload that overlaps the one before does not hold the time line up.
        _playout = Math.Max(_playout, next.Place + next.DurationUnits);
        (_lastPlayed, _concealed, _dry) = (Math.Max(_lastPlayed, next.Sequence), 0, 0);
        _lost += missing + (isRecovered ? 1 : 0);
        if (!isRecovered) _played++;
        next = default;
        _head = (_head + 1) % Capacity;
        Count--;
        return step;
    }

    /// <summary>Drops what waits and forgets the stream.</summary>
    public void Clear()
    {
        _taken?.Release();
        _taken = null;
        for (; Count > 0; Count--)
        {
            _entries[_head].Payload!.Release();
            _entries[_head] = default;
            _head = (_head + 1) % Capacity;
        }

        _hasStream = false;
    }

    /// <summary>The same as <see cref="Clear"/>.</summary>
    public void Dispose() => Clear();

    /// <summary>What waits is still played; the new stream begins behind it, and not before its delay.</summary>
    private void BeginStream(in RtpHeader header, Instant now)
    {
        if (_hasStream) _resynchronizations++;
        (_hasStream, _ssrc) = (true, header.Ssrc);
        // Each stream has its own upper half, so that the numbers of two streams are never compared.
        _highest = (((_highest >> 32) + 1) << 32) + (1 << 20) + header.SequenceNumber;
        (_history, _covered) = (0, UInt128.MaxValue);      // nobody waits for what was before the beginning
        _newestTimestamp = header.Timestamp;
        _newestEnd = long.MinValue;
        _estimator.Restart();
        StartAt(header.Timestamp, now);
    }

    /// <summary>Moves the offset so that a timestamp is played after the delay, or behind all that waits.</summary>
    private void StartAt(long timestamp, Instant now)
    {
        // What was taken last is heard for a while yet, and that is part of the delay.
        long place = _playout + Math.Max(0, Target - (_due > now ? _estimator.UnitsAt(_due) - _estimator.UnitsAt(now) : 0));
        // What waits is played first, but for what is farther away than anything would be waited for: that is of a clock that lied.
        while (Count > 0 && _entries[(_head + Count - 1) % Capacity].Place - _playout > _maxDelay) DropLast();
        if (Count > 0)
        {
            ref Entry last = ref _entries[(_head + Count - 1) % Capacity];
            place = Math.Max(place, last.Place + last.DurationUnits);
        }

        _offset = place - timestamp;
        (_lateInARow, Surplus) = (0, 0);
    }

    private void DropLast()
    {
        ref Entry last = ref _entries[(_head + --Count) % Capacity];
        last.Payload!.Release();
        last = default;
        _overflows++;
    }

    /// <summary>True when the newest packet's place says that the stream's clock has jumped.</summary>
    private bool IsJump(long place)
    {
        if (_newestEnd == long.MinValue) return false;
        long ahead = place - _playout;
        return ahead > _maxAhead || ahead < -_maxAhead || (ahead < 0 && _lateInARow >= LateInARow);
    }

    /// <summary>Sets the delay right where there is a chance to: in the silence before a spurt, and for a packet that was waited for.</summary>
    /// <returns>The place of the newest packet, as its timestamp says.</returns>
    private long Align(long place, bool marker, long ahead, Instant now)
    {
        if (_newestEnd == long.MinValue || Count > 0) return place;
        bool spurt = marker || (ahead == 1 && place > _newestEnd);
        if (spurt)
        {
            // Silence before a spurt is the time to play a little sooner or later: the time line is kept when it is near enough.
            long target = Target, surplus = LeadAt(Instant.Max(now, _due), _playout) - target;
            if (Math.Abs(surplus) > target / 4 || place < _playout) _playout = Math.Min(_playout + surplus, place);
        }
        else if (place < _playout && LeadAt(now, place) <= _maxDelay)
        {
            // The buffer ran dry, and this is what it waited for: nothing later has been played, so nothing need be lost.
            _playout = place;
            _underruns++;
        }

        return place;
    }

    /// <summary>True when what lies so far ahead of playout would have come by now, if at all.</summary>
    private bool IsOver(long ahead, Instant now) => ahead <= 0 || LeadAt(now, _playout + ahead) >= _estimator.LongestOwn;

    private void OnTaken(Instant now, uint units)
    {
        _due = (now == _takenAt && _due > now ? _due : now) + TimeSpan.FromTicks(units * TimeSpan.TicksPerSecond / _clockRate);
        _takenAt = now;
    }

    /// <summary>How long playout waits when it takes a place now.</summary>
    private long LeadAt(Instant now, long place) => _estimator.UnitsAt(now) + _offset - _estimator.Base - place;

    private JitterPutResult RefuseLate(long sequence, bool isNewest)
    {
        _late++;
        if (sequence > _lastPlayed) _lost++;        // otherwise it was counted when its time passed
        if (isNewest) _lateInARow++;
        return JitterPutResult.Late;
    }

    /// <summary>Notes that a sequence number came.</summary>
    /// <returns>False when it came before.</returns>
    private bool Remember(long sequence)
    {
        long ahead = sequence - _highest;
        if (ahead > 0)
        {
            _history = ahead >= HistoryLength ? UInt128.One : (_history << (int)ahead) | UInt128.One;
            _covered = ahead >= HistoryLength ? UInt128.MaxValue : (_covered << (int)ahead) | UInt128.One;
            _highest = sequence;
            return true;
        }

        if (ahead <= -HistoryLength) return true;       // too old to know; too late as well
        UInt128 bit = UInt128.One << (int)-ahead;
        bool isNew = (_history & bit) == 0;
        _history |= bit;
        _covered |= bit;
        return isNew;
    }

    /// <summary>Something came that stands in for a packet: playout has to wait for it when the packet itself did not come, and nothing else for it did.</summary>
    private void StandIn(long sequence, Instant now, long timestamp)
    {
        long behind = _highest - sequence;
        if (behind is < 0 or >= HistoryLength || (_covered >> (int)behind & 1) != 0) return;
        _covered |= UInt128.One << (int)behind;
        _estimator.OnArrival(now, timestamp, isItself: false);
    }

    /// <summary>Counts the packets that have not come between the last frame and the next.</summary>
    private long CountMissing(long next)
    {
        if (next <= _lastPlayed || next >> 32 != _lastPlayed >> 32) return 0;
        if (next >> 32 != _highest >> 32) return next - _lastPlayed - 1;        // a stream that has ended: its history is gone
        long known = Math.Max(_lastPlayed, _highest - HistoryLength);
        long missing = known - _lastPlayed;
        for (long sequence = known + 1; sequence < next; sequence++)
        {
            if ((_history >> (int)(_highest - sequence) & 1) == 0) missing++;
        }

        return missing;
    }

    private bool Insert(Entry entry, ReadOnlySpan<byte> payload, bool isRedundant)
    {
        int index = Count;
        while (index > 0 && _entries[(_head + index - 1) % Capacity].Place > entry.Place) index--;
        if (index > 0)
        {
            ref Entry before = ref _entries[(_head + index - 1) % Capacity];
            if (isRedundant && before.Place + before.DurationUnits > entry.Place) return false;
            if (before.Place == entry.Place && !before.IsRedundant) return false;
            if (before.Place == entry.Place)
            {
                // What stood in for it is not needed any more.
                before.Payload!.Release();
                before = entry with { Payload = _buffers.Copy(payload) };
                return true;
            }
        }

        if (isRedundant && index < Count && _entries[(_head + index) % Capacity].Place < entry.Place + entry.DurationUnits) return false;
        for (int i = Count; i > index; i--) _entries[(_head + i) % Capacity] = _entries[(_head + i - 1) % Capacity];
        _entries[(_head + index) % Capacity] = entry with { Payload = _buffers.Copy(payload), IsRedundant = isRedundant };
        Count++;
        return true;
    }

    private readonly record struct Entry(long Place, uint DurationUnits, long Sequence, byte PayloadType, PooledBuffer? Payload)
    {
        public bool IsRedundant { get; init; }      // came with a later packet
    }
}
