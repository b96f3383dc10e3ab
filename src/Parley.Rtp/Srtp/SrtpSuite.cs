namespace Parley.Rtp.Srtp;

/// <summary>What packets are encrypted and authenticated with: an SRTP crypto-suite.</summary>
/// <remarks>Source: RFC 4568 6.2, RFC 6188 4, RFC 7714 14.2.</remarks>
public sealed class SrtpSuite
{
    private const int CounterSaltLengthBytes = 14;
    private const int GcmSaltLengthBytes = 12;
    private const int GcmTagLengthBytes = 16;
    private const int HmacTagLengthBytes = 10;

    private SrtpSuite(string name, int masterKeyLengthBytes, bool isAead, int tagLengthBytes)
    {
        Name = name;
        MasterKeyLengthBytes = masterKeyLengthBytes;
        IsAead = isAead;
        TagLengthBytes = tagLengthBytes;
    }

    /// <summary>AES-128 in counter mode, HMAC-SHA1 cut to 80 bits: what everybody has.</summary>
    public static SrtpSuite AesCm128Tag80 { get; } = new("AES_CM_128_HMAC_SHA1_80", 16, isAead: false, HmacTagLengthBytes);

    /// <summary>The same with 32 bits for RTP.</summary>
    public static SrtpSuite AesCm128Tag32 { get; } = new("AES_CM_128_HMAC_SHA1_32", 16, isAead: false, 4);

    /// <summary>AES-192 in counter mode, HMAC-SHA1 cut to 80 bits.</summary>
    public static SrtpSuite AesCm192Tag80 { get; } = new("AES_192_CM_HMAC_SHA1_80", 24, isAead: false, HmacTagLengthBytes);

    /// <summary>The same with 32 bits for RTP.</summary>
    public static SrtpSuite AesCm192Tag32 { get; } = new("AES_192_CM_HMAC_SHA1_32", 24, isAead: false, 4);

    /// <summary>AES-256 in counter mode, HMAC-SHA1 cut to 80 bits.</summary>
    public static SrtpSuite AesCm256Tag80 { get; } = new("AES_256_CM_HMAC_SHA1_80", 32, isAead: false, HmacTagLengthBytes);

    /// <summary>The same with 32 bits for RTP.</summary>
    public static SrtpSuite AesCm256Tag32 { get; } = new("AES_256_CM_HMAC_SHA1_32", 32, isAead: false, 4);

    /// <summary>AES-128 in Galois/counter mode.</summary>
    public static SrtpSuite AeadAes128Gcm { get; } = new("AEAD_AES_128_GCM", 16, isAead: true, GcmTagLengthBytes);

    /// <summary>AES-256 in Galois/counter mode.</summary>
    public static SrtpSuite AeadAes256Gcm { get; } = new("AEAD_AES_256_GCM", 32, isAead: true, GcmTagLengthBytes);

    /// <summary>All that are known.</summary>
    public static ReadOnlySpan<SrtpSuite> All => Known;

    private static readonly SrtpSuite[] Known =
        [AesCm128Tag80, AesCm128Tag32, AesCm192Tag80, AesCm192Tag32, AesCm256Tag80, AesCm256Tag32, AeadAes128Gcm, AeadAes256Gcm];

    /// <summary>Its name in the registry of crypto-suites.</summary>
    public string Name { get; }

    /// <summary>Length of a master key, and of the session keys for encryption.</summary>
    public int MasterKeyLengthBytes { get; }

    /// <summary>Length of a master salt, and of the session salts.</summary>
    public int MasterSaltLengthBytes => IsAead ? GcmSaltLengthBytes : CounterSaltLengthBytes;

    /// <summary>True when one algorithm encrypts and authenticates.</summary>
    public bool IsAead { get; }

    /// <summary>Length of the tag of an SRTP packet.</summary>
    public int TagLengthBytes { get; }

    /// <summary>Length of the tag of an SRTCP packet: never a short one.</summary>
    /// <remarks>Source: RFC 3711 5.2, RFC 4568 6.2.2.</remarks>
    public int RtcpTagLengthBytes => IsAead ? GcmTagLengthBytes : HmacTagLengthBytes;

    /// <summary>The suite of a name.</summary>
    /// <returns>Null for one that is not known.</returns>
    public static SrtpSuite? Find(string name) => Array.Find(Known, s => s.Name == name);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
