using System.Security.Cryptography;

namespace Parley.Core.Hashing;

/// <summary>Hashes of short inputs, as digests of requests are, without an allocation.</summary>
public static class ShortHash
{
    /// <summary>MD5.</summary>
    /// <param name="source">The input; long ones are better given to <see cref="MD5"/>.</param>
    /// <param name="destination">16 bytes or more.</param>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    /// <remarks>Source: RFC 1321.</remarks>
    public static void Md5(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (LibCrypto.IsThere && source.Length <= MaxUninterruptedBytes) LibCrypto.Md5(source, destination);
        else MD5.HashData(source, destination);
    }

    /// <summary>A longer input would hold up a garbage collection for too long.</summary>
    internal const int MaxUninterruptedBytes = 4096;
}
