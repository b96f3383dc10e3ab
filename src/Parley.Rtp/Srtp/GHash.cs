using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Parley.Rtp.Srtp;

/// <summary>GHASH by carry-less multiplication, four blocks to a reduction.</summary>
/// <remarks>
/// Blocks are kept with their bytes turned around, so that the coefficient of x^127 is bit 0: all products then come out
/// one bit too low, which is made up for by keeping the powers of H multiplied by x. Source: NIST SP 800-38D 6.3 and 6.4;
/// Gueron and Kounavis, Efficient Implementation of the Galois Counter Mode Using a Carry-less Multiplier, 2010.
/// </remarks>
internal sealed class GHash
{
    private const int BlockLengthBytes = 16;
    private const int BlocksAtOnce = 4;
    private const ulong Polynomial = 0xC2UL << 56;      // x^128 + x^7 + x^2 + x + 1, turned around

    private readonly Vector128<ulong>[] _powers = new Vector128<ulong>[BlocksAtOnce];      // H^1 to H^4, each times x

    /// <summary>The hash of a key.</summary>
    /// <param name="key">H: the block of zeros encrypted.</param>
    public GHash(Vector128<byte> key)
    {
        Vector128<ulong> turned = Turn(key);
        UInt128 h = new(turned[1], turned[0]);
        UInt128 timesX = (h << 1) ^ ((h >> 127) * new UInt128(Polynomial, 1));
        _powers[0] = Vector128.Create((ulong)timesX, (ulong)(timesX >> 64));
        for (int i = 1; i < BlocksAtOnce; i++)
        {
            Product product = default;
            product.Add(_powers[i - 1], _powers[0]);
            _powers[i] = product.Reduce();
        }
    }

    /// <summary>True where this processor has what is used here.</summary>
    public static bool IsSupported => Pclmulqdq.IsSupported && Aes.IsSupported && Ssse3.IsSupported && Sse41.IsSupported;

    /// <summary>The hash of associated data and content, each filled up with zeros, and of their lengths.</summary>
    public Vector128<byte> Compute(ReadOnlySpan<byte> associated, ReadOnlySpan<byte> content)
    {
        Vector128<ulong> hash = Add(Add(Vector128<ulong>.Zero, associated), content);
        Product product = default;
        product.Add(hash ^ Vector128.Create((ulong)content.Length * 8, (ulong)associated.Length * 8), _powers[0]);
        return Turn(product.Reduce().AsByte()).AsByte();
    }

    /// <summary>Forgets the key.</summary>
    public void Clear() => _powers.AsSpan().Clear();

    private Vector128<ulong> Add(Vector128<ulong> hash, ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<Vector128<ulong>> powers = _powers;
        while (data.Length >= BlocksAtOnce * BlockLengthBytes)
        {
            Product product = default;
            product.Add(hash ^ Block(data), powers[3]);
            product.Add(Block(data[16..]), powers[2]);
            product.Add(Block(data[32..]), powers[1]);
            product.Add(Block(data[48..]), powers[0]);
            hash = product.Reduce();
            data = data[(BlocksAtOnce * BlockLengthBytes)..];
        }

        if (data.IsEmpty) return hash;
        Product last = default;
        for (int blocks = (data.Length + BlockLengthBytes - 1) / BlockLengthBytes; blocks > 0; blocks--)
        {
            Vector128<ulong> block = data.Length < BlockLengthBytes ? Padded(data) : Block(data);
            last.Add(hash ^ block, powers[blocks - 1]);
            hash = Vector128<ulong>.Zero;
            data = data[Math.Min(data.Length, BlockLengthBytes)..];
        }

        return last.Reduce();
    }

    private static Vector128<ulong> Padded(ReadOnlySpan<byte> data)
    {
        Span<byte> block = stackalloc byte[BlockLengthBytes];
        block.Clear();
        data.CopyTo(block);
        return Block(block);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Block(ReadOnlySpan<byte> data) => Turn(Vector128.Create(data));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Turn(Vector128<byte> block) =>
        Ssse3.Shuffle(block, Vector128.Create((byte)15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)).AsUInt64();

    /// <summary>A sum of products, 256 bits in three parts that overlap.</summary>
    private struct Product
    {
        private Vector128<ulong> _low, _middle, _high;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(Vector128<ulong> block, Vector128<ulong> power)
        {
            _low ^= Pclmulqdq.CarrylessMultiply(block, power, 0x00);
            _middle ^= Pclmulqdq.CarrylessMultiply(block, power, 0x01) ^ Pclmulqdq.CarrylessMultiply(block, power, 0x10);
            _high ^= Pclmulqdq.CarrylessMultiply(block, power, 0x11);
        }

        /// <summary>The sum modulo the polynomial, 64 bits at a time.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly Vector128<ulong> Reduce()
        {
            Vector128<ulong> low = _low ^ Sse2.ShiftLeftLogical128BitLane(_middle, 8);
            Vector128<ulong> high = _high ^ Sse2.ShiftRightLogical128BitLane(_middle, 8);
            return high ^ Fold(Fold(low));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<ulong> Fold(Vector128<ulong> low) =>
            Vector128.Create(low[1], low[0]) ^ Pclmulqdq.CarrylessMultiply(low, Vector128.CreateScalar(Polynomial), 0x00);
    }
}
