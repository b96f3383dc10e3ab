using Parley.Core;

namespace Parley.Rtp.Rtcp;

/// <summary>When the next RTCP report is due.</summary>
/// <remarks>
/// Reports share 5 % of the session's bandwidth among its members, with at least 5 seconds between two of one member
/// (half of that before the first), spread at random so that members do not fall into step. When the time comes the
/// interval is drawn again, and the report waits if membership has grown meanwhile. Source: RFC 3550 6.2, 6.3 and A.7.
/// </remarks>
public sealed class RtcpSchedule
{
    private const double SenderShare = 0.25;
    private const double Compensation = Math.E - 1.5;       // for reconsideration, which converges below the intended average

    private readonly Random _random;
    private readonly double _bytesPerSecond;
    private readonly double _minSeconds;
    private double _averageLengthBytes;
    private Instant _last;
    private bool _isFirst = true;
    private int _membersBefore = 1;

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
    public void OnReceived(int lengthBytes) => Average(lengthBytes);

    /// <summary>The number of members changed; when it shrank, the next report comes sooner (RFC 3550 6.3.4).</summary>
    public void OnMembers(Instant now, int members)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(members, 1);
        Members = members;
        if (members >= _membersBefore) return;
        double share = (double)members / _membersBefore;
        Next = now + (Next - now) * share;
        _last = now - (now - _last) * share;
        _membersBefore = members;
    }

    private void Average(int lengthBytes) => _averageLengthBytes += (lengthBytes + 28 - _averageLengthBytes) / 16;     // 28: IPv4 and UDP

    private TimeSpan Interval()
    {
        double bandwidth = _bytesPerSecond;
        double sharing = Members;
        if (Senders <= Members * SenderShare)
        {
            bandwidth *= WeSent ? SenderShare : 1 - SenderShare;
            sharing = WeSent ? Senders : Members - Senders;
        }

        double seconds = Math.Max(_averageLengthBytes * sharing / bandwidth, _isFirst ? _minSeconds / 2 : _minSeconds);
        return TimeSpan.FromSeconds(seconds * (_random.NextDouble() + 0.5) / Compensation);
    }
}
