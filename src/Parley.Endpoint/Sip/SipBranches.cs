using System.Buffers.Binary;
using Parley.Core;

namespace Parley.Endpoint.Sip;

/// <summary>Makes branches that no other request has and nobody can guess: a lane's count under a keyed hash.</summary>
/// <remarks>Source: RFC 3261 8.1.1.7.</remarks>
internal sealed class SipBranches(SeededHash128 hash, int lane)
{
    /// <summary>Bytes of a branch.</summary>
    public const int LengthBytes = 7 + Digits;

    private const int Digits = 20;      // of 5 bits each: branches are compared without case, so 32 letters and digits it is

    private ulong _count;

    /// <summary>Writes the next branch.</summary>
    /// <returns>Bytes written: <see cref="LengthBytes"/>.</returns>
    public int Write(Span<byte> destination)
    {
        "z9hG4bK"u8.CopyTo(destination);
        WriteToken(destination.Slice(7, Digits), hash, ++_count, (ulong)lane);
        return LengthBytes;
    }

    /// <summary>Fills with digits of a keyed hash of two numbers.</summary>
    public static void WriteToken(Span<byte> destination, in SeededHash128 hash, ulong first, ulong second)
    {
        Span<byte> input = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(input, first);
        BinaryPrimitives.WriteUInt64LittleEndian(input[8..], second);
        UInt128 bits = hash.Compute(input);
        foreach (ref byte digit in destination)
        {
            digit = "0123456789abcdefghijklmnopqrstuv"u8[(int)((uint)bits & 31)];
            bits >>= 5;
        }
    }
}
