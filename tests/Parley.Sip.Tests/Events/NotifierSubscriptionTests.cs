using Parley.Core;
using Parley.Sip.Events;

namespace Parley.Sip.Tests.Events;

/// <summary>The notifier's side of a subscription, input by input (RFC 6665 4.2).</summary>
public sealed class NotifierSubscriptionTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly NotifierSubscription _subscription = new(TimeSpan.FromSeconds(5));

    [Fact]
    public void A_subscribe_is_followed_by_a_notify_at_once_whether_decided_or_not()
    {
        _subscription.Hold();
        _subscription.OnSubscribe(At(0), Hour);
        Assert.Equal("pending;expires=3600", Notify(At(0)));

        _subscription.OnNotifyAnswered(At(0), 200);
        _subscription.Authorize();
        Assert.Equal("active;expires=3599", Notify(At(1)));
    }

    [Fact]
    public void A_poll_is_told_once_and_is_over()
    {
        _subscription.Authorize();
        _subscription.OnSubscribe(At(0), TimeSpan.Zero);
        Assert.Equal("terminated;reason=timeout", Notify(At(0)));
        Assert.False(_subscription.IsOver);
        _subscription.OnNotifyAnswered(At(1), 200);
        Assert.True(_subscription.IsOver);
        Assert.True(_subscription.NextDeadline.IsNever);
    }

    [Fact]
    public void Changes_while_a_notify_is_under_way_or_held_back_are_told_by_one()
    {
        Begin();
        _subscription.OnChanged();
        _subscription.OnChanged();
        Assert.Null(Notify(At(0.5)));       // the first is under way
        _subscription.OnNotifyAnswered(At(1), 200);
        Assert.Null(Notify(At(4.9)));
        Assert.Equal(At(5), _subscription.NextDeadline);
        Assert.Equal("active;expires=3595", Notify(At(5)));
        _subscription.OnNotifyAnswered(At(5), 200);
        Assert.Null(Notify(At(11)));
    }

    [Fact]
    public void A_pending_subscriber_learns_nothing_of_changes()
    {
        _subscription.Hold();
        _subscription.OnSubscribe(At(0), Hour);
        Assert.NotNull(Notify(At(0)));
        _subscription.OnNotifyAnswered(At(0), 200);
        _subscription.OnChanged();
        Assert.Null(Notify(At(60)));
    }

    [Fact]
    public void An_expiry_ends_it_with_a_notify_and_a_refresh_puts_it_off()
    {
        Begin();
        _subscription.OnNotifyAnswered(At(0), 200);
        _subscription.OnSubscribe(At(3000), Hour);
        Assert.Equal("active;expires=3600", Notify(At(3000)));
        _subscription.OnNotifyAnswered(At(3000), 200);
        _subscription.OnDeadline(At(3600));
        Assert.Equal(SubscriptionState.Active, _subscription.State);
        _subscription.OnDeadline(At(6600));
        Assert.Equal("terminated;reason=timeout", Notify(At(6600)));
        _subscription.OnNotifyAnswered(At(6600), 500);
        Assert.True(_subscription.IsOver);
    }

    [Theory]
    [InlineData(200, false)]
    [InlineData(401, false)]
    [InlineData(403, false)]
    [InlineData(404, true)]
    [InlineData(405, true)]
    [InlineData(408, true)]
    [InlineData(410, true)]
    [InlineData(416, true)]
    [InlineData(480, true)]
    [InlineData(481, true)]
    [InlineData(482, true)]
    [InlineData(485, true)]
    [InlineData(486, false)]
    [InlineData(489, true)]
    [InlineData(500, false)]
    [InlineData(501, true)]
    [InlineData(503, false)]
    [InlineData(603, false)]
    [InlineData(604, true)]
    public void An_answer_to_a_notify_ends_it_as_the_rfc_lists(int status, bool ends)
    {
        Begin();
        _subscription.OnNotifyAnswered(At(1), status);
        Assert.Equal(ends, _subscription.IsOver);
        Assert.Null(Notify(At(1)));         // not even what was not heard is told at once
    }

    [Fact]
    public void What_was_not_heard_is_told_again_when_the_subscriber_asked_for()
    {
        Begin();
        _subscription.OnNotifyAnswered(At(1), 503, TimeSpan.FromSeconds(30));
        Assert.Equal(At(31), _subscription.NextDeadline);
        Assert.Null(Notify(At(30)));
        Assert.Equal("active;expires=3569", Notify(At(31)));
    }

    [Theory]
    [InlineData(TerminationReason.Rejected, null, "terminated;reason=rejected")]
    [InlineData(TerminationReason.Probation, 30, "terminated;reason=probation;retry-after=30")]
    [InlineData(TerminationReason.None, null, "terminated")]
    public void An_end_waits_for_the_notify_under_way_and_says_why(TerminationReason reason, int? retryAfter, string expected)
    {
        Begin();
        _subscription.Terminate(reason, retryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null);
        _subscription.Terminate(TerminationReason.Noresource);
        Assert.Null(Notify(At(0)));
        _subscription.OnNotifyAnswered(At(0.1), 200);
        Assert.Equal(expected, Notify(At(0.1)));
        _subscription.OnSubscribe(At(0.2), Hour);
        _subscription.OnNotifyAnswered(At(0.3), 200);
        Assert.True(_subscription.IsOver);
    }

    private static Instant At(double seconds) => Instant.Zero + TimeSpan.FromSeconds(seconds);

    private void Begin()
    {
        _subscription.Authorize();
        _subscription.OnSubscribe(At(0), Hour);
        Assert.Equal("active;expires=3600", Notify(At(0)));
    }

    private string? Notify(Instant now) => _subscription.TryTakeNotify(now, out SubscriptionStatus status) ? status.ToString() : null;
}
