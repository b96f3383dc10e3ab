using System.Buffers.Binary;

namespace Parley.Server.Storage;

/// <summary>The beginning of a record in a <see cref="RecordTable"/>.</summary>
/// <remarks>
/// <code>
/// offset  size
///      0     4  hash of the key, of this process only
///      4     2  length of the key in bytes, little-endian as all numbers here
///      6     n  key
/// </code>
/// </remarks>
internal static class RecordHeader
{
    /// <summary>Where the key begins.</summary>
    public const int KeyOffset = 6;

    /// <summary>Where a record's content begins.</summary>
    public static int ContentOffset(ReadOnlySpan<byte> record) => KeyOffset + KeyLength(record);

    /// <summary>Writes hash, length and key; the content follows at <see cref="KeyOffset"/> + the key's length.</summary>
    public static void Write(Span<byte> record, ReadOnlySpan<byte> key)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(record, HashOf(key));
        BinaryPrimitives.WriteUInt16LittleEndian(record[4..], checked((ushort)key.Length));
        key.CopyTo(record[KeyOffset..]);
    }

    /// <summary>Writes the hash anew into a record that comes from another process.</summary>
    public static void Rehash(Span<byte> record) => BinaryPrimitives.WriteUInt32LittleEndian(record, HashOf(KeyOf(record)));

    /// <summary>True when a record has a header and a key, and nothing behind them.</summary>
    public static bool IsAlone(ReadOnlySpan<byte> record) => record.Length >= KeyOffset && record.Length == ContentOffset(record);

    /// <summary>The key of a record.</summary>
    public static ReadOnlySpan<byte> KeyOf(ReadOnlySpan<byte> record) => record.Slice(KeyOffset, KeyLength(record));

    internal static uint HashOfRecord(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt32LittleEndian(record);

    /// <summary>Seeded per process, so that nobody can choose names that collide.</summary>
    internal static uint HashOf(ReadOnlySpan<byte> key)
    {
        HashCode hash = default;
        hash.AddBytes(key);
        return (uint)hash.ToHashCode();
    }

    private static int KeyLength(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt16LittleEndian(record[4..]);
}
