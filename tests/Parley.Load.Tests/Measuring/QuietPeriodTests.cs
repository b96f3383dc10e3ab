using Parley.Load.Measuring;

namespace Parley.Load.Tests.Measuring;

public sealed class QuietPeriodTests
{
    [Fact]
    public void Periods_may_overlap_and_end_in_any_order()
    {
        var first = new QuietPeriod();
        var second = new QuietPeriod();
        first.Dispose();
        first.Dispose();
        var third = new QuietPeriod();
        second.Dispose();
        third.Dispose();

        new QuietPeriod().Dispose();
    }
}
