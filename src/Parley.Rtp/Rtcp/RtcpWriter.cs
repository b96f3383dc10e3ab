using System.Buffers.Binary;
using Parley.Rtp.Rtcp.ExtendedReports;

namespace Parley.Rtp.Rtcp;

/// <summary>Writes the packets of a compound RTCP datagram one behind the other. A compound begins with SR or RR and has an SDES with the CNAME.</summary>
/// <remarks>Source: RFC 3550 6.1.</remarks>
public ref struct RtcpWriter
{
    private readonly Span<byte> _destination;

    /// <summary>Writes from the beginning of a buffer.</summary>
    /// <param name="destination">A datagram's worth.</param>
    public RtcpWriter(Span<byte> destination) => _destination = destination;

    /// <summary>Bytes written so far.</summary>
    public int Length { get; private set; }

    /// <summary>Writes an SR.</summary>
    /// <exception cref="ArgumentException">It does not fit, or has more than 31 blocks.</exception>
    public void WriteSenderReport(uint ssrc, in RtcpSenderInfo info, params ReadOnlySpan<RtcpReportBlock> blocks)
    {
        Span<byte> content = Begin(RtcpPacketType.SenderReport, blocks.Length, 24 + (blocks.Length * RtcpReportBlock.LengthBytes));
        BinaryPrimitives.WriteUInt32BigEndian(content, ssrc);
        BinaryPrimitives.WriteUInt64BigEndian(content[4..], info.NtpTimestamp);
        BinaryPrimitives.WriteUInt32BigEndian(content[12..], info.RtpTimestamp);
        BinaryPrimitives.WriteUInt32BigEndian(content[16..], info.PacketCount);
        BinaryPrimitives.WriteUInt32BigEndian(content[20..], info.OctetCount);
        WriteBlocks(content[24..], blocks);
    }

    /// <summary>Writes an RR.</summary>
    /// <exception cref="ArgumentException">It does not fit, or has more than 31 blocks.</exception>
    public void WriteReceiverReport(uint ssrc, params ReadOnlySpan<RtcpReportBlock> blocks)
    {
        Span<byte> content = Begin(RtcpPacketType.ReceiverReport, blocks.Length, 4 + (blocks.Length * RtcpReportBlock.LengthBytes));
        BinaryPrimitives.WriteUInt32BigEndian(content, ssrc);
        WriteBlocks(content[4..], blocks);
    }

    /// <summary>Writes an SDES of one source with one item.</summary>
    /// <param name="ssrc">The source.</param>
    /// <param name="item">What is said.</param>
    /// <param name="text">UTF-8, at most 255 bytes.</param>
    /// <exception cref="ArgumentException">It does not fit, or the text is too long.</exception>
    public void WriteSourceDescription(uint ssrc, RtcpSdesItem item, ReadOnlySpan<byte> text)
    {
        if (text.Length > 255) throw new ArgumentException("An item has at most 255 bytes.", nameof(text));
        int items = 2 + text.Length;
        Span<byte> content = Begin(RtcpPacketType.SourceDescription, 1, 4 + ((items / 4) + 1) * 4);     // at least one null item behind it
        content.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(content, ssrc);
        content[4] = (byte)item;
        content[5] = (byte)text.Length;
        text.CopyTo(content[6..]);
    }

    /// <summary>Writes a BYE of one source.</summary>
    /// <param name="ssrc">The source that ends.</param>
    /// <param name="reason">UTF-8, at most 255 bytes; empty for none.</param>
    /// <exception cref="ArgumentException">It does not fit, or the reason is too long.</exception>
    public void WriteGoodbye(uint ssrc, ReadOnlySpan<byte> reason = default)
    {
        if (reason.Length > 255) throw new ArgumentException("A reason has at most 255 bytes.", nameof(reason));
        Span<byte> content = Begin(RtcpPacketType.Goodbye, 1, 4 + (reason.IsEmpty ? 0 : (reason.Length + 4) / 4 * 4));
        content.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(content, ssrc);
        if (reason.IsEmpty) return;
        content[4] = (byte)reason.Length;
        reason.CopyTo(content[5..]);
    }

    /// <summary>Writes an APP.</summary>
    /// <param name="ssrc">Who says it.</param>
    /// <param name="subtype">0 to 31.</param>
    /// <param name="name">Four letters.</param>
    /// <param name="data">Whole words.</param>
    /// <exception cref="ArgumentException">It does not fit, or something has a wrong length.</exception>
    public void WriteApplicationDefined(uint ssrc, int subtype, ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        if (name.Length != 4 || data.Length % 4 != 0) throw new ArgumentException("Four letters and whole words.", nameof(data));
        Span<byte> content = Begin(RtcpPacketType.ApplicationDefined, subtype, 8 + data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(content, ssrc);
        name.CopyTo(content[4..]);
        data.CopyTo(content[8..]);
    }

    /// <summary>Writes a Generic NACK.</summary>
    /// <param name="sender">Who says it.</param>
    /// <param name="media">Whose packets are lost.</param>
    /// <param name="entries">One or more.</param>
    /// <exception cref="ArgumentException">It does not fit, or there is no entry.</exception>
    public void WriteGenericNack(uint sender, uint media, params ReadOnlySpan<RtcpGenericNack> entries)
    {
        Span<byte> information = BeginFeedback(RtcpPacketType.TransportFeedback, (int)RtcpTransportFeedback.GenericNack, sender, media, entries.Length * RtcpGenericNack.LengthBytes);
        if (entries.IsEmpty) throw new ArgumentException("A Generic NACK names a packet.", nameof(entries));
        for (int i = 0; i < entries.Length; i++) entries[i].Write(information[(i * RtcpGenericNack.LengthBytes)..]);
    }

    /// <summary>Writes a TMMBR, or a TMMBN that may have no entry.</summary>
    /// <param name="kind">Which of them.</param>
    /// <param name="sender">Who says it.</param>
    /// <param name="entries">The limits.</param>
    /// <exception cref="ArgumentException">It does not fit.</exception>
    public void WriteMaxBitRate(RtcpTransportFeedback kind, uint sender, params ReadOnlySpan<RtcpMaxBitRate> entries)
    {
        Span<byte> information = BeginFeedback(RtcpPacketType.TransportFeedback, (int)kind, sender, media: 0, entries.Length * RtcpMaxBitRate.LengthBytes);
        for (int i = 0; i < entries.Length; i++) entries[i].Write(information[(i * RtcpMaxBitRate.LengthBytes)..]);
    }

    /// <summary>Writes a PLI.</summary>
    /// <param name="sender">Who says it.</param>
    /// <param name="media">Whose pictures are lost.</param>
    /// <exception cref="ArgumentException">It does not fit.</exception>
    public void WritePictureLossIndication(uint sender, uint media) =>
        BeginFeedback(RtcpPacketType.PayloadFeedback, (int)RtcpPayloadFeedback.PictureLossIndication, sender, media, 0);

    /// <summary>Writes a FIR.</summary>
    /// <param name="sender">Who says it.</param>
    /// <param name="entries">Whom it is asked of; one or more.</param>
    /// <exception cref="ArgumentException">It does not fit, or there is no entry.</exception>
    public void WriteFullIntraRequest(uint sender, params ReadOnlySpan<RtcpFullIntraRequest> entries)
    {
        Span<byte> information = BeginFeedback(RtcpPacketType.PayloadFeedback, (int)RtcpPayloadFeedback.FullIntraRequest, sender, media: 0, entries.Length * RtcpFullIntraRequest.LengthBytes);
        if (entries.IsEmpty) throw new ArgumentException("A FIR asks somebody.", nameof(entries));
        for (int i = 0; i < entries.Length; i++) entries[i].Write(information[(i * RtcpFullIntraRequest.LengthBytes)..]);
    }

    /// <summary>Begins an XR, whose blocks are then written into it; <see cref="End"/> must follow.</summary>
    /// <param name="ssrc">Who reports.</param>
    /// <exception cref="ArgumentException">Not even its header fits.</exception>
    public XrWriter BeginExtendedReport(uint ssrc)
    {
        BinaryPrimitives.WriteUInt32BigEndian(Begin(RtcpPacketType.ExtendedReport, 0, 4), ssrc);
        return new XrWriter(_destination[Length..]);
    }

    /// <summary>Ends an XR; one without blocks is taken back.</summary>
    /// <param name="blocks">What <see cref="BeginExtendedReport"/> gave.</param>
    public void End(in XrWriter blocks)
    {
        int header = Length - RtcpPacket.HeaderLengthBytes - 4;
        Length = blocks.Length == 0 ? header : Length + blocks.Length;
        if (blocks.Length > 0) BinaryPrimitives.WriteUInt16BigEndian(_destination[(header + 2)..], (ushort)((blocks.Length + 4) / 4));
    }

    private Span<byte> BeginFeedback(RtcpPacketType type, int format, uint sender, uint media, int informationLength)
    {
        Span<byte> content = Begin(type, format, RtcpFeedback.SourcesLengthBytes + informationLength);
        BinaryPrimitives.WriteUInt32BigEndian(content, sender);
        BinaryPrimitives.WriteUInt32BigEndian(content[4..], media);
        return content[RtcpFeedback.SourcesLengthBytes..];
    }

    private static void WriteBlocks(Span<byte> content, ReadOnlySpan<RtcpReportBlock> blocks)
    {
        for (int i = 0; i < blocks.Length; i++) blocks[i].Write(content[(i * RtcpReportBlock.LengthBytes)..]);
    }

    private Span<byte> Begin(RtcpPacketType type, int count, int contentLength)
    {
        if ((uint)count > 31) throw new ArgumentException("A packet counts up to 31.", nameof(count));
        if (_destination.Length - Length < RtcpPacket.HeaderLengthBytes + contentLength) throw new ArgumentException("The packet does not fit.", nameof(contentLength));
        Span<byte> packet = _destination[Length..];
        packet[0] = (byte)(0x80 | count);
        packet[1] = (byte)type;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)(contentLength / 4));
        Length += RtcpPacket.HeaderLengthBytes + contentLength;
        return packet.Slice(RtcpPacket.HeaderLengthBytes, contentLength);
    }
}
