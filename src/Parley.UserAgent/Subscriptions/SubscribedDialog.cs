using Parley.Sip.Dialogs;
using Parley.Sip.Events;

namespace Parley.UserAgent.Subscriptions;

/// <summary>What a subscription has with one notifier.</summary>
/// <param name="state">The subscription there.</param>
internal sealed class SubscribedDialog(SubscriberSubscription state)
{
    /// <summary>When it is refreshed and how it ends.</summary>
    public SubscriberSubscription State { get; } = state;

    /// <summary>The dialog; null until the notifier's first NOTIFY.</summary>
    public Dialog? Dialog { get; set; }
}
