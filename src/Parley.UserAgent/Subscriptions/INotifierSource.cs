using Parley.Endpoint.Sip;
using Parley.Sip.Events;
using Parley.Sip.Messages;

namespace Parley.UserAgent.Subscriptions;

/// <summary>What a <see cref="Notifier"/> tells of, on the lane.</summary>
public interface INotifierSource
{
    /// <summary>Writes the state as it is now, for a NOTIFY that is about to be sent.</summary>
    /// <param name="notifier">For whom.</param>
    /// <param name="status">What the NOTIFY says of the subscription: one that is pending must learn nothing.</param>
    NotifyBody Write(Notifier notifier, in SubscriptionStatus status);

    /// <summary>The subscription is over, and its last NOTIFY is answered or will not be.</summary>
    void OnEnded(Notifier notifier);

    /// <summary>The flow that NOTIFYs take, where the Contact of the SUBSCRIBE does not lead to the subscriber.</summary>
    /// <returns>Null to follow the dialog.</returns>
    SipFlow? FlowTo(in SipMessageView subscribe, in SipFlow source) => null;
}

/// <summary>Finds the flow that NOTIFYs take: <see cref="INotifierSource.FlowTo"/>.</summary>
/// <param name="subscribe">The SUBSCRIBE.</param>
/// <param name="source">The flow that it came over.</param>
/// <returns>Null to follow the dialog.</returns>
public delegate SipFlow? NotifierFlow(in SipMessageView subscribe, in SipFlow source);

/// <summary>The state in a NOTIFY.</summary>
/// <param name="ContentType">Its media type.</param>
/// <param name="Body">The body; empty for none.</param>
/// <param name="Headers">Further rows, each with its CRLF.</param>
public readonly record struct NotifyBody(byte[] ContentType, byte[] Body, byte[]? Headers = null)
{
    /// <summary>Nothing.</summary>
    public static NotifyBody None => new([], []);
}
