using System.Text;
using Parley.Load.Messages;

namespace Parley.Load.Tests.Messages;

public sealed class DigestChallengeTests
{
    private static string Answer(string challenge, string user, string password, string method, string uri, uint cnonce)
    {
        Assert.True(DigestChallenge.TryRead(Encoding.ASCII.GetBytes(challenge), out DigestChallenge read));
        var writer = new MessageWriter(new byte[1024]);
        read.WriteAnswer(ref writer, Encoding.ASCII.GetBytes(user), Encoding.ASCII.GetBytes(password), Encoding.ASCII.GetBytes(method), Encoding.ASCII.GetBytes(uri), cnonce);
        return Encoding.ASCII.GetString(writer.Written);
    }

    // RFC 2617 3.2.2.1 without qop: its example's A1 and A2, hashed with md5sum.
    [Fact]
    public void Without_qop_it_is_the_old_hash()
    {
        string answer = Answer("Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"",
            "Mufasa", "Circle Of Life", "GET", "/dir/index.html", 1);

        Assert.Contains("response=\"670fd8c2df070c60b045671b8b24ff02\"", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("cnonce", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("qop", answer, StringComparison.Ordinal);
    }

    [Fact]
    public void With_qop_it_counts_and_adds_a_nonce()
    {
        string answer = Answer("Digest nonce=\"abc\",realm=\"peers.test\" , qop=\"auth\", algorithm=MD5", "user1", "pass1", "REGISTER", "sip:peers.test", 0x2a);

        string a1 = Hash("user1:peers.test:pass1"), a2 = Hash("REGISTER:sip:peers.test");
        string expected = Hash($"{a1}:abc:00000001:0000002a:auth:{a2}");
        Assert.Equal("Authorization: Digest username=\"user1\", realm=\"peers.test\", nonce=\"abc\", uri=\"sip:peers.test\", "
            + $"response=\"{expected}\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"0000002a\"\r\n", answer);
    }

    [Theory]
    [InlineData("Basic realm=\"x\"")]
    [InlineData("Digest realm=\"x\", nonce=\"y\", algorithm=SHA-256")]
    [InlineData("Digest realm=\"x\"")]
    [InlineData("Digest realm=\"x\", cnonce=\"y\"")]
    [InlineData("")]
    public void What_cannot_be_answered_is_no_challenge(string value) => Assert.False(DigestChallenge.TryRead(Encoding.ASCII.GetBytes(value), out _));

    private static string Hash(string text) => Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(Encoding.ASCII.GetBytes(text)));
}
