using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Parley.Sip.Messages;

/// <summary>Finds line ends and colons, 64 bytes at a time: each byte is compared once, whatever is asked for.</summary>
/// <remarks>Made for going forward: a place in a block that was left is found too, at the price of comparing it again.</remarks>
internal ref struct LineScanner
{
    private const int BlockBytes = 64;

    private readonly ReadOnlySpan<byte> _bytes;
    private int _block;             // where the block starts that the masks are of
    private ulong _lineEnds;        // bit i: byte i of the block is a CR or LF
    private ulong _colons;          // bit i: byte i of the block is a colon

    public LineScanner(ReadOnlySpan<byte> bytes)
    {
        _bytes = bytes;
        _block = -BlockBytes;
    }

    /// <summary>The first CR or LF at or after a place, -1 when there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int NextLineEnd(int at)
    {
        while (at < _bytes.Length)
        {
            Enter(at);
            ulong found = _lineEnds >> (at & (BlockBytes - 1));
            if (found != 0) return at + BitOperations.TrailingZeroCount(found);
            at = _block + BlockBytes;
        }

        return -1;
    }

    /// <summary>The first colon, CR or LF at or after a place, -1 when there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int NextColonOrLineEnd(int at)
    {
        while (at < _bytes.Length)
        {
            Enter(at);
            ulong found = (_colons | _lineEnds) >> (at & (BlockBytes - 1));
            if (found != 0) return at + BitOperations.TrailingZeroCount(found);
            at = _block + BlockBytes;
        }

        return -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Enter(int at)
    {
        int block = at & ~(BlockBytes - 1);
        if (block != _block) Compare(block);
    }

    private void Compare(int block)
    {
        _block = block;
        ReadOnlySpan<byte> bytes = _bytes[block..];
        if (bytes.Length < BlockBytes)
        {
            Span<byte> padded = stackalloc byte[BlockBytes];
            padded.Clear();
            bytes.CopyTo(padded);
            Compare(Vector256.Create<byte>(padded), Vector256.Create<byte>(padded[32..]));
            return;
        }

        Compare(Vector256.Create(bytes), Vector256.Create(bytes[32..]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Compare(Vector256<byte> low, Vector256<byte> high)
    {
        _lineEnds = LineEnds(low) | ((ulong)LineEnds(high) << 32);
        _colons = Colons(low) | ((ulong)Colons(high) << 32);
    }

    private static uint LineEnds(Vector256<byte> bytes) =>
        (Vector256.Equals(bytes, Vector256.Create((byte)'\r')) | Vector256.Equals(bytes, Vector256.Create((byte)'\n'))).ExtractMostSignificantBits();

    private static uint Colons(Vector256<byte> bytes) => Vector256.Equals(bytes, Vector256.Create((byte)':')).ExtractMostSignificantBits();
}
