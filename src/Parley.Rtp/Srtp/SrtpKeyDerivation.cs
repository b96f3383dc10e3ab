using System.Security.Cryptography;

namespace Parley.Rtp.Srtp;

/// <summary>What a session key is for.</summary>
/// <remarks>The values are the labels of RFC 3711 4.3.1 and 4.3.2.</remarks>
internal enum SrtpKeyLabel : byte
{
    RtpEncryption = 0,
    RtpAuthentication = 1,
    RtpSalt = 2,
    RtcpEncryption = 3,
    RtcpAuthentication = 4,
    RtcpSalt = 5,
}

/// <summary>Makes session keys of a master key.</summary>
/// <remarks>
/// The key derivation rate is 0: keys are derived once. A salt of 12 bytes, as GCM has it, counts as one of 14 that ends
/// with zeros. Source: RFC 3711 4.3, RFC 6188 3, RFC 7714 11.
/// </remarks>
internal static class SrtpKeyDerivation
{
    private const int LabelAt = 7;      // label || r has 7 bytes and ends with the salt's 14th

    public static void Derive(ReadOnlySpan<byte> masterKey, ReadOnlySpan<byte> masterSalt, SrtpKeyLabel label, Span<byte> sessionKey)
    {
        Span<byte> counter = stackalloc byte[AesCounterMode.BlockLengthBytes];
        counter.Clear();
        masterSalt.CopyTo(counter);
        counter[LabelAt] ^= (byte)label;
        sessionKey.Clear();
        using AesCounterMode prf = AesCounterMode.Create(masterKey);
        prf.Apply(counter, sessionKey);
        CryptographicOperations.ZeroMemory(counter);
    }
}
