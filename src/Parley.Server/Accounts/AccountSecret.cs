using System.Security.Cryptography;
using System.Text;

namespace Parley.Server.Accounts;

/// <summary>What is kept of a password: H(user:realm:password) for each digest algorithm.</summary>
/// <remarks>Source: RFC 3261 22.4 (HA1) and RFC 8760 2.1 (the algorithms). Secret: whoever has a hash can log in to its realm.</remarks>
internal readonly ref struct AccountSecret
{
    /// <summary>Bytes of all three hashes.</summary>
    public const int Bytes = Md5Bytes + Sha256Bytes + Sha512_256Bytes;

    private const int Md5Bytes = 16;
    private const int Sha256Bytes = 32;
    private const int Sha512_256Bytes = 32;

    /// <summary>The hashes, one after the other.</summary>
    /// <param name="hashes"><see cref="Bytes"/> bytes.</param>
    public AccountSecret(ReadOnlySpan<byte> hashes) => Hashes = hashes;

    /// <summary>All three, in the order of the properties.</summary>
    public ReadOnlySpan<byte> Hashes { get; }

    /// <summary>HA1 of MD5: 16 bytes.</summary>
    public ReadOnlySpan<byte> Md5 => Hashes[..Md5Bytes];

    /// <summary>HA1 of SHA-256: 32 bytes.</summary>
    public ReadOnlySpan<byte> Sha256 => Hashes.Slice(Md5Bytes, Sha256Bytes);

    /// <summary>HA1 of SHA-512-256: 32 bytes.</summary>
    public ReadOnlySpan<byte> Sha512_256 => Hashes.Slice(Md5Bytes + Sha256Bytes, Sha512_256Bytes);

    /// <summary>Derives the hashes of a password.</summary>
    /// <param name="user">The digest username: the account's name without the domain.</param>
    /// <param name="realm">The realm of the challenges that it answers.</param>
    /// <param name="password">The password.</param>
    /// <param name="destination"><see cref="Bytes"/> bytes.</param>
    public static void Derive(string user, string realm, string password, Span<byte> destination)
    {
        byte[] text = Encoding.UTF8.GetBytes($"{user}:{realm}:{password}");
        MD5.HashData(text, destination);
        SHA256.HashData(text, destination[Md5Bytes..]);
        RandomNumberGenerator.Fill(destination[(Md5Bytes + Sha256Bytes)..]);
        CryptographicOperations.ZeroMemory(text);
    }
}
