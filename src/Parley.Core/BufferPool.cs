using System.Numerics;

namespace Parley.Core;

/// <summary>Pinned buffers in powers of two from 256 bytes to 64 KiB, made in slabs and used again.</summary>
/// <remarks>Safe on every thread. Memory that was made stays with the pool: its size is that of the busiest moment.</remarks>
public sealed class BufferPool
{
    /// <summary>The largest buffer: a whole UDP datagram fits.</summary>
    public const int MaxLengthBytes = 65536;

    private const int SmallestBits = 8;
    private const int Classes = 17 - SmallestBits;
    private const int SlabBytes = 65536;

    private readonly FreeList[] _free = new FreeList[Classes];
    private long _outstanding;
    private long _allocatedBytes;

    /// <summary>An empty pool.</summary>
    public BufferPool()
    {
        for (int i = 0; i < Classes; i++) _free[i] = new FreeList();
    }

    /// <summary>The pool that a process uses when it needs no count of its own.</summary>
    public static BufferPool Shared { get; } = new();

    /// <summary>Buffers that were rented and not yet given back.</summary>
    public long Outstanding => Interlocked.Read(ref _outstanding);

    /// <summary>Bytes of memory that the pool has made, in use or not.</summary>
    public long AllocatedBytes => Interlocked.Read(ref _allocatedBytes);

    /// <summary>A buffer of at least this size, with one lease.</summary>
    /// <param name="lengthBytes">Its <see cref="PooledBuffer.Length"/>: 0 to <see cref="MaxLengthBytes"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">Negative or too long.</exception>
    public PooledBuffer Rent(int lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)lengthBytes, (uint)MaxLengthBytes);
        int sizeClass = lengthBytes <= 1 << SmallestBits ? 0 : BitOperations.Log2((uint)lengthBytes - 1) + 1 - SmallestBits;
        FreeList list = _free[sizeClass];
        PooledBuffer buffer;
        lock (list.Gate)
        {
            if (list.Head is null) Grow(list, sizeClass);
            buffer = list.Head!;
            list.Head = buffer.NextFree;
        }

        buffer.NextFree = null;
        buffer.Lease(lengthBytes);
        Interlocked.Increment(ref _outstanding);
        return buffer;
    }

    /// <summary>A buffer with a copy of some bytes, with one lease.</summary>
    public PooledBuffer Copy(ReadOnlySpan<byte> bytes)
    {
        PooledBuffer buffer = Rent(bytes.Length);
        bytes.CopyTo(buffer.Span);
        return buffer;
    }

    internal void Return(PooledBuffer buffer)
    {
#if DEBUG
        buffer.Whole.Fill(0xDD);
#endif
        Interlocked.Decrement(ref _outstanding);
        FreeList list = _free[buffer.SizeClass];
        lock (list.Gate)
        {
            buffer.NextFree = list.Head;
            list.Head = buffer;
        }
    }

    private void Grow(FreeList list, int sizeClass)
    {
        int size = 1 << (sizeClass + SmallestBits);
        byte[] slab = GC.AllocateUninitializedArray<byte>(Math.Max(SlabBytes, size), pinned: true);
        Interlocked.Add(ref _allocatedBytes, slab.Length);
        for (int offset = slab.Length - size; offset >= 0; offset -= size)
        {
            list.Head = new PooledBuffer(this, slab, offset, sizeClass, size) { NextFree = list.Head };
        }
    }

    private sealed class FreeList
    {
        public Lock Gate { get; } = new();

        public PooledBuffer? Head { get; set; }
    }
}
