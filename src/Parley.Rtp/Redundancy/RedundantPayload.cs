namespace Parley.Rtp.Redundancy;

/// <summary>A block of a redundant payload.</summary>
/// <remarks>A view of the payload; not valid longer than that.</remarks>
public readonly ref struct RedundantBlock
{
    internal RedundantBlock(byte payloadType, uint timestampOffset, ReadOnlySpan<byte> payload, bool isPrimary)
    {
        PayloadType = payloadType;
        TimestampOffset = timestampOffset;
        Payload = payload;
        IsPrimary = isPrimary;
    }

    /// <summary>What it is encoded as: 0 to 127.</summary>
    public byte PayloadType { get; }

    /// <summary>How much older than the packet's timestamp it is.</summary>
    /// <value>0 to 16,383 clock units; 0 for the primary block.</value>
    public uint TimestampOffset { get; }

    /// <summary>The payload that a packet of this alone would have.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>True for the last block: what the packet would have had without redundancy.</summary>
    public bool IsPrimary { get; }
}

/// <summary>Reads a payload that holds several: its own sound and, before it, sound of earlier packets a second time.</summary>
/// <remarks>
/// <code>
///  0                   1                    2                   3
/// |1|  block PT   |  timestamp offset (14)    | block length (10) |     for each redundant block
/// |0|  block PT   |                                                     for the primary one
/// | blocks, in the order of their headers ...
/// </code>
/// Source: RFC 2198 3.
/// </remarks>
public ref struct RedundantPayload
{
    /// <summary>Redundant blocks that are read; a payload with more is refused.</summary>
    public const int MaxRedundantBlocks = 8;

    /// <summary>The longest redundant block.</summary>
    public const int MaxBlockLengthBytes = (1 << 10) - 1;

    /// <summary>The oldest a redundant block can be, in clock units.</summary>
    public const uint MaxTimestampOffset = (1 << 14) - 1;

    internal const int RedundantHeaderLengthBytes = 4;
    internal const int PrimaryHeaderLengthBytes = 1;

    private readonly ReadOnlySpan<byte> _payload;
    private int _header;        // of the next block
    private int _block;
    private int _left;

    private RedundantPayload(ReadOnlySpan<byte> payload, int headersLength, int redundantBlocks, byte primaryPayloadType, int primaryStart)
    {
        _payload = payload;
        _block = headersLength;
        RedundantBlocks = _left = redundantBlocks;
        Primary = new RedundantBlock(primaryPayloadType, 0, payload[primaryStart..], isPrimary: true);
    }

    /// <summary>How many blocks it has besides the primary one.</summary>
    public int RedundantBlocks { get; }

    /// <summary>The block that belongs to the packet's own timestamp.</summary>
    public RedundantBlock Primary { get; }

    /// <summary>Reads the headers.</summary>
    /// <param name="payload">Of a packet whose payload type is one for redundancy.</param>
    /// <param name="redundant">To read the blocks with.</param>
    /// <returns>False when a header or a block is cut off, or there are too many.</returns>
    public static bool TryParse(ReadOnlySpan<byte> payload, out RedundantPayload redundant)
    {
        redundant = default;
        (int at, int blocks, int length) = (0, 0, 0);
        while (at < payload.Length && (payload[at] & 0x80) != 0)
        {
            if (++blocks > MaxRedundantBlocks || payload.Length - at < RedundantHeaderLengthBytes) return false;
            length += LengthOf(payload[at..]);
            at += RedundantHeaderLengthBytes;
        }

        if (at == payload.Length) return false;
        int headers = at + PrimaryHeaderLengthBytes;
        if (headers + length > payload.Length) return false;
        redundant = new RedundantPayload(payload, headers, blocks, payload[at], headers + length);
        return true;
    }

    /// <summary>Gives the redundant blocks, in the order in which they stand there: the oldest first, as a rule. The default value has none.</summary>
    public bool TryReadRedundant(out RedundantBlock block)
    {
        block = default;
        if (_left == 0) return false;
        _left--;
        ReadOnlySpan<byte> header = _payload[_header..];
        int length = LengthOf(header);
        block = new RedundantBlock((byte)(header[0] & 0x7F), (uint)((header[1] << 6) | (header[2] >> 2)), _payload.Slice(_block, length), isPrimary: false);
        (_header, _block) = (_header + RedundantHeaderLengthBytes, _block + length);
        return true;
    }

    private static int LengthOf(ReadOnlySpan<byte> header) => ((header[2] & 3) << 8) | header[3];
}
