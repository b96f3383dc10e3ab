using System.Security.Cryptography;
using System.Text;

namespace Parley.Sip.Authentication;

/// <summary>What a server keeps of a password: H(A1) by each algorithm. It opens the account in its realm, so it is as secret as the password.</summary>
public sealed class DigestSecret
{
    /// <summary>Length of <see cref="Bytes"/>.</summary>
    public const int LengthBytes = Md5Bytes + (2 * Sha2Bytes);

    private const int Md5Bytes = 16;
    private const int Sha2Bytes = 32;

    private readonly byte[] _bytes;

    private DigestSecret(byte[] bytes) => _bytes = bytes;

    /// <summary>The three hashes one behind the other, for storage.</summary>
    /// <value><see cref="LengthBytes"/> bytes: MD5, SHA-256, SHA-512/256.</value>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Computes it for an account.</summary>
    /// <param name="username">User name, as the phone sends it.</param>
    /// <param name="realm">Realm, as challenges name it.</param>
    /// <param name="password">Password.</param>
    public static DigestSecret Compute(string username, string realm, string password)
    {
        byte[] bytes = new byte[LengthBytes];
        byte[] name = Encoding.UTF8.GetBytes(username);
        byte[] protectionSpace = Encoding.UTF8.GetBytes(realm);
        byte[] secret = Encoding.UTF8.GetBytes(password);
        for (DigestAlgorithm algorithm = DigestAlgorithm.Md5; algorithm <= DigestAlgorithm.Sha512Truncated256; algorithm++)
        {
            DigestComputation.ComputeHa1(algorithm, name, protectionSpace, secret, bytes.AsSpan(Part(algorithm)));
        }

        CryptographicOperations.ZeroMemory(secret);
        return new DigestSecret(bytes);
    }

    /// <summary>Takes it from storage.</summary>
    /// <param name="bytes">What <see cref="Bytes"/> gave; copied.</param>
    /// <exception cref="ArgumentException">Not <see cref="LengthBytes"/> bytes.</exception>
    public static DigestSecret FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != LengthBytes) throw new ArgumentException($"A digest secret has {LengthBytes} bytes.", nameof(bytes));
        return new DigestSecret(bytes.ToArray());
    }

    /// <summary>H(A1) by one algorithm.</summary>
    /// <returns>16 or 32 bytes.</returns>
    public ReadOnlySpan<byte> Ha1(DigestAlgorithm algorithm) => _bytes.AsSpan(Part(algorithm));

    /// <summary>Never the bytes.</summary>
    public override string ToString() => "(secret)";

    private static Range Part(DigestAlgorithm algorithm) => algorithm switch
    {
        DigestAlgorithm.Md5 => ..Md5Bytes,
        DigestAlgorithm.Sha256 => Md5Bytes..(Md5Bytes + Sha2Bytes),
        DigestAlgorithm.Sha512Truncated256 => (Md5Bytes + Sha2Bytes)..,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };
}
