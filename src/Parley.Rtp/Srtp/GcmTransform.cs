using System.Buffers.Binary;

namespace Parley.Rtp.Srtp;

/// <summary>AES in Galois/counter mode.</summary>
/// <remarks>Source: RFC 7714 8 and 9.</remarks>
internal sealed class GcmTransform : SrtpTransform
{
    private const int TagLengthBytes = GaloisCounterMode.TagLengthBytes;
    private const int NonceLengthBytes = GaloisCounterMode.NonceLengthBytes;

    private readonly GaloisCounterMode _cipher;
    private readonly byte[] _salt;

    public GcmTransform(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt)
    {
        _cipher = GaloisCounterMode.Create(key);
        _salt = salt.ToArray();
    }

    public override int MkiOffset(int packetLength, int mkiLength) => packetLength - mkiLength;

    public override void SealRtp(Span<byte> packet, int headerLength, int length, uint ssrc, long index, ReadOnlySpan<byte> mki)
    {
        Span<byte> nonce = stackalloc byte[NonceLengthBytes];
        WriteNonce(nonce, ssrc, index);
        _cipher.Encrypt(nonce, packet[..headerLength], packet[headerLength..length], packet.Slice(length, TagLengthBytes));
        mki.CopyTo(packet[(length + TagLengthBytes)..]);
    }

    public override bool OpenRtp(Span<byte> packet, int headerLength, int length, uint ssrc, long index)
    {
        Span<byte> nonce = stackalloc byte[NonceLengthBytes];
        WriteNonce(nonce, ssrc, index);
        return _cipher.TryDecrypt(nonce, packet[..headerLength], packet[headerLength..length], packet.Slice(length, TagLengthBytes));
    }

    public override void SealRtcp(Span<byte> packet, int length, uint ssrc, uint word, ReadOnlySpan<byte> mki)
    {
        Span<byte> nonce = stackalloc byte[NonceLengthBytes];
        WriteNonce(nonce, ssrc, word & ~EncryptedFlag);
        Span<byte> tag = stackalloc byte[TagLengthBytes];
        if (IsEncrypted(word))
        {
            Span<byte> associated = stackalloc byte[RtcpClearLengthBytes + sizeof(uint)];
            WriteAssociated(associated, packet, word);
            _cipher.Encrypt(nonce, associated, packet[RtcpClearLengthBytes..length], tag);
        }
        else
        {
            // The word is authenticated as if it stood directly behind the packet, where the tag goes afterwards.
            WriteWord(packet[length..], word);
            _cipher.Encrypt(nonce, packet[..(length + sizeof(uint))], default, tag);
        }

        tag.CopyTo(packet[length..]);
        WriteWord(packet[(length + TagLengthBytes)..], word);
        mki.CopyTo(packet[(length + TagLengthBytes + sizeof(uint))..]);
    }

    public override bool OpenRtcp(Span<byte> packet, int length, uint ssrc, uint word)
    {
        Span<byte> nonce = stackalloc byte[NonceLengthBytes];
        WriteNonce(nonce, ssrc, word & ~EncryptedFlag);
        Span<byte> tag = stackalloc byte[TagLengthBytes];
        packet.Slice(length, TagLengthBytes).CopyTo(tag);
        if (IsEncrypted(word))
        {
            Span<byte> associated = stackalloc byte[RtcpClearLengthBytes + sizeof(uint)];
            WriteAssociated(associated, packet, word);
            return _cipher.TryDecrypt(nonce, associated, packet[RtcpClearLengthBytes..length], tag);
        }

        WriteWord(packet[length..], word);
        bool isAuthentic = _cipher.TryDecrypt(nonce, packet[..(length + sizeof(uint))], default, tag);
        tag.CopyTo(packet[length..]);
        return isAuthentic;
    }

    public override void Dispose() => _cipher.Dispose();

    private static void WriteAssociated(Span<byte> associated, ReadOnlySpan<byte> packet, uint word)
    {
        packet[..RtcpClearLengthBytes].CopyTo(associated);
        WriteWord(associated[RtcpClearLengthBytes..], word);
    }

    /// <summary>2 bytes of 0, SSRC, index in 6 bytes; XOR salt.</summary>
    private void WriteNonce(Span<byte> nonce, uint ssrc, long index)
    {
        BinaryPrimitives.WriteUInt32BigEndian(nonce, ssrc >> 16);
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], ((ulong)ssrc << 48) | (ulong)index);
        for (int i = 0; i < NonceLengthBytes; i++) nonce[i] ^= _salt[i];
    }
}
