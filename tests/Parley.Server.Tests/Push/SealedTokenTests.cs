using System.Text;
using Parley.Server.Hosting;

namespace Parley.Server.Tests.Push;

public sealed class SealedTokenTests
{
    private readonly ServerKeys _keys = ServerKeys.CreateRandom();

    [Fact]
    public void A_token_gives_its_content_back_and_looks_different_each_time()
    {
        SealedToken token = Of("one");
        var seen = new HashSet<string>();
        for (int length = 1; length <= SealedToken.MaxContentBytes; length++)
        {
            byte[] content = [.. Enumerable.Range(1, length).Select(i => (byte)((i % 255) + 1))];
            string written = Write(token, content);
            Assert.True(seen.Add(written));
            Assert.Equal(written, Write(token, content).Length == written.Length ? written : "another length");
            Assert.Equal(content, Read(token, written));
        }
    }

    [Fact]
    public void Names_of_like_length_have_tokens_of_one_length() => Assert.Equal(Write(Of("one"), "al"u8).Length, Write(Of("one"), "maximilian"u8).Length);

    [Fact]
    public void No_other_key_and_no_other_purpose_reads_it()
    {
        string written = Write(Of("one"), "alice"u8);
        Assert.Null(Read(Of("two"), written));
        Assert.Null(Read(new SealedToken(ServerKeys.CreateRandom().SealingKey("one"u8)), written));
        Assert.Equal("alice"u8.ToArray(), Read(Of("one"), written));
    }

    [Fact]
    public void A_token_that_was_changed_is_none()
    {
        SealedToken token = Of("one");
        string written = Write(token, "alice@example.com"u8);
        for (int i = 0; i < written.Length; i++)
        {
            char other = written[i] == 'A' ? 'Q' : 'A';
            Assert.Null(Read(token, written[..i] + other + written[(i + 1)..]));
            Assert.Null(Read(token, written[..i]));
        }

        Assert.Null(Read(token, written + "A"));
        Assert.Null(Read(token, new string('A', SealedToken.MaxBytes + 4)));
        Assert.Null(Read(token, "%%%%"));
    }

    private SealedToken Of(string purpose) => new(_keys.SealingKey(Encoding.ASCII.GetBytes(purpose)));

    private static string Write(SealedToken token, ReadOnlySpan<byte> content)
    {
        Span<byte> written = stackalloc byte[SealedToken.MaxBytes];
        return Encoding.ASCII.GetString(written[..token.Write(content, written)]);
    }

    private static byte[]? Read(SealedToken token, string written)
    {
        Span<byte> content = stackalloc byte[SealedToken.MaxContentBytes];
        return token.TryRead(Encoding.ASCII.GetBytes(written), content, out int length) ? content[..length].ToArray() : null;
    }
}
