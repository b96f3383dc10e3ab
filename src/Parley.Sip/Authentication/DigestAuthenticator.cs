using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Parley.Core.Hashing;

namespace Parley.Sip.Authentication;

/// <summary>Answers of <see cref="DigestAuthenticator.Verify"/>. Behind each, what a SIP server answers.</summary>
public enum DigestResult
{
    /// <summary>The user knows the password, and the request was not seen before.</summary>
    Ok,

    /// <summary>The credentials are for somebody else: look at the next ones, as if these were not there (401 or 407).</summary>
    WrongRealm,

    /// <summary>The client has answered no challenge yet: challenge it (401 or 407).</summary>
    NotChallenged,

    /// <summary>An algorithm that is not accepted, or no qop where it is needed: challenge again (401 or 407).</summary>
    Unsupported,

    /// <summary>The digest URI is not of whom the request is for: 400.</summary>
    WrongUri,

    /// <summary>The response is not of this account: 403.</summary>
    WrongPassword,

    /// <summary>The nonce is too old, of an earlier run, made for somebody else or made up, and nothing else was looked at; or it is forgotten: challenge with stale=true (401 or 407).</summary>
    StaleNonce,

    /// <summary>All is right, but the nonce count was used before: challenge with stale=true (401 or 407).</summary>
    Replayed,
}

/// <summary>The server's side of digest authentication: makes challenges and verifies what answers them.</summary>
/// <remarks>
/// Two steps, so that the account is looked up in between: parse the header (<see cref="DigestCredentials.TryParse"/>), find
/// H(A1) for its user, realm and algorithm, then <see cref="Verify"/>. Neither allocates. Nonces carry their own proof
/// (<see cref="DigestNonce"/>); only those in use are remembered, for their counts (<see cref="NonceCounts"/>). A password is only looked at behind
/// a nonce that is good and was made for the same origin: so who guesses passwords has to show where he is, and an answer to
/// made-up nonces tells nothing (RFC 7616 3.3 ties stale to the nonce alone).
/// Wall-clock time is a parameter. Not thread-safe: one lane owns it, or its owner guards it.
/// Source: RFC 3261 22, RFC 7616, RFC 8760.
/// </remarks>
public sealed class DigestAuthenticator
{
    /// <summary>Least length of the key.</summary>
    public const int MinKeyLengthBytes = 16;

    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(1);

    private readonly HmacSha256Key _key;
    private ulong _nextId;
    private readonly NonceCounts _counts;
    private readonly long _lifetimeMilliseconds;

    /// <summary>An authenticator.</summary>
    /// <param name="options">How it challenges and what it accepts.</param>
    /// <param name="key">Secret key of its nonces, random, <see cref="MinKeyLengthBytes"/> or more; copied. Servers must not share one: each knows only the counts that it saw.</param>
    /// <param name="now">Wall-clock time: nonces of an earlier run with the same key are stale, as their counts are not known any more.</param>
    /// <exception cref="ArgumentException">An option is not allowed, or the key is too short.</exception>
    public DigestAuthenticator(DigestOptions options, ReadOnlySpan<byte> key, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (key.Length < MinKeyLengthBytes) throw new ArgumentException($"The key must have {MinKeyLengthBytes} bytes or more.", nameof(key));
        Options = options;
        _key = new HmacSha256Key(key);
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(new Span<ulong>(ref _nextId)));
        _lifetimeMilliseconds = (long)options.NonceLifetime.TotalMilliseconds;
        _counts = new NonceCounts(options.NonceCapacity, options.NonceLifetime, now.ToUnixTimeMilliseconds() - 1);
    }

    /// <summary>How it challenges and what it accepts.</summary>
    public DigestOptions Options { get; }

    /// <summary>Nonces in use that are remembered.</summary>
    public int NonceCount => _counts.Count;

    /// <summary>An upper bound of what <see cref="WriteChallenges"/> writes.</summary>
    /// <value>Bytes.</value>
    public int MaxChallengesLengthBytes(ReadOnlySpan<byte> headerName, ReadOnlySpan<byte> realm) =>
        Options.Algorithms.Count * (headerName.Length + (2 * realm.Length) + 160);

    /// <summary>Writes challenge header lines, one per algorithm, the most preferred first; all with one new nonce.</summary>
    /// <param name="now">Wall-clock time.</param>
    /// <param name="headerName">WWW-Authenticate or Proxy-Authenticate.</param>
    /// <param name="realm">The realm, in UTF-8, without quotes; no control characters.</param>
    /// <param name="isStale">True after <see cref="DigestResult.StaleNonce"/> and <see cref="DigestResult.Replayed"/>.</param>
    /// <param name="destination">Gets whole lines with their ends; <see cref="MaxChallengesLengthBytes"/> suffices.</param>
    /// <param name="origin">Stands for where the request came from; the low 24 bits count. What answers the challenge must come with the same.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public int WriteChallenges(DateTimeOffset now, ReadOnlySpan<byte> headerName, ReadOnlySpan<byte> realm, bool isStale, Span<byte> destination, uint origin = 0)
    {
        Span<byte> nonce = stackalloc byte[DigestNonce.TextLengthBytes];
        DigestNonce.Write(_key, now, DigestNonce.IdOf(origin, _nextId++), realm, nonce);
        int written = 0;
        for (int i = 0; i < Options.Algorithms.Count; i++)
        {
            Append(destination, ref written, headerName);
            Append(destination, ref written, ": "u8);
            WriteChallenge(Options.Algorithms[i], nonce, realm, isStale, destination, ref written);
            Append(destination, ref written, "\r\n"u8);
        }

        return written;
    }

    /// <summary>Makes the values of challenge headers, one per algorithm, the most preferred first; all with one new nonce.</summary>
    /// <param name="now">Wall-clock time.</param>
    /// <param name="realm">The realm, in UTF-8, without quotes; no control characters.</param>
    /// <param name="isStale">True after <see cref="DigestResult.StaleNonce"/> and <see cref="DigestResult.Replayed"/>.</param>
    public IReadOnlyList<byte[]> MakeChallenges(DateTimeOffset now, ReadOnlySpan<byte> realm, bool isStale)
    {
        Span<byte> nonce = stackalloc byte[DigestNonce.TextLengthBytes];
        DigestNonce.Write(_key, now, DigestNonce.IdOf(origin: 0, _nextId++), realm, nonce);
        byte[] buffer = new byte[MaxChallengesLengthBytes(default, realm)];
        var values = new byte[Options.Algorithms.Count][];
        for (int i = 0; i < values.Length; i++)
        {
            int length = 0;
            WriteChallenge(Options.Algorithms[i], nonce, realm, isStale, buffer, ref length);
            values[i] = buffer[..length];
        }

        return values;
    }

    /// <summary>Verifies credentials and marks their nonce count as used.</summary>
    /// <param name="now">Wall-clock time.</param>
    /// <param name="credentials">What the request says.</param>
    /// <param name="realm">The realm that was challenged for, in UTF-8, without quotes.</param>
    /// <param name="ha1">H(A1) of the user by the credentials' algorithm (<see cref="DigestSecret.Ha1"/>); empty for a user that does not exist, which takes as long and is a wrong password.</param>
    /// <param name="method">The request's method.</param>
    /// <param name="requestUri">The Request-URI as received.</param>
    /// <param name="body">The request's body.</param>
    /// <param name="origin">Stands for where the request came from, as in the challenge.</param>
    /// <exception cref="ArgumentException">H(A1) is neither empty nor of the algorithm's length.</exception>
    public DigestResult Verify(
        DateTimeOffset now,
        in DigestCredentials credentials,
        ReadOnlySpan<byte> realm,
        ReadOnlySpan<byte> ha1,
        ReadOnlySpan<byte> method,
        ReadOnlySpan<byte> requestUri,
        ReadOnlySpan<byte> body,
        uint origin = 0)
    {
        if (!credentials.IsForRealm(realm)) return DigestResult.WrongRealm;
        if (credentials.Nonce.IsEmpty) return DigestResult.NotChallenged;
        if (!IsAccepted(credentials)) return DigestResult.Unsupported;
        if (Options.RequiresMatchingUri && !DigestUri.Matches(credentials.Uri, requestUri)) return DigestResult.WrongUri;

        long nowMilliseconds = now.ToUnixTimeMilliseconds();
        if (!DigestNonce.TryRead(_key, realm, credentials.Nonce, out DigestNonce nonce) || nonce.Origin != (origin & 0xFF_FFFF)) return DigestResult.StaleNonce;
        long age = nowMilliseconds - nonce.IssuedMilliseconds;
        if (age > _lifetimeMilliseconds || age < -ClockTolerance.TotalMilliseconds) return DigestResult.StaleNonce;
        if (!IsResponseRight(credentials, ha1, method, body)) return DigestResult.WrongPassword;

        // Without qop nothing counts, so the nonce is good once.
        uint count = credentials.Qop == DigestQop.None ? 1 : credentials.NonceCount;
        return _counts.Use(nowMilliseconds, nonce, count) switch
        {
            NonceUse.New => DigestResult.Ok,
            NonceUse.Replayed => DigestResult.Replayed,
            _ => DigestResult.StaleNonce,
        };
    }

    private static bool IsResponseRight(in DigestCredentials credentials, ReadOnlySpan<byte> ha1, ReadOnlySpan<byte> method, ReadOnlySpan<byte> body)
    {
        int length = credentials.Algorithm.LengthBytes();
        Span<byte> unknown = stackalloc byte[DigestAlgorithms.MaxLengthBytes];
        bool isKnown = !ha1.IsEmpty;
        if (isKnown && ha1.Length != length) throw new ArgumentException("H(A1) is not of the credentials' algorithm.", nameof(ha1));
        if (!isKnown) unknown.Clear();

        Span<byte> expected = stackalloc byte[DigestAlgorithms.MaxLengthBytes];
        DigestComputation.ComputeResponse(
            isKnown ? ha1 : unknown,
            new DigestParameters
            {
                Algorithm = credentials.Algorithm,
                IsSession = credentials.IsSession,
                Qop = credentials.Qop,
                Nonce = credentials.Nonce,
                NonceCount = credentials.NonceCountDigits,
                Cnonce = credentials.Cnonce,
                Method = method,
                Uri = credentials.Uri,
                Body = body,
            },
            expected);

        Span<byte> response = stackalloc byte[DigestAlgorithms.MaxLengthBytes];
        bool isRead = credentials.Response.Length == 2 * length
            && Convert.FromHexString(credentials.Response, response, out _, out _) == System.Buffers.OperationStatus.Done;
        return CryptographicOperations.FixedTimeEquals(expected[..length], response[..length]) & isRead & isKnown;
    }

    private static void Append(Span<byte> destination, ref int written, ReadOnlySpan<byte> bytes)
    {
        if (!bytes.TryCopyTo(destination[written..])) throw new ArgumentException("The destination is too short.", nameof(destination));
        written += bytes.Length;
    }

    private bool IsAccepted(in DigestCredentials credentials)
    {
        if (credentials.Qop == DigestQop.None && !(Options.AcceptsMissingQop && credentials is { Algorithm: DigestAlgorithm.Md5, IsSession: false })) return false;
        for (int i = 0; i < Options.Algorithms.Count; i++)
        {
            if (Options.Algorithms[i] == credentials.Algorithm) return true;
        }

        return false;
    }

    private void WriteChallenge(DigestAlgorithm algorithm, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> realm, bool isStale, Span<byte> destination, ref int written)
    {
        Append(destination, ref written, "Digest realm=\""u8);
        foreach (byte b in realm)
        {
            if (b is (byte)'"' or (byte)'\\') Append(destination, ref written, "\\"u8);
            Append(destination, ref written, [b]);
        }

        Append(destination, ref written, "\", nonce=\""u8);
        Append(destination, ref written, nonce);
        Append(destination, ref written, "\", algorithm="u8);
        Append(destination, ref written, algorithm.Name());
        Append(destination, ref written, Options.Qop switch
        {
            DigestQop.Auth => ", qop=\"auth\""u8,
            DigestQop.AuthInt => ", qop=\"auth-int\""u8,
            _ => ", qop=\"auth,auth-int\""u8,
        });
        if (isStale) Append(destination, ref written, ", stale=true"u8);
    }
}
