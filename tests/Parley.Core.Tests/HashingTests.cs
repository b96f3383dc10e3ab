using System.Security.Cryptography;
using System.Text;
using Parley.Core.Hashing;

namespace Parley.Core.Tests;

public sealed class HashingTests
{
    /// <summary>RFC 1321 A.5.</summary>
    [Theory]
    [InlineData("", "d41d8cd98f00b204e9800998ecf8427e")]
    [InlineData("a", "0cc175b9c0f1b6a831c399e269772661")]
    [InlineData("abc", "900150983cd24fb0d6963f7d28e17f72")]
    [InlineData("message digest", "f96b697d7cb7938d525a2f31aaf161d0")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345678901234567890", "57edf4a22be3c955ac49da2e2107b67a")]
    public void Md5_is_that_of_RFC_1321(string input, string expected)
    {
        Span<byte> hash = stackalloc byte[16];
        ShortHash.Md5(Encoding.ASCII.GetBytes(input), hash);
        Assert.Equal(expected, Convert.ToHexStringLower(hash));
    }

    /// <summary>RFC 4231 4.2, 4.3, 4.7 (a key longer than a block) and 4.8.</summary>
    [Theory]
    [InlineData("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")]
    [InlineData("4a656665", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")]
    [InlineData("*131", "Test Using Larger Than Block-Size Key - Hash Key First", "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")]
    [InlineData("*131", "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.", "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2")]
    public void Hmac_is_that_of_RFC_4231(string key, string input, string expected)
    {
        byte[] secret = key[0] == '*' ? [.. Enumerable.Repeat((byte)0xaa, int.Parse(key[1..], System.Globalization.CultureInfo.InvariantCulture))] : Convert.FromHexString(key);
        Span<byte> hash = stackalloc byte[HmacSha256Key.LengthBytes];
        new HmacSha256Key(secret).Compute(Encoding.ASCII.GetBytes(input), hash);
        Assert.Equal(expected, Convert.ToHexStringLower(hash));
    }

    /// <summary>RFC 2202 3: cases 1, 2, 3 and 7 (a key longer than a block).</summary>
    [Theory]
    [InlineData("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265", "b617318655057264e28bc0b6fb378c8ef146be00")]
    [InlineData("4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "*221", "125d7342b9ac11cd91a39af48aa17b4f63f175d3")]
    [InlineData("*170", "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b657920616e64204c6172676572205468616e204f6e6520426c6f636b2d53697a652044617461", "e8e99d0f45237d786d6bbaa7965c7808bbff1a91")]
    public void Hmac_Sha1_is_that_of_RFC_2202(string key, string input, string expected)
    {
        byte[] secret = Bytes(key, 80), data = Bytes(input, 50);
        Span<byte> hash = stackalloc byte[HmacSha1Key.LengthBytes];
        foreach (bool keepStates in (bool[])[true, false])
        {
            using var hmac = new HmacSha1Key(secret, keepStates && OperatingSystem.IsLinux());
            for (int cut = 0; cut <= data.Length; cut++)
            {
                hmac.Compute(data.AsSpan(0, cut), data.AsSpan(cut), hash);
                Assert.Equal(expected, Convert.ToHexStringLower(hash));
            }
        }

        static byte[] Bytes(string text, int count) =>
            text[0] == '*' ? [.. Enumerable.Repeat(byte.Parse(text[1..], System.Globalization.CultureInfo.InvariantCulture), count)] : Convert.FromHexString(text);
    }

    [Fact]
    public void Hmac_Sha1_agrees_with_the_platform_at_every_length()
    {
        var random = new Random(1);
        byte[] key = new byte[100], input = new byte[9000], hash = new byte[20];
        random.NextBytes(key);
        random.NextBytes(input);
        foreach (int keyLength in (int[])[0, 1, 20, 63, 64, 65, 100])
        {
            using var hmac = new HmacSha1Key(key.AsSpan(0, keyLength));
            foreach (int length in Enumerable.Range(0, 200).Concat([4095, 4096, 4097, 9000]))
            {
                hmac.Compute(input.AsSpan(0, length), default, hash);
                Assert.Equal(HMACSHA1.HashData(key.AsSpan(0, keyLength), input.AsSpan(0, length)), hash);
            }
        }
    }

    [Fact]
    public void Both_agree_with_the_platform_at_every_length()
    {
        var random = new Random(1);
        byte[] key = new byte[100];
        random.NextBytes(key);
        byte[] input = new byte[9000];
        random.NextBytes(input);
        byte[] hash = new byte[32];
        foreach (int keyLength in (int[])[0, 1, 32, 63, 64, 65, 100])
        {
            var hmac = new HmacSha256Key(key.AsSpan(0, keyLength));
            foreach (int length in Enumerable.Range(0, 200).Concat([4095, 4096, 4097, 9000]))
            {
                ReadOnlySpan<byte> part = input.AsSpan(0, length);
                hmac.Compute(part, hash);
                Assert.Equal(HMACSHA256.HashData(key.AsSpan(0, keyLength), part), hash);
                ShortHash.Md5(part, hash);
                Assert.Equal(MD5.HashData(part), hash[..16]);
            }
        }
    }

    [Fact]
    public void A_destination_that_is_too_short_is_refused()
    {
        Assert.ThrowsAny<ArgumentException>(() => ShortHash.Md5([], new byte[15]));
        Assert.ThrowsAny<ArgumentException>(() => new HmacSha256Key([1]).Compute([], new byte[31]));
    }

    [Fact]
    public void Neither_allocates()
    {
        var hmac = new HmacSha256Key([1, 2, 3]);
        byte[] input = new byte[100], hash = new byte[32];
        long before = 0;
        for (int round = 0; round < 2; round++)
        {
            before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                hmac.Compute(input, hash);
                ShortHash.Md5(input, hash);
            }
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
