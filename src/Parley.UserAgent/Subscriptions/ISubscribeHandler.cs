using Parley.Endpoint.Sip;

namespace Parley.UserAgent.Subscriptions;

/// <summary>Decides what becomes of a SUBSCRIBE that begins a subscription, on the lane.</summary>
public interface ISubscribeHandler
{
    /// <summary>The event types that it knows, for Allow-Events.</summary>
    IReadOnlyList<string> EventTypes { get; }

    /// <summary>Answers the request, or accepts it with <see cref="UserAgentCore.AcceptSubscription"/>.</summary>
    void OnSubscribe(in SipIncomingRequest request);
}
