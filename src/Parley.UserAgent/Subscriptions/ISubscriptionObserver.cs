using Parley.Sip.Events;

namespace Parley.UserAgent.Subscriptions;

/// <summary>Hears what a subscription tells, on the lane.</summary>
public interface ISubscriptionObserver
{
    /// <summary>A NOTIFY came.</summary>
    void OnNotified(Subscription subscription, Notification notification);

    /// <summary>The subscription, or with several notifiers the one at the last of them, has ended.</summary>
    /// <param name="subscription">Which.</param>
    /// <param name="end">How.</param>
    /// <param name="retryIn">When it is made anew; null when it is not, and nothing more will be heard.</param>
    void OnEnded(Subscription subscription, SubscriptionEnd end, TimeSpan? retryIn);
}
