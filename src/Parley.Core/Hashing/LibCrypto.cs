using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Parley.Core.Hashing;

/// <summary>MD5, SHA-1 and SHA-256 of OpenSSL 3 by their plain functions, which cost a short input a third of what the general ones do.</summary>
/// <remarks>
/// The general functions (EVP, which .NET calls) look the algorithm up and make a context for every hash. A state here is the
/// library's own structure on the caller's stack. None of these functions waits or calls back, so they run without a transition.
/// </remarks>
internal static unsafe partial class LibCrypto
{
    private const string Library = "libcrypto.so.3";

    /// <summary>True where the library is: on every Linux on which .NET has TLS.</summary>
    public static bool IsThere { get; } = OperatingSystem.IsLinux() && Has("MD5_Init") && Has("SHA1_Init") && Has("SHA256_Init");

    /// <summary>MD5 of an input.</summary>
    /// <param name="source">The input.</param>
    /// <param name="destination">16 bytes or more.</param>
    public static void Md5(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, 16);
        Md5State state;
        fixed (byte* input = source)
        fixed (byte* output = destination)
        {
            _ = MD5_Init(&state);
            _ = MD5_Update(&state, input, (nuint)source.Length);
            _ = MD5_Final(output, &state);
        }
    }

    /// <summary>Begins a SHA-1.</summary>
    public static void Begin(out Sha1State state)
    {
        fixed (Sha1State* begun = &state) _ = SHA1_Init(begun);
    }

    /// <summary>Adds to a SHA-1.</summary>
    public static void Add(ref Sha1State state, ReadOnlySpan<byte> source)
    {
        fixed (Sha1State* grown = &state)
        fixed (byte* input = source)
        {
            _ = SHA1_Update(grown, input, (nuint)source.Length);
        }
    }

    /// <summary>Ends a SHA-1.</summary>
    /// <param name="state">Of no use afterwards.</param>
    /// <param name="destination">20 bytes or more.</param>
    public static void End(ref Sha1State state, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, 20);
        fixed (Sha1State* ended = &state)
        fixed (byte* output = destination)
        {
            _ = SHA1_Final(output, ended);
        }
    }

    /// <summary>Begins a SHA-256.</summary>
    public static void Begin(out Sha256State state)
    {
        fixed (Sha256State* begun = &state) _ = SHA256_Init(begun);
    }

    /// <summary>Adds to a SHA-256.</summary>
    public static void Add(ref Sha256State state, ReadOnlySpan<byte> source)
    {
        fixed (Sha256State* grown = &state)
        fixed (byte* input = source)
        {
            _ = SHA256_Update(grown, input, (nuint)source.Length);
        }
    }

    /// <summary>Ends a SHA-256.</summary>
    /// <param name="state">Of no use afterwards.</param>
    /// <param name="destination">32 bytes or more.</param>
    public static void End(ref Sha256State state, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, 32);
        fixed (Sha256State* ended = &state)
        fixed (byte* output = destination)
        {
            _ = SHA256_Final(output, ended);
        }
    }

    private static bool Has(string function) => NativeLibrary.TryLoad(Library, out nint library) && NativeLibrary.TryGetExport(library, function, out _);

    [LibraryImport(Library), SuppressGCTransition, DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MD5_Init(Md5State* state);

    [LibraryImport(Library), SuppressGCTransition, DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MD5_Update(Md5State* state, byte* data, nuint length);

    [LibraryImport(Library), SuppressGCTransition, DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MD5_Final(byte* hash, Md5State* state);

    [LibraryImport(Library), SuppressGCTransition, DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SHA1_Init(Sha1State* state);

    [LibraryImport(Library), SuppressGCTransition, DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SHA1_Update(Sha1State* state, byte* data, nuint length);

    [LibraryImport(Library), SuppressGCTransition, DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SHA1_Final(byte* hash, Sha1State* state);

    [LibraryImport(Library), SuppressGCTransition, DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SHA256_Init(Sha256State* state);

    [LibraryImport(Library), SuppressGCTransition, DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SHA256_Update(Sha256State* state, byte* data, nuint length);

    [LibraryImport(Library), SuppressGCTransition, DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SHA256_Final(byte* hash, Sha256State* state);

    /// <summary><c>MD5_CTX</c> of openssl/md5.h: 92 bytes.</summary>
    [InlineArray(12)]
    private struct Md5State
    {
        private ulong _first;
    }
}

/// <summary><c>SHA256_CTX</c> of openssl/sha.h: 112 bytes.</summary>
[InlineArray(14)]
internal struct Sha256State
{
    private ulong _first;
}

/// <summary><c>SHA_CTX</c> of openssl/sha.h: 96 bytes.</summary>
[InlineArray(12)]
internal struct Sha1State
{
    private ulong _first;
}
