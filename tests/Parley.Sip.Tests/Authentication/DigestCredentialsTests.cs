using System.Text;
using Parley.Sip.Authentication;

namespace Parley.Sip.Tests.Authentication;

public class DigestCredentialsTests
{
    private const string Whole =
        "Digest username=\"alice\", realm=\"example.com\", nonce=\"n1\", uri=\"sip:example.com\", response=\"00ff\", "
        + "algorithm=SHA-256, cnonce=\"c1\", opaque=\"o\", qop=auth, nc=0000000a, something=else";

    [Fact]
    public void Every_parameter_is_read()
    {
        Assert.Equal(DigestParseResult.Ok, DigestCredentials.TryParse(Encoding.UTF8.GetBytes(Whole), out DigestCredentials credentials));
        Assert.Equal("alice"u8, credentials.Username);
        Assert.Equal("example.com"u8, credentials.Realm);
        Assert.Equal("n1"u8, credentials.Nonce);
        Assert.Equal("sip:example.com"u8, credentials.Uri);
        Assert.Equal("00ff"u8, credentials.Response);
        Assert.Equal("c1"u8, credentials.Cnonce);
        Assert.Equal("0000000a"u8, credentials.NonceCountDigits);
        Assert.Equal(10u, credentials.NonceCount);
        Assert.Equal(DigestQop.Auth, credentials.Qop);
        Assert.Equal(DigestAlgorithm.Sha256, credentials.Algorithm);
        Assert.False(credentials.IsSession);
        Assert.False(credentials.IsUsernameHashed);
    }

    [Theory]
    [InlineData("basic", "Basic YTpi", DigestParseResult.OtherScheme)]
    [InlineData("scheme only", "Digest", DigestParseResult.Malformed)]
    [InlineData("glued scheme", "Digestusername=\"a\"", DigestParseResult.OtherScheme)]
    [InlineData("nothing", "Digest ", DigestParseResult.Malformed)]
    [InlineData("lower case, folds, empty parameters", "digest\r\n username = \"a\" ,, REALM=\"r\"\t,nonce=\"n\",uri=\"u\",response=\"x\",", DigestParseResult.Ok)]
    [InlineData("tokens where quotes belong", "Digest username=a,realm=r,nonce=bm9u==,uri=sip:a@b;lr,response=x", DigestParseResult.Ok)]
    [InlineData("quotes where tokens belong", "Digest username=\"a\",realm=\"r\",nonce=\"n\",uri=\"u\",response=\"x\",qop=\"auth\",nc=\"00000001\",cnonce=\"c\",algorithm=\"MD5\"", DigestParseResult.Ok)]
    [InlineData("no username", "Digest realm=\"r\",nonce=\"n\",uri=\"u\",response=\"x\"", DigestParseResult.Malformed)]
    [InlineData("no realm", "Digest username=\"a\",nonce=\"n\",uri=\"u\",response=\"x\"", DigestParseResult.Malformed)]
    [InlineData("no nonce", "Digest username=\"a\",realm=\"r\",uri=\"u\",response=\"x\"", DigestParseResult.Malformed)]
    [InlineData("no uri", "Digest username=\"a\",realm=\"r\",nonce=\"n\",response=\"x\"", DigestParseResult.Malformed)]
    [InlineData("no response", "Digest username=\"a\",realm=\"r\",nonce=\"n\",uri=\"u\"", DigestParseResult.Malformed)]
    [InlineData("username twice", "Digest username=\"a\",username=\"b\",realm=\"r\",nonce=\"n\",uri=\"u\",response=\"x\"", DigestParseResult.Malformed)]
    [InlineData("both usernames", "Digest username=\"a\",username*=UTF-8''b,realm=\"r\",nonce=\"n\",uri=\"u\",response=\"x\"", DigestParseResult.Malformed)]
    [InlineData("open quote", "Digest username=\"a,realm=\"r\",nonce=\"n\",uri=\"u\",response=\"x", DigestParseResult.Malformed)]
    [InlineData("slash at the end", "Digest username=\"a\",realm=\"r\",nonce=\"n\",uri=\"u\",response=\"x\\", DigestParseResult.Malformed)]
    [InlineData("no equals", "Digest username", DigestParseResult.Malformed)]
    [InlineData("no value", "Digest username=", DigestParseResult.Malformed)]
    [InlineData("no comma", "Digest username=\"a\" realm=\"r\"", DigestParseResult.Malformed)]
    [InlineData("qop without nc", "Digest username=\"a\",realm=\"r\",nonce=\"n\",uri=\"u\",response=\"x\",qop=auth,cnonce=\"c\"", DigestParseResult.Malformed)]
    [InlineData("qop without cnonce", "Digest username=\"a\",realm=\"r\",nonce=\"n\",uri=\"u\",response=\"x\",qop=auth,nc=00000001", DigestParseResult.Malformed)]
    [InlineData("nc zero", "Digest username=\"a\",realm=\"r\",nonce=\"n\",uri=\"u\",response=\"x\",qop=auth,cnonce=\"c\",nc=00000000", DigestParseResult.Malformed)]
    [InlineData("nc short", "Digest username=\"a\",realm=\"r\",nonce=\"n\",uri=\"u\",response=\"x\",qop=auth,cnonce=\"c\",nc=1", DigestParseResult.Malformed)]
    [InlineData("nc no number", "Digest username=\"a\",realm=\"r\",nonce=\"n\",uri=\"u\",response=\"x\",qop=auth,cnonce=\"c\",nc=0000000g", DigestParseResult.Malformed)]
    [InlineData("session without cnonce", "Digest username=\"a\",realm=\"r\",nonce=\"n\",uri=\"u\",response=\"x\",algorithm=MD5-sess", DigestParseResult.Malformed)]
    [InlineData("unknown algorithm", "Digest username=\"a\",realm=\"r\",nonce=\"n\",uri=\"u\",response=\"x\",algorithm=AKAv1-MD5", DigestParseResult.Unsupported)]
    [InlineData("unknown qop", "Digest username=\"a\",realm=\"r\",nonce=\"n\",uri=\"u\",response=\"x\",qop=auth-conf,cnonce=\"c\",nc=00000001", DigestParseResult.Unsupported)]
    [InlineData("before any challenge", "Digest username=\"a\",realm=\"r\",nonce=\"\",uri=\"u\",response=\"\"", DigestParseResult.Ok)]
    public void Each_form_is_told_apart(string what, string value, DigestParseResult expected)
    {
        Assert.NotEmpty(what);
        Assert.Equal(expected, DigestCredentials.TryParse(Encoding.UTF8.GetBytes(value), out _));
    }

    [Theory]
    [InlineData("username=\"alice\"", "alice")]
    [InlineData("username=\"a \\\"b\\\" \\\\c\"", "a \"b\" \\c")]
    [InlineData("username=\"jäs\"", "jäs")]
    [InlineData("username*=UTF-8''J%C3%A4s%C3%B8n%20Doe", "Jäsøn Doe")]
    [InlineData("username*=utf-8'en'plain", "plain")]
    [InlineData("username*=UTF-8''%C", "")]
    [InlineData("username*=UTF-8''%XY", "")]
    [InlineData("username*=UTF-8'", "")]
    [InlineData("username*=ISO-8859-1''a", "")]
    public void The_user_name_is_decoded(string parameter, string expected)
    {
        byte[] value = Encoding.UTF8.GetBytes($"Digest {parameter},realm=\"r\",nonce=\"n\",uri=\"u\",response=\"x\"");
        Assert.Equal(DigestParseResult.Ok, DigestCredentials.TryParse(value, out DigestCredentials credentials));
        Assert.Equal(expected, Encoding.UTF8.GetString(credentials.GetUsername(stackalloc byte[64])));
    }

    [Fact]
    public void A_name_that_does_not_fit_is_empty()
    {
        byte[] value = Encoding.UTF8.GetBytes("Digest username=\"a\\\"b\",realm=\"r\",nonce=\"n\",uri=\"u\",response=\"x\"");
        DigestCredentials.TryParse(value, out DigestCredentials credentials);
        Assert.True(credentials.GetUsername(stackalloc byte[3]).IsEmpty);
    }

    [Fact]
    public void The_realm_is_compared_without_quoting_slashes()
    {
        byte[] value = Encoding.UTF8.GetBytes("Digest username=\"a\",realm=\"a \\\"b\\\"\",nonce=\"n\",uri=\"u\",response=\"x\"");
        DigestCredentials.TryParse(value, out DigestCredentials credentials);
        Assert.True(credentials.IsForRealm("a \"b\""u8));
        Assert.False(credentials.IsForRealm("a \"b\"c"u8));
        Assert.False(credentials.IsForRealm("a \"b"u8));
        Assert.False(credentials.IsForRealm("A \"b\""u8));
    }

    /// <summary>Whatever is cut off or changed, the parser answers and does not throw, and what it accepts it can read.</summary>
    [Fact]
    public void Any_bytes_get_an_answer()
    {
        byte[] whole = Encoding.UTF8.GetBytes(Whole);
        Span<byte> scratch = new byte[256];
        for (int length = 0; length <= whole.Length; length++) DigestCredentials.TryParse(whole.AsSpan(0, length), out _);
        for (int seed = 0; seed < 20_000; seed++)
        {
            var random = new Random(seed);
            byte[] bytes = (byte[])whole.Clone();
            for (int i = random.Next(1, 6); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)"\",=\\ \r\n;%*a0\0\xff"[random.Next(14)];
            if (DigestCredentials.TryParse(bytes, out DigestCredentials credentials) != DigestParseResult.Ok) continue;
            Assert.True(credentials.GetUsername(scratch).Length <= credentials.Username.Length, $"seed {seed}");
        }
    }
}
