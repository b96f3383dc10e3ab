using System.Security.Cryptography;

namespace Parley.Core.Hashing;

/// <summary>A key of HMAC-SHA256, made ready once: of a short input it then takes two blocks, and allocates nothing.</summary>
/// <remarks>Safe on every thread. Source: RFC 2104 2 and 4 (the two keyed states may be kept instead of the key), RFC 4231.</remarks>
public sealed class HmacSha256Key
{
    /// <summary>Length of an HMAC.</summary>
    /// <value>Bytes.</value>
    public const int LengthBytes = 32;

    private const int BlockBytes = 64;

    private readonly byte[] _key;
    private readonly Sha256State _inner;
    private readonly Sha256State _outer;

    /// <summary>A key.</summary>
    /// <param name="key">The secret, of any length; copied.</param>
    public HmacSha256Key(ReadOnlySpan<byte> key)
    {
        _key = key.ToArray();
        if (!LibCrypto.IsThere) return;
        Span<byte> block = stackalloc byte[BlockBytes];
        block.Clear();
        if (key.Length > BlockBytes) SHA256.HashData(key, block);
        else key.CopyTo(block);
        _inner = StateOf(block, 0x36);
        _outer = StateOf(block, 0x5c);
        CryptographicOperations.ZeroMemory(block);
    }

    /// <summary>The HMAC of an input.</summary>
    /// <param name="source">The input.</param>
    /// <param name="destination"><see cref="LengthBytes"/> or more.</param>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public void Compute(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (!LibCrypto.IsThere || source.Length > ShortHash.MaxUninterruptedBytes)
        {
            HMACSHA256.HashData(_key, source, destination);
            return;
        }

        Sha256State state = _inner;
        LibCrypto.Add(ref state, source);
        Span<byte> hash = stackalloc byte[LengthBytes];
        LibCrypto.End(ref state, hash);
        state = _outer;
        LibCrypto.Add(ref state, hash);
        LibCrypto.End(ref state, destination);
    }

    private static Sha256State StateOf(ReadOnlySpan<byte> block, byte pad)
    {
        Span<byte> padded = stackalloc byte[BlockBytes];
        for (int i = 0; i < BlockBytes; i++) padded[i] = (byte)(block[i] ^ pad);
        LibCrypto.Begin(out Sha256State state);
        LibCrypto.Add(ref state, padded);
        CryptographicOperations.ZeroMemory(padded);
        return state;
    }
}
