using Parley.Core;

namespace Parley.Rtp.Jitter;

/// <summary>Measures how much later than the fastest packets come, and so how long playout has to wait for nearly all of them.</summary>
/// <remarks>
/// A packet's transit is its arrival by our clock less its timestamp; only differences of transits mean something. The least of the last ten seconds is
/// what the network takes when nothing is in the way, and follows two clocks that drift apart. What packets take longer goes into a histogram that
/// forgets: half of it is from the last seven seconds of 20 ms packets. The delay is the one that all but <see cref="MissedShare"/> stay below.
/// A packet that is lost counts as come with what can stand in for it: so the delay has room for redundancy exactly when there are losses to be
/// mended by it, and no longer.
/// </remarks>
internal sealed class DelayEstimator
{
    private const int BinsPerSecond = 200;          // a bin has what came later than the one before it, and no more than 5 ms later
    private const int Bins = BinsPerSecond;         // up to a second
    private const double Forgetting = 0.998;        // for each packet
    private const double MissedShare = 0.002;
    private const double LateShare = 0.02;
    private const int FirstPackets = 100;           // 2 s of 20 ms packets, after which what was measured counts alone, and not the delay to begin with
    private const double LargestWeight = 1e200;
    private static readonly TimeSpan BaseWindow = TimeSpan.FromSeconds(5);

    private readonly int _clockRate;
    private readonly long _first, _most;
    private int _seen;                  // up to FirstPackets
    private readonly double[] _weights = new double[Bins];
    private readonly double[] _own = new double[Bins];      // of them, the packets that came themselves
    private double _weight = 1;         // of the next packet: it grows instead of all others shrinking
    private double _total, _ownTotal;
    private long _least = long.MaxValue, _leastBefore = long.MaxValue;      // in the window that runs, and in the one before it
    private Instant _windowStart;

    /// <summary>Has seen nothing.</summary>
    /// <param name="clockRate">Timestamp units per second.</param>
    /// <param name="first">The least delay to begin with, in timestamp units.</param>
    /// <param name="most">The longest delay that playout waits for: what comes later than that is no reason to wait.</param>
    public DelayEstimator(int clockRate, long first, long most)
    {
        (_clockRate, _first, _most) = (clockRate, first, most);
    }

    /// <summary>The transit of the fastest packets.</summary>
    /// <value>Timestamp units, of which only differences mean something; <see cref="long.MaxValue"/> before the first packet.</value>
    public long Base => Math.Min(_least, _leastBefore);

    /// <summary>How long playout should wait, counted from when the fastest packets come.</summary>
    /// <value>Timestamp units.</value>
    public long Delay => _seen < FirstPackets ? Math.Max(_first, Quantile(_weights, _total * MissedShare)) : Quantile(_weights, _total * MissedShare);

    /// <summary>How much later than the fastest the packets come that come at all, but for two in a hundred.</summary>
    /// <value>Timestamp units.</value>
    public long LongestOwn => Quantile(_own, _ownTotal * LateShare);

    /// <summary>A moment as a count of timestamp units.</summary>
    public long UnitsAt(Instant time) => (long)(time.Ticks * (Int128)_clockRate / TimeSpan.TicksPerSecond);

    /// <summary>A packet came, or what can stand in for one that did not.</summary>
    /// <param name="now">When.</param>
    /// <param name="timestamp">Its timestamp, extended.</param>
    /// <param name="isItself">True when it came itself.</param>
    public void OnArrival(Instant now, long timestamp, bool isItself)
    {
        long transit = UnitsAt(now) - timestamp;
        if (isItself) Follow(now, transit);
        long late = Math.Max(0, transit - Base);
        if (Base == long.MaxValue || late > _most) return;
        if (_seen < FirstPackets) _seen++;
        Add(late);
        if (isItself)
        {
            _own[BinOf(late)] += _weight;
            _ownTotal += _weight;
        }

        _weight /= Forgetting;
        if (_weight > LargestWeight) Rescale();
    }

    /// <summary>The timestamps that follow have nothing to do with those before; what was learnt about the network stays.</summary>
    public void Restart()
    {
        (_least, _leastBefore) = (long.MaxValue, long.MaxValue);
    }

    private void Follow(Instant now, long transit)
    {
        long before = Base;
        if (before == long.MaxValue || now - _windowStart >= BaseWindow)
        {
            (_leastBefore, _least, _windowStart) = (before == long.MaxValue ? transit : _least, transit, now);
        }
        else if (transit < _least)
        {
            _least = transit;
        }
    }

    private void Add(long units)
    {
        _weights[BinOf(units)] += _weight;
        _total += _weight;
    }

    private int BinOf(long units) => (int)Math.Min(((units * BinsPerSecond) + _clockRate - 1) / _clockRate, Bins - 1);

    private long Quantile(double[] weights, double allowed)
    {
        double missed = 0;
        int bin = Bins - 1;
        while (bin > 0 && (missed += weights[bin]) <= allowed) bin--;
        return (long)bin * _clockRate / BinsPerSecond;
    }

    private void Rescale()
    {
        (_total, _ownTotal) = (0, 0);
        for (int i = 0; i < Bins; i++)
        {
            _total += _weights[i] /= _weight;
            _ownTotal += _own[i] /= _weight;
        }

        _weight = 1;
    }
}
