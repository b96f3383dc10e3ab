using System.Buffers.Binary;

namespace Parley.Rtp.Srtp;

/// <summary>The cryptographic context of what one side receives: checks SRTP and SRTCP and makes RTP and RTCP of it, in place.</summary>
/// <remarks>
/// For one thread at a time; nothing is allocated per packet. A packet is authenticated before it is decrypted and before
/// anything is remembered of it. Of each SSRC the last 128 packets may come in any order, and none twice; RTP and RTCP
/// apart. Up to 64 SSRCs share the key. Source: RFC 3711 3.3 and 3.4, RFC 6188, RFC 7714.
/// </remarks>
public sealed class SrtpReceiver : IDisposable
{
    private readonly SrtpContext _context;
    private readonly SrtpSources _rtcpSources = new();
    private long _rtcpPackets;

    /// <summary>A context that has received nothing yet.</summary>
    /// <param name="master">The other side's key.</param>
    public SrtpReceiver(SrtpMasterKey master) => _context = new SrtpContext(master);

    /// <summary>The key.</summary>
    public SrtpMasterKey MasterKey => _context.MasterKey;

    /// <summary>Checks an SRTP packet and decrypts it.</summary>
    /// <param name="packet">The datagram; of no use after an error.</param>
    /// <param name="length">Of the RTP packet that it now begins with; 0 after an error.</param>
    public SrtpError Unprotect(Span<byte> packet, out int length)
    {
        length = 0;
        int plain = packet.Length - MasterKey.OverheadLengthBytes;
        if (plain < 0) return SrtpError.TooShort;
        SrtpError error = SrtpHeader.TryRead(packet[..plain], out SrtpHeader header);
        if (error != SrtpError.None) return error;
        if (!HasMki(packet, _context.Rtp)) return SrtpError.UnknownMki;
        error = _context.Check(header, out SrtpSource? source, out long index);
        if (error != SrtpError.None) return error;
        if (!_context.Rtp.OpenRtp(packet, header.LengthBytes, plain, header.Ssrc, index)) return SrtpError.NotAuthentic;

        _context.Accept(header, source, index);
        length = plain;
        return SrtpError.None;
    }

    /// <summary>Checks an SRTCP packet and decrypts it, when it is encrypted.</summary>
    /// <param name="packet">The datagram; of no use after an error.</param>
    /// <param name="length">Of the RTCP packet that it now begins with; 0 after an error.</param>
    public SrtpError UnprotectRtcp(Span<byte> packet, out int length)
    {
        length = 0;
        int plain = packet.Length - MasterKey.RtcpOverheadLengthBytes;
        if (plain < SrtpTransform.RtcpClearLengthBytes) return SrtpError.TooShort;
        if (packet[0] >> 6 != 2) return SrtpError.Malformed;
        if (!HasMki(packet, _context.Rtcp)) return SrtpError.UnknownMki;
        uint ssrc = BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);
        uint word = BinaryPrimitives.ReadUInt32BigEndian(packet[_context.Rtcp.RtcpWordOffset(packet.Length, MasterKey.Mki.Length)..]);
        SrtpSource? source = _rtcpSources.Find(ssrc);
        if (source is null && _rtcpSources.IsFull) return SrtpError.TooManySources;
        if (_rtcpPackets >= _context.RtcpLifetime) return SrtpError.KeyExhausted;
        long index = word & ~SrtpTransform.EncryptedFlag;
        SrtpError error = source?.Check(index) ?? SrtpError.None;
        if (error != SrtpError.None) return error;
        if (!_context.Rtcp.OpenRtcp(packet, plain, ssrc, word)) return SrtpError.NotAuthentic;

        (source ?? _rtcpSources.Add(ssrc)).Accept(index);
        _rtcpPackets++;
        length = plain;
        return SrtpError.None;
    }

    /// <summary>Forgets the keys.</summary>
    public void Dispose() => _context.Dispose();

    private bool HasMki(ReadOnlySpan<byte> packet, SrtpTransform transform)
    {
        ReadOnlySpan<byte> mki = MasterKey.Mki;
        return mki.IsEmpty || packet.Slice(transform.MkiOffset(packet.Length, mki.Length), mki.Length).SequenceEqual(mki);
    }
}
