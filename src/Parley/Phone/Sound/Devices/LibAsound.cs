using System.Runtime.InteropServices;

namespace Parley.Phone.Sound.Devices;

/// <summary>The functions of ALSA's library that are used (LGPL-2.1, found where it is installed).</summary>
/// <remarks>Source: pcm.h, control.h and error.h of alsa-lib 1.2.</remarks>
internal static partial class LibAsound
{
    /// <summary>Its file.</summary>
    public const string Library = "libasound.so.2";

    public const int Playback = 0, Capture = 1;             // snd_pcm_stream_t
    public const int InterleavedAccess = 3;                 // SND_PCM_ACCESS_RW_INTERLEAVED
    public const int Signed16LittleEndian = 2;              // SND_PCM_FORMAT_S16_LE
    public const int BrokenPipe = -32, Suspended = -86;     // -EPIPE: it ran dry or over; -ESTRPIPE: the machine slept

    // The library keeps a pointer to it. It stands before what uses it: both are made in this order.
    private static readonly ErrorHandler Nothing = static (_, _, _, _, _) => { };

    /// <summary>True where the library is.</summary>
    public static bool IsThere { get; } = OperatingSystem.IsLinux() && NativeLibrary.TryLoad(Library, typeof(LibAsound).Assembly, DllImportSearchPath.SafeDirectories, out _) && Silence();

    /// <summary>Hears what the library would else print on the terminal.</summary>
    /// <remarks>C's variable arguments behind the format are not read, and whoever calls cleans up.</remarks>
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate void ErrorHandler(nint file, int line, nint function, int error, nint format);

    /// <summary>The words for an error.</summary>
    public static string WordsOf(int error) => Marshal.PtrToStringUTF8(snd_strerror(error)) ?? $"error {error}";

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int snd_pcm_open(out nint pcm, string name, int stream, int mode);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int snd_pcm_close(nint pcm);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int snd_pcm_prepare(nint pcm);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int snd_pcm_drop(nint pcm);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int snd_pcm_recover(nint pcm, int error, int isSilent);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int snd_pcm_wait(nint pcm, int milliseconds);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int snd_pcm_delay(nint pcm, out nint frames);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint snd_pcm_readi(nint pcm, Span<short> samples, nuint frames);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint snd_pcm_writei(nint pcm, ReadOnlySpan<short> samples, nuint frames);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int snd_pcm_hw_params_malloc(out nint parameters);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial void snd_pcm_hw_params_free(nint parameters);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int snd_pcm_hw_params_any(nint pcm, nint parameters);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int snd_pcm_hw_params_set_access(nint pcm, nint parameters, int access);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int snd_pcm_hw_params_set_format(nint pcm, nint parameters, int format);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int snd_pcm_hw_params_set_channels_near(nint pcm, nint parameters, ref uint channels);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int snd_pcm_hw_params_set_rate_near(nint pcm, nint parameters, ref uint rate, ref int direction);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int snd_pcm_hw_params_set_buffer_time_near(nint pcm, nint parameters, ref uint microseconds, ref int direction);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int snd_pcm_hw_params_set_period_time_near(nint pcm, nint parameters, ref uint microseconds, ref int direction);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int snd_pcm_hw_params(nint pcm, nint parameters);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int snd_device_name_hint(int card, string kind, out nint hints);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial nint snd_device_name_get_hint(nint hint, string id);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int snd_device_name_free_hint(nint hints);

    /// <summary>Gives back a text that the library made.</summary>
    [LibraryImport("libc"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial void free(nint text);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint snd_strerror(int error);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int snd_lib_error_set_handler(nint handler);

    /// <summary>Keeps the library from writing into the screen; what went wrong is told by who asked.</summary>
    private static bool Silence() => snd_lib_error_set_handler(Marshal.GetFunctionPointerForDelegate(Nothing)) == 0;
}
