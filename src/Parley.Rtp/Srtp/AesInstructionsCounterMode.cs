using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Parley.Rtp.Srtp;

/// <summary>AES by the processor's own instructions, eight blocks at a time: a packet costs a fraction of what a call of the platform does.</summary>
internal sealed class AesInstructionsCounterMode : AesCounterMode
{
    private const int BlocksAtOnce = 8;
    private const int StrideLengthBytes = BlocksAtOnce * BlockLengthBytes;

    private readonly Vector128<byte>[] _roundKeys;

    public AesInstructionsCounterMode(ReadOnlySpan<byte> key) => _roundKeys = Expand(key);

    public override void Apply(ReadOnlySpan<byte> counter, Span<byte> data)
    {
        Vector128<uint> block = Vector128.Create(counter).AsUInt32();
        uint number = BinaryPrimitives.ReadUInt32BigEndian(counter[12..]);
        while (data.Length >= StrideLengthBytes)
        {
            Stride(block, number, data);
            number += BlocksAtOnce;
            data = data[StrideLengthBytes..];
        }

        if (data.IsEmpty) return;
        if (data.Length == BlockLengthBytes)
        {
            (Encrypt(Counter(block, number)) ^ Vector128.Create<byte>(data)).CopyTo(data);
            return;
        }

        Span<byte> last = stackalloc byte[StrideLengthBytes];
        data.CopyTo(last);
        Stride(block, number, last);
        last[..data.Length].CopyTo(data);
    }

    public override void Dispose() => _roundKeys.AsSpan().Clear();

    /// <summary>Encrypts one block.</summary>
    public Vector128<byte> Encrypt(Vector128<byte> block)
    {
        ReadOnlySpan<Vector128<byte>> keys = _roundKeys;
        block ^= keys[0];
        for (int round = 1; round < keys.Length - 1; round++) block = Aes.Encrypt(block, keys[round]);
        return Aes.EncryptLast(block, keys[^1]);
    }

    private void Stride(Vector128<uint> block, uint number, Span<byte> data)
    {
        ReadOnlySpan<Vector128<byte>> keys = _roundKeys;
        Vector128<byte> key = keys[0];
        Vector128<byte> a = Counter(block, number) ^ key, b = Counter(block, number + 1) ^ key;
        Vector128<byte> c = Counter(block, number + 2) ^ key, d = Counter(block, number + 3) ^ key;
        Vector128<byte> e = Counter(block, number + 4) ^ key, f = Counter(block, number + 5) ^ key;
        Vector128<byte> g = Counter(block, number + 6) ^ key, h = Counter(block, number + 7) ^ key;
        for (int round = 1; round < keys.Length - 1; round++)
        {
            key = keys[round];
            (a, b, c, d) = (Aes.Encrypt(a, key), Aes.Encrypt(b, key), Aes.Encrypt(c, key), Aes.Encrypt(d, key));
            (e, f, g, h) = (Aes.Encrypt(e, key), Aes.Encrypt(f, key), Aes.Encrypt(g, key), Aes.Encrypt(h, key));
        }

        key = keys[^1];
        Span<Vector128<byte>> blocks = MemoryMarshal.Cast<byte, Vector128<byte>>(data[..StrideLengthBytes]);
        blocks[7] ^= Aes.EncryptLast(h, key);
        blocks[0] ^= Aes.EncryptLast(a, key);
        blocks[1] ^= Aes.EncryptLast(b, key);
        blocks[2] ^= Aes.EncryptLast(c, key);
        blocks[3] ^= Aes.EncryptLast(d, key);
        blocks[4] ^= Aes.EncryptLast(e, key);
        blocks[5] ^= Aes.EncryptLast(f, key);
        blocks[6] ^= Aes.EncryptLast(g, key);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Counter(Vector128<uint> block, uint number) =>
        block.WithElement(3, BinaryPrimitives.ReverseEndianness(number)).AsByte();

    /// <summary>KeyExpansion of FIPS 197 5.2, on words as they lie in memory.</summary>
    private static Vector128<byte>[] Expand(ReadOnlySpan<byte> key)
    {
        int keyWords = key.Length / sizeof(uint);
        if (key.Length is not (16 or 24 or 32)) throw new ArgumentException("A key of AES has 16, 24 or 32 bytes.", nameof(key));
        var roundKeys = new Vector128<byte>[keyWords + 7];
        Span<uint> words = MemoryMarshal.Cast<Vector128<byte>, uint>(roundKeys.AsSpan());
        MemoryMarshal.Cast<byte, uint>(key).CopyTo(words);
        uint roundConstant = 1;
        for (int i = keyWords; i < words.Length; i++)
        {
            uint word = words[i - 1];
            if (i % keyWords == 0)
            {
                word = uint.RotateRight(SubWord(word), 8) ^ roundConstant;
                roundConstant = (roundConstant << 1) ^ (roundConstant >> 7) * 0x11B;
            }
            else if (keyWords == 8 && i % keyWords == 4)
            {
                word = SubWord(word);
            }

            words[i] = words[i - keyWords] ^ word;
        }

        return roundKeys;
    }

    private static uint SubWord(uint word) => Aes.KeygenAssist(Vector128.Create(word).AsByte(), 0).AsUInt32().ToScalar();
}
