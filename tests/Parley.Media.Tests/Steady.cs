namespace Parley.Media.Tests;

/// <summary>Checks what happens once everything is warm.</summary>
internal static class Steady
{
    /// <summary>Runs some work until it allocates nothing; code that is not yet optimized may box where optimized code does not.</summary>
    public static void AllocatesNothing(Action work)
    {
        long allocated = 0;
        for (int attempt = 0; attempt < 100; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (allocated == 0 && attempt > 2) return;
        }

        Assert.Fail($"It still allocates {allocated} bytes.");
    }
}
