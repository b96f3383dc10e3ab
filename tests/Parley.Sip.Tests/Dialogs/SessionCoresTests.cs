using Parley.Core;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;
using static Parley.Sip.Dialogs.PendingExchanges;

namespace Parley.Sip.Tests.Dialogs;

/// <summary>The cores of sessions: who may offer when, reliable provisional responses of both sides, session timers.</summary>
public sealed class SessionCoresTests
{
    private static readonly TimeSpan T1 = TimeSpan.FromMilliseconds(500);
    private static readonly Instant Start = Instant.FromTicks(1_000_000);

    // RFC 6337 4.3
    [Theory]
    [InlineData(None, 0, 0, 0, true, true, true)]
    [InlineData(InviteSent | OfferOfSentInvite, 491, 491, 0, false, false, true)]
    [InlineData(InviteSent, 491, 0, 0, false, true, true)]
    [InlineData(InviteReceived | OfferOfReceivedInvite, 500, 500, 0, false, false, true)]
    [InlineData(InviteReceived, 500, 0, 0, false, true, true)]
    [InlineData(AckAwaited, 0, 0, 0, false, true, true)]
    [InlineData(AckAwaited | OfferOfReceivedInvite, 500, 500, 0, false, false, true)]
    [InlineData(UpdateSent, 491, 491, 0, false, false, false)]
    public void What_is_under_way_says_what_may_be_sent_and_what_is_refused(
        PendingExchanges pending, int invite, int updateWithOffer, int update, bool maySendInvite, bool maySendOffer, bool maySendUpdate)
    {
        Assert.Equal(invite, pending.RefusalOfInvite());
        Assert.Equal(updateWithOffer, pending.RefusalOfUpdate(hasOffer: true));
        Assert.Equal(update, pending.RefusalOfUpdate(hasOffer: false));
        Assert.Equal(maySendInvite, pending.AllowsInvite);
        Assert.Equal(maySendOffer, pending.AllowsUpdate(hasOffer: true));
        Assert.Equal(maySendUpdate, pending.AllowsUpdate(hasOffer: false));
    }

    [Fact]
    public void A_reliable_response_comes_again_at_doubling_intervals_until_64_T1()
    {
        var reliable = new ReliableProvisional(inviteSequence: 7, firstNumber: 1000, T1);
        Assert.False(reliable.IsWaiting);
        Assert.Equal(Instant.Never, reliable.NextDeadline);
        Assert.Equal(1000u, reliable.Send(Start));
        Assert.Throws<InvalidOperationException>(() => reliable.Send(Start));
        double[] expected = [0.5, 1.5, 3.5, 7.5, 15.5, 31.5];
        foreach (double seconds in expected)
        {
            Assert.Equal(seconds, (reliable.NextDeadline - Start).TotalSeconds, 3);
            Assert.Equal(ReliableProvisionalAction.None, reliable.OnDeadline(reliable.NextDeadline - TimeSpan.FromMilliseconds(1)));
            Assert.Equal(ReliableProvisionalAction.Retransmit, reliable.OnDeadline(reliable.NextDeadline));
        }

        Assert.Equal(32, (reliable.NextDeadline - Start).TotalSeconds, 3);
        Assert.Equal(ReliableProvisionalAction.GiveUp, reliable.OnDeadline(reliable.NextDeadline));
        Assert.Equal(ReliableProvisionalAction.None, reliable.OnDeadline(Start + TimeSpan.FromHours(1)));
        Assert.Equal(PrackResult.Unknown, reliable.OnPrack(1000, 7, SipMethod.Invite));
    }

    [Fact]
    public void Only_the_prack_of_what_waits_acknowledges_it()
    {
        var reliable = new ReliableProvisional(7, 1, T1);
        Assert.Equal(PrackResult.Unknown, reliable.OnPrack(1, 7, SipMethod.Invite));
        reliable.Send(Start);
        Assert.Equal(PrackResult.Unknown, reliable.OnPrack(2, 7, SipMethod.Invite));
        Assert.Equal(PrackResult.Unknown, reliable.OnPrack(1, 8, SipMethod.Invite));
        Assert.Equal(PrackResult.Unknown, reliable.OnPrack(1, 7, SipMethod.Update));
        Assert.Equal(PrackResult.Acknowledged, reliable.OnPrack(1, 7, SipMethod.Invite));
        Assert.Equal(PrackResult.Unknown, reliable.OnPrack(1, 7, SipMethod.Invite));
        Assert.Equal(Instant.Never, reliable.NextDeadline);
        Assert.Equal(2u, reliable.Send(Start));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(0x8000_0000u)]
    public void A_first_number_leaves_room_to_count(uint number) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReliableProvisional(1, number, T1));

    [Fact]
    public void Reliable_responses_are_taken_in_order()
    {
        var order = new ProvisionalOrder();
        Assert.Equal(ProvisionalPlace.OutOfOrder, order.Take(0));
        Assert.Equal(ProvisionalPlace.Next, order.Take(uint.MaxValue - 1));
        Assert.Equal(ProvisionalPlace.Repeated, order.Take(uint.MaxValue - 1));
        Assert.Equal(ProvisionalPlace.Repeated, order.Take(5));
        Assert.Equal(ProvisionalPlace.Next, order.Take(uint.MaxValue));
        Assert.Equal(ProvisionalPlace.OutOfOrder, order.Take(0));       // they do not wrap
        order = new ProvisionalOrder();
        Assert.Equal(ProvisionalPlace.Next, order.Take(1));
        Assert.Equal(ProvisionalPlace.OutOfOrder, order.Take(3));
        Assert.Equal(ProvisionalPlace.Next, order.Take(2));
    }

    [Theory]
    [InlineData(1800, 900, 1768)]
    [InlineData(90, 45, 60)]
    [InlineData(10, 45, 60)]        // there is none below 90
    public void A_session_is_refreshed_at_half_its_interval_and_ends_before_its_end(int seconds, double refresh, double expire)
    {
        var timer = new SessionTimer();
        timer.Start(Start, TimeSpan.FromSeconds(seconds), isRefresher: true);
        Assert.Equal(refresh, (timer.NextDeadline - Start).TotalSeconds);
        Assert.Equal(SessionTimerAction.None, timer.OnDeadline(timer.NextDeadline - TimeSpan.FromSeconds(1)));
        Assert.Equal(SessionTimerAction.Refresh, timer.OnDeadline(timer.NextDeadline));
        Assert.Equal(expire, (timer.NextDeadline - Start).TotalSeconds);
        Assert.Equal(SessionTimerAction.Expire, timer.OnDeadline(timer.NextDeadline));
        Assert.False(timer.IsRunning);

        timer.Start(Start, TimeSpan.FromSeconds(seconds), isRefresher: false);
        Assert.Equal(expire, (timer.NextDeadline - Start).TotalSeconds);
        timer.Start(Start, TimeSpan.Zero, isRefresher: false);
        Assert.Equal(Instant.Never, timer.NextDeadline);
    }

    [Fact]
    public void A_refresh_that_failed_is_tried_again_in_half_of_what_is_left()
    {
        var timer = new SessionTimer();
        timer.Start(Start, TimeSpan.FromSeconds(1032), isRefresher: true);
        Instant now = timer.NextDeadline;
        Assert.Equal(SessionTimerAction.Refresh, timer.OnDeadline(now));
        timer.OnRefreshFailed(now);
        Assert.Equal(516 + 242, (timer.NextDeadline - Start).TotalSeconds);
    }

    [Theory]
    [InlineData("1800", true, 1800, SessionRefresher.Unsaid)]
    [InlineData("1800;refresher=uac", true, 1800, SessionRefresher.Client)]
    [InlineData("90 ; Refresher=UAS;x=y", true, 90, SessionRefresher.Server)]
    [InlineData("90;refresher=nobody", true, 90, SessionRefresher.Unsaid)]
    [InlineData("soon", false, 0, SessionRefresher.Unsaid)]
    public void Session_expires_is_read(string value, bool isRead, int seconds, SessionRefresher refresher)
    {
        byte[] text = System.Text.Encoding.UTF8.GetBytes($"SIP/2.0 200 OK\r\nSession-Expires: {value}\r\nMin-SE: 120;x\r\n\r\n");
        var index = new SipMessageIndex();
        Assert.True(SipParser.TryIndex(text, index, out _));
        var message = new SipMessageView(text, index);
        Assert.Equal(isRead, SessionTimer.TryRead(message, out TimeSpan interval, out SessionRefresher who));
        Assert.Equal((TimeSpan.FromSeconds(seconds), refresher), (interval, who));
        Assert.True(SessionTimer.TryReadMinSE(message, out TimeSpan least));
        Assert.Equal(TimeSpan.FromMinutes(2), least);
    }
}
