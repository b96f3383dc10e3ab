namespace Parley.Rtp.Srtp;

/// <summary>What one direction of a session is protected with: a suite, its master key and salt.</summary>
/// <remarks>
/// A key belongs to one sender: two that send with the same key and SSRC give each other's packets away (RFC 3711 9.1).
/// Its text does not show the secret. Source: RFC 3711 3.2.1.
/// </remarks>
public sealed class SrtpMasterKey
{
    /// <summary>The longest MKI.</summary>
    /// <value>Bytes: RFC 4568 6.1.</value>
    public const int MaxMkiLengthBytes = 128;

    /// <summary>The most RTP packets of a key.</summary>
    /// <value>2^48: RFC 3711 9.2.</value>
    public const long MaxLifetime = 1L << 48;

    /// <summary>The most RTCP packets of a key.</summary>
    /// <value>2^31: RFC 3711 9.2.</value>
    public const long MaxRtcpLifetime = 1L << 31;

    private readonly byte[] _key;
    private readonly byte[] _salt;
    private readonly byte[] _mki;

    /// <summary>A key.</summary>
    /// <param name="suite">What it is for.</param>
    /// <param name="key">As long as the suite's; copied.</param>
    /// <param name="salt">As long as the suite's; copied.</param>
    /// <param name="mki">What packets name the key with; empty when they do not.</param>
    /// <param name="lifetime">How many packets it may protect: 1 to <see cref="MaxLifetime"/>.</param>
    /// <exception cref="ArgumentException">A length or the lifetime is not as it must be.</exception>
    public SrtpMasterKey(SrtpSuite suite, ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> mki = default, long lifetime = MaxLifetime)
    {
        ArgumentNullException.ThrowIfNull(suite);
        if (key.Length != suite.MasterKeyLengthBytes) throw new ArgumentException($"{suite} has a key of {suite.MasterKeyLengthBytes} bytes.", nameof(key));
        if (salt.Length != suite.MasterSaltLengthBytes) throw new ArgumentException($"{suite} has a salt of {suite.MasterSaltLengthBytes} bytes.", nameof(salt));
        if (mki.Length > MaxMkiLengthBytes) throw new ArgumentException($"An MKI has at most {MaxMkiLengthBytes} bytes.", nameof(mki));
        ArgumentOutOfRangeException.ThrowIfLessThan(lifetime, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lifetime, MaxLifetime);
        (Suite, _key, _salt, _mki, Lifetime) = (suite, key.ToArray(), salt.ToArray(), mki.ToArray(), lifetime);
    }

    /// <summary>What it is for.</summary>
    public SrtpSuite Suite { get; }

    /// <summary>How many RTP packets it may protect; of RTCP as many, and at most 2^31.</summary>
    public long Lifetime { get; }

    /// <summary>What packets name it with; empty when they do not.</summary>
    public ReadOnlySpan<byte> Mki => _mki;

    /// <summary>Bytes by which an RTP packet grows.</summary>
    public int OverheadLengthBytes => _mki.Length + Suite.TagLengthBytes;

    /// <summary>Bytes by which an RTCP packet grows.</summary>
    public int RtcpOverheadLengthBytes => RtcpIndexLengthBytes + _mki.Length + Suite.RtcpTagLengthBytes;

    internal const int RtcpIndexLengthBytes = 4;

    internal ReadOnlySpan<byte> Key => _key;

    internal ReadOnlySpan<byte> Salt => _salt;
}
