using System.Security.Cryptography;

namespace Parley.Core.Hashing;

/// <summary>A key of HMAC-SHA1, made ready once: of a short input it then takes one block more than SHA-1, and allocates nothing.</summary>
/// <remarks>For one thread at a time. Source: RFC 2104 2 and 4 (the two keyed states may be kept instead of the key), RFC 2202.</remarks>
public sealed class HmacSha1Key : IDisposable
{
    /// <summary>Length of an HMAC.</summary>
    /// <value>Bytes.</value>
    public const int LengthBytes = 20;

    private const int BlockBytes = 64;

    private readonly IncrementalHash _general;
    private readonly bool _hasStates;
    private Sha1State _inner;
    private Sha1State _outer;

    /// <summary>A key.</summary>
    /// <param name="key">The secret, of any length; copied.</param>
    public HmacSha1Key(ReadOnlySpan<byte> key)
        : this(key, LibCrypto.IsThere)
    {
    }

    internal HmacSha1Key(ReadOnlySpan<byte> key, bool keepStates)
    {
        _general = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA1, key);
        _hasStates = keepStates;
        if (!keepStates) return;
        Span<byte> block = stackalloc byte[BlockBytes];
        block.Clear();
        if (key.Length > BlockBytes) SHA1.HashData(key, block);
        else key.CopyTo(block);
        _inner = StateOf(block, 0x36);
        _outer = StateOf(block, 0x5c);
        CryptographicOperations.ZeroMemory(block);
    }

    /// <summary>The HMAC of an input in two pieces.</summary>
    /// <param name="first">What it begins with.</param>
    /// <param name="second">What follows; may be empty.</param>
    /// <param name="destination"><see cref="LengthBytes"/> or more.</param>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public void Compute(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> destination)
    {
        if (!_hasStates || first.Length > ShortHash.MaxUninterruptedBytes || second.Length > ShortHash.MaxUninterruptedBytes)
        {
            _general.AppendData(first);
            _general.AppendData(second);
            _general.GetHashAndReset(destination);
            return;
        }

        Sha1State state = _inner;
        LibCrypto.Add(ref state, first);
        LibCrypto.Add(ref state, second);
        Span<byte> hash = stackalloc byte[LengthBytes];
        LibCrypto.End(ref state, hash);
        state = _outer;
        LibCrypto.Add(ref state, hash);
        LibCrypto.End(ref state, destination);
    }

    /// <summary>Forgets the key.</summary>
    public void Dispose()
    {
        _general.Dispose();
        (_inner, _outer) = (default, default);
    }

    private static Sha1State StateOf(ReadOnlySpan<byte> block, byte pad)
    {
        Span<byte> padded = stackalloc byte[BlockBytes];
        for (int i = 0; i < BlockBytes; i++) padded[i] = (byte)(block[i] ^ pad);
        LibCrypto.Begin(out Sha1State state);
        LibCrypto.Add(ref state, padded);
        CryptographicOperations.ZeroMemory(padded);
        return state;
    }
}
