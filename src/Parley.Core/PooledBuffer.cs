using System.Diagnostics;

namespace Parley.Core;

/// <summary>A piece of pinned memory with a count of who holds it: the owner of bytes that live longer than one call.</summary>
/// <remarks>
/// Rented with one lease; each further holder takes one with <see cref="Retain"/> and gives it back with
/// <see cref="Release"/>. The last release returns the memory to its pool. Debug builds overwrite released memory, so
/// that who reads it too late sees it at once. Leases may be given back on any thread; the content has one writer.
/// </remarks>
public sealed class PooledBuffer
{
    private readonly BufferPool _pool;
    private int _leases;
    private int _length;

    internal PooledBuffer(BufferPool pool, byte[] slab, int offset, int sizeClass, int capacity)
    {
        _pool = pool;
        (Slab, Offset, SizeClass, Capacity) = (slab, offset, sizeClass, capacity);
    }

    /// <summary>How many bytes it can hold.</summary>
    public int Capacity { get; }

    /// <summary>How many of them are in use; <see cref="Span"/> has this many.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than <see cref="Capacity"/>.</exception>
    public int Length
    {
        get => _length;
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)value, (uint)Capacity);
            _length = value;
        }
    }

    /// <summary>The bytes in use.</summary>
    public Span<byte> Span
    {
        get
        {
            Debug.Assert(_leases > 0, "A buffer was read after its release.");
            return Slab.AsSpan(Offset, _length);
        }
    }

    /// <summary>The bytes in use, for an asynchronous call.</summary>
    public Memory<byte> Memory => Slab.AsMemory(Offset, _length);

    /// <summary>All bytes, for who fills it.</summary>
    public Span<byte> Whole => Slab.AsSpan(Offset, Capacity);

    internal byte[] Slab { get; }

    internal int Offset { get; }

    internal int SizeClass { get; }

    internal PooledBuffer? NextFree { get; set; }

    /// <summary>Takes one more lease.</summary>
    /// <returns>This buffer.</returns>
    public PooledBuffer Retain()
    {
        int leases = Interlocked.Increment(ref _leases);
        Debug.Assert(leases > 1, "A buffer was retained after its release.");
        return this;
    }

    /// <summary>Gives one lease back; the last one returns the memory to the pool.</summary>
    public void Release()
    {
        int leases = Interlocked.Decrement(ref _leases);
        Debug.Assert(leases >= 0, "A buffer was released twice.");
        if (leases == 0) _pool.Return(this);
    }

    internal void Lease(int lengthBytes)
    {
        _leases = 1;
        _length = lengthBytes;
    }
}
