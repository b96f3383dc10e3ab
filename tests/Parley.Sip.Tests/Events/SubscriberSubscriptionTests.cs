using Parley.Core;
using Parley.Sip.Events;

namespace Parley.Sip.Tests.Events;

/// <summary>The subscriber's side of a subscription, input by input (RFC 6665 4.1).</summary>
public sealed class SubscriberSubscriptionTests
{
    private static readonly TimeSpan TimerN = TimeSpan.FromSeconds(32);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly SubscriberSubscription _subscription = new(TimerN, Hour);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void It_stands_with_its_first_notify_whichever_comes_first(bool isNotifyFirst)
    {
        Assert.Equal(3600, Subscribe(At(0)));
        if (isNotifyFirst) Notify(At(0), SubscriptionState.Active, 1800);
        _subscription.OnSubscribeAnswered(At(0), 200, TimeSpan.FromSeconds(1800), null);
        if (!isNotifyFirst) Assert.Equal(SubscriptionState.Waiting, _subscription.State);
        if (!isNotifyFirst) Notify(At(0), SubscriptionState.Active, 1800);

        Assert.Equal(SubscriptionState.Active, _subscription.State);
        Assert.Equal(At(1800), _subscription.Expiry);
        Assert.Equal(At(1740), _subscription.NextDeadline);
        _subscription.OnDeadline(At(1740));
        Assert.Equal(3600, Subscribe(At(1740)));
    }

    [Fact]
    public void Without_a_notify_it_fails_when_timer_n_ends()
    {
        Subscribe(At(0));
        _subscription.OnSubscribeAnswered(At(1), 200, Hour, null);
        Assert.Equal(At(32), _subscription.NextDeadline);
        _subscription.OnDeadline(At(31.9));
        Assert.Equal(SubscriptionState.Waiting, _subscription.State);
        _subscription.OnDeadline(At(32));
        Assert.Equal(new SubscriptionEnd(408, TerminationReason.None, null), _subscription.End);
    }

    [Fact]
    public void The_notify_of_a_refresh_is_waited_for_too()
    {
        Stand();
        _subscription.OnDeadline(At(3540));
        Subscribe(At(3540));
        _subscription.OnSubscribeAnswered(At(3540), 200, Hour, null);
        _subscription.OnDeadline(At(3572));
        Assert.Equal(SubscriptionState.Terminated, _subscription.State);
        Assert.Equal(408, _subscription.End.StatusCode);
    }

    [Theory]
    [InlineData(404, true)]
    [InlineData(481, true)]
    [InlineData(489, true)]
    [InlineData(403, false)]
    [InlineData(500, false)]
    [InlineData(503, false)]
    public void A_refused_refresh_ends_it_or_leaves_it_until_it_expires(int status, bool ends)
    {
        Stand();
        _subscription.OnDeadline(At(3540));
        Subscribe(At(3540));
        _subscription.OnSubscribeAnswered(At(3540), status, null, null);
        Assert.Equal(ends, _subscription.State == SubscriptionState.Terminated);
        if (ends) return;
        Assert.Equal(At(3570), _subscription.NextDeadline);     // one more try, in half of what is left
        _subscription.OnDeadline(At(3600));
        Assert.Equal(new SubscriptionEnd(200, TerminationReason.Timeout, null), _subscription.End);
    }

    [Fact]
    public void A_first_subscribe_that_is_refused_ends_it_whatever_the_status()
    {
        Subscribe(At(0));
        _subscription.OnSubscribeAnswered(At(0), 403, null, null);
        Assert.Equal(403, _subscription.End.StatusCode);
    }

    [Fact]
    public void Leaving_asks_for_0_and_lasts_until_the_notifier_says_so_or_timer_n()
    {
        Stand();
        _subscription.Unsubscribe();
        _subscription.Unsubscribe();
        Assert.Equal(0, Subscribe(At(10)));
        Assert.Null(Subscribe(At(10)));
        _subscription.OnSubscribeAnswered(At(10), 200, TimeSpan.Zero, null);
        Notify(At(10), SubscriptionState.Active, 3590);        // one that crossed it
        Assert.Equal(SubscriptionState.Active, _subscription.State);
        Assert.Equal(At(42), _subscription.NextDeadline);
        Notify(At(11), SubscriptionState.Terminated, null);
        Assert.Equal(SubscriptionState.Terminated, _subscription.State);
    }

    [Fact]
    public void A_notify_may_shorten_it()
    {
        Stand();
        Notify(At(10), SubscriptionState.Pending, 100);
        Assert.Equal(At(110), _subscription.Expiry);
        Assert.Equal(SubscriptionState.Pending, _subscription.State);
    }

    [Theory]
    [InlineData(TerminationReason.Deactivated, 60, 0)]
    [InlineData(TerminationReason.Probation, 60, 60)]
    [InlineData(TerminationReason.Probation, null, 0)]
    [InlineData(TerminationReason.Rejected, 60, null)]
    [InlineData(TerminationReason.Timeout, 60, 0)]
    [InlineData(TerminationReason.Giveup, 60, 60)]
    [InlineData(TerminationReason.Noresource, 60, null)]
    [InlineData(TerminationReason.Invariant, 60, null)]
    [InlineData(TerminationReason.None, 60, 60)]
    public void A_reason_says_whether_and_when_to_subscribe_anew(TerminationReason reason, int? retryAfter, int? wait)
    {
        Stand();
        _subscription.OnNotify(At(1), new SubscriptionStatus(SubscriptionState.Terminated, null, reason, Seconds(retryAfter)));
        Assert.Equal(Seconds(wait), _subscription.End.ResubscribeAfter);
    }

    private static Instant At(double seconds) => Instant.Zero + TimeSpan.FromSeconds(seconds);

    private static TimeSpan? Seconds(int? seconds) => seconds is { } known ? TimeSpan.FromSeconds(known) : null;

    private double? Subscribe(Instant now) => _subscription.TryTakeSubscribe(now, out TimeSpan expires) ? expires.TotalSeconds : null;

    private void Notify(Instant now, SubscriptionState state, int? expires) => _subscription.OnNotify(now, new SubscriptionStatus(state, Seconds(expires)));

    private void Stand()
    {
        Subscribe(At(0));
        _subscription.OnSubscribeAnswered(At(0), 200, Hour, null);
        Notify(At(0), SubscriptionState.Active, 3600);
    }
}
