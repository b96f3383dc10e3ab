using System.Runtime.InteropServices;

namespace Parley.Media.Tests.Codecs;

/// <summary>SpanDSP, somebody else's G.722 to compare with: where it is installed (libspandsp2 on Debian).</summary>
internal static partial class LibSpanDsp
{
    private const string Library = "libspandsp.so.2";

    public static bool IsThere { get; } = NativeLibrary.TryLoad(Library, out _);

    public static byte[] EncodeG722(short[] samples)
    {
        nint state = g722_encode_init(0, 64000, 0);
        byte[] payload = new byte[samples.Length];
        int length = g722_encode(state, payload, samples, samples.Length);
        _ = g722_encode_free(state);
        return payload[..length];
    }

    public static short[] DecodeG722(byte[] payload)
    {
        nint state = g722_decode_init(0, 64000, 0);
        short[] samples = new short[payload.Length * 2];
        int length = g722_decode(state, samples, payload, payload.Length);
        _ = g722_decode_free(state);
        return samples[..length];
    }

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint g722_encode_init(nint state, int rate, int options);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int g722_encode(nint state, [Out] byte[] payload, short[] samples, int count);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int g722_encode_free(nint state);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint g722_decode_init(nint state, int rate, int options);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int g722_decode(nint state, [Out] short[] samples, byte[] payload, int count);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int g722_decode_free(nint state);
}

/// <summary>A test that compares with SpanDSP.</summary>
public sealed class SpanDspFactAttribute : FactAttribute
{
    public SpanDspFactAttribute()
    {
        if (!LibSpanDsp.IsThere) Skip = "libspandsp is not installed.";
    }
}
