using System.Runtime.InteropServices;
using Parley.Media.Codecs;

namespace Parley.Media.Processing;

/// <summary>The functions of libspeexdsp that are used (BSD-3-Clause).</summary>
/// <remarks>Source: speex_echo.h and speex_preprocess.h of speexdsp 1.2.</remarks>
internal static partial class LibSpeexDsp
{
    /// <summary>Its name without what systems put around it.</summary>
    public const string Library = "speexdsp";

    /// <summary>Requests of <c>speex_echo_ctl</c>.</summary>
    public const int EchoSetSamplingRate = 24;

    /// <summary>Requests of <c>speex_preprocess_ctl</c>.</summary>
    public const int SetDenoise = 0, SetAgc = 2, SetNoiseSuppress = 18, SetEchoState = 24, SetAgcIncrement = 26, SetAgcMaxGain = 30, SetAgcTarget = 46;

    /// <summary>True where the library is.</summary>
    public static bool IsThere { get; } = NativeCodecs.Has(Library);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial EchoState speex_echo_state_init(int frameSamples, int tailSamples);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int speex_echo_ctl(EchoState state, int request, ref int value);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial void speex_echo_cancellation(EchoState state, ReadOnlySpan<short> recorded, ReadOnlySpan<short> played, Span<short> output);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial void speex_echo_state_reset(EchoState state);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial PreprocessState speex_preprocess_state_init(int frameSamples, int sampleRate);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int speex_preprocess_ctl(PreprocessState state, int request, ref int value);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int speex_preprocess_ctl(PreprocessState state, int request, EchoState echo);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int speex_preprocess_run(PreprocessState state, Span<short> samples);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void speex_echo_state_destroy(nint state);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void speex_preprocess_state_destroy(nint state);

    /// <summary>A <c>SpeexEchoState</c>.</summary>
    public sealed class EchoState() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            speex_echo_state_destroy(handle);
            return true;
        }
    }

    /// <summary>A <c>SpeexPreprocessState</c>.</summary>
    public sealed class PreprocessState() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            speex_preprocess_state_destroy(handle);
            return true;
        }
    }
}
