using System.Buffers.Binary;

namespace Parley.Rtp.Rtcp.ExtendedReports;

/// <summary>The kinds of blocks of an XR.</summary>
/// <remarks>Source: RFC 3611 4.</remarks>
public enum XrBlockType : byte
{
    /// <summary>Which packets came: <see cref="XrTrace"/>.</summary>
    LossRuns = 1,

    /// <summary>Which packets came more than once: <see cref="XrTrace"/>.</summary>
    DuplicateRuns = 2,

    /// <summary>When packets came: <see cref="XrTrace"/>.</summary>
    ReceiptTimes = 3,

    /// <summary>What time it is at a receiver.</summary>
    ReceiverReferenceTime = 4,

    /// <summary>The answers to that: <see cref="XrDelay"/>.</summary>
    DelaySinceReferenceTime = 5,

    /// <summary>Loss, duplicates and jitter in numbers: <see cref="XrStatisticsSummary"/>.</summary>
    StatisticsSummary = 6,

    /// <summary>How a call sounds: <see cref="XrVoipMetrics"/>.</summary>
    VoipMetrics = 7,
}

/// <summary>Goes through the blocks of an XR; stops at the first that is cut off.</summary>
public ref struct XrBlocks
{
    private ReadOnlySpan<byte> _rest;

    internal XrBlocks(ReadOnlySpan<byte> blocks) => _rest = blocks;

    /// <summary>Gives the next block.</summary>
    /// <returns>False behind the last.</returns>
    public bool TryRead(out XrBlock block)
    {
        block = default;
        if (_rest.Length < XrBlock.HeaderLengthBytes) return false;
        int length = (BinaryPrimitives.ReadUInt16BigEndian(_rest[2..]) + 1) * 4;
        if (length > _rest.Length) return false;
        block = new XrBlock(_rest[..length]);
        _rest = _rest[length..];
        return true;
    }
}

/// <summary>A view of one block of an XR; not valid longer than the datagram.</summary>
/// <remarks>
/// <code>
/// |   block type  | type-specific |  length in words, less one    |
/// |                        content                                |
/// </code>
/// What is asked of it and is not what it has, or has not the length that RFC 3611 gives it, is not there. Source: RFC 3611 3.
/// </remarks>
public readonly ref struct XrBlock
{
    internal const int HeaderLengthBytes = 4;
    private readonly ReadOnlySpan<byte> _block;

    internal XrBlock(ReadOnlySpan<byte> block) => _block = block;

    /// <summary>What it is; may be a type that has no name here.</summary>
    public XrBlockType Type => (XrBlockType)_block[0];

    /// <summary>Its second byte, which depends on the type.</summary>
    public byte TypeSpecific => _block[1];

    /// <summary>All behind its header.</summary>
    public ReadOnlySpan<byte> Content => _block[HeaderLengthBytes..];

    /// <summary>How many answers it has: <see cref="TryGetDelay"/>.</summary>
    public int DelayCount => Type == XrBlockType.DelaySinceReferenceTime ? Content.Length / XrDelay.LengthBytes : 0;

    /// <summary>What a block about single packets says.</summary>
    public bool TryGetTrace(out XrTrace trace)
    {
        trace = default;
        if (Type is not (XrBlockType.LossRuns or XrBlockType.DuplicateRuns or XrBlockType.ReceiptTimes) || Content.Length < XrTrace.HeadLengthBytes) return false;
        trace = new XrTrace(Type, TypeSpecific & 0x0F, Content);
        return true;
    }

    /// <summary>What time it was when the block was sent.</summary>
    /// <param name="ntpTimestamp">Seconds since 1900 in the upper half, their fraction in the lower; 0 when the sender does not know.</param>
    public bool TryGetReferenceTime(out ulong ntpTimestamp)
    {
        ntpTimestamp = 0;
        return Type == XrBlockType.ReceiverReferenceTime && Content.Length == 8 && BinaryPrimitives.TryReadUInt64BigEndian(Content, out ntpTimestamp);
    }

    /// <summary>An answer to a reference time.</summary>
    /// <param name="index">0 to <see cref="DelayCount"/> - 1.</param>
    /// <param name="delay">The answer.</param>
    public bool TryGetDelay(int index, out XrDelay delay)
    {
        bool isThere = (uint)index < (uint)DelayCount;
        delay = isThere ? XrDelay.Read(Content[(index * XrDelay.LengthBytes)..]) : default;
        return isThere;
    }

    /// <summary>Loss, duplicates and jitter in numbers.</summary>
    /// <returns>False also when a number is there that its flag says is not: such a block is to be ignored (RFC 3611 4.6).</returns>
    public bool TryGetSummary(out XrStatisticsSummary summary)
    {
        summary = default;
        return Type == XrBlockType.StatisticsSummary && Content.Length == XrStatisticsSummary.LengthBytes && XrStatisticsSummary.TryRead(TypeSpecific, Content, out summary);
    }

    /// <summary>How a call sounds.</summary>
    public bool TryGetVoipMetrics(out XrVoipMetrics metrics)
    {
        bool isThere = Type == XrBlockType.VoipMetrics && Content.Length == XrVoipMetrics.LengthBytes;
        metrics = isThere ? XrVoipMetrics.Read(Content) : default;
        return isThere;
    }
}

/// <summary>The answer to a receiver's reference time (DLRR): from it that receiver knows its round trip.</summary>
/// <param name="Ssrc">The receiver.</param>
/// <param name="LastReferenceTime">The middle 32 bits of its last time; 0 when none came.</param>
/// <param name="DelaySince">Between that and this answer, in 1/65536 s.</param>
/// <remarks>Source: RFC 3611 4.5.</remarks>
public readonly record struct XrDelay(uint Ssrc, uint LastReferenceTime, uint DelaySince)
{
    internal const int LengthBytes = 12;

    internal static XrDelay Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt32BigEndian(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]), BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]));

    internal void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, Ssrc);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], LastReferenceTime);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], DelaySince);
    }
}
