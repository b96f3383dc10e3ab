using System.Runtime.InteropServices;

namespace Parley.Media.Codecs;

/// <summary>The functions of bcg729 (GPL-3.0: found where it is installed, and no part of Parley).</summary>
/// <remarks>Source: encoder.h and decoder.h of bcg729 1.1.</remarks>
internal static partial class LibBcg729
{
    /// <summary>Its name without what systems put around it.</summary>
    public const string Library = "bcg729";

    /// <summary>True where the library is.</summary>
    public static bool IsThere { get; } = NativeCodecs.Has(Library);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial Encoder initBcg729EncoderChannel(byte enableVad);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial void bcg729Encoder(Encoder encoder, ReadOnlySpan<short> samples, Span<byte> frame, out byte frameBytes);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial Decoder initBcg729DecoderChannel();

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial void bcg729Decoder(Decoder decoder, ReadOnlySpan<byte> frame, byte frameBytes, byte isErased, byte isSid, byte isRfc3389, Span<short> samples);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void closeBcg729EncoderChannel(nint encoder);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void closeBcg729DecoderChannel(nint decoder);

    /// <summary>A <c>bcg729EncoderChannelContextStruct</c>.</summary>
    public sealed class Encoder() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            closeBcg729EncoderChannel(handle);
            return true;
        }
    }

    /// <summary>A <c>bcg729DecoderChannelContextStruct</c>.</summary>
    public sealed class Decoder() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            closeBcg729DecoderChannel(handle);
            return true;
        }
    }
}
