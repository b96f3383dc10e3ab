using System.Text;

namespace Parley.Sip.Authentication;

/// <summary>Answers of <see cref="DigestExchange.OnChallenge"/>.</summary>
public enum DigestAnswer
{
    /// <summary>Send the request again, with what <see cref="DigestExchange.Authorize"/> gives and the next CSeq.</summary>
    Retry,

    /// <summary>The user name or password is wrong: the realm has refused what it was given.</summary>
    Refused,

    /// <summary>No challenge can be answered: other schemes, unknown algorithms, malformed, or of a realm that is not the account's.</summary>
    NotAnswerable,
}

/// <summary>A header that authenticates a request.</summary>
/// <param name="Name">Authorization or Proxy-Authorization.</param>
/// <param name="Value">Its value.</param>
public readonly record struct DigestHeader(string Name, string Value);

/// <summary>One request's way through the challenges on its path.</summary>
/// <remarks>
/// A realm gets one answer per request, and another for each new nonce that it asks for with stale=true, a few times; credentials
/// from a nonce known before the request do not count, as servers forget nonces. So no server can keep the client in a loop.
/// Source: RFC 3261 22.2 and 22.3, RFC 8760 2.4.
/// </remarks>
public sealed class DigestExchange
{
    private const int MaxStaleAnswers = 3;

    private readonly DigestClient _client;
    private readonly List<Attempt> _attempts = [];

    internal DigestExchange(DigestClient client, List<DigestSession> known)
    {
        _client = client;
        foreach (DigestSession session in known) _attempts.Add(new Attempt(session));
    }

    /// <summary>The realm that the last challenge was about, for whoever is to be asked for a password; null before any.</summary>
    public string? Realm { get; private set; }

    /// <summary>A 401 or 407 has come.</summary>
    /// <param name="isProxy">True for 407.</param>
    /// <param name="challenges">The values of its WWW-Authenticate or Proxy-Authenticate headers, in their order.</param>
    public DigestAnswer OnChallenge(bool isProxy, IEnumerable<string> challenges)
    {
        ArgumentNullException.ThrowIfNull(challenges);
        var best = new List<DigestChallenge>();
        foreach (string value in challenges)
        {
            if (DigestChallenge.TryParse(Encoding.UTF8.GetBytes(value), out DigestChallenge? challenge) != DigestParseResult.Ok) continue;
            if (_client.Realm is not null && _client.Realm != challenge!.Realm) continue;
            Prefer(best, challenge!);
        }

        var answer = DigestAnswer.NotAnswerable;
        foreach (DigestChallenge challenge in best)
        {
            Realm = challenge.Realm;
            if (!TryAnswer(isProxy, challenge)) return DigestAnswer.Refused;
            answer = DigestAnswer.Retry;
        }

        return answer;
    }

    /// <summary>The headers that authenticate the request as it is about to be sent; each call counts as one use of their nonces.</summary>
    /// <param name="method">Its method.</param>
    /// <param name="uri">Its Request-URI as it will be written.</param>
    /// <param name="body">Its body.</param>
    public IReadOnlyList<DigestHeader> Authorize(string method, string uri, ReadOnlySpan<byte> body)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(uri);
        var headers = new List<DigestHeader>(_attempts.Count);
        foreach (Attempt attempt in _attempts)
        {
            headers.Add(new DigestHeader(attempt.Session.IsProxy ? "Proxy-Authorization" : "Authorization", attempt.Session.Authorize(method, uri, body)));
        }

        return headers;
    }

    /// <summary>Keeps one challenge per realm: the first of the strongest, so that MD5 is for those who offer nothing else.</summary>
    private static void Prefer(List<DigestChallenge> best, DigestChallenge challenge)
    {
        int index = best.FindIndex(other => other.Realm == challenge.Realm);
        if (index < 0) best.Add(challenge);
        else if (best[index].Algorithm == DigestAlgorithm.Md5 && challenge.Algorithm != DigestAlgorithm.Md5) best[index] = challenge;
    }

    private bool TryAnswer(bool isProxy, DigestChallenge challenge)
    {
        var session = new DigestSession(isProxy, challenge, _client.Username, _client.Password.Span);
        Attempt? attempt = _attempts.Find(a => a.Session.IsProxy == isProxy && a.Session.Challenge.Realm == challenge.Realm);
        if (attempt is null)
        {
            _attempts.Add(new Attempt(session) { Answers = 1 });
        }
        else
        {
            bool isSameNonce = attempt.Session.Challenge.Nonce == challenge.Nonce;
            bool isAnswered = attempt.Answers > 0;
            bool mayAnswer = !isSameNonce && (!isAnswered || (challenge.IsStale && attempt.Answers <= MaxStaleAnswers));
            if (!mayAnswer)
            {
                _client.Forget(attempt.Session);
                return false;
            }

            attempt.Session = session;
            attempt.Answers++;
        }

        _client.Remember(session);
        return true;
    }

    private sealed class Attempt(DigestSession session)
    {
        public DigestSession Session { get; set; } = session;

        /// <summary>How many challenges of this realm the request has answered: 0 for credentials that came from a known nonce.</summary>
        public int Answers { get; set; }
    }
}
