using Parley.Load.Measuring;

namespace Parley.Load.Tests.Measuring;

public sealed class SpreadTests
{
    [Theory]
    [InlineData(new[] { 3.0 }, 3.0, 3.0, 3.0)]
    [InlineData(new[] { 3.0, 1.0, 2.0 }, 2.0, 1.0, 3.0)]
    [InlineData(new[] { 4.0, 1.0, 2.0, 3.0 }, 2.5, 1.0, 4.0)]
    public void It_has_the_middle_the_least_and_the_most(double[] values, double median, double least, double most) =>
        Assert.Equal(new Spread(median, least, most), Spread.Of(values));

    [Fact]
    public void There_is_none_without_values_or_with_one_that_is_no_number()
    {
        Assert.Null(Spread.Of([]));
        Assert.Null(Spread.Of([1, double.NaN]));
        Assert.Null(Spread.Of([1, 1.0 / 0]));
    }

    [Fact]
    public void It_is_written_with_its_bounds() => Assert.Equal("0.59 (0.55 to 0.71)", new Spread(0.594, 0.551, 0.707).ToText("0.00"));
}
