using System.Buffers.Binary;
using Parley.Rtp.Rtcp.ExtendedReports;

namespace Parley.Rtp.Rtcp;

/// <summary>The kinds of RTCP packets.</summary>
/// <remarks>Source: RFC 3550 12.1, RFC 4585 6.1, RFC 3611 5.</remarks>
public enum RtcpPacketType : byte
{
    /// <summary>SR: what a sender sent and hears.</summary>
    SenderReport = 200,

    /// <summary>RR: what who does not send hears.</summary>
    ReceiverReport = 201,

    /// <summary>SDES: who a source is.</summary>
    SourceDescription = 202,

    /// <summary>BYE: a source ends.</summary>
    Goodbye = 203,

    /// <summary>APP: what an application defines.</summary>
    ApplicationDefined = 204,

    /// <summary>RTPFB: feedback about transport.</summary>
    TransportFeedback = 205,

    /// <summary>PSFB: feedback about the payload.</summary>
    PayloadFeedback = 206,

    /// <summary>XR: extended reports.</summary>
    ExtendedReport = 207,
}

/// <summary>What a sender says of what it sent.</summary>
/// <param name="NtpTimestamp">When: seconds since 1900 in the upper half, their fraction in the lower.</param>
/// <param name="RtpTimestamp">The same time in the stream's clock.</param>
/// <param name="PacketCount">Packets sent since the beginning.</param>
/// <param name="OctetCount">Bytes of payload in them.</param>
/// <remarks>Source: RFC 3550 6.4.1.</remarks>
public readonly record struct RtcpSenderInfo(ulong NtpTimestamp, uint RtpTimestamp, uint PacketCount, uint OctetCount);

/// <summary>What a receiver says of one sender.</summary>
/// <param name="Ssrc">The sender.</param>
/// <param name="FractionLost">Lost since the last report, in 1/256.</param>
/// <param name="CumulativeLost">Lost since the beginning: -2^23 to 2^23 - 1.</param>
/// <param name="ExtendedHighestSequence">The highest sequence number, with the count of its cycles above it.</param>
/// <param name="Jitter">In the stream's clock units.</param>
/// <param name="LastSenderReport">The middle 32 bits of the last SR's NTP timestamp; 0 before the first.</param>
/// <param name="DelaySinceLastSenderReport">Between that SR and this report, in 1/65536 s.</param>
/// <remarks>Source: RFC 3550 6.4.1.</remarks>
public readonly record struct RtcpReportBlock(
    uint Ssrc, byte FractionLost, int CumulativeLost, uint ExtendedHighestSequence, uint Jitter, uint LastSenderReport, uint DelaySinceLastSenderReport)
{
    internal const int LengthBytes = 24;

    internal static RtcpReportBlock Read(ReadOnlySpan<byte> bytes)
    {
        int lost = (int)BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) << 8 >> 8;
        return new RtcpReportBlock(
            BinaryPrimitives.ReadUInt32BigEndian(bytes),
            bytes[4],
            lost,
            BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[20..]));
    }

    internal void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, Ssrc);
        BinaryPrimitives.WriteInt32BigEndian(bytes[4..], Math.Clamp(CumulativeLost, -0x800000, 0x7FFFFF));
        bytes[4] = FractionLost;
        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], ExtendedHighestSequence);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[12..], Jitter);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[16..], LastSenderReport);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[20..], DelaySinceLastSenderReport);
    }
}

/// <summary>A view of one packet of a compound RTCP datagram; not valid longer than that.</summary>
/// <remarks>
/// <code>
/// |V=2|P|  count  |  packet type  |   length in words, less one   |
/// |                            content                            |
/// </code>
/// Source: RFC 3550 6.1 and 6.4 to 6.7.
/// </remarks>
public readonly ref struct RtcpPacket
{
    internal const int HeaderLengthBytes = 4;
    private const int SenderInfoLengthBytes = 20;

    internal RtcpPacket(RtcpPacketType type, int count, ReadOnlySpan<byte> content)
    {
        Type = type;
        Count = count;
        Content = content;
    }

    /// <summary>What it is; may be a type that has no name here.</summary>
    public RtcpPacketType Type { get; }

    /// <summary>The five bits of its header: report blocks, chunks, sources or a subtype.</summary>
    public int Count { get; }

    /// <summary>All behind the header, without padding.</summary>
    public ReadOnlySpan<byte> Content { get; }

    /// <summary>The source that the packet begins with: the reporter of SR and RR, the sender of APP and feedback.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryGetSsrc(out uint ssrc) => BinaryPrimitives.TryReadUInt32BigEndian(Content, out ssrc);

    /// <summary>The sender's part of an SR.</summary>
    /// <returns>False when it is none or cut off.</returns>
    public bool TryGetSenderInfo(out RtcpSenderInfo info)
    {
        info = default;
        if (Type != RtcpPacketType.SenderReport || Content.Length < 4 + SenderInfoLengthBytes) return false;
        info = new RtcpSenderInfo(
            BinaryPrimitives.ReadUInt64BigEndian(Content[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(Content[12..]),
            BinaryPrimitives.ReadUInt32BigEndian(Content[16..]),
            BinaryPrimitives.ReadUInt32BigEndian(Content[20..]));
        return true;
    }

    /// <summary>A report block of an SR or RR.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <param name="block">The block.</param>
    /// <returns>False when there is none or it is cut off.</returns>
    public bool TryGetReportBlock(int index, out RtcpReportBlock block)
    {
        block = default;
        int start = Type switch
        {
            RtcpPacketType.SenderReport => 4 + SenderInfoLengthBytes,
            RtcpPacketType.ReceiverReport => 4,
            _ => -1,
        };
        if (start < 0 || (uint)index >= (uint)Count) return false;
        start += index * RtcpReportBlock.LengthBytes;
        if (Content.Length < start + RtcpReportBlock.LengthBytes) return false;
        block = RtcpReportBlock.Read(Content[start..]);
        return true;
    }

    /// <summary>A source that a BYE names.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    /// <param name="ssrc">The source.</param>
    /// <returns>False when there is none or it is cut off.</returns>
    public bool TryGetGoodbye(int index, out uint ssrc)
    {
        ssrc = 0;
        return Type == RtcpPacketType.Goodbye && (uint)index < (uint)Count && Content.Length >= (index * 4) + 4
            && BinaryPrimitives.TryReadUInt32BigEndian(Content[(index * 4)..], out ssrc);
    }

    /// <summary>Why a BYE was said: UTF-8.</summary>
    /// <returns>Nothing when it does not say.</returns>
    public ReadOnlySpan<byte> GoodbyeReason
    {
        get
        {
            int at = Count * 4;
            if (Type != RtcpPacketType.Goodbye || Content.Length <= at) return default;
            int length = Content[at];
            return Content.Length > at + length ? Content.Slice(at + 1, length) : default;
        }
    }

    /// <summary>The items of an SDES, to be gone through.</summary>
    public RtcpSourceDescriptions SourceDescriptions => new(Type == RtcpPacketType.SourceDescription ? Content : default, Count);

    /// <summary>The four letters of an APP.</summary>
    /// <returns>Nothing when it is none.</returns>
    public ReadOnlySpan<byte> ApplicationName => Type == RtcpPacketType.ApplicationDefined && Content.Length >= 8 ? Content.Slice(4, 4) : default;

    /// <summary>What an APP carries: whole words.</summary>
    public ReadOnlySpan<byte> ApplicationData => Type == RtcpPacketType.ApplicationDefined && Content.Length >= 8 ? Content[8..] : default;

    /// <summary>The feedback message of an RTPFB or PSFB.</summary>
    /// <returns>False when it is none or cut off.</returns>
    public bool TryGetFeedback(out RtcpFeedback feedback)
    {
        feedback = default;
        if (Type is not (RtcpPacketType.TransportFeedback or RtcpPacketType.PayloadFeedback) || Content.Length < RtcpFeedback.SourcesLengthBytes) return false;
        feedback = new RtcpFeedback(Type, Count, Content);
        return true;
    }

    /// <summary>The blocks of an XR, to be gone through.</summary>
    public XrBlocks ExtendedReports => new(Type == RtcpPacketType.ExtendedReport && Content.Length >= 4 ? Content[4..] : default);
}
