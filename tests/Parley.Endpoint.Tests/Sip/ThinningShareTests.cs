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
    public void What_waited_in_the_buffer_is_no_reason_to_let_less_through()
    {
        Pass(seconds: 3, 10_000);
        int kept = _kept;
        Assert.Equal(kept, _share.Next(kept, begun: 1000, shed: 900, waiting: -890, isFull: true, Interval));
        Assert.InRange(_share.Next(kept, begun: 1000, shed: 900, waiting: 0, isFull: true, Interval), 1, kept / 2);
    }

    [Fact]
    public void What_waits_in_the_buffer_more_than_before_came_in_as_well()
    {
        Pass(seconds: 3, 10_000);
        int kept = _kept;
        Assert.InRange(_share.Next(kept, begun: 100, shed: 0, waiting: 100, isFull: true, Interval), 1, kept * 2 / 3);
    }

    [Fact]
    public void A_lane_that_was_held_up_lets_no_more_through()
    {
        Pass(seconds: 3, 10_000);
        int kept = _kept;
        Assert.Equal(kept, _share.Next(kept, begun: 20, shed: 0, waiting: 0, isFull: true, Interval));
        Assert.True(_share.Next(kept, begun: 20, shed: 0, waiting: 0, isFull: false, Interval) > kept);
    }

    private void Pass(double seconds, int offered, int capacity = Capacity)
    {
        for (double passed = 0; passed < seconds; passed += Interval.TotalSeconds)
        {
            int begun = (int)((long)offered * _kept / DatagramThinning.Parts / 10);
            _kept = _share.Next(_kept, begun, Math.Max(0, begun - (capacity / 10)), waiting: 0, isFull: begun > capacity / 10, Interval);
        }
    }
}
