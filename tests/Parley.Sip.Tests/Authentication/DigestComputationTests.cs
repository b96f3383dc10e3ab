using System.Text;
using Parley.Sip.Authentication;

namespace Parley.Sip.Tests.Authentication;

public class DigestComputationTests
{
    private const string Nonce7616 = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    private const string Cnonce7616 = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

    /// <summary>FIPS 180-4's examples, as NIST publishes them for SHA-512/256.</summary>
    [Theory]
    [InlineData("abc", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23")]
    [InlineData(
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
        "3928e184fb8690f840da3988121d31be65cb9d3ef83ee6146feac861e19b563a")]
    [InlineData("", "c672b8d1ef56ed28ab87c3622c5114069bdd3ad7b8f9737498d0c01ecef0967a")]
    public void Sha_512_256_of_the_standards_examples(string text, string expected)
    {
        byte[] hash = new byte[32];
        Sha512Truncated256.HashData(Encoding.ASCII.GetBytes(text), hash);
        Assert.Equal(expected, Convert.ToHexStringLower(hash));
    }

    /// <summary>The hash over the hashes of 0 to 300 bytes (byte i is i mod 251), as OpenSSL computes it: every length of padding.</summary>
    [Fact]
    public void Sha_512_256_of_every_length_up_to_300()
    {
        byte[] input = [.. Enumerable.Range(0, 300).Select(i => (byte)(i % 251))];
        byte[] hashes = new byte[301 * 32];
        for (int length = 0; length <= 300; length++) Sha512Truncated256.HashData(input.AsSpan(0, length), hashes.AsSpan(length * 32));
        byte[] hash = new byte[32];
        Sha512Truncated256.HashData(hashes, hash);
        Assert.Equal("a6cdb1c476398628b3625155dc6636bd49b980d4f62840c48aaf112948fb412f", Convert.ToHexStringLower(hash));
    }

    [Theory]
    [InlineData(DigestAlgorithm.Md5, "8ca523f5e9506fed4657c9700eebdbec")]
    [InlineData(DigestAlgorithm.Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1")]
    public void The_example_of_rfc_7616_3_9_1(DigestAlgorithm algorithm, string expected) =>
        Assert.Equal(expected, Respond(
            algorithm, isSession: false, DigestQop.Auth, "Mufasa", "http-auth@example.org", "Circle of Life",
            Nonce7616, "00000001", Cnonce7616, "GET", "/dir/index.html", ""));

    [Fact]
    public void The_example_of_rfc_7616_3_9_2()
    {
        // The RFC prints ae66e67d...: the first half of SHA-512, which is not SHA-512/256. This is what OpenSSL's sha512-256
        // makes of the same inputs.
        Assert.Equal(
            "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5",
            Respond(
                DigestAlgorithm.Sha512Truncated256, isSession: false, DigestQop.Auth, "Jäsøn Doe", "api@example.org", "Secret, or not?",
                "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", "00000001", "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", "GET", "/doe.json", ""));
    }

    [Fact]
    public void The_example_of_rfc_2617_3_5() =>
        Assert.Equal("6629fae49393a05397450978507c4ef1", Respond(
            DigestAlgorithm.Md5, isSession: false, DigestQop.Auth, "Mufasa", "testrealm@host.com", "Circle Of Life",
            "dcd98b7102dd2f0e8b11d0f600bfb0c093", "00000001", "0a4f113b", "GET", "/dir/index.html", ""));

    /// <summary>As Python's hashlib computes them by the formulas of RFC 7616 3.4.</summary>
    [Theory]
    [InlineData("MD5", false, DigestQop.None, "ca9821c3056c23de0881f3b87f2abb8f")]
    [InlineData("MD5", false, DigestQop.Auth, "cb2f542538d8fb42e8ddcd5081cff364")]
    [InlineData("MD5", false, DigestQop.AuthInt, "caf3cdae58c07ccd94951cfbf64ac4f1")]
    [InlineData("MD5", true, DigestQop.None, "24b529ab6ca0413fb2da5cd7ac49b650")]
    [InlineData("MD5", true, DigestQop.Auth, "248a4311e0e96186d9ccee13fb635195")]
    [InlineData("MD5", true, DigestQop.AuthInt, "b8d68e2feb503f1b69867fbbff1640bb")]
    [InlineData("SHA-256", false, DigestQop.None, "c37ef332dc3420e2259bf5686edd90630c022f93a1623d4dbaf7cecec1580c27")]
    [InlineData("SHA-256", false, DigestQop.Auth, "9391edca3717667097168bd9b9862a0e7c7873793ca40bbcdd777413a5371cab")]
    [InlineData("SHA-256", false, DigestQop.AuthInt, "0158a4bfce83f75fce320a09ca576c523fccc3a6938a8a225f821e0b0d27da1c")]
    [InlineData("SHA-256", true, DigestQop.None, "18a70e2218d520b110c74ed352166d08366f00d72d8458ba9bc3102ad3a5072e")]
    [InlineData("SHA-256", true, DigestQop.Auth, "4154f7b569842841f4dbb116f2e90168866a7591861d8e4c4b34a13c9c182a17")]
    [InlineData("SHA-256", true, DigestQop.AuthInt, "bcd9e87c526bdde08813a8877d07db66d1f3ff9c77efb4ff2e78cbd1785c92f5")]
    [InlineData("SHA-512-256", false, DigestQop.None, "af7325ef43def7a8fd07851a61ee6e59ebfacbc0d6f289e2a92078ae638ddd3f")]
    [InlineData("SHA-512-256", false, DigestQop.Auth, "735fd1bd010b4c67769d57328bb7fb4c21f96da4ca6f5d4abffc3d995585b196")]
    [InlineData("SHA-512-256", false, DigestQop.AuthInt, "94b4a8275a2987fb355c286bff0ce1f659f15cdf03eb438f783901049717d56f")]
    [InlineData("SHA-512-256", true, DigestQop.None, "d8eb57bedd53cafa5447e69afa104a58fcf0abcebe4951a4e16db66c5564d1a4")]
    [InlineData("SHA-512-256", true, DigestQop.Auth, "ffb39dd0f0f5dd6397ee5239631237eb7630caeeaa0cf8d271e73ec14e047415")]
    [InlineData("SHA-512-256", true, DigestQop.AuthInt, "10dec608e9f9bffade5e6d9ce0aec9a31efb3044fb195eeafcecb7122d9572df")]
    public void Every_algorithm_and_qop(string name, bool isSession, DigestQop qop, string expected)
    {
        Assert.True(DigestAlgorithms.TryParse(Encoding.ASCII.GetBytes(name), out DigestAlgorithm algorithm, out _));
        Assert.Equal(expected, Respond(
            algorithm, isSession, qop, "alice", "example.com", "s3cret", "abc123", "0000000a", "xyz", "INVITE", "sip:bob@example.com", "v=0\r\n"));
    }

    [Fact]
    public void Quoting_slashes_are_not_part_of_what_is_hashed() =>
        Assert.Equal(
            Respond(DigestAlgorithm.Md5, false, DigestQop.Auth, "a", "r", "p", "n", "00000001", "say \"hi\"", "GET", "/", ""),
            Respond(DigestAlgorithm.Md5, false, DigestQop.Auth, "a", "r", "p", "n", "00000001", "say \\\"hi\\\"", "GET", "/", ""));

    [Fact]
    public void Long_uris_are_hashed_to_their_end()
    {
        string uri = "sip:" + new string('x', 5000);
        Assert.NotEqual(
            Respond(DigestAlgorithm.Sha256, false, DigestQop.Auth, "a", "r", "p", "n", "00000001", "c", "GET", uri + "1", ""),
            Respond(DigestAlgorithm.Sha256, false, DigestQop.Auth, "a", "r", "p", "n", "00000001", "c", "GET", uri + "2", ""));
    }

    [Fact]
    public void A_stored_secret_is_the_three_hashes_and_never_shown()
    {
        DigestSecret secret = DigestSecret.Compute("alice", "example.com", "s3cret");
        Assert.Equal(80, secret.Bytes.Length);
        Assert.Equal(DigestSecret.FromBytes(secret.Bytes).Bytes, secret.Bytes);
        byte[] ha1 = new byte[32];
        DigestComputation.ComputeHa1(DigestAlgorithm.Sha256, "alice"u8, "example.com"u8, "s3cret"u8, ha1);
        Assert.Equal(ha1, secret.Ha1(DigestAlgorithm.Sha256));
        Assert.DoesNotContain(Convert.ToHexString(ha1), secret.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.Throws<ArgumentException>(() => DigestSecret.FromBytes(new byte[79]));
    }

    private static string Respond(
        DigestAlgorithm algorithm, bool isSession, DigestQop qop, string username, string realm, string password,
        string nonce, string count, string cnonce, string method, string uri, string body)
    {
        byte[] hash = new byte[DigestComputation.HashLengthBytes(algorithm)];
        DigestComputation.ComputeHa1(algorithm, Encoding.UTF8.GetBytes(username), Encoding.UTF8.GetBytes(realm), Encoding.UTF8.GetBytes(password), hash);
        DigestComputation.ComputeResponse(
            hash,
            new DigestParameters
            {
                Algorithm = algorithm,
                IsSession = isSession,
                Qop = qop,
                Nonce = Encoding.ASCII.GetBytes(nonce),
                NonceCount = Encoding.ASCII.GetBytes(count),
                Cnonce = Encoding.ASCII.GetBytes(cnonce),
                Method = Encoding.ASCII.GetBytes(method),
                Uri = Encoding.ASCII.GetBytes(uri),
                Body = Encoding.ASCII.GetBytes(body),
            },
            hash);
        return Convert.ToHexStringLower(hash);
    }
}
