using System.Buffers.Binary;
using System.Security.Cryptography;
using Parley.Core.Hashing;

namespace Parley.Rtp.Srtp;

/// <summary>AES in counter mode, and HMAC-SHA1.</summary>
/// <remarks>Source: RFC 3711 4.1.1 and 4.2.1, RFC 6188 2.</remarks>
internal sealed class CounterHmacTransform : SrtpTransform
{
    public const int AuthenticationKeyLengthBytes = 20;

    private readonly AesCounterMode _cipher;
    private readonly HmacSha1Key _hmac;
    private readonly UInt128 _salt;
    private readonly int _tagLength;

    public CounterHmacTransform(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> authenticationKey, int tagLength)
    {
        Span<byte> shifted = stackalloc byte[AesCounterMode.BlockLengthBytes];
        shifted.Clear();
        salt.CopyTo(shifted);
        _cipher = AesCounterMode.Create(key);
        _hmac = new HmacSha1Key(authenticationKey);
        _salt = BinaryPrimitives.ReadUInt128BigEndian(shifted);
        _tagLength = tagLength;
    }

    public override int MkiOffset(int packetLength, int mkiLength) => packetLength - _tagLength - mkiLength;

    public override void SealRtp(Span<byte> packet, int headerLength, int length, uint ssrc, long index, ReadOnlySpan<byte> mki)
    {
        Encrypt(packet[headerLength..length], ssrc, index);
        Span<byte> tag = packet[(length + mki.Length)..];
        Authenticate(packet[..length], index, tag);
        mki.CopyTo(packet[length..]);
    }

    public override bool OpenRtp(Span<byte> packet, int headerLength, int length, uint ssrc, long index)
    {
        Span<byte> tag = stackalloc byte[_tagLength];
        Authenticate(packet[..length], index, tag);
        if (!CryptographicOperations.FixedTimeEquals(tag, packet[^_tagLength..])) return false;
        Encrypt(packet[headerLength..length], ssrc, index);
        return true;
    }

    public override void SealRtcp(Span<byte> packet, int length, uint ssrc, uint word, ReadOnlySpan<byte> mki)
    {
        if (IsEncrypted(word)) Encrypt(packet[RtcpClearLengthBytes..length], ssrc, word & ~EncryptedFlag);
        WriteWord(packet[length..], word);
        length += sizeof(uint);
        Span<byte> hmac = stackalloc byte[HmacSha1Key.LengthBytes];
        _hmac.Compute(packet[..length], default, hmac);
        mki.CopyTo(packet[length..]);
        hmac[.._tagLength].CopyTo(packet[(length + mki.Length)..]);
    }

    public override bool OpenRtcp(Span<byte> packet, int length, uint ssrc, uint word)
    {
        Span<byte> hmac = stackalloc byte[HmacSha1Key.LengthBytes];
        _hmac.Compute(packet[..(length + sizeof(uint))], default, hmac);
        if (!CryptographicOperations.FixedTimeEquals(hmac[.._tagLength], packet[^_tagLength..])) return false;
        if (IsEncrypted(word)) Encrypt(packet[RtcpClearLengthBytes..length], ssrc, word & ~EncryptedFlag);
        return true;
    }

    public override void Dispose()
    {
        _cipher.Dispose();
        _hmac.Dispose();
    }

    /// <summary>IV = salt * 2^16 XOR SSRC * 2^64 XOR index * 2^16.</summary>
    private void Encrypt(Span<byte> data, uint ssrc, long index)
    {
        Span<byte> counter = stackalloc byte[AesCounterMode.BlockLengthBytes];
        BinaryPrimitives.WriteUInt128BigEndian(counter, _salt ^ new UInt128(ssrc, (ulong)index << 16));
        _cipher.Apply(counter, data);
    }

    /// <summary>What is authenticated of an RTP packet is all of it, and the roll-over counter behind it.</summary>
    private void Authenticate(ReadOnlySpan<byte> authenticated, long index, Span<byte> tag)
    {
        Span<byte> rollOver = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(rollOver, (uint)(index >> 16));
        Span<byte> hmac = stackalloc byte[HmacSha1Key.LengthBytes];
        _hmac.Compute(authenticated, rollOver, hmac);
        hmac[.._tagLength].CopyTo(tag);
    }
}
