using System.Collections;
using System.Globalization;

namespace Parley.Endpoint.Media;

/// <summary>The ports that media may use, in pairs: an even one for RTP and the next for RTCP (RFC 3550 11).</summary>
/// <remarks>Safe on every thread. It knows what this program uses; what others use shows when a port is opened.</remarks>
public sealed class MediaPorts
{
    /// <summary>What is used when nothing is configured.</summary>
    public const string DefaultRange = "20000-29999";

    private readonly Lock _gate = new();
    private readonly int _first;
    private readonly BitArray _rented;
    private int _free;

    /// <summary>The pairs of a range.</summary>
    /// <param name="first">The lowest port.</param>
    /// <param name="last">The highest port.</param>
    /// <exception cref="ArgumentException">There is no pair in it.</exception>
    public MediaPorts(ushort first, ushort last)
    {
        _first = (first + 1) & ~1;
        int pairs = (last - _first + 1) / 2;
        if (first == 0 || pairs < 1) throw new ArgumentException($"There is no pair of ports in {first}-{last}.", nameof(last));
        (First, Last) = (first, last);
        _rented = new BitArray(pairs);
        _free = pairs;
    }

    /// <summary>The lowest port.</summary>
    public ushort First { get; }

    /// <summary>The highest port.</summary>
    public ushort Last { get; }

    /// <summary>Pairs in use by this program.</summary>
    public int Rented
    {
        get
        {
            lock (_gate) return _rented.Length - _free;
        }
    }

    /// <summary>Reads a range: <c>20000-29999</c>.</summary>
    /// <returns>Null when it is none, or has no pair.</returns>
    public static MediaPorts? TryParse(string range)
    {
        ArgumentNullException.ThrowIfNull(range);
        string[] ends = range.Split('-');
        if (ends.Length != 2
            || !ushort.TryParse(ends[0].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out ushort first)
            || !ushort.TryParse(ends[1].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out ushort last)
            || first == 0 || last <= ((first + 1) & ~1)) return null;
        return new MediaPorts(first, last);
    }

    /// <summary>Takes a free pair, from a random place on, so that a call's ports cannot be foreseen.</summary>
    /// <param name="random">Where the place comes from.</param>
    /// <param name="rtpPort">The even port of the pair.</param>
    /// <returns>False when all are in use.</returns>
    public bool TryRent(Random random, out ushort rtpPort)
    {
        ArgumentNullException.ThrowIfNull(random);
        rtpPort = 0;
        lock (_gate)
        {
            if (_free == 0) return false;
            int pair = random.Next(_rented.Length);
            while (_rented[pair]) pair = (pair + 1) % _rented.Length;
            _rented[pair] = true;
            _free--;
            rtpPort = (ushort)(_first + (pair * 2));
            return true;
        }
    }

    /// <summary>Gives a pair back.</summary>
    public void Return(ushort rtpPort)
    {
        int pair = (rtpPort - _first) / 2;
        lock (_gate)
        {
            if (!_rented[pair]) return;
            _rented[pair] = false;
            _free++;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");
}

/// <summary>No ports could be opened for media.</summary>
public sealed class MediaPortsException : IOException
{
    internal MediaPortsException(string message, Exception? cause)
        : base(message, cause)
    {
    }
}
