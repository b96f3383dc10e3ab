using System.Buffers.Binary;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Parley.Rtp.Srtp;

/// <summary>GCM by the processor's own instructions.</summary>
internal sealed class GHashCounterMode : GaloisCounterMode
{
    private const uint TagBlock = 1;        // J0: the counter's first value is for the tag, the others are for the content

    private readonly AesInstructionsCounterMode _aes;
    private readonly GHash _hash;

    public GHashCounterMode(ReadOnlySpan<byte> key)
    {
        _aes = new AesInstructionsCounterMode(key);
        _hash = new GHash(_aes.Encrypt(Vector128<byte>.Zero));
    }

    public override void Encrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> content, Span<byte> tag)
    {
        ApplyCounter(nonce, content);
        Tag(nonce, associated, content).CopyTo(tag);
    }

    public override bool TryDecrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, Span<byte> content, ReadOnlySpan<byte> tag)
    {
        Span<byte> expected = stackalloc byte[TagLengthBytes];
        Tag(nonce, associated, content).CopyTo(expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, tag)) return false;
        ApplyCounter(nonce, content);
        return true;
    }

    public override void Dispose()
    {
        _aes.Dispose();
        _hash.Clear();
    }

    private void ApplyCounter(ReadOnlySpan<byte> nonce, Span<byte> content)
    {
        Span<byte> counter = stackalloc byte[AesCounterMode.BlockLengthBytes];
        nonce.CopyTo(counter);
        BinaryPrimitives.WriteUInt32BigEndian(counter[NonceLengthBytes..], TagBlock + 1);
        _aes.Apply(counter, content);
    }

    private Vector128<byte> Tag(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> content)
    {
        Span<byte> block = stackalloc byte[AesCounterMode.BlockLengthBytes];
        nonce.CopyTo(block);
        BinaryPrimitives.WriteUInt32BigEndian(block[NonceLengthBytes..], TagBlock);
        Vector128<byte> mask = _aes.Encrypt(Vector128.Create<byte>(block));
        return _hash.Compute(associated, content) ^ mask;
    }
}
