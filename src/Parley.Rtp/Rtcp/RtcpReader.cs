using System.Buffers.Binary;

namespace Parley.Rtp.Rtcp;

/// <summary>Goes through the packets of a compound RTCP datagram.</summary>
/// <remarks>Source: RFC 3550 6.1 and A.2.</remarks>
public ref struct RtcpReader
{
    private ReadOnlySpan<byte> _rest;

    private RtcpReader(ReadOnlySpan<byte> datagram) => _rest = datagram;

    /// <summary>Checks a whole datagram before anything in it is believed.</summary>
    /// <param name="datagram">The datagram.</param>
    /// <param name="reader">Goes through its packets.</param>
    /// <param name="takesReducedSize">True where it was agreed on that a datagram need not begin with a report (RFC 5506).</param>
    public static RtcpError TryParse(ReadOnlySpan<byte> datagram, out RtcpReader reader, bool takesReducedSize = false)
    {
        reader = default;
        if (datagram.Length < RtcpPacket.HeaderLengthBytes) return RtcpError.TooShort;
        bool isReport = datagram[1] is (byte)RtcpPacketType.SenderReport or (byte)RtcpPacketType.ReceiverReport;
        if (!isReport && !(takesReducedSize && RtpPacket.IsRtcp(datagram))) return RtcpError.NoReportFirst;
        if ((datagram[0] & 0x20) != 0 && LengthOf(datagram) < datagram.Length) return RtcpError.BadPadding;
        ReadOnlySpan<byte> rest = datagram;
        while (!rest.IsEmpty)
        {
            if (rest.Length < RtcpPacket.HeaderLengthBytes) return RtcpError.LengthsDiffer;
            if (rest[0] >> 6 != 2) return RtcpError.WrongVersion;
            int length = LengthOf(rest);
            if (length > rest.Length) return RtcpError.LengthsDiffer;
            if ((rest[0] & 0x20) != 0)
            {
                int padding = rest[length - 1];
                if (length < rest.Length || padding == 0 || padding % 4 != 0 || padding > length - RtcpPacket.HeaderLengthBytes) return RtcpError.BadPadding;
            }

            rest = rest[length..];
        }

        reader = new RtcpReader(datagram);
        return RtcpError.None;
    }

    /// <summary>Gives the next packet.</summary>
    /// <returns>False behind the last.</returns>
    public bool TryRead(out RtcpPacket packet)
    {
        packet = default;
        if (_rest.IsEmpty) return false;
        int length = LengthOf(_rest);
        int padding = (_rest[0] & 0x20) != 0 ? _rest[length - 1] : 0;
        packet = new RtcpPacket((RtcpPacketType)_rest[1], _rest[0] & 0x1F, _rest[RtcpPacket.HeaderLengthBytes..(length - padding)]);
        _rest = _rest[length..];
        return true;
    }

    private static int LengthOf(ReadOnlySpan<byte> packet) => (BinaryPrimitives.ReadUInt16BigEndian(packet[2..]) + 1) * 4;
}

/// <summary>Why a datagram is no RTCP.</summary>
public enum RtcpError
{
    /// <summary>It is.</summary>
    None,

    /// <summary>Shorter than a header.</summary>
    TooShort,

    /// <summary>A version other than 2 in one of its packets.</summary>
    WrongVersion,

    /// <summary>Its first packet is neither SR nor RR.</summary>
    NoReportFirst,

    /// <summary>The lengths of its packets do not add up to its own.</summary>
    LengthsDiffer,

    /// <summary>Padding that is not at the end, or longer than its packet.</summary>
    BadPadding,
}
