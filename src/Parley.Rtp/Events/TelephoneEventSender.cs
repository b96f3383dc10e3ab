namespace Parley.Rtp.Events;

/// <summary>A packet that the sender of events wants sent on this beat, with the sequence number that comes next.</summary>
/// <param name="Event">The payload.</param>
/// <param name="Marker">The first packet of an event.</param>
/// <param name="Timestamp">When the event began.</param>
public readonly record struct TelephoneEventPacket(TelephoneEvent Event, bool Marker, uint Timestamp);

/// <summary>Sends DTMF digits one after the other on the beat of the audio stream.</summary>
/// <remarks>
/// <code>
///        queued                duration reached          3 end packets      pause over
/// Idle ---------> Sounding -------------------> Ending ---------------> Pause --------> Idle
/// </code>
/// Timestamps are those of the audio stream, sequence numbers too: who sends the packets gives them. Source: RFC 4733 2.5.1.
/// </remarks>
public sealed class TelephoneEventSender
{
    /// <summary>Events that can wait; more are refused.</summary>
    public const int MaxQueued = 64;

    private const int EndPackets = 3;       // RFC 4733 2.5.1.4
    private const byte Volume = 10;         // -10 dBm0, in the middle of what receivers must accept (RFC 4733 3.2.1)

    private readonly Queue<(byte Code, ushort Units)> _queue = new();
    private readonly int _clockRate;
    private readonly uint _pauseUnits;
    private State _state;
    private (byte Code, ushort Units) _current;
    private uint _start;
    private int _endsLeft;

    private enum State
    {
        Idle,
        Sounding,
        Ending,
        Pause,
    }

    /// <summary>A sender for a stream.</summary>
    /// <param name="clockRate">Timestamp units per second.</param>
    /// <param name="pause">Silence between events; at least 40 ms (RFC 4733 3.2.1, after ITU-T Q.24).</param>
    public TelephoneEventSender(int clockRate, TimeSpan pause)
    {
        _clockRate = clockRate;
        _pauseUnits = (uint)(pause.Ticks * clockRate / TimeSpan.TicksPerSecond);
    }

    /// <summary>True while something is being sent or waits.</summary>
    public bool IsBusy => _state != State.Idle || _queue.Count > 0;

    /// <summary>Lets an event be sent when those before it have been.</summary>
    /// <param name="code">0 to 255.</param>
    /// <param name="duration">More than 0, at most 65535 clock units (8 s at 8 kHz).</param>
    /// <returns>False when <see cref="MaxQueued"/> wait already.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Another duration.</exception>
    public bool TryQueue(byte code, TimeSpan duration)
    {
        long units = duration.Ticks * _clockRate / TimeSpan.TicksPerSecond;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(units, nameof(duration));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(units, ushort.MaxValue, nameof(duration));
        if (_queue.Count >= MaxQueued) return false;
        _queue.Enqueue((code, (ushort)units));
        return true;
    }

    /// <summary>A beat of the audio stream came: is there a packet to send with it?</summary>
    /// <param name="timestamp">Of the audio of this beat.</param>
    /// <param name="beatUnits">How long a beat is.</param>
    /// <param name="packet">The packet.</param>
    public bool TryNext(uint timestamp, uint beatUnits, out TelephoneEventPacket packet)
    {
        packet = default;
        bool marker = false;
        if (_state == State.Pause && timestamp - _start >= _current.Units + _pauseUnits) _state = State.Idle;
        if (_state == State.Idle)
        {
            if (!_queue.TryDequeue(out _current)) return false;
            (_state, _start, marker) = (State.Sounding, timestamp, true);
        }

        if (_state == State.Pause) return false;
        // By the end of this beat the event has lasted this long.
        uint lasted = timestamp - _start + beatUnits;
        if (_state == State.Sounding && lasted >= _current.Units) (_state, _endsLeft) = (State.Ending, EndPackets);
        bool isEnd = _state == State.Ending;
        ushort duration = isEnd ? _current.Units : (ushort)lasted;
        packet = new TelephoneEventPacket(new TelephoneEvent(_current.Code, isEnd, Volume, duration), marker, _start);
        if (isEnd && --_endsLeft == 0) _state = State.Pause;
        return true;
    }
}
