using Parley.Core;
using Parley.Rtp.Redundancy;

namespace Parley.Media.Tests.Rtp.Redundancy;

public class RedundancyControlTests
{
    private Instant _now = Instant.Zero + TimeSpan.FromSeconds(9);

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0, 0.004, 0)]
    [InlineData(0, 0.01, 1)]
    [InlineData(0, 0.05, 1)]
    [InlineData(0, 0.1, 2)]
    [InlineData(0, 0.2, 3)]
    [InlineData(0, 0.6, 3)]
    [InlineData(0, 1, 0)]       // where nothing comes, nothing helps
    [InlineData(1, 0, 0)]
    [InlineData(1, 0.05, 0)]
    [InlineData(1, 0.1, 1)]
    [InlineData(1, 0.2, 2)]
    [InlineData(1, 0.3, 3)]
    public void There_is_as_much_as_it_takes_to_lose_no_more_than_one_in_two_hundred(int covered, double loss, int depth)
    {
        RedundancyControl control = new(_now, covered);
        Report(control, loss);
        Assert.Equal(depth, control.Depth);
    }

    [Theory]
    [InlineData(0, 0.1, 1.1, 2, 1)]
    [InlineData(0, 0.01, 3, 1, 2)]
    [InlineData(0, 0.05, 3, 2, 3)]
    [InlineData(0, 0.1, 3, 2, 3)]
    [InlineData(1, 0.1, 3, 2, 3)]
    [InlineData(1, 0.1, 1, 1, 2)]        // FEC is in the next packet already
    [InlineData(1, 0.2, 1, 2, 2)]
    [InlineData(0, 0.1, 100, 0, 1)]        // nothing that may wait helps against two seconds without packets
    public void What_gets_lost_in_runs_is_sent_again_behind_them(int covered, double loss, double meanRun, int depth, int spacing)
    {
        RedundancyControl control = new(_now, covered);
        control.OnReport(_now += TimeSpan.FromSeconds(5), loss, meanRun);
        Assert.Equal(new RedundancyPlan(depth, spacing), control.Plan);
    }

    [Theory]
    [InlineData(0.1, 1)]
    [InlineData(0.1, 3)]
    [InlineData(0.05, 2)]
    [InlineData(0.3, 4)]
    public void The_chance_behind_a_lost_packet_is_that_of_a_wire_with_two_states(double loss, double meanRun)
    {
        Random random = new(3);
        double leave = 1 / meanRun, enter = leave * loss / (1 - loss);
        bool[] lost = new bool[400_000];
        bool isBad = false;
        for (int i = 0; i < lost.Length; i++)
        {
            // Where each is lost by itself the state before means nothing.
            isBad = meanRun == 1 ? random.NextDouble() < loss : isBad ? random.NextDouble() >= leave : random.NextDouble() < enter;
            lost[i] = isBad;
        }

        for (int packets = 1; packets <= RedundancyPlan.MaxDistance; packets++)
        {
            double both = Enumerable.Range(0, lost.Length - packets).Count(i => lost[i] && lost[i + packets]);
            Assert.Equal(both / lost.Count(x => x), RedundancyPlan.LostBehind(loss, meanRun, packets), 0.015);
        }
    }

    [Fact]
    public void Before_the_first_report_everything_goes_twice_but_not_for_ever()
    {
        RedundancyControl control = new(_now, covered: 0);
        Assert.Equal(1, control.Depth);
        for (int second = 1; second < 10; second++) OwnLoss(control, second * 50, 0);
        Assert.Equal(1, control.Depth);
        for (int second = 10; second < 12; second++) OwnLoss(control, second * 50, 0);
        Assert.Equal(0, control.Depth);

        Assert.Equal(0, new RedundancyControl(_now, covered: 1).Depth);
    }

    [Fact]
    public void Before_the_first_report_this_sides_own_losses_are_the_guess()
    {
        RedundancyControl control = new(_now, covered: 1);
        for (int second = 1; second <= 6; second++) OwnLoss(control, second * 40, second * 10);
        Assert.InRange(control.Depth, 1, 2);

        Report(control, 0);
        OwnLoss(control, 250, 100);
        Assert.Equal(0, control.Depth);
    }

    [Fact]
    public void It_grows_at_once_and_falls_slowly()
    {
        RedundancyControl control = new(_now, covered: 0);
        Report(control, 0);
        Report(control, 0.25);
        Assert.Equal(2, control.Depth);
        for (int i = 0; i < 3; i++) Report(control, 0);
        Assert.Equal(1, control.Depth);
        for (int i = 0; i < 20; i++) Report(control, 0);
        Assert.Equal(0, control.Depth);
    }

    [Fact]
    public void A_link_that_redundancy_fills_is_left_alone()
    {
        RedundancyControl control = new(_now, covered: 0);
        double most = 0, last = 1;
        int without = 0;
        for (int i = 0; i < 60; i++)
        {
            // What a packet and each block take, on a link that has room for one and a half.
            double taken = 1 + control.Depth, lost = Math.Max(0.02, 1 - (1.5 / taken));
            Report(control, lost);
            (most, last) = (Math.Max(most, lost), lost);
            if (control.Depth == 0) without++;
        }

        Assert.True(most > 0.2 && without > 30, $"{most} {without} {last}");
    }

    [Fact]
    public void Redundancy_stays_where_the_network_is_bad_by_itself()
    {
        RedundancyControl control = new(_now, covered: 0);
        int without = 0;
        for (int i = 0; i < 60; i++)
        {
            Report(control, i < 10 ? 0.2 : 0.5);       // it got worse, for another reason
            if (control.Depth == 0) without++;
        }

        Assert.InRange(without, 1, 8);      // trials, one each two minutes
    }

    private void Report(RedundancyControl control, double loss)
    {
        _now += TimeSpan.FromSeconds(5);
        control.OnReport(_now, loss);
    }

    private void OwnLoss(RedundancyControl control, long received, long lost)
    {
        _now += TimeSpan.FromSeconds(1);
        control.OnOwnLoss(_now, received, lost);
    }
}
