namespace Parley.Sip.Events;

/// <summary>States of a subscription, at its subscriber and at its notifier.</summary>
/// <remarks>Source: RFC 6665 4.1.2 and 4.2.2.</remarks>
public enum SubscriptionState
{
    /// <summary>A SUBSCRIBE was sent or came, and no NOTIFY followed yet: notify_wait at the subscriber, resp_wait at the notifier.</summary>
    Waiting,

    /// <summary>Nobody has decided yet whether the subscriber may know.</summary>
    Pending,

    /// <summary>Changes are told.</summary>
    Active,

    /// <summary>Over.</summary>
    Terminated,
}
