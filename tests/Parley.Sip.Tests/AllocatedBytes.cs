namespace Parley.Sip.Tests;

internal static class AllocatedBytes
{
    private const int Attempts = 5;

    /// <summary>Bytes that some work allocates on this thread.</summary>
    /// <remarks>
    /// The least of a few attempts: when another test has the collector run meanwhile, the rest of this thread's
    /// allocation window counts as used. What the work itself allocates is there every time.
    /// </remarks>
    public static long Of(Action work)
    {
        long least = long.MaxValue;
        for (int i = 0; i < Attempts && least != 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
