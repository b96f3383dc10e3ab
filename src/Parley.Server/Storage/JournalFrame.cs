using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Parley.Server.Storage;

/// <summary>One record in a journal's file, found again even behind a damaged one.</summary>
/// <remarks>
/// <code>
/// offset  size
///      0     4  marker
///      4     4  length of the record in bytes, little-endian as all numbers here
///      8     4  CRC-32C of the length and the record, begun with the file's own seed
///     12     n  record
/// </code>
/// The seed is random: what a stranger can put into a record is no frame of its own to somebody who looks for frames.
/// </remarks>
internal static class JournalFrame
{
    /// <summary>Bytes before the record.</summary>
    public const int HeaderBytes = 12;

    /// <summary>The longest record: far above what the registrar allows.</summary>
    public const int MaxRecordBytes = 16 * 1024 * 1024;

    /// <summary>What a frame begins with.</summary>
    public static ReadOnlySpan<byte> Marker => [0xF1, (byte)'P', (byte)'J', 0x0A];

    /// <summary>Writes a frame.</summary>
    /// <param name="destination">Of <see cref="HeaderBytes"/> and the record's length.</param>
    /// <param name="record">The record.</param>
    /// <param name="seed">The file's.</param>
    public static void Write(Span<byte> destination, ReadOnlySpan<byte> record, uint seed)
    {
        Marker.CopyTo(destination);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], record.Length);
        record.CopyTo(destination[HeaderBytes..]);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], Checksum(seed, destination.Slice(4, 4), record));
    }

    /// <summary>The length that a frame says it has.</summary>
    /// <param name="frame"><see cref="HeaderBytes"/> or more.</param>
    /// <returns>-1 when no frame begins here.</returns>
    public static int RecordLength(ReadOnlySpan<byte> frame)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(frame[4..]);
        return frame.StartsWith(Marker) && length is >= 0 and <= MaxRecordBytes ? length : -1;
    }

    /// <summary>True when a frame is whole and undamaged.</summary>
    /// <param name="frame">All of it.</param>
    /// <param name="seed">The file's.</param>
    public static bool IsIntact(ReadOnlySpan<byte> frame, uint seed) =>
        BinaryPrimitives.ReadUInt32LittleEndian(frame[8..]) == Checksum(seed, frame.Slice(4, 4), frame[HeaderBytes..]);

    private static uint Checksum(uint seed, ReadOnlySpan<byte> length, ReadOnlySpan<byte> record)
    {
        uint crc = BitOperations.Crc32C(seed, BinaryPrimitives.ReadUInt32LittleEndian(length));
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(record);
        foreach (ulong word in words) crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        foreach (byte b in record[(words.Length * sizeof(ulong))..]) crc = BitOperations.Crc32C(crc, b);
        return crc;
    }
}
