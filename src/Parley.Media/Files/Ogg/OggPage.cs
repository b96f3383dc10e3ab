using System.Buffers.Binary;

namespace Parley.Media.Files.Ogg;

/// <summary>A page: a piece of one of the streams that share an Ogg file. Only valid until the next is read.</summary>
/// <remarks>
/// <code>
///  0  4 "OggS"     4  1 version, 0     5  1 flags: 1 continues a packet, 2 begins the stream, 4 ends it
///  6  8 granule position: how far the stream is at the end of the last packet that ends here; -1 when none does
/// 14  4 serial number of the stream   18  4 number of the page in it   22  4 checksum of the page, these four as 0
/// 26  1 segments   27  a length for each: a packet goes on while they are 255
/// </code>
/// Numbers are little-endian. Source: RFC 3533 6.
/// </remarks>
internal readonly ref struct OggPage(ReadOnlySpan<byte> bytes)
{
    /// <summary>What stands before the segments' lengths.</summary>
    public const int HeaderLengthBytes = 27;

    /// <summary>The most segments of a page.</summary>
    public const int MaxSegments = 255;

    /// <summary>The longest page.</summary>
    public const int MaxLengthBytes = HeaderLengthBytes + MaxSegments + (MaxSegments * 255);

    /// <summary>Flags of a page.</summary>
    public const byte Continues = 1, Begins = 2, Ends = 4;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>True when its first packet began on an earlier page.</summary>
    public bool IsContinued => (_bytes[5] & Continues) != 0;

    /// <summary>True for the first page of a stream.</summary>
    public bool IsFirst => (_bytes[5] & Begins) != 0;

    /// <summary>True for the last page of a stream.</summary>
    public bool IsLast => (_bytes[5] & Ends) != 0;

    /// <summary>How far its stream is at the end of the last packet that ends here; -1 when none does.</summary>
    public long GranulePosition => BinaryPrimitives.ReadInt64LittleEndian(_bytes[6..]);

    /// <summary>Which stream.</summary>
    public uint Serial => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[14..]);

    /// <summary>Its number in the stream.</summary>
    public uint Sequence => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[18..]);

    /// <summary>The lengths of its segments.</summary>
    public ReadOnlySpan<byte> Segments => _bytes.Slice(HeaderLengthBytes, _bytes[26]);

    /// <summary>Its segments.</summary>
    public ReadOnlySpan<byte> Body => _bytes[(HeaderLengthBytes + _bytes[26])..];
}
