using System.Buffers.Binary;

namespace Parley.Rtp.Rtcp;

/// <summary>What a transport feedback message (RTPFB) is about.</summary>
/// <remarks>Source: RFC 4585 6.2, RFC 5104 4.2.</remarks>
public enum RtcpTransportFeedback
{
    /// <summary>Packets that are lost: <see cref="RtcpGenericNack"/>.</summary>
    GenericNack = 1,

    /// <summary>TMMBR, a limit that a receiver sets: <see cref="RtcpMaxBitRate"/>.</summary>
    MaxBitRateRequest = 3,

    /// <summary>TMMBN, the limits that a sender keeps to: <see cref="RtcpMaxBitRate"/>, or none.</summary>
    MaxBitRateNotification = 4,
}

/// <summary>What a payload feedback message (PSFB) is about.</summary>
/// <remarks>Source: RFC 4585 6.3, RFC 5104 4.3.</remarks>
public enum RtcpPayloadFeedback
{
    /// <summary>PLI: pictures were lost. It says no more.</summary>
    PictureLossIndication = 1,

    /// <summary>SLI: parts of a picture were lost.</summary>
    SliceLossIndication = 2,

    /// <summary>RPSI: which picture to refer to.</summary>
    ReferencePictureSelection = 3,

    /// <summary>FIR: a whole picture is asked for: <see cref="RtcpFullIntraRequest"/>.</summary>
    FullIntraRequest = 4,

    /// <summary>Messages of an application.</summary>
    Application = 15,
}

/// <summary>Packets that were not received.</summary>
/// <param name="PacketId">The first one's sequence number.</param>
/// <param name="Following">Which of the 16 behind it are lost too: bit 0 is the next one.</param>
/// <remarks>Source: RFC 4585 6.2.1.</remarks>
public readonly record struct RtcpGenericNack(ushort PacketId, ushort Following)
{
    internal const int LengthBytes = 4;

    /// <summary>True when it names a packet.</summary>
    public bool Has(ushort sequenceNumber)
    {
        int behind = (ushort)(sequenceNumber - PacketId);
        return behind == 0 || (behind <= 16 && (Following >> (behind - 1) & 1) != 0);
    }

    internal static RtcpGenericNack Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt16BigEndian(bytes), BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]));

    internal void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt16BigEndian(bytes, PacketId);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], Following);
    }
}

/// <summary>A whole picture that is asked of a sender.</summary>
/// <param name="Ssrc">The sender.</param>
/// <param name="SequenceNumber">Grows by one with each request, not with its repetitions.</param>
/// <remarks>Source: RFC 5104 4.3.1.</remarks>
public readonly record struct RtcpFullIntraRequest(uint Ssrc, byte SequenceNumber)
{
    internal const int LengthBytes = 8;

    internal static RtcpFullIntraRequest Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes[4]);

    internal void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, Ssrc);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], (uint)SequenceNumber << 24);
    }
}

/// <summary>The most that a sender shall send, or keeps to.</summary>
/// <param name="Ssrc">The sender.</param>
/// <param name="Exponent">0 to 63.</param>
/// <param name="Mantissa">0 to 131071: the rate is this times two to the exponent, in bits per second.</param>
/// <param name="OverheadLengthBytes">Of headers per packet: 0 to 511.</param>
/// <remarks>Source: RFC 5104 4.2.1.1 and 4.2.2.1.</remarks>
public readonly record struct RtcpMaxBitRate(uint Ssrc, int Exponent, int Mantissa, int OverheadLengthBytes)
{
    internal const int LengthBytes = 8;
    private const int MantissaBits = 17;

    /// <summary>The rate.</summary>
    /// <value>Bits per second: 0 to about 1.2 * 10^24.</value>
    public double BitsPerSecond => Mantissa * Math.Pow(2, Exponent);

    /// <summary>A limit of so many bits per second, as near below it as the field can say.</summary>
    public static RtcpMaxBitRate Of(uint ssrc, ulong bitsPerSecond, int overheadLengthBytes)
    {
        int exponent = Math.Max(0, 64 - MantissaBits - (int)ulong.LeadingZeroCount(bitsPerSecond));
        return new RtcpMaxBitRate(ssrc, exponent, (int)(bitsPerSecond >> exponent), overheadLengthBytes);
    }

    internal static RtcpMaxBitRate Read(ReadOnlySpan<byte> bytes)
    {
        uint word = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        return new RtcpMaxBitRate(BinaryPrimitives.ReadUInt32BigEndian(bytes), (int)(word >> 26), (int)(word >> 9 & 0x1FFFF), (int)(word & 0x1FF));
    }

    internal void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, Ssrc);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], (uint)((Exponent & 0x3F) << 26 | (Mantissa & 0x1FFFF) << 9 | (OverheadLengthBytes & 0x1FF)));
    }
}

/// <summary>A view of a feedback message: RTPFB or PSFB.</summary>
/// <remarks>
/// <code>
/// |                  SSRC of packet sender                        |
/// |                  SSRC of media source                         |
/// :            feedback control information (FCI)                 :
/// </code>
/// What is asked for with an index that is not there, or is of another kind, is not there. Source: RFC 4585 6.1.
/// </remarks>
public readonly ref struct RtcpFeedback
{
    internal const int SourcesLengthBytes = 8;

    private readonly RtcpPacketType _type;
    private readonly int _format;

    internal RtcpFeedback(RtcpPacketType type, int format, ReadOnlySpan<byte> content)
    {
        (_type, _format) = (type, format);
        (Sender, Media) = (BinaryPrimitives.ReadUInt32BigEndian(content), BinaryPrimitives.ReadUInt32BigEndian(content[4..]));
        Information = content[SourcesLengthBytes..];
    }

    /// <summary>Who says it.</summary>
    public uint Sender { get; }

    /// <summary>Which stream it is about; 0 where the entries say that.</summary>
    public uint Media { get; }

    /// <summary>All behind the two sources.</summary>
    public ReadOnlySpan<byte> Information { get; }

    /// <summary>What it is about, for transport feedback; null for payload feedback.</summary>
    public RtcpTransportFeedback? Transport => _type == RtcpPacketType.TransportFeedback ? (RtcpTransportFeedback)_format : null;

    /// <summary>What it is about, for payload feedback; null for transport feedback.</summary>
    public RtcpPayloadFeedback? Payload => _type == RtcpPacketType.PayloadFeedback ? (RtcpPayloadFeedback)_format : null;

    /// <summary>An entry of a Generic NACK.</summary>
    public bool TryGetNack(int index, out RtcpGenericNack nack)
    {
        bool isThere = Transport == RtcpTransportFeedback.GenericNack && Has(index, RtcpGenericNack.LengthBytes);
        nack = isThere ? RtcpGenericNack.Read(Information[(index * RtcpGenericNack.LengthBytes)..]) : default;
        return isThere;
    }

    /// <summary>An entry of a TMMBR or TMMBN.</summary>
    public bool TryGetMaxBitRate(int index, out RtcpMaxBitRate limit)
    {
        bool isThere = Transport is RtcpTransportFeedback.MaxBitRateRequest or RtcpTransportFeedback.MaxBitRateNotification && Has(index, RtcpMaxBitRate.LengthBytes);
        limit = isThere ? RtcpMaxBitRate.Read(Information[(index * RtcpMaxBitRate.LengthBytes)..]) : default;
        return isThere;
    }

    /// <summary>An entry of a FIR.</summary>
    public bool TryGetFullIntraRequest(int index, out RtcpFullIntraRequest request)
    {
        bool isThere = Payload == RtcpPayloadFeedback.FullIntraRequest && Has(index, RtcpFullIntraRequest.LengthBytes);
        request = isThere ? RtcpFullIntraRequest.Read(Information[(index * RtcpFullIntraRequest.LengthBytes)..]) : default;
        return isThere;
    }

    private bool Has(int index, int entryLengthBytes) => (uint)index < (uint)(Information.Length / entryLengthBytes);
}
