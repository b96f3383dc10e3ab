using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Parley.Rtp.Srtp;

/// <summary>Encrypts and authenticates packets with the session keys of one direction, of RTP or of RTCP. Knows no state of streams.</summary>
/// <remarks>
/// What is written behind a packet, in this order:
/// <code>
///                  counter mode and HMAC        GCM
/// SRTP             MKI, tag                     tag, MKI
/// SRTCP            E and index, MKI, tag        tag, E and index, MKI
/// </code>
/// Packets are given whole, with the place for what is behind them. Source: RFC 3711 3.1, 3.4 and 4; RFC 7714 8 and 9.
/// </remarks>
internal abstract class SrtpTransform : IDisposable
{
    /// <summary>The first bit of the word with an SRTCP index: the packet is encrypted.</summary>
    public const uint EncryptedFlag = 1u << 31;

    /// <summary>What of an RTCP packet is never encrypted: the first header and the SSRC.</summary>
    public const int RtcpClearLengthBytes = 8;

    /// <summary>A transform with the session keys of a master key.</summary>
    public static SrtpTransform Create(SrtpMasterKey master, bool isRtcp)
    {
        Span<byte> key = stackalloc byte[master.Suite.MasterKeyLengthBytes];
        Span<byte> salt = stackalloc byte[master.Suite.MasterSaltLengthBytes];
        Span<byte> authentication = stackalloc byte[CounterHmacTransform.AuthenticationKeyLengthBytes];
        SrtpKeyDerivation.Derive(master.Key, master.Salt, isRtcp ? SrtpKeyLabel.RtcpEncryption : SrtpKeyLabel.RtpEncryption, key);
        SrtpKeyDerivation.Derive(master.Key, master.Salt, isRtcp ? SrtpKeyLabel.RtcpSalt : SrtpKeyLabel.RtpSalt, salt);
        SrtpKeyDerivation.Derive(master.Key, master.Salt, isRtcp ? SrtpKeyLabel.RtcpAuthentication : SrtpKeyLabel.RtpAuthentication, authentication);
        int tagLength = isRtcp ? master.Suite.RtcpTagLengthBytes : master.Suite.TagLengthBytes;
        SrtpTransform transform = master.Suite.IsAead ? new GcmTransform(key, salt) : new CounterHmacTransform(key, salt, authentication, tagLength);
        CryptographicOperations.ZeroMemory(key);
        CryptographicOperations.ZeroMemory(salt);
        CryptographicOperations.ZeroMemory(authentication);
        return transform;
    }

    /// <summary>Where a received packet's MKI begins.</summary>
    public abstract int MkiOffset(int packetLength, int mkiLength);

    /// <summary>Protects an RTP packet.</summary>
    /// <param name="packet">With the place for tag and MKI.</param>
    /// <param name="headerLength">What is not encrypted.</param>
    /// <param name="length">The packet without tag and MKI.</param>
    /// <param name="ssrc">Of the packet.</param>
    /// <param name="index">Roll-over counter and sequence number.</param>
    /// <param name="mki">Written too.</param>
    public abstract void SealRtp(Span<byte> packet, int headerLength, int length, uint ssrc, long index, ReadOnlySpan<byte> mki);

    /// <summary>Authenticates an RTP packet and then decrypts it.</summary>
    /// <returns>False when it is not authentic.</returns>
    public abstract bool OpenRtp(Span<byte> packet, int headerLength, int length, uint ssrc, long index);

    /// <summary>Protects an RTCP packet.</summary>
    /// <param name="packet">With the place for what is behind it.</param>
    /// <param name="length">The packet without that.</param>
    /// <param name="ssrc">Of the packet.</param>
    /// <param name="word">E flag and index.</param>
    /// <param name="mki">Written too.</param>
    public abstract void SealRtcp(Span<byte> packet, int length, uint ssrc, uint word, ReadOnlySpan<byte> mki);

    /// <summary>Where a received RTCP packet's E flag and index stand.</summary>
    public int RtcpWordOffset(int packetLength, int mkiLength) => MkiOffset(packetLength, mkiLength) - SrtpMasterKey.RtcpIndexLengthBytes;

    /// <summary>Authenticates an RTCP packet and then decrypts it, when it is encrypted.</summary>
    /// <returns>False when it is not authentic.</returns>
    public abstract bool OpenRtcp(Span<byte> packet, int length, uint ssrc, uint word);

    public abstract void Dispose();

    protected static bool IsEncrypted(uint word) => (word & EncryptedFlag) != 0;

    protected static void WriteWord(Span<byte> destination, uint word) => BinaryPrimitives.WriteUInt32BigEndian(destination, word);
}
