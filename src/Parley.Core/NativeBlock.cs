using System.Runtime.InteropServices;

namespace Parley.Core;

/// <summary>A piece of memory outside the managed heap: no collection copies it, goes through it or waits for it.</summary>
/// <remarks>For what is many and lives for seconds, which costs a collector of generations most. Not thread-safe.</remarks>
public sealed unsafe class NativeBlock : SafeHandle
{
    private readonly int _length;

    /// <summary>Takes memory, whose content is undefined.</summary>
    /// <param name="lengthBytes">How much; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    /// <exception cref="OutOfMemoryException">There is none.</exception>
    public NativeBlock(int lengthBytes)
        : base(0, ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lengthBytes, 1);
        SetHandle((nint)NativeMemory.Alloc((nuint)lengthBytes));
        _length = lengthBytes;
    }

    /// <summary>How many of its bytes are in use; the owner's.</summary>
    public int Used { get; set; }

    /// <summary>All of it; empty once it was given back.</summary>
    public Span<byte> Span => IsClosed ? default : new((void*)handle, _length);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        NativeMemory.Free((void*)handle);
        return true;
    }
}
