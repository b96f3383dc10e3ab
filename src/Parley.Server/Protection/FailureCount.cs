using Parley.Server.Configuration;

namespace Parley.Server.Protection;

/// <summary>Wrong passwords of one user from one source, or of all users from one source.</summary>
internal sealed class FailureCount
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(16);
    private const int FreeFailures = 3;     // anybody mistypes

    private DateTimeOffset _windowStart = DateTimeOffset.MinValue;

    /// <summary>Wrong passwords in the present window.</summary>
    public int Failures { get; private set; }

    /// <summary>Right ones in it.</summary>
    public int Successes { get; set; }

    /// <summary>Until when no password is looked at.</summary>
    public DateTimeOffset HeldUntil { get; set; } = DateTimeOffset.MinValue;

    /// <summary>The flow that failed last.</summary>
    public ulong Flow { get; private set; }

    /// <summary>The last ban; null before the first.</summary>
    public Ban? Ban { get; set; }

    /// <summary>Counts a wrong password.</summary>
    public void Add(DateTimeOffset now, ulong flow, TimeSpan window)
    {
        if (now - _windowStart > window) (_windowStart, Failures, Successes) = (now, 0, 0);
        Flow = flow;
        Failures++;
    }

    /// <summary>Makes who guesses wait: after the third failure 1 s, and twice as long after each further one, 16 s at most.</summary>
    public void Pause(DateTimeOffset now)
    {
        if (Failures < FreeFailures) return;
        TimeSpan pause = TimeSpan.FromSeconds(1 << Math.Min(Failures - FreeFailures, 4));
        HeldUntil = now + (pause < LongestPause ? pause : LongestPause);
    }

    /// <summary>True when nothing of it counts any more: neither failures nor that it was banned.</summary>
    public bool IsOver(DateTimeOffset now, ProtectionOptions options) =>
        now - _windowStart > options.Window && HeldUntil <= now && (Ban is null || now - Ban.Until >= options.MaxBanTime);

    /// <summary>Begins to count anew; how often it was banned is remembered.</summary>
    public void Restart() => (Failures, Successes, _windowStart) = (0, 0, DateTimeOffset.MinValue);
}
