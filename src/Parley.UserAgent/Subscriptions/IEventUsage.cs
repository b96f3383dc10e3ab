using Parley.Endpoint.Sip;
using Parley.Sip.Messages;

namespace Parley.UserAgent.Subscriptions;

/// <summary>A subscription as one usage of a dialog: its own dialog, or one that it shares with a call or with others.</summary>
/// <remarks>Source: RFC 5057 2, RFC 6665 4.5.2.</remarks>
internal interface IEventUsage
{
    /// <summary>True when a request in the dialog is about this subscription: its method and Event are.</summary>
    bool Matches(in SipMessageView request);

    /// <summary>Takes a request in this subscription's own dialog, whose place in the order is not checked yet.</summary>
    void OnRequest(in SipIncomingRequest request);

    /// <summary>Takes a request in a dialog that a call has, which has checked its place in the order.</summary>
    void OnRequestInCall(SipServerTransaction transaction);
}
