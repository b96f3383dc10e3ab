using System.Text;
using Parley.Core.Hashing;
using Parley.Sip.Authentication;

namespace Parley.Sip.Tests.Authentication;

public class NonceCountsTests
{
    private static readonly HmacSha256Key Key = new(new byte[32]);
    private static ulong _nextId = 0x9E37_79B9_7F4A_7C15;

    /// <summary>Against a slow second opinion that remembers every use for ever.</summary>
    [Fact]
    public void No_count_passes_twice_whatever_the_order_load_and_clock()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            int capacity = random.Next(1, 40);
            TimeSpan lifetime = TimeSpan.FromSeconds(10);
            long now = 1_000_000;
            var counts = new NonceCounts(capacity, lifetime, forgottenUpTo: now - 1);
            var used = new HashSet<(ulong Id, uint Count)>();
            var nonces = new List<DigestNonce>();
            for (int step = 0; step < 2000; step++)
            {
                now += random.Next(-20, 60);
                if (nonces.Count == 0 || random.Next(3) == 0) nonces.Add(Make(now));
                DigestNonce nonce = nonces[Math.Max(0, nonces.Count - 1 - random.Next(60))];
                if (now - nonce.IssuedMilliseconds > lifetime.TotalMilliseconds || nonce.IssuedMilliseconds > now) continue;

                uint count = (uint)random.Next(1, 120);
                NonceUse use = counts.Use(now, nonce, count);
                bool isFirst = used.Add((nonce.Id, count));
                if (use == NonceUse.New) Assert.True(isFirst, $"seed {seed}, step {step}: {count} passed twice");
                else if (isFirst) used.Remove((nonce.Id, count));
                Assert.True(counts.Count <= capacity, $"seed {seed}: more are kept than allowed");
            }
        }
    }

    [Fact]
    public void Nonces_whose_time_is_over_make_room()
    {
        var counts = new NonceCounts(100, TimeSpan.FromSeconds(1), forgottenUpTo: 0);
        for (int i = 0; i < 50; i++) Assert.Equal(NonceUse.New, counts.Use(1000 + i, Make(1000 + i), 1));
        Assert.Equal(50, counts.Count);
        Assert.Equal(NonceUse.New, counts.Use(5000, Make(5000), 1));
        Assert.Equal(1, counts.Count);
    }

    private static DigestNonce Make(long milliseconds)
    {
        Span<byte> text = stackalloc byte[DigestNonce.TextLengthBytes];
        DigestNonce.Write(Key, DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), Interlocked.Increment(ref _nextId), "r"u8, text);
        Assert.True(DigestNonce.TryRead(Key, "r"u8, text, out DigestNonce nonce), Encoding.ASCII.GetString(text));
        Assert.Equal(milliseconds, nonce.IssuedMilliseconds);
        return nonce;
    }
}
