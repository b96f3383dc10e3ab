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
    private const long MaxIndex = (1L << 48) - 1;

    private readonly SrtpMasterKey _master;
    private readonly SrtpTransform _rtp;
    private readonly SrtpTransform _rtcp;
    private readonly SrtpSources _sources = new();
    private long _packets;
    private long _rtcpPackets;

    /// <summary>A context that has sent nothing yet.</summary>
    /// <param name="master">The key; of this sender alone.</param>
    public SrtpSender(SrtpMasterKey master)
    {
        ArgumentNullException.ThrowIfNull(master);
        _master = master;
        _rtp = SrtpTransform.Create(master, isRtcp: false);
        _rtcp = SrtpTransform.Create(master, isRtcp: true);
    }

    /// <summary>The key.</summary>
    public SrtpMasterKey MasterKey => _master;

    /// <summary>Protects an RTP packet.</summary>
    /// <param name="packet">The packet, with <see cref="SrtpMasterKey.OverheadLengthBytes"/> of room behind it.</param>
    /// <param name="length">Of the packet before.</param>
    /// <param name="protectedLength">Of the packet afterwards; 0 after an error, when nothing was changed.</param>
    /// <exception cref="ArgumentException">There is not enough room.</exception>
    public SrtpError Protect(Span<byte> packet, int length, out int protectedLength)
    {
        protectedLength = 0;
        int whole = length + _master.OverheadLengthBytes;
        if (packet.Length < whole) throw new ArgumentException("There is no room for what SRTP adds.", nameof(packet));
        SrtpError error = SrtpHeader.TryRead(packet[..length], out SrtpHeader header);
        if (error != SrtpError.None) return error;
        SrtpSource? source = _sources.Find(header.Ssrc);
        if (source is null && _sources.IsFull) return SrtpError.TooManySources;
        long index = SrtpSource.EstimateIndex(header.SequenceNumber, source?.HighestIndex ?? -1);
        if (index > MaxIndex || _packets >= _master.Lifetime) return SrtpError.KeyExhausted;
        error = source?.Check(index) ?? SrtpError.None;
        if (error != SrtpError.None) return error;

        (source ?? _sources.Add(header.Ssrc)).Accept(index);
        _packets++;
        _rtp.SealRtp(packet[..whole], header.LengthBytes, length, header.Ssrc, index, _master.Mki);
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
        int whole = length + _master.RtcpOverheadLengthBytes;
        if (packet.Length < whole) throw new ArgumentException("There is no room for what SRTCP adds.", nameof(packet));
        if (length < SrtpTransform.RtcpClearLengthBytes) return SrtpError.TooShort;
        if (packet[0] >> 6 != 2) return SrtpError.Malformed;
        // One index for all SSRCs: each then has its own growing one, and none is there twice.
        if (_rtcpPackets >= Math.Min(_master.Lifetime, SrtpMasterKey.MaxRtcpLifetime)) return SrtpError.KeyExhausted;
        uint index = (uint)_rtcpPackets++;
        uint word = index | (encrypt ? SrtpTransform.EncryptedFlag : 0);
        _rtcp.SealRtcp(packet[..whole], length, BinaryPrimitives.ReadUInt32BigEndian(packet[4..]), word, _master.Mki);
        protectedLength = whole;
        return SrtpError.None;
    }

    /// <summary>Forgets the keys.</summary>
    public void Dispose()
    {
        _rtp.Dispose();
        _rtcp.Dispose();
    }
}
