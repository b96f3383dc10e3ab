using FsCheck;
using FsCheck.Fluent;
using Parley.Rtp;

namespace Parley.Media.Tests.Rtp;

public class RtpSequenceTests
{
    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(0, 1, -1)]
    [InlineData(0, 65535, 1)]
    [InlineData(65535, 0, -1)]
    [InlineData(32767, 0, 32767)]
    [InlineData(32768, 0, -32768)]
    [InlineData(5, 5, 0)]
    public void The_later_of_two_numbers_is_the_one_less_than_half_a_turn_ahead(int value, int from, int expected)
    {
        Assert.Equal(expected, RtpSequence.Difference((ushort)value, (ushort)from));
    }

    [Fact]
    public void A_timestamp_wraps_like_a_number()
    {
        Assert.Equal(160, RtpSequence.Difference(100u, 4294967236u));
        Assert.Equal(-160, RtpSequence.Difference(4294967236u, 100u));
    }

    [Fact]
    public void Numbers_are_extended_whatever_turn_they_are_on()
    {
        Gen<(long Near, int Step)> gen = from near in Gen.Choose(0, int.MaxValue) from turns in Gen.Choose(0, 100_000) from step in Gen.Choose(-32768, 32767) select ((long)near + ((long)turns << 16), step);
        Prop.ForAll(gen.ToArbitrary(), x =>
        {
            long exact = x.Near + x.Step;
            Assert.Equal(exact, RtpSequence.Extend((ushort)exact, x.Near));
            Assert.Equal(exact, RtpSequence.Extend((uint)exact, x.Near));
        }).QuickCheckThrowOnFailure();
    }
}
