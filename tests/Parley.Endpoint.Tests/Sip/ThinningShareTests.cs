using Parley.Endpoint.Sip.Overload;
using Parley.Net;

namespace Parley.Endpoint.Tests.Sip;

/// <summary>How much of what begins is let through, with a server that can serve 1,000 beginnings a second and sheds what is more.</summary>
public sealed class ThinningShareTests
{
    private const int Capacity = 1000;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly ThinningShare _share = new();
    private int _kept = DatagramThinning.Parts;

    [Theory]
    [InlineData(1_500)]
    [InlineData(3_000)]
    [InlineData(10_000)]
    [InlineData(200_000)]
    public void What_comes_in_is_what_can_be_served_and_a_little_more(int offered)
    {
        Pass(seconds: 2, offered);
        for (int i = 0; i < 50; i++)
        {
            Pass(seconds: 0.1, offered);
            Assert.InRange(_kept * (double)offered / DatagramThinning.Parts, Capacity * 0.95, Capacity * 1.4);
        }
    }

    [Fact]
    public void When_less_comes_all_of_it_is_let_through_within_seconds()
    {
        Pass(seconds: 5, 20_000);
        Assert.InRange(_kept, 1, DatagramThinning.Parts / 10);
        Pass(seconds: 1.5, 500);
        Assert.Equal(DatagramThinning.Parts, _kept);
        Pass(seconds: 5, 20_000);
        Pass(seconds: 1.5, 0);
        Assert.Equal(DatagramThinning.Parts, _kept);
    }

    [Fact]
    public void A_server_that_gets_faster_or_slower_is_followed()
    {
        Pass(seconds: 3, 20_000);
        Pass(seconds: 3, 20_000, capacity: 4000);
        Assert.InRange(_kept * 20_000.0 / DatagramThinning.Parts, 3800, 5600);
        Pass(seconds: 3, 20_000, capacity: 400);
        Assert.InRange(_kept * 20_000.0 / DatagramThinning.Parts, 380, 560);
    }

    [Fact]
    public void What_waited_in_the_buffer_did_not_come_again()
    {
        Pass(seconds: 3, 10_000);
        int kept = _kept;
        Assert.InRange(_share.Next(kept, new ThinningSample(1000, 900, MoreWaiting: -890, Excess: 0, Interval)), kept * 3 / 4, kept * 5 / 4);
        Assert.InRange(_share.Next(kept, new ThinningSample(1000, 900, MoreWaiting: 0, Excess: 0, Interval)), 1, kept * 2 / 3);
    }

    [Fact]
    public void What_waits_in_the_buffer_more_than_before_came_in_as_well()
    {
        Pass(seconds: 3, 10_000);
        int kept = _kept;
        Assert.InRange(_share.Next(kept, new ThinningSample(100, 0, MoreWaiting: 200, Excess: 50, Interval)), 1, kept * 2 / 3);
    }

    [Fact]
    public void What_waits_beyond_where_shedding_begins_is_to_be_gone_in_half_a_second()
    {
        Pass(seconds: 3, 10_000);
        int kept = _kept;
        Assert.InRange(_share.Next(kept, new ThinningSample(105, 5, MoreWaiting: 0, Excess: 250, Interval)), kept * 0.4, kept * 0.6);
    }

    [Fact]
    public void A_lane_that_was_held_up_lets_no_more_through()
    {
        Pass(seconds: 3, 10_000);
        int kept = _kept;
        Assert.InRange(_share.Next(kept, new ThinningSample(20, 0, MoreWaiting: 85, Excess: 60, Interval)), 1, kept);
        Assert.True(_share.Next(kept, new ThinningSample(20, 0, MoreWaiting: 0, Excess: 0, Interval)) > kept);
    }

    private void Pass(double seconds, int offered, int capacity = Capacity)
    {
        for (double passed = 0; passed < seconds; passed += Interval.TotalSeconds)
        {
            int begun = (int)((long)offered * _kept / DatagramThinning.Parts / 10);
            _kept = _share.Next(_kept, new ThinningSample(begun, Math.Max(0, begun - (capacity / 10)), MoreWaiting: 0, Excess: 0, Interval));
        }
    }
}
