using System.Runtime.InteropServices;

namespace Parley.Core;

/// <summary>A piece of memory outside the managed heap: no collection copies it, goes through it or waits for it.</summary>
/// <remarks>For what is many and lives for seconds, which costs a collector of generations most. Not thread-safe. Unsafe because the memory is the system's.</remarks>
public sealed unsafe class NativeBlock : SafeHandle
{
    private byte* _memory;
    private int _length;

    private NativeBlock(void* memory, int lengthBytes)
        : base((nint)memory, ownsHandle: true)
    {
        _memory = (byte*)memory;
        _length = lengthBytes;
    }

    /// <summary>Takes memory, whose content is undefined.</summary>
    /// <param name="lengthBytes">How much; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    /// <exception cref="OutOfMemoryException">There is none.</exception>
    public static NativeBlock Create(int lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lengthBytes, 1);
        return new NativeBlock(NativeMemory.Alloc((nuint)lengthBytes), lengthBytes);
    }

    /// <summary>Takes memory that is all zeros; of a large piece the system gives each page only when it is first written to.</summary>
    /// <param name="lengthBytes">How much; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    /// <exception cref="OutOfMemoryException">There is none.</exception>
    public static NativeBlock CreateZeroed(int lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lengthBytes, 1);
        void* memory = NativeMemory.AllocZeroed((nuint)lengthBytes);
        HugePages.Advise((nuint)memory, lengthBytes);
        return new NativeBlock(memory, lengthBytes);
    }

    /// <summary>How many of its bytes are in use; the owner's.</summary>
    public int Used { get; set; }

    /// <summary>All of it; empty once it was given back.</summary>
    public Span<byte> Span => new(_memory, _length);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        NativeMemory.Free(_memory);
        _memory = null;
        _length = 0;
        return true;
    }
}
