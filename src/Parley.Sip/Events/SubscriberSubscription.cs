using Parley.Core;

namespace Parley.Sip.Events;

/// <summary>One subscription at its subscriber, as far as one notifier is concerned: when it is refreshed, and how it ends.</summary>
/// <remarks>
/// <code>
///  SUBSCRIBE sent            NOTIFY                 NOTIFY terminated, timer N,
///  -------------> Waiting ------------> Pending --- refused, no refresh in time --> Terminated
///                    |                   |   ^                                          ^
///                    +----> Active &lt;-----+---+                                          |
///                    |         +--------------------------------------------------------+
///                    +------------------------------------ refused, timer N ------------+
/// </code>
/// Fed with what was sent, with answers and NOTIFYs; drained by <see cref="TryTakeSubscribe"/>. A NOTIFY may come before the answer
/// to the SUBSCRIBE. Source: RFC 6665 4.1.2, 4.1.3.
/// </remarks>
/// <param name="timerN">How long a NOTIFY is waited for after a SUBSCRIBE: 64*T1.</param>
/// <param name="duration">How long it is asked to last; 0 asks once what the state is.</param>
public sealed class SubscriberSubscription(TimeSpan timerN, TimeSpan duration)
{
    private static readonly TimeSpan LongestLead = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(1);

    private Instant _timerN = Instant.Never;
    private Instant _refresh = Instant.Never;
    private TimeSpan _duration = duration;
    private bool _isDue = true;
    private bool _isUnderWay;
    private bool _isLeaving;

    /// <summary>Where it is.</summary>
    public SubscriptionState State { get; private set; }

    /// <summary>When the notifier ends it, unless it is refreshed.</summary>
    public Instant Expiry { get; private set; } = Instant.Never;

    /// <summary>What ended it; stands once the state is <see cref="SubscriptionState.Terminated"/>.</summary>
    public SubscriptionEnd End { get; private set; }

    /// <summary>When <see cref="OnDeadline"/> is due; <see cref="Instant.Never"/> once it is over.</summary>
    public Instant NextDeadline => State == SubscriptionState.Terminated ? Instant.Never : Instant.Min(Instant.Min(_timerN, Expiry), _refresh);

    /// <summary>Another notifier that the same SUBSCRIBE reached has answered with a NOTIFY: its subscription.</summary>
    public SubscriberSubscription Fork() => new(timerN, _duration) { _isDue = false };

    /// <summary>Another request than SUBSCRIBE was accepted that asks for the subscription: a NOTIFY is waited for.</summary>
    /// <remarks>Source: RFC 3515 2.4.4.</remarks>
    public void Expect(Instant now) => (_isDue, _timerN) = (false, now + timerN);

    /// <summary>Takes the SUBSCRIBE that is due.</summary>
    /// <param name="now">The time.</param>
    /// <param name="expires">What it asks for; 0 to end the subscription, or to ask once.</param>
    public bool TryTakeSubscribe(Instant now, out TimeSpan expires)
    {
        expires = _isLeaving ? TimeSpan.Zero : _duration;
        if (!_isDue || _isUnderWay || State == SubscriptionState.Terminated) return false;
        (_isDue, _isUnderWay, _refresh) = (false, true, Instant.Never);
        _timerN = now + timerN;
        return true;
    }

    /// <summary>The final answer to the SUBSCRIBE has come; none in time counts as 408, none at all as 503.</summary>
    /// <param name="now">The time.</param>
    /// <param name="statusCode">200 to 699.</param>
    /// <param name="expires">What was granted; null when the answer does not say.</param>
    /// <param name="retryAfter">What the answer's Retry-After says.</param>
    public void OnSubscribeAnswered(Instant now, int statusCode, TimeSpan? expires, TimeSpan? retryAfter)
    {
        if (State == SubscriptionState.Terminated) return;
        _isUnderWay = false;
        if (statusCode < 300)
        {
            // What a NOTIFY said meanwhile counts as much: it was sent after this answer (RFC 6665 4.2.2).
            if (!_isLeaving && Expiry.IsNever && (expires ?? _duration) is var granted && granted > TimeSpan.Zero) SetExpiry(now, granted);
            if (statusCode == 204) _timerN = Instant.Never;
        }
        else if (State == SubscriptionState.Waiting || _isLeaving || SubscriptionFailures.Ends(statusCode))
        {
            Terminate(new SubscriptionEnd(statusCode, TerminationReason.None, retryAfter));
        }
        else
        {
            // The subscription stands for as long as it was granted; another refresh is tried in half of what is left (RFC 6665 4.1.2.2).
            _timerN = Instant.Never;
            TimeSpan wait = (Expiry - now) / 2;
            if (retryAfter > wait) wait = retryAfter.Value;
            _refresh = now + (wait < ShortestWait ? ShortestWait : wait);
        }
    }

    /// <summary>A NOTIFY came.</summary>
    /// <param name="now">The time.</param>
    /// <param name="status">Its Subscription-State.</param>
    public void OnNotify(Instant now, in SubscriptionStatus status)
    {
        if (State == SubscriptionState.Terminated) return;
        if (status.State == SubscriptionState.Terminated)
        {
            Terminate(new SubscriptionEnd(200, status.Reason, status.RetryAfter));
            return;
        }

        State = status.State;
        if (!_isLeaving) _timerN = Instant.Never;       // who leaves waits for the NOTIFY that says so
        if (status.ExpiresIn is { } left) SetExpiry(now, left);
        else if (Expiry.IsNever && _duration > TimeSpan.Zero) SetExpiry(now, _duration);
    }

    /// <summary>The subscriber wants no more. Over once the notifier has said so, or does not.</summary>
    public void Unsubscribe()
    {
        if (_isLeaving) return;
        _isLeaving = _isDue = true;
    }

    /// <summary>Asks for the state once more, now.</summary>
    public void Refresh() => _isDue = true;

    /// <summary>The notifier wants the subscription to last longer, and said 423: it is asked for once more.</summary>
    /// <param name="least">What Min-Expires says.</param>
    public void OnTooBrief(TimeSpan least) => (_duration, _isDue, _isUnderWay) = (least, true, false);

    /// <summary>Time has gone by; calling it early or twice does nothing.</summary>
    public void OnDeadline(Instant now)
    {
        if (State == SubscriptionState.Terminated) return;
        if (now >= _timerN) Terminate(new SubscriptionEnd(_isLeaving ? 200 : 408, _isLeaving ? TerminationReason.Timeout : TerminationReason.None, null));
        else if (now >= Expiry) Terminate(new SubscriptionEnd(200, TerminationReason.Timeout, null));
        else if (now >= _refresh) (_refresh, _isDue) = (Instant.Never, true);
    }

    private void SetExpiry(Instant now, TimeSpan left)
    {
        Expiry = now + left;
        TimeSpan lead = left / 5;
        if (!_isLeaving) _refresh = Expiry - (lead < LongestLead ? lead : LongestLead);
    }

    private void Terminate(SubscriptionEnd end) => (State, End) = (SubscriptionState.Terminated, end);
}
