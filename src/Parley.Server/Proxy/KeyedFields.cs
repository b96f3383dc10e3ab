using System.Buffers.Binary;
using Parley.Core;

namespace Parley.Server.Proxy;

/// <summary>A keyed hash of several fields of any length, each hashed by itself, so that no two lists of fields look the same.</summary>
internal ref struct KeyedFields(SeededHash128 key)
{
    private readonly SeededHash128 _key = key;

    /// <summary>The hash of the fields so far.</summary>
    public UInt128 Result { get; private set; }

    /// <summary>Adds a field.</summary>
    public void Add(scoped ReadOnlySpan<byte> field) => Add(_key.Compute(field));

    /// <summary>Adds a number.</summary>
    public void Add(UInt128 number)
    {
        Span<byte> pair = stackalloc byte[32];
        BinaryPrimitives.WriteUInt128LittleEndian(pair, Result);
        BinaryPrimitives.WriteUInt128LittleEndian(pair[16..], number);
        Result = _key.Compute(pair);
    }
}
