using Parley.Core;

namespace Parley.Rtp.Events;

/// <summary>What the receiver of events tells.</summary>
/// <param name="Code">Which event.</param>
/// <param name="IsEnd">False when it begins, true when it is over.</param>
/// <param name="DurationUnits">How long it has lasted so far, in clock units.</param>
public readonly record struct TelephoneEventNotice(byte Code, bool IsEnd, uint DurationUnits);

/// <summary>Makes one beginning and one end out of the many packets that report an event.</summary>
/// <remarks>
/// <code>
///         any packet of a new event            end packet, next event, or nothing for a while
/// Quiet ---------------------------> Sounding ------------------------------------------------> Quiet
/// </code>
/// An event is known by its timestamp: repeated and reordered reports of one that is over are ignored, and one whose
/// first packets were lost begins with what did come. Source: RFC 4733 2.5.2.
/// </remarks>
public sealed class TelephoneEventReceiver
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);     // a few intervals of any sender

    private readonly Queue<TelephoneEventNotice> _notices = new();
    private bool _isSounding;
    private bool _hasLast;
    private uint _timestamp;        // of the current or last event's latest segment
    private byte _code;
    private ushort _duration;       // of that segment
    private uint _segmentsBefore;   // clock units of the segments before it

    /// <summary>When <see cref="OnDeadline"/> wants to be called.</summary>
    public Instant NextDeadline { get; private set; } = Instant.Never;

    /// <summary>A packet of the event format came.</summary>
    /// <param name="now">When.</param>
    /// <param name="timestamp">Its timestamp.</param>
    /// <param name="payload">One event or several that follow on from each other (RFC 4733 2.5.1.5).</param>
    public void OnPacket(Instant now, uint timestamp, ReadOnlySpan<byte> payload)
    {
        while (TelephoneEvent.TryParse(payload, out TelephoneEvent report))
        {
            OnReport(now, timestamp, report);
            timestamp += report.Duration;
            payload = payload[TelephoneEvent.LengthBytes..];
        }
    }

    /// <summary>No report for a while: all end packets were lost.</summary>
    public void OnDeadline(Instant now)
    {
        if (now >= NextDeadline) End();
    }

    /// <summary>Another source sends from now on: its timestamps have nothing to do with those before.</summary>
    public void Reset()
    {
        End();
        _hasLast = false;
    }

    /// <summary>Gives what is to be told, in order.</summary>
    public bool TryTake(out TelephoneEventNotice notice) => _notices.TryDequeue(out notice);

    private void OnReport(Instant now, uint timestamp, TelephoneEvent report)
    {
        if (!_hasLast || RtpSequence.Difference(timestamp, _timestamp) > 0)
        {
            if (_isSounding && report.Code == _code && timestamp == _timestamp + _duration && _duration > 0x3FFF)
            {
                // The next segment of an event that lasts longer than a report can say (RFC 4733 2.5.2.3).
                _segmentsBefore += _duration;
                (_timestamp, _duration) = (timestamp, 0);
            }
            else
            {
                End();
                (_isSounding, _hasLast) = (true, true);
                (_timestamp, _code, _duration, _segmentsBefore) = (timestamp, report.Code, 0, 0);
                _notices.Enqueue(new TelephoneEventNotice(_code, IsEnd: false, 0));
            }
        }

        if (!_isSounding || timestamp != _timestamp || report.Code != _code) return;    // of an event that is over
        _duration = Math.Max(_duration, report.Duration);
        NextDeadline = now + Patience;
        if (report.IsEnd) End();
    }

    private void End()
    {
        NextDeadline = Instant.Never;
        if (!_isSounding) return;
        _isSounding = false;
        _notices.Enqueue(new TelephoneEventNotice(_code, IsEnd: true, _segmentsBefore + _duration));
    }
}
