using System.Security.Cryptography;
using System.Text;
using Parley.Sip.Messages;

namespace Parley.Sip.Authentication;

/// <summary>The client's side of digest authentication for one account: keeps the nonces of the realms that have challenged it.</summary>
/// <remarks>Not thread-safe: one owner. Source: RFC 3261 22, RFC 7616 3.6, RFC 8760 2.4.</remarks>
public sealed class DigestClient
{
    private const int MaxSessions = 16;

    private readonly List<DigestSession> _sessions = [];    // the latest used at the end

    /// <summary>A client for an account.</summary>
    /// <param name="username">User name.</param>
    /// <param name="password">Password.</param>
    /// <param name="realm">The only realm to answer; null answers any. Who answers any lets each server on the way try passwords on what it gets.</param>
    /// <exception cref="ArgumentException">The user name has a CR or LF: it stands in the header.</exception>
    public DigestClient(string username, string password, string? realm = null)
    {
        ArgumentNullException.ThrowIfNull(password);
        (Username, Password, Realm) = (SipText.OneLine(username, nameof(username)), Encoding.UTF8.GetBytes(password), realm);
    }

    /// <summary>User name.</summary>
    public string Username { get; }

    internal string? Realm { get; }

    internal ReadOnlyMemory<byte> Password { get; }

    /// <summary>Begins to authenticate one request, with its repetitions.</summary>
    /// <param name="usesKnownNonces">
    /// True sends credentials at once for every realm that has challenged before: for requests that go where those came from
    /// (registrations, requests in a dialog). Source: RFC 3261 22.2, 22.3.
    /// </param>
    public DigestExchange Begin(bool usesKnownNonces = false) => new(this, usesKnownNonces ? _sessions : []);

    /// <summary>Forgets every nonce.</summary>
    public void Forget() => _sessions.Clear();

    internal void Remember(DigestSession session)
    {
        _sessions.RemoveAll(known => known.IsProxy == session.IsProxy && known.Challenge.Realm == session.Challenge.Realm);
        if (_sessions.Count == MaxSessions) _sessions.RemoveAt(0);
        _sessions.Add(session);
    }

    internal void Forget(DigestSession session) => _sessions.Remove(session);
}

/// <summary>One nonce of one realm, and how often it was used.</summary>
internal sealed class DigestSession
{
    private readonly string _username;
    private readonly byte[] _ha1;
    private readonly byte[] _nonce;
    private uint _count;

    public DigestSession(bool isProxy, DigestChallenge challenge, string username, ReadOnlySpan<byte> password)
    {
        (IsProxy, Challenge, _username) = (isProxy, challenge, username);
        _nonce = Encoding.UTF8.GetBytes(challenge.Nonce);
        _ha1 = new byte[challenge.Algorithm.LengthBytes()];
        DigestComputation.ComputeHa1(challenge.Algorithm, Encoding.UTF8.GetBytes(username), Encoding.UTF8.GetBytes(challenge.Realm), password, _ha1);
    }

    public bool IsProxy { get; }

    public DigestChallenge Challenge { get; }

    /// <summary>Makes the value of a header that authenticates one request.</summary>
    public string Authorize(string method, string uri, ReadOnlySpan<byte> body)
    {
        // auth where it is offered: bodies are rewritten on the way.
        DigestQop qop = Challenge.Qop.HasFlag(DigestQop.Auth) ? DigestQop.Auth : Challenge.Qop;
        bool sendsCnonce = qop != DigestQop.None || Challenge.IsSession;
        string cnonce = sendsCnonce ? RandomNumberGenerator.GetHexString(32, lowercase: true) : "";
        string count = (++_count).ToString("x8", System.Globalization.CultureInfo.InvariantCulture);
        Span<byte> response = stackalloc byte[DigestAlgorithms.MaxLengthBytes];
        DigestComputation.ComputeResponse(
            _ha1,
            new DigestParameters
            {
                Algorithm = Challenge.Algorithm,
                IsSession = Challenge.IsSession,
                Qop = qop,
                Nonce = _nonce,
                NonceCount = Encoding.ASCII.GetBytes(count),
                Cnonce = Encoding.ASCII.GetBytes(cnonce),
                Method = Encoding.ASCII.GetBytes(method),
                Uri = Encoding.UTF8.GetBytes(uri),
                Body = body,
            },
            response);

        var value = new StringBuilder("Digest username=");
        AppendQuoted(value, _username).Append(", realm=");
        AppendQuoted(value, Challenge.Realm).Append(", nonce=\"").Append(Challenge.Nonce).Append("\", uri=");
        AppendQuoted(value, uri);
        value.Append(", response=\"").Append(Convert.ToHexStringLower(response[.._ha1.Length])).Append('"');
        if (Challenge.NamesAlgorithm) value.Append(", algorithm=").Append(Encoding.ASCII.GetString(Challenge.Algorithm.Name())).Append(Challenge.IsSession ? "-sess" : "");
        if (sendsCnonce) value.Append(", cnonce=\"").Append(cnonce).Append('"');
        if (qop != DigestQop.None) value.Append(", qop=").Append(qop == DigestQop.AuthInt ? "auth-int" : "auth").Append(", nc=").Append(count);
        if (Challenge.Opaque is not null) value.Append(", opaque=\"").Append(Challenge.Opaque).Append('"');
        return value.ToString();
    }

    private static StringBuilder AppendQuoted(StringBuilder value, string text)
    {
        value.Append('"');
        foreach (char c in text)
        {
            if (c is '"' or '\\') value.Append('\\');
            value.Append(c);
        }

        return value.Append('"');
    }
}
