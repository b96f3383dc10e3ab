using System.Buffers.Binary;

namespace Parley.Rtp.Srtp;

/// <summary>The cryptographic context of what one side sends: makes SRTP of RTP and SRTCP of RTCP, in place.</summary>
/// <remarks>
/// For one thread at a time; nothing is allocated per packet. Up to 64 SSRCs share the key. An RTP packet may be sent out
/// of order within the last 128 of its SSRC, and none twice: that would use a keystream twice, which gives both packets
/// away. Source: RFC 3711 3.3 and 3.4, RFC 6188, RFC 7714.
/// </remarks>
public sealed class SrtpSender : IDisposable
{
    private readonly SrtpContext _context;
    private long _rtcpPackets;

    /// <summary>A context that has sent nothing yet.</summary>
    /// <param name="master">The key; of this sender alone.</param>
    public SrtpSender(SrtpMasterKey master) => _context = new SrtpContext(master);

    /// <summary>The key.</summary>
    public SrtpMasterKey MasterKey => _context.MasterKey;

    /// <summary>Protects an RTP packet.</summary>
    /// <param name="packet">The packet, with <see cref="SrtpMasterKey.OverheadLengthBytes"/> of room behind it.</param>
    /// <param name="length">Of the packet before.</param>
    /// <param name="protectedLength">Of the packet afterwards; 0 after an error, when nothing was changed.</param>
    /// <exception cref="ArgumentException">There is not enough room.</exception>
    public SrtpError Protect(Span<byte> packet, int length, out int protectedLength)
    {
        protectedLength = 0;
        int whole = length + MasterKey.OverheadLengthBytes;
        if (packet.Length < whole) throw new ArgumentException("There is no room for what SRTP adds.", nameof(packet));
        SrtpError error = SrtpHeader.TryRead(packet[..length], out SrtpHeader header);
        if (error != SrtpError.None) return error;
        error = _context.Check(header, out SrtpSource? source, out long index);
        if (error != SrtpError.None) return error;

        _context.Accept(header, source, index);
        _context.Rtp.SealRtp(packet[..whole], header.LengthBytes, length, header.Ssrc, index, MasterKey.Mki);
        protectedLength = whole;
        return SrtpError.None;
    }

    /// <summary>Protects an RTCP packet, a compound one as a rule.</summary>
    /// <param name="packet">The packet, with <see cref="SrtpMasterKey.RtcpOverheadLengthBytes"/> of room behind it.</param>
    /// <param name="length">Of the packet before.</param>
    /// <param name="protectedLength">Of the packet afterwards; 0 after an error, when nothing was changed.</param>
    /// <param name="encrypt">False leaves it readable and only authenticates it.</param>
    /// <exception cref="ArgumentException">There is not enough room.</exception>
    public SrtpError ProtectRtcp(Span<byte> packet, int length, out int protectedLength, bool encrypt = true)
    {
        protectedLength = 0;
        int whole = length + MasterKey.RtcpOverheadLengthBytes;
        if (packet.Length < whole) throw new ArgumentException("There is no room for what SRTCP adds.", nameof(packet));
        if (length < SrtpTransform.RtcpClearLengthBytes) return SrtpError.TooShort;
        if (packet[0] >> 6 != 2) return SrtpError.Malformed;
        // One index for all SSRCs: each then has its own growing one, and none is there twice.
        if (_rtcpPackets >= _context.RtcpLifetime) return SrtpError.KeyExhausted;
        uint index = (uint)_rtcpPackets++;
        uint word = index | (encrypt ? SrtpTransform.EncryptedFlag : 0);
        _context.Rtcp.SealRtcp(packet[..whole], length, BinaryPrimitives.ReadUInt32BigEndian(packet[4..]), word, MasterKey.Mki);
        protectedLength = whole;
        return SrtpError.None;
    }

    /// <summary>Forgets the keys.</summary>
    public void Dispose() => _context.Dispose();
}
