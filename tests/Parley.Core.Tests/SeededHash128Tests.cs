using System.Buffers.Binary;
using System.Numerics;

namespace Parley.Core.Tests;

public class SeededHash128Tests
{
    /// <summary>Bytes 00 01 02 … under the key 00 … 0f, as OpenSSL 3 computes them (SIPHASH, size 16, c-rounds 1, d-rounds 3).</summary>
    [Theory]
    [InlineData(0, "E77EBCB22788A5BEFD62DB6ADD303001")]
    [InlineData(1, "FC6F370460D3EDA85E0573CC2B2FF063")]
    [InlineData(7, "1084B923F2AAE0C3A62F2EC80848AB77")]
    [InlineData(8, "AA12FEE1D5E3DAB4724F16AB35F9C799")]
    [InlineData(15, "C17E5505B2BD526C2921CDEC1E7E0109")]
    [InlineData(16, "D0A8D95715518EEBB513B0F83D9E1793")]
    [InlineData(63, "4C5800E34EFE426F079F6B0AA75260AD")]
    public void It_is_SipHash_1_3_128(int length, string expected)
    {
        var hash = new SeededHash128(0x0706050403020100, 0x0f0e0d0c0b0a0908);
        byte[] input = [.. Enumerable.Range(0, length).Select(i => (byte)i)];
        byte[] output = new byte[16];
        BinaryPrimitives.WriteUInt128LittleEndian(output, hash.Compute(input));
        Assert.Equal(expected, Convert.ToHexString(output));
    }

    [Fact]
    public void Each_flipped_bit_of_the_input_changes_about_half_of_the_output()
    {
        var hash = new SeededHash128(1, 2);
        byte[] input = new byte[60];
        new Random(7).NextBytes(input);
        UInt128 before = hash.Compute(input);
        for (int bit = 0; bit < input.Length * 8; bit++)
        {
            input[bit / 8] ^= (byte)(1 << (bit % 8));
            UInt128 difference = hash.Compute(input) ^ before;
            input[bit / 8] ^= (byte)(1 << (bit % 8));
            int changed = BitOperations.PopCount((ulong)difference) + BitOperations.PopCount((ulong)(difference >> 64));
            Assert.InRange(changed, 32, 96);
        }
    }

    [Fact]
    public void Another_seed_gives_another_hash()
    {
        Assert.NotEqual(new SeededHash128(1, 2).Compute("z9hG4bK"u8), new SeededHash128(1, 3).Compute("z9hG4bK"u8));
        Assert.NotEqual(SeededHash128.CreateRandom().Compute("z9hG4bK"u8), SeededHash128.CreateRandom().Compute("z9hG4bK"u8));
    }

    [Fact]
    public void Trailing_zeros_count()
    {
        var hash = new SeededHash128(1, 2);
        Assert.Equal(64, Enumerable.Range(0, 64).Select(length => hash.Compute(new byte[length])).Distinct().Count());
    }
}
