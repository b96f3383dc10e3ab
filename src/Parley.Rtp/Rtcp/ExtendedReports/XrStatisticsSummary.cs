using System.Buffers.Binary;

namespace Parley.Rtp.Rtcp.ExtendedReports;

/// <summary>Loss, duplicates and jitter of a range of packets in numbers.</summary>
/// <remarks>
/// <code>
/// |     BT=6      |L|D|J|ToH|rsvd.|       block length = 9        |
/// |                        SSRC of source                         |
/// |          begin_seq            |             end_seq           |
/// |        lost_packets           |  dup_packets (a word each)    |
/// |   min_jitter, max_jitter, mean_jitter, dev_jitter             |
/// | min_ttl_or_hl | max_ttl_or_hl |mean_ttl_or_hl | dev_ttl_or_hl |
/// </code>
/// What is null was not reported. Source: RFC 3611 4.6.
/// </remarks>
public readonly record struct XrStatisticsSummary
{
    internal const int LengthBytes = 36;
    private const int LossFlag = 0x80;
    private const int DuplicateFlag = 0x40;
    private const int JitterFlag = 0x20;
    private const int HopsMask = 0x18;

    /// <summary>Whose packets they are.</summary>
    public uint Ssrc { get; init; }

    /// <summary>The first number of the range.</summary>
    public ushort Begin { get; init; }

    /// <summary>The number behind the last of the range.</summary>
    public ushort End { get; init; }

    /// <summary>Packets that did not come.</summary>
    public uint? Lost { get; init; }

    /// <summary>Packets that came more than once.</summary>
    public uint? Duplicates { get; init; }

    /// <summary>By how much packets took longer or shorter than the ones before them.</summary>
    public XrJitter? Jitter { get; init; }

    internal static bool TryRead(byte flags, ReadOnlySpan<byte> content, out XrStatisticsSummary summary)
    {
        uint Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);
        XrJitter jitter = new(Word(content, 16), Word(content, 20), Word(content, 24), Word(content, 28));
        summary = new XrStatisticsSummary
        {
            Ssrc = Word(content, 0),
            Begin = BinaryPrimitives.ReadUInt16BigEndian(content[4..]),
            End = BinaryPrimitives.ReadUInt16BigEndian(content[6..]),
            Lost = (flags & LossFlag) != 0 ? Word(content, 8) : null,
            Duplicates = (flags & DuplicateFlag) != 0 ? Word(content, 12) : null,
            Jitter = (flags & JitterFlag) != 0 ? jitter : null,
        };
        return (summary.Lost is not null || Word(content, 8) == 0)
            && (summary.Duplicates is not null || Word(content, 12) == 0)
            && (summary.Jitter is not null || jitter == default)
            && ((flags & HopsMask) != 0 || Word(content, 32) == 0);
    }

    internal byte Write(Span<byte> content)
    {
        content.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(content, Ssrc);
        BinaryPrimitives.WriteUInt16BigEndian(content[4..], Begin);
        BinaryPrimitives.WriteUInt16BigEndian(content[6..], End);
        BinaryPrimitives.WriteUInt32BigEndian(content[8..], Lost ?? 0);
        BinaryPrimitives.WriteUInt32BigEndian(content[12..], Duplicates ?? 0);
        if (Jitter is { } jitter)
        {
            BinaryPrimitives.WriteUInt32BigEndian(content[16..], jitter.Least);
            BinaryPrimitives.WriteUInt32BigEndian(content[20..], jitter.Most);
            BinaryPrimitives.WriteUInt32BigEndian(content[24..], jitter.Mean);
            BinaryPrimitives.WriteUInt32BigEndian(content[28..], jitter.Deviation);
        }

        return (byte)((Lost is null ? 0 : LossFlag) | (Duplicates is null ? 0 : DuplicateFlag) | (Jitter is null ? 0 : JitterFlag));
    }
}

/// <summary>Relative transit times of one packet after the other.</summary>
/// <param name="Least">The smallest.</param>
/// <param name="Most">The largest.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Deviation">Their standard deviation.</param>
/// <remarks>In units of RTP timestamps.</remarks>
public readonly record struct XrJitter(uint Least, uint Most, uint Mean, uint Deviation);
