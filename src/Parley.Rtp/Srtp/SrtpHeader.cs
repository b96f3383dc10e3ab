using System.Buffers.Binary;

namespace Parley.Rtp.Srtp;

/// <summary>What SRTP needs of an RTP header, read before anything of the packet is believed.</summary>
internal readonly record struct SrtpHeader(ushort SequenceNumber, uint Ssrc, int LengthBytes)
{
    /// <summary>Reads the header of a packet without its tag. The padding is encrypted, so it is not looked at.</summary>
    public static SrtpError TryRead(ReadOnlySpan<byte> packet, out SrtpHeader header)
    {
        header = default;
        if (packet.Length < RtpPacket.FixedHeaderLengthBytes) return SrtpError.TooShort;
        if (packet[0] >> 6 != 2) return SrtpError.Malformed;
        int length = RtpPacket.FixedHeaderLengthBytes + ((packet[0] & 0x0F) * 4);
        if ((packet[0] & 0x10) != 0)
        {
            if (packet.Length < length + 4) return SrtpError.Malformed;
            length += 4 + (BinaryPrimitives.ReadUInt16BigEndian(packet[(length + 2)..]) * 4);
        }

        if (packet.Length < length) return SrtpError.Malformed;
        header = new SrtpHeader(
            BinaryPrimitives.ReadUInt16BigEndian(packet[2..]), BinaryPrimitives.ReadUInt32BigEndian(packet[8..]), length);
        return SrtpError.None;
    }
}
