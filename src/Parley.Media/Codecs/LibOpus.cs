using System.Runtime.InteropServices;

namespace Parley.Media.Codecs;

/// <summary>The functions of libopus that are used (BSD-3-Clause, royalty-free).</summary>
/// <remarks>Source: opus.h and opus_defines.h of libopus 1.3.</remarks>
internal static partial class LibOpus
{
    /// <summary>Its name without what systems put around it.</summary>
    public const string Library = "opus";

    /// <summary><c>OPUS_APPLICATION_VOIP</c>.</summary>
    public const int ApplicationVoip = 2048;

    /// <summary><c>OPUS_APPLICATION_AUDIO</c>.</summary>
    public const int ApplicationAudio = 2049;

    /// <summary>Requests of <c>opus_encoder_ctl</c>.</summary>
    public const int SetBitrate = 4002, SetMaxBandwidth = 4004, SetVbr = 4006, SetComplexity = 4010, SetInbandFec = 4012, SetPacketLossPercent = 4014, SetDtx = 4016, GetLookahead = 4027;

    /// <summary>Values of <c>OPUS_SET_MAX_BANDWIDTH</c>.</summary>
    public const int Narrowband = 1101, Mediumband = 1102, Wideband = 1103, SuperWideband = 1104, Fullband = 1105;

    /// <summary>True where the library is.</summary>
    public static bool IsThere { get; } = NativeCodecs.Has(Library);

    /// <summary>Sets something of an encoder.</summary>
    /// <remarks>The function takes a variable list of arguments, which Apple's ARM64 passes on the stack: behind the registers, where what follows eight arguments stands.</remarks>
    public static int Set(Encoder encoder, int request, int value) =>
        OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? opus_encoder_ctl_on_stack(encoder, request, 0, 0, 0, 0, 0, 0, value)
            : opus_encoder_ctl(encoder, request, value);

    /// <summary>Asks something of an encoder.</summary>
    public static int Get(Encoder encoder, int request, out int value) =>
        OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? opus_encoder_ctl_on_stack(encoder, request, 0, 0, 0, 0, 0, 0, out value)
            : opus_encoder_ctl(encoder, request, out value);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial Encoder opus_encoder_create(int sampleRate, int channels, int application, out int error);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int opus_encode(Encoder encoder, ReadOnlySpan<short> samples, int frameSamples, Span<byte> packet, int maxBytes);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial Decoder opus_decoder_create(int sampleRate, int channels, out int error);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int opus_decode(Decoder decoder, ReadOnlySpan<byte> packet, int packetBytes, Span<short> samples, int frameSamples, int decodeFec);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int opus_encoder_ctl(Encoder encoder, int request, int value);

    [LibraryImport(Library, EntryPoint = "opus_encoder_ctl"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int opus_encoder_ctl_on_stack(Encoder encoder, int request, nint r2, nint r3, nint r4, nint r5, nint r6, nint r7, nint value);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int opus_encoder_ctl(Encoder encoder, int request, out int value);

    [LibraryImport(Library, EntryPoint = "opus_encoder_ctl"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int opus_encoder_ctl_on_stack(Encoder encoder, int request, nint r2, nint r3, nint r4, nint r5, nint r6, nint r7, out int value);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void opus_encoder_destroy(nint encoder);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void opus_decoder_destroy(nint decoder);

    /// <summary>An <c>OpusEncoder</c>.</summary>
    public sealed class Encoder() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            opus_encoder_destroy(handle);
            return true;
        }
    }

    /// <summary>An <c>OpusDecoder</c>.</summary>
    public sealed class Decoder() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            opus_decoder_destroy(handle);
            return true;
        }
    }
}
