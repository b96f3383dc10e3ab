namespace Parley.InteropTests.Harness;

/// <summary>How long tests wait for what happens in other processes. A wait ends as soon as its condition holds.</summary>
internal static class Limit
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>For what takes milliseconds: an answer, an event, a started program on a busy machine.</summary>
    public static TimeSpan Soon { get; } = TimeSpan.FromSeconds(60);

    /// <summary>For what takes a whole call, or a timer of RFC 3261 (Timer B: 32 s).</summary>
    public static TimeSpan Call { get; } = TimeSpan.FromSeconds(120);

    /// <summary>Waits until a condition holds that nothing announces.</summary>
    /// <exception cref="TimeoutException">It did not in time.</exception>
    public static async Task UntilAsync(string what, Func<bool> condition, TimeSpan? limit = null)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > (limit ?? Soon)) throw new TimeoutException($"Waited {(limit ?? Soon).TotalSeconds:0} s for {what}.");
            await Task.Delay(PollInterval, TimeProvider.System);
        }
    }
}
