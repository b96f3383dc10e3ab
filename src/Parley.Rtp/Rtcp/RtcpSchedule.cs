using Parley.Core;

namespace Parley.Rtp.Rtcp;

/// <summary>When the next RTCP report is due.</summary>
/// <remarks>
/// Reports share 5 % of the session's bandwidth among its members, with at least 5 seconds between two of one member
/// (half of that before the first), spread at random so that members do not fall into step. When the time comes the
/// interval is drawn again, and the report waits if membership has grown meanwhile. A goodbye of one of many waits in the
/// same manner, and then the others' goodbyes are what is counted. Source: RFC 3550 6.2, 6.3 and A.7.
/// </remarks>
public sealed class RtcpSchedule
{
    private const double SenderShare = 0.25;
    private const double Compensation = Math.E - 1.5;       // for reconsideration, which converges below the intended average
    private const double FixedMinSeconds = 5;
    private const int HeadersLengthBytes = 28;              // IPv4 and UDP

    private readonly Random _random;
    private readonly double _bytesPerSecond;
    private readonly double _minSeconds;
    private double _averageLengthBytes;
    private Instant _last;
    private bool _isFirst = true;
    private int _membersBefore = 1;
    private bool _isLeaving;

    /// <summary>A schedule that begins when its member joins.</summary>
    /// <param name="now">The time.</param>
    /// <param name="bandwidth">Bytes per second that all members' RTCP may take together: 5 % of the session's.</param>
    /// <param name="random">Where the spread comes from; seeded differently at each member.</param>
    /// <param name="minInterval">Between reports on average: 5 s (RFC 3550 6.2).</param>
    public RtcpSchedule(Instant now, double bandwidth, Random random, TimeSpan minInterval)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bandwidth);
        (_random, _bytesPerSecond, _minSeconds) = (random, bandwidth, minInterval.TotalSeconds);
        _last = now;
        _averageLengthBytes = 128;      // a guess at the first report, IP and UDP headers included
        Next = now + Interval();
    }

    /// <summary>When <see cref="OnDeadline"/> wants to be called.</summary>
    public Instant Next { get; private set; }

    /// <summary>Members of the session, this one included.</summary>
    public int Members { get; private set; } = 1;

    /// <summary>Members that send, this one included if it does.</summary>
    public int Senders { get; set; }

    /// <summary>This member has sent RTP since the report before last.</summary>
    public bool WeSent { get; set; }

    /// <summary>The interval that all members count silence in: not spread, that of one who does not send, never below 5 s.</summary>
    /// <remarks>Source: RFC 3550 6.2 and 6.3.5.</remarks>
    public TimeSpan TimeoutInterval => TimeSpan.FromSeconds(Math.Max(Seconds(weSent: false), FixedMinSeconds));

    /// <summary>The least interval where more than the usual bandwidth is there: 360 s through the kbit/s of the session.</summary>
    /// <param name="sessionBytesPerSecond">What the media of all members takes.</param>
    /// <returns>At most 5 s.</returns>
    /// <remarks>Source: RFC 3550 6.2.</remarks>
    public static TimeSpan ReducedMinimum(double sessionBytesPerSecond) => TimeSpan.FromSeconds(Math.Min(FixedMinSeconds, 360 / (sessionBytesPerSecond * 8 / 1000)));

    /// <summary>The time came.</summary>
    /// <returns>True when a report is to be sent now; <see cref="OnSent"/> must follow. Otherwise <see cref="Next"/> has moved.</returns>
    public bool OnDeadline(Instant now)
    {
        if (now < Next) return false;
        Instant reconsidered = _last + Interval();
        _membersBefore = Members;
        if (reconsidered <= now) return true;
        Next = reconsidered;
        return false;
    }

    /// <summary>A report was sent: the next one is a fresh interval away.</summary>
    /// <param name="now">The time.</param>
    /// <param name="lengthBytes">Of the datagram.</param>
    public void OnSent(Instant now, int lengthBytes)
    {
        Average(lengthBytes);
        _last = now;
        // Drawn anew: the interval that let this report pass was conditioned on being short (RFC 3550 A.7).
        Next = now + Interval();
        _isFirst = false;
    }

    /// <summary>A report came.</summary>
    /// <param name="lengthBytes">Of the datagram.</param>
    public void OnReceived(int lengthBytes)
    {
        if (!_isLeaving) Average(lengthBytes);
    }

    /// <summary>This member leaves: its goodbye is due at <see cref="Next"/>, as a report would be.</summary>
    /// <param name="now">The time.</param>
    /// <param name="lengthBytes">Of the datagram with the goodbye.</param>
    /// <remarks>Source: RFC 3550 6.3.7.</remarks>
    public void Leave(Instant now, int lengthBytes)
    {
        (_isLeaving, _isFirst, _last) = (true, true, now);
        (Members, _membersBefore, Senders, WeSent) = (1, 1, 0, false);
        _averageLengthBytes = lengthBytes + HeadersLengthBytes;
        Next = now + Interval();
    }

    /// <summary>A goodbye of another came while this one waits with its own.</summary>
    /// <param name="lengthBytes">Of the datagram.</param>
    public void OnGoodbyeWhileLeaving(int lengthBytes)
    {
        if (!_isLeaving) return;
        Members++;
        Average(lengthBytes);
    }

    /// <summary>The number of members changed; when it shrank, the next report comes sooner (RFC 3550 6.3.4).</summary>
    public void OnMembers(Instant now, int members)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(members, 1);
        if (_isLeaving) return;
        Members = members;
        if (members >= _membersBefore) return;
        double share = (double)members / _membersBefore;
        Next = now + (Next - now) * share;
        _last = now - (now - _last) * share;
        _membersBefore = members;
    }

    private void Average(int lengthBytes) => _averageLengthBytes += (lengthBytes + HeadersLengthBytes - _averageLengthBytes) / 16;

    private TimeSpan Interval()
    {
        double seconds = Math.Max(Seconds(WeSent), _isFirst ? _minSeconds / 2 : _minSeconds);
        return TimeSpan.FromSeconds(seconds * (_random.NextDouble() + 0.5) / Compensation);
    }

    /// <summary>What the bandwidth allows, before the minimum.</summary>
    private double Seconds(bool weSent)
    {
        double bandwidth = _bytesPerSecond;
        double sharing = Members;
        if (Senders <= Members * SenderShare)
        {
            bandwidth *= weSent ? SenderShare : 1 - SenderShare;
            sharing = weSent ? Senders : Members - Senders;
        }

        return _averageLengthBytes * sharing / bandwidth;
    }
}
