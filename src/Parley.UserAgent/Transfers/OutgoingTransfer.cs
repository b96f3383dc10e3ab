using Parley.Sip.Events;
using Parley.Sip.Messages;
using Parley.UserAgent.Subscriptions;

namespace Parley.UserAgent.Transfers;

/// <summary>A REFER of this side, from its sending to the last that is told of it.</summary>
/// <remarks>
/// <code>
///       2xx                    NOTIFY of 200 or more, the subscription ends
/// Sent ------> Told of by NOTIFY ------------------------------------------> Done
///   |  300 or more, nothing; 2xx with Refer-Sub: false                         ^
///   +--------------------------------------------------------------------------+
/// </code>
/// Source: RFC 3515 2.4.4 and 2.4.5, RFC 4488, RFC 7647.
/// </remarks>
internal sealed class OutgoingTransfer(ITransferObserver observer) : ISubscriptionObserver
{
    private bool _isDone;

    /// <summary>The REFER was accepted, and nobody will tell more.</summary>
    public void OnAcceptedSilently(int statusCode, string reasonPhrase) => Finish(statusCode, reasonPhrase);

    /// <summary>The REFER was refused.</summary>
    public void OnRefused(int statusCode, string reasonPhrase) => Finish(statusCode, reasonPhrase);

    void ISubscriptionObserver.OnNotified(Subscription subscription, Notification notification)
    {
        if (_isDone || !SipFragment.TryReadStatus(notification.Body.Span, out int statusCode, out string reasonPhrase)) return;
        if (statusCode < 200) observer.OnProgress(statusCode, reasonPhrase);
        else Finish(statusCode, reasonPhrase);
    }

    void ISubscriptionObserver.OnEnded(Subscription subscription, SubscriptionEnd end, TimeSpan? retryIn) => Finish(408, "What became of it was not told");

    private void Finish(int statusCode, string reasonPhrase)
    {
        if (_isDone) return;
        _isDone = true;
        observer.OnDone(statusCode, reasonPhrase);
    }
}
