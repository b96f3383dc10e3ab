using System.Runtime.InteropServices;

namespace Parley.Phone.Terminal;

/// <summary>The system's calls for a terminal whose every key is wanted: the platform's console gives lines, or keys with the terminal set anew around each.</summary>
/// <remarks>What <c>tcgetattr</c> fills is only handed on, so that its layout, which differs from system to system, need not be known.</remarks>
internal static partial class LibC
{
    public const int StandardInput = 0;
    public const int AttributesLength = 256;        // 60 bytes on Linux, 72 on macOS

    public const short PollIn = 1;
    public const int Now = 0;                       // TCSANOW: never waits for a terminal that takes no output
    public const int Interrupted = 4;               // EINTR

    [LibraryImport("libc", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int tcgetattr(int descriptor, ref byte attributes);

    [LibraryImport("libc", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int tcsetattr(int descriptor, int when, ref byte attributes);

    [LibraryImport("libc"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial void cfmakeraw(ref byte attributes);

    [LibraryImport("libc", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int poll(ref PollDescriptor descriptors, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", SetLastError = true), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial nint read(int descriptor, ref byte buffer, nuint length);

    /// <summary>What is waited for, and what came.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
