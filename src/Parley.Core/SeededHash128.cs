using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Parley.Core;

/// <summary>A keyed hash of 128 bits: who does not know the key cannot make two inputs meet, nor fill one bucket of a table.</summary>
/// <remarks>
/// SipHash-1-3 with 128 bits of output. For tables and identities within one process; not a signature.
/// Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF".
/// </remarks>
public readonly struct SeededHash128
{
    private readonly ulong _key0;
    private readonly ulong _key1;

    /// <summary>A hash with a given key.</summary>
    /// <param name="key0">The first eight bytes, little-endian.</param>
    /// <param name="key1">The last eight bytes, little-endian.</param>
    public SeededHash128(ulong key0, ulong key1) => (_key0, _key1) = (key0, key1);

    /// <summary>A hash with a key that nobody can guess.</summary>
    public static SeededHash128 CreateRandom()
    {
        Span<ulong> key = stackalloc ulong[2];
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(key));
        return new SeededHash128(key[0], key[1]);
    }

    /// <summary>The hash of some bytes.</summary>
    /// <returns>Its low half is the first eight bytes of the algorithm's output.</returns>
    public UInt128 Compute(ReadOnlySpan<byte> bytes)
    {
        var state = new State(_key0, _key1);
        ulong last = (ulong)bytes.Length << 56;
        while (bytes.Length >= sizeof(ulong))
        {
            state.Compress(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        for (int i = 0; i < bytes.Length; i++) last |= (ulong)bytes[i] << (8 * i);
        state.Compress(last);
        return state.Finish();
    }

    private struct State(ulong key0, ulong key1)
    {
        private ulong _v0 = key0 ^ 0x736f6d6570736575;
        private ulong _v1 = key1 ^ 0x646f72616e646f6d ^ 0xee;
        private ulong _v2 = key0 ^ 0x6c7967656e657261;
        private ulong _v3 = key1 ^ 0x7465646279746573;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Compress(ulong word)
        {
            _v3 ^= word;
            Round();
            _v0 ^= word;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public UInt128 Finish()
        {
            _v2 ^= 0xee;
            Round();
            Round();
            Round();
            ulong low = _v0 ^ _v1 ^ _v2 ^ _v3;
            _v1 ^= 0xdd;
            Round();
            Round();
            Round();
            return new UInt128(upper: _v0 ^ _v1 ^ _v2 ^ _v3, lower: low);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Round()
        {
            _v0 += _v1;
            _v2 += _v3;
            _v1 = BitOperations.RotateLeft(_v1, 13) ^ _v0;
            _v3 = BitOperations.RotateLeft(_v3, 16) ^ _v2;
            _v0 = BitOperations.RotateLeft(_v0, 32);
            _v2 += _v1;
            _v0 += _v3;
            _v1 = BitOperations.RotateLeft(_v1, 17) ^ _v2;
            _v3 = BitOperations.RotateLeft(_v3, 21) ^ _v0;
            _v2 = BitOperations.RotateLeft(_v2, 32);
        }
    }
}
