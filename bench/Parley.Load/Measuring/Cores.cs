using System.Globalization;
using System.Runtime.InteropServices;

namespace Parley.Load.Measuring;

/// <summary>On which processor cores threads may run.</summary>
/// <remarks>What a thread starts, threads and processes, runs where it may. A machine that says no is not pinned: figures vary more, and are right.</remarks>
internal static partial class Cores
{
    private const int MaxCores = 1024;

    /// <summary>How many there are.</summary>
    public static int Count => Environment.ProcessorCount;

    /// <summary>Puts all threads of this process on some cores.</summary>
    public static void PinThisProcess(params ReadOnlySpan<int> cores)
    {
        foreach (string thread in Directory.EnumerateDirectories("/proc/self/task"))
        {
            Pin(int.Parse(Path.GetFileName(thread), CultureInfo.InvariantCulture), cores);
        }
    }

    /// <summary>Runs something with the calling thread on some cores, and puts it back.</summary>
    /// <param name="cores">The cores; none leaves the thread where it is.</param>
    /// <param name="work">What is to run, and inherits the cores to what it starts.</param>
    public static T RunOn<T>(ReadOnlySpan<int> cores, Func<T> work)
    {
        if (cores.IsEmpty) return work();
        Span<ulong> before = stackalloc ulong[MaxCores / 64];
        int bytes = sched_getaffinity(0, (nuint)(MaxCores / 8), ref before[0]);
        Pin(0, cores);
        try
        {
            return work();
        }
        finally
        {
            if (bytes >= 0) _ = sched_setaffinity(0, (nuint)(MaxCores / 8), in before[0]);
        }
    }

    // Thread 0 is the calling one.
    private static void Pin(int thread, ReadOnlySpan<int> cores)
    {
        Span<ulong> mask = stackalloc ulong[MaxCores / 64];
        mask.Clear();
        foreach (int core in cores) mask[core / 64] |= 1UL << (core % 64);
        _ = sched_setaffinity(thread, (nuint)(MaxCores / 8), in mask[0]);
    }

    [LibraryImport("libc"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int sched_setaffinity(int thread, nuint bytes, in ulong mask);

    [LibraryImport("libc"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int sched_getaffinity(int thread, nuint bytes, ref ulong mask);
}
