using System.Text;
using Parley.Sip.Authentication;

namespace Parley.Sip.Tests.Authentication;

public class DigestAuthenticatorTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DigestSecret Alice = DigestSecret.Compute("alice", "example.com", "s3cret");

    private DateTimeOffset _now = Start;

    [Fact]
    public void Challenges_are_one_per_algorithm_the_strongest_first_with_one_nonce()
    {
        DigestAuthenticator server = Make();
        Span<byte> lines = new byte[server.MaxChallengesLengthBytes("WWW-Authenticate"u8, "example.com"u8)];
        int length = server.WriteChallenges(_now, "WWW-Authenticate"u8, "example.com"u8, isStale: false, lines);
        string[] rows = Encoding.ASCII.GetString(lines[..length]).Split("\r\n");
        Assert.Equal(4, rows.Length);
        Assert.Equal("", rows[3]);
        Assert.StartsWith("WWW-Authenticate: Digest realm=\"example.com\", nonce=\"", rows[0], StringComparison.Ordinal);
        Assert.EndsWith("\", algorithm=SHA-512-256, qop=\"auth\"", rows[0], StringComparison.Ordinal);
        Assert.EndsWith("\", algorithm=SHA-256, qop=\"auth\"", rows[1], StringComparison.Ordinal);
        Assert.EndsWith("\", algorithm=MD5, qop=\"auth\"", rows[2], StringComparison.Ordinal);
        Assert.Single(rows[..3].Select(row => row.Split('"')[3]).Distinct());
    }

    [Fact]
    public void A_challenge_says_what_the_options_say()
    {
        DigestAuthenticator server = Make(new DigestOptions { Algorithms = [DigestAlgorithm.Md5], Qop = DigestQop.Auth | DigestQop.AuthInt });
        string value = Encoding.UTF8.GetString(server.MakeChallenges(_now, "say \"hi\""u8, isStale: true)[0]);
        Assert.StartsWith("Digest realm=\"say \\\"hi\\\"\", nonce=\"", value, StringComparison.Ordinal);
        Assert.EndsWith(", algorithm=MD5, qop=\"auth,auth-int\", stale=true", value, StringComparison.Ordinal);
    }

    [Fact]
    public void Right_credentials_pass_once_per_count()
    {
        DigestAuthenticator server = Make();
        string nonce = Nonce(server);
        Assert.Equal(DigestResult.Ok, Verify(server, Credentials(nonce, count: 1)));
        Assert.Equal(DigestResult.Replayed, Verify(server, Credentials(nonce, count: 1)));
        Assert.Equal(DigestResult.Ok, Verify(server, Credentials(nonce, count: 3)));
        Assert.Equal(DigestResult.Ok, Verify(server, Credentials(nonce, count: 2)));    // was overtaken
        Assert.Equal(DigestResult.Replayed, Verify(server, Credentials(nonce, count: 2)));
        Assert.Equal(DigestResult.Ok, Verify(server, Credentials(nonce, count: 100)));
        Assert.Equal(DigestResult.Replayed, Verify(server, Credentials(nonce, count: 36)));     // too far behind to tell
        Assert.Equal(DigestResult.Ok, Verify(server, Credentials(nonce, count: 37)));
    }

    [Fact]
    public void What_is_wrong_is_told_apart()
    {
        DigestAuthenticator server = Make();
        string nonce = Nonce(server);
        Assert.Equal(DigestResult.WrongRealm, Verify(server, Credentials(nonce).Replace("realm=\"example.com\"", "realm=\"other\"", StringComparison.Ordinal)));
        Assert.Equal(DigestResult.WrongPassword, Verify(server, Credentials(nonce, password: "guess")));
        Assert.Equal(DigestResult.WrongPassword, Verify(server, Credentials(nonce), method: "INVITE"));
        Assert.Equal(DigestResult.WrongPassword, Verify(server, Credentials(nonce).Replace("response=\"", "response=\"0", StringComparison.Ordinal)));
        Assert.Equal(DigestResult.WrongUri, Verify(server, Credentials(nonce), uri: "sip:elsewhere.example"));
        Assert.Equal(DigestResult.NotChallenged, Verify(server, "Digest username=\"alice\",realm=\"example.com\",nonce=\"\",uri=\"sip:example.com\",response=\"\""));
        Assert.Equal(DigestResult.Ok, Verify(server, Credentials(nonce)));
    }

    [Fact]
    public void An_unknown_user_is_a_wrong_password()
    {
        DigestAuthenticator server = Make();
        byte[] value = Encoding.UTF8.GetBytes(Credentials(Nonce(server)));
        DigestCredentials.TryParse(value, out DigestCredentials credentials);
        Assert.Equal(DigestResult.WrongPassword, server.Verify(_now, credentials, "example.com"u8, default, "REGISTER"u8, "sip:example.com"u8, default));
        Assert.Throws<ArgumentException>(() =>
        {
            DigestCredentials.TryParse(value, out DigestCredentials again);
            server.Verify(_now, again, "example.com"u8, new byte[16], "REGISTER"u8, "sip:example.com"u8, default);
        });
    }

    [Fact]
    public void A_nonce_is_stale_after_its_lifetime_and_in_another_realm_and_from_another_server()
    {
        DigestAuthenticator server = Make();
        string nonce = Nonce(server);
        _now += TimeSpan.FromMinutes(5);
        Assert.Equal(DigestResult.Ok, Verify(server, Credentials(nonce, count: 1)));
        _now += TimeSpan.FromMilliseconds(1);
        Assert.Equal(DigestResult.StaleNonce, Verify(server, Credentials(nonce, count: 2)));
        Assert.Equal(DigestResult.StaleNonce, Verify(server, Credentials(nonce, password: "guess", count: 3)));      // tells nothing about the password

        Assert.Equal(DigestResult.StaleNonce, Verify(server, Credentials(Nonce(server, "other.example"))));
        Assert.Equal(DigestResult.StaleNonce, Verify(server, Credentials(Nonce(new DigestAuthenticator(new DigestOptions(), new byte[32], _now)))));
        Assert.Equal(DigestResult.StaleNonce, Verify(server, Credentials("made-up")));
        string fresh = Nonce(server);
        Assert.Equal(DigestResult.StaleNonce, Verify(server, Credentials((fresh[0] == 'A' ? "B" : "A") + fresh[1..])));
    }

    [Fact]
    public void A_nonce_is_good_for_the_origin_that_it_was_made_for()
    {
        DigestAuthenticator server = Make();
        byte[] room = new byte[1000];
        int length = server.WriteChallenges(_now, "A"u8, "example.com"u8, isStale: false, room, origin: 0x12345678);
        string nonce = Encoding.UTF8.GetString(room, 0, length).Split("nonce=\"")[1].Split('"')[0];
        foreach (string password in (string[])["guess", ""])
        {
            byte[] value = Encoding.UTF8.GetBytes(password.Length == 0 ? Credentials(nonce) : Credentials(nonce, password: password));
            foreach ((uint origin, DigestResult expected) in ((uint, DigestResult)[])[(0, DigestResult.StaleNonce), (0x00345679, DigestResult.StaleNonce), (0x345678, password.Length == 0 ? DigestResult.Ok : DigestResult.WrongPassword)])
            {
                DigestCredentials.TryParse(value, out DigestCredentials credentials);
                byte[] ha1 = Alice.Ha1(credentials.Algorithm).ToArray();
                Assert.Equal(expected, server.Verify(_now, credentials, "example.com"u8, ha1, "REGISTER"u8, "sip:example.com"u8, default, origin));
            }
        }
    }

    [Fact]
    public void A_nonce_of_an_earlier_run_or_of_the_future_is_stale()
    {
        string nonce = Nonce(Make());
        _now += TimeSpan.FromSeconds(1);
        Assert.Equal(DigestResult.StaleNonce, Verify(Make(), Credentials(nonce)));

        DigestAuthenticator server = Make();
        _now += TimeSpan.FromMinutes(1);
        nonce = Nonce(server);
        _now -= TimeSpan.FromSeconds(2);
        Assert.Equal(DigestResult.StaleNonce, Verify(server, Credentials(nonce)));
    }

    [Fact]
    public void Without_qop_md5_passes_once_per_nonce_where_allowed()
    {
        DigestAuthenticator server = Make();
        string nonce = Nonce(server);
        Assert.Equal(DigestResult.Ok, Verify(server, Credentials(nonce, qop: "", algorithm: "MD5")));
        Assert.Equal(DigestResult.Replayed, Verify(server, Credentials(nonce, qop: "", algorithm: "MD5")));
        Assert.Equal(DigestResult.Unsupported, Verify(server, Credentials(Nonce(server), qop: "", algorithm: "SHA-256")));
        DigestAuthenticator strict = Make(new DigestOptions { AcceptsMissingQop = false });
        Assert.Equal(DigestResult.Unsupported, Verify(strict, Credentials(Nonce(strict), qop: "", algorithm: "MD5")));
    }

    [Fact]
    public void Only_the_algorithms_of_the_options_are_accepted()
    {
        DigestAuthenticator server = Make(new DigestOptions { Algorithms = [DigestAlgorithm.Sha256] });
        Assert.Equal(DigestResult.Unsupported, Verify(server, Credentials(Nonce(server), algorithm: "MD5")));
        Assert.Equal(DigestResult.Ok, Verify(server, Credentials(Nonce(server), algorithm: "SHA-256")));
        Assert.Equal(DigestResult.Ok, Verify(server, Credentials(Nonce(server), algorithm: "SHA-256-sess")));
    }

    [Fact]
    public void Auth_int_covers_the_body()
    {
        DigestAuthenticator server = Make();
        string credentials = Credentials(Nonce(server), qop: "auth-int", body: "the body");
        Assert.Equal(DigestResult.WrongPassword, Verify(server, credentials, body: "another body"));
        Assert.Equal(DigestResult.Ok, Verify(server, credentials, body: "the body"));
    }

    [Theory]
    [InlineData("sip:example.com", "sip:example.com", true)]
    [InlineData("sip:example.com", "sip:EXAMPLE.com:5060;transport=tcp", true)]
    [InlineData("sip:bob@example.com", "sips:bob@example.com;user=phone?subject=x", true)]
    [InlineData("sip:bob:pw@example.com", "sip:bob@example.com", true)]
    [InlineData("sip:+49;ext=1@[::1]:5061", "sip:+49;ext=1@[::1]", true)]
    [InlineData("sip:bob@example.com", "sip:Bob@example.com", false)]
    [InlineData("sip:bob@example.com", "sip:example.com", false)]
    [InlineData("sip:bob@example.com", "sip:bob@example.org", false)]
    [InlineData("sip:bob@[::1]", "sip:bob@[::2]", false)]
    [InlineData("tel:+49", "TEL:+49", true)]
    [InlineData("tel:+49", "sip:+49@example.com", false)]
    [InlineData("nonsense", "sip:+49@example.com", false)]
    public void The_digest_uri_must_mean_who_the_request_is_for(string digestUri, string requestUri, bool expected) =>
        Assert.Equal(expected, DigestUri.Matches(Encoding.ASCII.GetBytes(digestUri), Encoding.ASCII.GetBytes(requestUri)));

    [Fact]
    public void Any_digest_uri_passes_where_the_options_say_so()
    {
        DigestAuthenticator server = Make(new DigestOptions { RequiresMatchingUri = false });
        Assert.Equal(DigestResult.Ok, Verify(server, Credentials(Nonce(server)), uri: "sip:elsewhere.example"));
    }

    [Fact]
    public void When_more_nonces_are_in_use_than_are_remembered_the_oldest_are_stale_and_no_replay_passes()
    {
        DigestAuthenticator server = Make(new DigestOptions { NonceCapacity = 3 });
        var nonces = new List<string>();
        for (int i = 0; i < 5; i++)
        {
            _now += TimeSpan.FromMilliseconds(10);
            nonces.Add(Nonce(server));
        }

        foreach (string nonce in nonces) Assert.Equal(DigestResult.Ok, Verify(server, Credentials(nonce, count: 1)));
        Assert.Equal(3, server.NonceCount);
        Assert.Equal(DigestResult.StaleNonce, Verify(server, Credentials(nonces[0], count: 1)));
        Assert.Equal(DigestResult.StaleNonce, Verify(server, Credentials(nonces[1], count: 2)));
        Assert.Equal(DigestResult.Replayed, Verify(server, Credentials(nonces[2], count: 1)));
        Assert.Equal(DigestResult.Ok, Verify(server, Credentials(nonces[4], count: 2)));
    }

    [Fact]
    public void Verification_allocates_nothing()
    {
        DigestAuthenticator server = Make();
        byte[] value = Encoding.UTF8.GetBytes(Credentials(Nonce(server), algorithm: "MD5"));
        Assert.Equal(DigestResult.Ok, Once());
        Run();      // compiled and grown
        Assert.Equal(0, AllocatedBytes.Of(Run));

        void Run()
        {
            for (int i = 0; i < 100; i++) Assert.True(Once() == DigestResult.Replayed);
        }

        DigestResult Once()
        {
            DigestCredentials.TryParse(value, out DigestCredentials credentials);
            return server.Verify(_now, credentials, "example.com"u8, Alice.Ha1(credentials.Algorithm), "REGISTER"u8, "sip:example.com"u8, default);
        }
    }

    [Fact]
    public void Options_that_cannot_be_are_refused_by_name()
    {
        Assert.Contains("Algorithms", Refusal(new DigestOptions { Algorithms = [] }), StringComparison.Ordinal);
        Assert.Contains("Algorithms", Refusal(new DigestOptions { Algorithms = [DigestAlgorithm.Md5, DigestAlgorithm.Md5] }), StringComparison.Ordinal);
        Assert.Contains("Qop", Refusal(new DigestOptions { Qop = DigestQop.None }), StringComparison.Ordinal);
        Assert.Contains("NonceLifetime", Refusal(new DigestOptions { NonceLifetime = TimeSpan.Zero }), StringComparison.Ordinal);
        Assert.Contains("NonceCapacity", Refusal(new DigestOptions { NonceCapacity = 0 }), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new DigestAuthenticator(new DigestOptions(), new byte[15], _now));

        string Refusal(DigestOptions options) => Assert.Throws<ArgumentException>(() => Make(options)).Message;
    }

    private DigestAuthenticator Make(DigestOptions? options = null) => new(options ?? new DigestOptions(), Key, _now);

    private string Nonce(DigestAuthenticator server, string realm = "example.com")
    {
        Assert.Equal(DigestParseResult.Ok, DigestChallenge.TryParse(server.MakeChallenges(_now, Encoding.UTF8.GetBytes(realm), isStale: false)[0], out DigestChallenge? challenge));
        return challenge!.Nonce;
    }

    private DigestResult Verify(DigestAuthenticator server, string value, string method = "REGISTER", string uri = "sip:example.com", string body = "")
    {
        Assert.Equal(DigestParseResult.Ok, DigestCredentials.TryParse(Encoding.UTF8.GetBytes(value), out DigestCredentials credentials));
        return server.Verify(
            _now, credentials, "example.com"u8, Alice.Ha1(credentials.Algorithm), Encoding.ASCII.GetBytes(method), Encoding.ASCII.GetBytes(uri), Encoding.ASCII.GetBytes(body));
    }

    /// <summary>Alice's REGISTER to sip:example.com.</summary>
    private static string Credentials(string nonce, int count = 1, string qop = "auth", string algorithm = "SHA-256", string password = "s3cret", string body = "")
    {
        Assert.True(DigestAlgorithms.TryParse(Encoding.ASCII.GetBytes(algorithm), out DigestAlgorithm hash, out bool isSession));
        byte[] bytes = new byte[DigestComputation.HashLengthBytes(hash)];
        DigestComputation.ComputeHa1(hash, "alice"u8, "example.com"u8, Encoding.ASCII.GetBytes(password), bytes);
        DigestComputation.ComputeResponse(
            bytes,
            new DigestParameters
            {
                Algorithm = hash,
                IsSession = isSession,
                Qop = DigestCredentials.ParseQop(Encoding.ASCII.GetBytes(qop)),
                Nonce = Encoding.ASCII.GetBytes(nonce),
                NonceCount = Encoding.ASCII.GetBytes($"{count:x8}"),
                Cnonce = "client"u8,
                Method = "REGISTER"u8,
                Uri = "sip:example.com"u8,
                Body = Encoding.ASCII.GetBytes(body),
            },
            bytes);
        string value = $"Digest username=\"alice\", realm=\"example.com\", nonce=\"{nonce}\", uri=\"sip:example.com\", response=\"{Convert.ToHexStringLower(bytes)}\", algorithm={algorithm}";
        return qop.Length == 0 ? value : $"{value}, cnonce=\"client\", qop={qop}, nc={count:x8}";
    }
}
