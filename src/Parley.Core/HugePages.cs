using System.Runtime.InteropServices;

namespace Parley.Core;

/// <summary>Asks Linux to back memory that is looked up at random with pages of 2 MiB.</summary>
/// <remarks>
/// A table of many megabytes in pages of 4 KiB misses the processor's address cache with nearly every look-up, twice over in a virtual machine. Most
/// systems give large pages only to who asks (transparent_hugepage/enabled: madvise). Nothing else changes, and where the system
/// has none the memory is as it was: failure is no error. Source: madvise(2), MADV_HUGEPAGE.
/// </remarks>
internal static partial class HugePages
{
    private const int AdviceHugePage = 14;
    private const int PageBytes = 4096;
    private const int HugePageBytes = 2 * 1024 * 1024;

    /// <summary>Asks for it, before the memory is first touched.</summary>
    /// <param name="memory">The address of its beginning.</param>
    /// <param name="lengthBytes">Its length; what is shorter than two large pages is left alone.</param>
    public static void Advise(nuint memory, int lengthBytes)
    {
        if (lengthBytes < 2 * HugePageBytes || !OperatingSystem.IsLinux()) return;
        nuint begin = (memory + PageBytes - 1) / PageBytes * PageBytes, end = (memory + (nuint)lengthBytes) / PageBytes * PageBytes;
        _ = Native.Advise(begin, end - begin, AdviceHugePage);
    }

    private static partial class Native
    {
        [LibraryImport("libc", EntryPoint = "madvise"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static partial int Advise(nuint memory, nuint lengthBytes, int advice);
    }
}
