using Parley.Core;

namespace Parley.Net;

/// <summary>Decides how long a loop leaves its sockets alone after a round, so that under load more datagrams share the next one.</summary>
/// <remarks>
/// A round costs three calls of the system and a change of threads however little it brings. At some ten thousand datagrams a second each comes
/// alone and pays all of it; a pause of a fraction of a millisecond has several share it. There is none while few come, so that
/// traffic which is quiet has the shortest latency, and none behind a round that brought many: then there is work enough.
/// </remarks>
/// <param name="longest">The longest pause; zero for none.</param>
/// <param name="busyPerSecond">Datagrams a second from which on there are pauses: below, a pause costs more than it saves, as it is a wait of its own and too few come in it.</param>
internal sealed class RoundPacer(TimeSpan longest, int busyPerSecond)
{
    /// <summary>What a round should bring.</summary>
    private const int Wanted = 4;

    /// <summary>A round that brought so many is followed by the next at once.</summary>
    private const int Plenty = 16;

    private static readonly TimeSpan Shortest = TimeSpan.FromMicroseconds(60);      // what a pause itself costs must be little of it
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(10);

    private TimeSpan _pause;
    private Instant _windowStart;
    private long _countAtStart;
    private long _countBefore;

    /// <summary>Says how long to pause.</summary>
    /// <param name="now">The time of the round.</param>
    /// <param name="count">Datagrams that have been received up to now.</param>
    /// <returns>Zero for none.</returns>
    public TimeSpan After(Instant now, long count)
    {
        long brought = count - _countBefore;
        _countBefore = count;
        TimeSpan passed = now - _windowStart;
        if (passed >= Window)
        {
            double rate = (count - _countAtStart) / passed.TotalSeconds;
            (_windowStart, _countAtStart) = (now, count);
            _pause = PauseAt(rate);
        }

        return brought is 0 or >= Plenty ? TimeSpan.Zero : _pause;
    }

    private TimeSpan PauseAt(double rate)
    {
        if (rate < busyPerSecond) return TimeSpan.Zero;
        TimeSpan pause = TimeSpan.FromSeconds(Wanted / rate);
        if (pause < Shortest) pause = Shortest;
        return pause > longest ? longest : pause;
    }
}
