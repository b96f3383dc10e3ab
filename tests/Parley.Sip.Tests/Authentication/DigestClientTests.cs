using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Parley.Sip.Authentication;

namespace Parley.Sip.Tests.Authentication;

public class DigestClientTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly DigestClient _client = new("alice", "s3cret");

    [Fact]
    public void The_first_of_the_strongest_challenges_is_answered()
    {
        DigestExchange exchange = _client.Begin();
        Assert.Empty(exchange.Authorize("REGISTER", "sip:example.com", default));
        Assert.Equal(DigestAnswer.Retry, exchange.OnChallenge(isProxy: false, [
            "Basic realm=\"r\"",
            Challenge("n1", algorithm: "MD5"),
            Challenge("n2", algorithm: "SHA3"),
            Challenge("n3", algorithm: "SHA-256"),
            Challenge("n4", algorithm: "SHA-512-256"),
            "Digest nonsense",
        ]));
        DigestHeader header = Assert.Single(exchange.Authorize("REGISTER", "sip:example.com", default));
        Assert.Equal("Authorization", header.Name);
        Assert.Contains("nonce=\"n3\"", header.Value, StringComparison.Ordinal);
        Assert.Contains("algorithm=SHA-256,", header.Value, StringComparison.Ordinal);
        Assert.Contains("qop=auth, nc=00000001", header.Value, StringComparison.Ordinal);
    }

    [Fact]
    public void A_challenge_of_rfc_2069_is_answered_in_kind()
    {
        DigestExchange exchange = _client.Begin();
        exchange.OnChallenge(isProxy: false, ["Digest realm=\"r\", nonce=\"n\", opaque=\"o\""]);
        string value = exchange.Authorize("REGISTER", "sip:r", default)[0].Value;
        Assert.DoesNotContain("qop", value, StringComparison.Ordinal);
        Assert.DoesNotContain("cnonce", value, StringComparison.Ordinal);
        Assert.DoesNotContain("algorithm", value, StringComparison.Ordinal);
        Assert.Contains("opaque=\"o\"", value, StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_that_was_refused_is_not_tried_again()
    {
        DigestExchange exchange = _client.Begin();
        Assert.Equal(DigestAnswer.Retry, exchange.OnChallenge(isProxy: false, [Challenge("n1")]));
        Assert.Equal(DigestAnswer.Refused, exchange.OnChallenge(isProxy: false, [Challenge("n2")]));
        Assert.Equal("example.com", exchange.Realm);
        Assert.Empty(_client.Begin(usesKnownNonces: true).Authorize("REGISTER", "sip:example.com", default));
    }

    [Fact]
    public void A_stale_nonce_is_replaced_but_not_for_ever_nor_by_itself()
    {
        DigestExchange exchange = _client.Begin();
        for (int i = 0; i < 4; i++) Assert.Equal(DigestAnswer.Retry, exchange.OnChallenge(isProxy: false, [Challenge($"n{i}", isStale: i > 0)]));
        Assert.Equal(DigestAnswer.Refused, exchange.OnChallenge(isProxy: false, [Challenge("n9", isStale: true)]));

        exchange = _client.Begin();
        exchange.OnChallenge(isProxy: false, [Challenge("n1")]);
        Assert.Equal(DigestAnswer.Refused, exchange.OnChallenge(isProxy: false, [Challenge("n1", isStale: true)]));
    }

    [Fact]
    public void Several_realms_on_the_way_are_all_answered()
    {
        DigestExchange exchange = _client.Begin();
        Assert.Equal(DigestAnswer.Retry, exchange.OnChallenge(isProxy: true, [Challenge("p1", realm: "proxy.example"), Challenge("p2", realm: "other.example")]));
        Assert.Equal(DigestAnswer.Retry, exchange.OnChallenge(isProxy: false, [Challenge("u1", realm: "proxy.example")]));
        Assert.Equal(
            ["Proxy-Authorization p1", "Proxy-Authorization p2", "Authorization u1"],
            exchange.Authorize("INVITE", "sip:bob@example.com", default).Select(header => $"{header.Name} {Value(header, "nonce")}"));
    }

    [Fact]
    public void A_known_nonce_is_used_at_once_and_counted_up()
    {
        DigestExchange first = _client.Begin();
        first.OnChallenge(isProxy: false, [Challenge("n1")]);
        first.Authorize("REGISTER", "sip:example.com", default);
        Assert.Empty(_client.Begin().Authorize("REGISTER", "sip:example.com", default));

        DigestExchange second = _client.Begin(usesKnownNonces: true);
        Assert.Equal("00000002", Value(second.Authorize("REGISTER", "sip:example.com", default)[0], "nc"));

        // A server that forgot the nonce and does not say stale is believed once.
        Assert.Equal(DigestAnswer.Retry, second.OnChallenge(isProxy: false, [Challenge("n2")]));
        Assert.Equal("n2", Value(Assert.Single(second.Authorize("REGISTER", "sip:example.com", default)), "nonce"));
        Assert.Equal(DigestAnswer.Refused, second.OnChallenge(isProxy: false, [Challenge("n3")]));
        _client.Forget();
        Assert.Empty(_client.Begin(usesKnownNonces: true).Authorize("REGISTER", "sip:example.com", default));
    }

    [Fact]
    public void An_account_of_one_realm_answers_no_other()
    {
        DigestExchange exchange = new DigestClient("alice", "s3cret", "example.com").Begin();
        Assert.Equal(DigestAnswer.NotAnswerable, exchange.OnChallenge(isProxy: false, [Challenge("n1", realm: "evil.example")]));
        Assert.Equal(DigestAnswer.Retry, exchange.OnChallenge(isProxy: false, [Challenge("n1", realm: "evil.example"), Challenge("n2")]));
        Assert.Single(exchange.Authorize("REGISTER", "sip:example.com", default));
    }

    [Fact]
    public void A_user_name_of_two_lines_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new DigestClient("alice\r\nX-Added: 1", "s3cret"));
        Assert.Throws<ArgumentException>(() => new DigestClient("alice\n", "s3cret"));
    }

    [Fact]
    public void Nothing_to_answer_is_said()
    {
        Assert.Equal(DigestAnswer.NotAnswerable, _client.Begin().OnChallenge(isProxy: false, []));
        Assert.Equal(DigestAnswer.NotAnswerable, _client.Begin().OnChallenge(isProxy: true, ["Basic realm=\"x\"", Challenge("n", qop: "auth-conf")]));
    }

    [Fact]
    public void Only_the_latest_realms_are_remembered()
    {
        for (int i = 0; i < 40; i++) _client.Begin().OnChallenge(isProxy: true, [Challenge("n", realm: $"r{i}")]);
        Assert.Equal(16, _client.Begin(usesKnownNonces: true).Authorize("INVITE", "sip:bob@example.com", default).Count);
    }

    /// <summary>Whatever names, passwords, realms, algorithms and qop: what the client makes, the server accepts, and only with that password.</summary>
    [Fact]
    public void The_server_accepts_what_the_client_makes()
    {
        Gen<string> text = Gen.Elements("alice", "a \"quoted\" name", "back\\slash", "Jäsøn Doe", "a:b", "", "x,y=z", "日本").Where(s => s.Length > 0);
        Gen<(string User, string Realm, string Password, DigestAlgorithm Algorithm, DigestQop Qop, string Body)> gen =
            from user in text
            from realm in text
            from password in text
            from algorithm in Gen.Elements(Enum.GetValues<DigestAlgorithm>())
            from qop in Gen.Elements(DigestQop.Auth, DigestQop.AuthInt, DigestQop.Auth | DigestQop.AuthInt)
            from body in Gen.Elements("", "v=0\r\n", new string('b', 2000))
            select (user, realm, password, algorithm, qop, body);
        Prop.ForAll(gen.ToArbitrary(), c =>
        {
            byte[] realm = Encoding.UTF8.GetBytes(c.Realm);
            var server = new DigestAuthenticator(new DigestOptions { Algorithms = [c.Algorithm], Qop = c.Qop }, new byte[32], Now);
            DigestExchange exchange = new DigestClient(c.User, c.Password).Begin();
            Assert.Equal(DigestAnswer.Retry, exchange.OnChallenge(isProxy: true, server.MakeChallenges(Now, realm, isStale: false).Select(Encoding.UTF8.GetString)));
            byte[] value = Encoding.UTF8.GetBytes(exchange.Authorize("INVITE", "sip:bob@example.com", Encoding.UTF8.GetBytes(c.Body))[0].Value);

            Assert.Equal(DigestResult.WrongPassword, Verify(DigestSecret.Compute(c.User, c.Realm, c.Password + "x")));
            Assert.Equal(DigestResult.Ok, Verify(DigestSecret.Compute(c.User, c.Realm, c.Password)));
            Assert.Equal(DigestResult.Replayed, Verify(DigestSecret.Compute(c.User, c.Realm, c.Password)));

            DigestResult Verify(DigestSecret secret)
            {
                Assert.Equal(DigestParseResult.Ok, DigestCredentials.TryParse(value, out DigestCredentials credentials));
                Assert.Equal(c.User, Encoding.UTF8.GetString(credentials.GetUsername(stackalloc byte[256])));
                return server.Verify(Now, credentials, realm, secret.Ha1(c.Algorithm), "INVITE"u8, "sip:bob@example.com"u8, Encoding.UTF8.GetBytes(c.Body));
            }
        }).QuickCheckThrowOnFailure();
    }

    private static string Challenge(string nonce, string realm = "example.com", string algorithm = "SHA-256", string qop = "auth", bool isStale = false) =>
        $"Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={algorithm}, qop=\"{qop}\"{(isStale ? ", stale=TRUE" : "")}";

    private static string Value(DigestHeader header, string name)
    {
        int start = header.Value.IndexOf($" {name}=", StringComparison.Ordinal) + name.Length + 2;
        int end = header.Value.IndexOf(',', start);
        return header.Value[start..(end < 0 ? header.Value.Length : end)].Trim('"');
    }
}
