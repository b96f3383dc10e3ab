using Parley.Core;
using Parley.Rtp.Srtp;
using Parley.Sdp;

namespace Parley.Endpoint.Media;

/// <summary>Protects what an <see cref="AudioSession"/> sends, and lets in only what is authentic, once SRTP is negotiated.</summary>
/// <remarks>
/// A context lasts as long as its key: a sender that began anew with an old key would use its keystream twice. So those of
/// keys that are not in use any more are kept for the life of the session, which changes keys with its address alone.
/// Source: RFC 3711 9.1, RFC 4568 6.4 and 7.1.4.
/// </remarks>
internal sealed class SrtpProtection(BufferPool buffers) : IDisposable
{
    private const int MaxDatagramLengthBytes = 65536;

    private readonly Dictionary<CryptoKey, SrtpSender> _senders = [];       // by reference: a key is one object (NegotiatedCrypto)
    private NegotiatedCrypto? _crypto;
    private SrtpSender? _sender;
    private SrtpReceiver? _receiver;
    private byte[] _received = [];

    /// <summary>The crypto-suite; null for plain RTP.</summary>
    public string? Suite => _crypto?.Suite;

    /// <summary>Packets that were refused: changed on the way, forged, plain, or of another key.</summary>
    public long NotAuthentic { get; private set; }

    /// <summary>Packets that were there before, or are so late that nobody knows.</summary>
    public long Replayed { get; private set; }

    /// <summary>Takes what was negotiated, at the start and later.</summary>
    public void Negotiate(NegotiatedCrypto? crypto)
    {
        if (crypto is null)
        {
            _receiver?.Dispose();
            (_crypto, _sender, _receiver) = (null, null, null);
            return;
        }

        if (!_senders.TryGetValue(crypto.LocalKey, out _sender)) _senders[crypto.LocalKey] = _sender = new SrtpSender(ToMasterKey(crypto.Suite, crypto.LocalKey));
        if (_receiver is null || _crypto!.Suite != crypto.Suite || !_crypto.RemoteKey.IsSame(crypto.RemoteKey))
        {
            _receiver?.Dispose();
            _receiver = new SrtpReceiver(ToMasterKey(crypto.Suite, crypto.RemoteKey));
        }

        _crypto = crypto;
    }

    /// <summary>Makes an RTP or RTCP packet of a received one; it is as it came where nothing is protected.</summary>
    /// <param name="datagram">What came; then the packet, until the next one.</param>
    /// <param name="isRtcp">Which of them it is.</param>
    /// <returns>False when it must not be looked at.</returns>
    public bool TryUnprotect(ref ReadOnlySpan<byte> datagram, bool isRtcp)
    {
        if (_receiver is null) return true;
        if (_received.Length < datagram.Length) _received = new byte[Math.Min(MaxDatagramLengthBytes, Math.Max(2048, datagram.Length))];
        Span<byte> packet = _received.AsSpan(0, datagram.Length);
        datagram.CopyTo(packet);
        SrtpError error = isRtcp ? _receiver.UnprotectRtcp(packet, out int length) : _receiver.Unprotect(packet, out length);
        datagram = packet[..length];
        if (error is SrtpError.Replayed or SrtpError.TooOld) Replayed++;
        else if (error != SrtpError.None) NotAuthentic++;
        return error == SrtpError.None;
    }

    /// <summary>Protects a packet that is to be sent, where that is negotiated.</summary>
    /// <param name="packet">The packet; its lease goes over to the result.</param>
    /// <param name="isRtcp">Which of them it is.</param>
    /// <returns>What is to be sent; null when the key may protect no more.</returns>
    public PooledBuffer? Protect(PooledBuffer packet, bool isRtcp)
    {
        if (_sender is null) return packet;
        int length = packet.Length, whole = length + (isRtcp ? _sender.MasterKey.RtcpOverheadLengthBytes : _sender.MasterKey.OverheadLengthBytes);
        if (packet.Capacity < whole)
        {
            PooledBuffer larger = buffers.Rent(whole);
            packet.Span.CopyTo(larger.Whole);
            packet.Release();
            packet = larger;
        }

        packet.Length = whole;
        SrtpError error = isRtcp ? _sender.ProtectRtcp(packet.Span, length, out _) : _sender.Protect(packet.Span, length, out _);
        if (error == SrtpError.None) return packet;
        packet.Release();
        return null;
    }

    /// <summary>Forgets the keys.</summary>
    public void Dispose()
    {
        foreach (SrtpSender sender in _senders.Values) sender.Dispose();
        _receiver?.Dispose();
    }

    private static SrtpMasterKey ToMasterKey(string name, CryptoKey key)
    {
        SrtpSuite suite = SrtpSuite.Find(name) ?? throw new ArgumentException($"{name} was negotiated, and there is no such crypto-suite.", nameof(name));
        return new SrtpMasterKey(
            suite, key.KeyAndSalt[..suite.MasterKeyLengthBytes], key.KeyAndSalt[suite.MasterKeyLengthBytes..], key.Mki, key.Lifetime ?? SrtpMasterKey.MaxLifetime);
    }
}
