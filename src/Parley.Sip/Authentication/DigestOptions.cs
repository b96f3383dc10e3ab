namespace Parley.Sip.Authentication;

/// <summary>How a server challenges and what it accepts.</summary>
public sealed record DigestOptions
{
    /// <summary>The algorithms offered and accepted, the most preferred first.</summary>
    /// <value>SHA-512-256, SHA-256 and MD5 unless set: the strongest first, and MD5 for the phones that know nothing else. Source: RFC 8760 2.3.</value>
    public IReadOnlyList<DigestAlgorithm> Algorithms { get; init; } = [DigestAlgorithm.Sha512Truncated256, DigestAlgorithm.Sha256, DigestAlgorithm.Md5];

    /// <summary>What is offered to be covered; what a client then chose is accepted in either case.</summary>
    /// <value>auth unless set: boxes that rewrite bodies on the way break auth-int. Not <see cref="DigestQop.None"/> (RFC 8760 2.6, 8).</value>
    public DigestQop Qop { get; init; } = DigestQop.Auth;

    /// <summary>How long a nonce is good for.</summary>
    /// <value>5 minutes unless set; then the client is told stale=true and goes on with a new one. More than 0.</value>
    public TimeSpan NonceLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How many nonces in use are remembered with their counts.</summary>
    /// <value>65,536 unless set, 60 bytes each; 1 or more.</value>
    public int NonceCapacity { get; init; } = 65_536;

    /// <summary>Whether MD5 credentials without qop are accepted, as clients of RFC 2069 and RFC 2543 send them; each such nonce is good for one request.</summary>
    /// <value>True unless set. Source: RFC 3261 22.4, 8.</value>
    public bool AcceptsMissingQop { get; init; } = true;

    /// <summary>Whether the digest URI must mean the user that the Request-URI means.</summary>
    /// <value>
    /// True unless set; port, parameters and the case of the host may differ. False where requests come through proxies that
    /// retarget them. Source: RFC 8760 2.6, 6.
    /// </value>
    public bool RequiresMatchingUri { get; init; } = true;

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">One is not allowed; the message names it and what is.</exception>
    public void Validate()
    {
        if (Algorithms.Count == 0 || Algorithms.Distinct().Count() != Algorithms.Count || !Algorithms.All(Enum.IsDefined))
        {
            throw new ArgumentException($"{nameof(Algorithms)} must name one algorithm or more, each once.");
        }

        if (Qop == DigestQop.None || (Qop & ~(DigestQop.Auth | DigestQop.AuthInt)) != 0) throw new ArgumentException($"{nameof(Qop)} must be auth, auth-int or both.");
        if (NonceLifetime <= TimeSpan.Zero) throw new ArgumentException($"{nameof(NonceLifetime)} must be more than 0.");
        if (NonceCapacity < 1) throw new ArgumentException($"{nameof(NonceCapacity)} must be 1 or more.");
    }
}
