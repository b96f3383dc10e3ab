using System.Runtime.InteropServices;
using Parley.Rtp.Srtp;

namespace Parley.Benchmarks.Rtp;

/// <summary>libsrtp, somebody else's SRTP to compare with: where it is installed (libsrtp2-1 on Debian).</summary>
/// <remarks>Its functions run without a transition, so that a call costs what it costs a program in C.</remarks>
internal sealed partial class LibSrtp : IDisposable
{
    private const string Library = "libsrtp2.so.1";
    private const uint AnyInbound = 2;
    private const uint AnyOutbound = 3;

    private readonly nint _session;

    /// <summary>A session of one direction.</summary>
    /// <exception cref="InvalidOperationException">It does not have the suite.</exception>
    public LibSrtp(SrtpSuite suite, ReadOnlySpan<byte> keyAndSalt, bool isSender)
    {
        if (Initialized != 0) throw new InvalidOperationException("libsrtp does not start.");
        int profile = suite == SrtpSuite.AesCm128Tag80 ? 1 : suite == SrtpSuite.AeadAes128Gcm ? 7 : suite == SrtpSuite.AeadAes256Gcm ? 8 : 0;
        Policy policy = new() { SsrcType = isSender ? AnyOutbound : AnyInbound, WindowSize = 128 };
        int status = srtp_crypto_policy_set_from_profile_for_rtp(ref policy.Rtp, profile);
        if (status == 0) status = srtp_crypto_policy_set_from_profile_for_rtcp(ref policy.Rtcp, profile);
        if (status == 0)
        {
            nint key = Marshal.AllocHGlobal(keyAndSalt.Length);
            Marshal.Copy(keyAndSalt.ToArray(), 0, key, keyAndSalt.Length);
            policy.Key = key;
            status = srtp_create(out _session, policy);
            Marshal.FreeHGlobal(key);
        }

        if (status != 0) throw new InvalidOperationException($"libsrtp has no {suite}: error {status}.");
    }

    public static bool IsThere { get; } = NativeLibrary.TryLoad(Library, out _);

    private static readonly int Initialized = srtp_init();

    public int Protect(Span<byte> packet, int length) => Done(srtp_protect(_session, ref MemoryMarshal.GetReference(packet), ref length), length);

    public int Unprotect(Span<byte> packet, int length) => Done(srtp_unprotect(_session, ref MemoryMarshal.GetReference(packet), ref length), length);

    public void Dispose() => _ = srtp_dealloc(_session);

    private static int Done(int status, int length) => status == 0 ? length : throw new InvalidOperationException($"libsrtp: error {status}.");

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int srtp_init();

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int srtp_crypto_policy_set_from_profile_for_rtp(ref CryptoPolicy policy, int profile);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int srtp_crypto_policy_set_from_profile_for_rtcp(ref CryptoPolicy policy, int profile);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int srtp_create(out nint session, in Policy policy);

    [LibraryImport(Library), SuppressGCTransition, DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int srtp_protect(nint session, ref byte packet, ref int length);

    [LibraryImport(Library), SuppressGCTransition, DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int srtp_unprotect(nint session, ref byte packet, ref int length);

    [LibraryImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int srtp_dealloc(nint session);

    /// <summary><c>srtp_crypto_policy_t</c> of srtp.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct CryptoPolicy
    {
        public uint Cipher;
        public int CipherKeyLength;
        public uint Authentication;
        public int AuthenticationKeyLength;
        public int TagLength;
        public int Services;
    }

    /// <summary><c>srtp_policy_t</c> of srtp.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Policy
    {
        public uint SsrcType;
        public uint Ssrc;
        public CryptoPolicy Rtp;
        public CryptoPolicy Rtcp;
        public nint Key;
        public nint Keys;
        public nuint KeyCount;
        public nint Ekt;
        public nuint WindowSize;
        public int AllowsRepeats;
        public nint EncryptedExtensions;
        public int EncryptedExtensionCount;
        public nint Next;
    }
}
