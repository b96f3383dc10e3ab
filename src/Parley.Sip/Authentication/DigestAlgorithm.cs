using System.Security.Cryptography;
using System.Text;
using Parley.Core.Hashing;

namespace Parley.Sip.Authentication;

/// <summary>Hash algorithms of digest authentication.</summary>
/// <remarks>Source: RFC 7616 3.3 and 6.1; RFC 8760 2.1.</remarks>
public enum DigestAlgorithm
{
    /// <summary>MD5: what every old phone knows, and what a challenge without an algorithm means.</summary>
    Md5,

    /// <summary>SHA-256.</summary>
    Sha256,

    /// <summary>SHA-512/256, written SHA-512-256.</summary>
    Sha512Truncated256,
}

/// <summary>Which parts of a message a digest covers.</summary>
/// <remarks>Source: RFC 7616 3.3, 3.4.3.</remarks>
[Flags]
public enum DigestQop
{
    /// <summary>None was said: the form of RFC 2069, without nonce count.</summary>
    None = 0,

    /// <summary>auth: method and URI.</summary>
    Auth = 1,

    /// <summary>auth-int: method, URI and body.</summary>
    AuthInt = 2,
}

/// <summary>Names, lengths and computation of the digest algorithms.</summary>
internal static class DigestAlgorithms
{
    /// <summary>The longest hash.</summary>
    public const int MaxLengthBytes = 32;

    private static ReadOnlySpan<byte> SessionSuffix => "-sess"u8;

    public static int LengthBytes(this DigestAlgorithm algorithm) => algorithm == DigestAlgorithm.Md5 ? MD5.HashSizeInBytes : MaxLengthBytes;

    public static ReadOnlySpan<byte> Name(this DigestAlgorithm algorithm) => algorithm switch
    {
        DigestAlgorithm.Md5 => "MD5"u8,
        DigestAlgorithm.Sha256 => "SHA-256"u8,
        DigestAlgorithm.Sha512Truncated256 => "SHA-512-256"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    /// <summary>Reads an algorithm's name; isSession says that it had the suffix "-sess".</summary>
    public static bool TryParse(ReadOnlySpan<byte> name, out DigestAlgorithm algorithm, out bool isSession)
    {
        isSession = name.Length > SessionSuffix.Length && Ascii.EqualsIgnoreCase(name[^SessionSuffix.Length..], SessionSuffix);
        if (isSession) name = name[..^SessionSuffix.Length];
        for (algorithm = DigestAlgorithm.Md5; algorithm <= DigestAlgorithm.Sha512Truncated256; algorithm++)
        {
            if (Ascii.EqualsIgnoreCase(name, algorithm.Name())) return true;
        }

        algorithm = default;
        return false;
    }

    public static void HashData(this DigestAlgorithm algorithm, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        switch (algorithm)
        {
            case DigestAlgorithm.Md5: ShortHash.Md5(source, destination); break;
            case DigestAlgorithm.Sha256: SHA256.HashData(source, destination); break;
            case DigestAlgorithm.Sha512Truncated256: Sha512Truncated256.HashData(source, destination); break;
            default: throw new ArgumentOutOfRangeException(nameof(algorithm));
        }
    }
}
