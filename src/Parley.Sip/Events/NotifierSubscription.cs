using Parley.Core;

namespace Parley.Sip.Events;

/// <summary>One subscription at its notifier: whether and when the next NOTIFY is due, and what it says of the subscription.</summary>
/// <remarks>
/// <code>
///   SUBSCRIBE        Authorize            Terminate, expiry, 481 and such
///  ----------> Waiting -------> Active -------------------------------> Terminated
///                 |    Hold       ^                                        ^   ^
///                 +----------> Pending ---- Terminate, expiry -------------+   |
///                 |               | Authorize -> Active                        |
///                 +---------------------------------------- Terminate ---------+
/// </code>
/// Fed with SUBSCRIBEs, decisions, changes of the state that is watched and answers to NOTIFYs; drained by
/// <see cref="TryTakeNotify"/>. One NOTIFY is under way at a time, so that none overtakes another, and what changes meanwhile is told by the next.
/// A change is told no sooner than the package's interval after the last NOTIFY; what the subscriber asked for is told at once.
/// Source: RFC 6665 4.2.
/// </remarks>
public sealed class NotifierSubscription(TimeSpan interval)
{
    private static readonly TimeSpan ShortestRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(5);

    private Instant _notBefore = Instant.Zero;      // of what nobody asked for
    private bool _isUnderWay;
    private bool _isChanged;
    private bool _isAskedFor;
    private bool _isLastTold;
    private TerminationReason _reason;
    private TimeSpan? _retryAfter;

    /// <summary>Where it is.</summary>
    public SubscriptionState State { get; private set; }

    /// <summary>When it ends unless it is refreshed.</summary>
    public Instant Expiry { get; private set; } = Instant.Never;

    /// <summary>True once nothing more will be sent: its dialog usage is over.</summary>
    public bool IsOver { get; private set; }

    /// <summary>When <see cref="OnDeadline"/> is due.</summary>
    /// <value><see cref="Instant.Never"/> once it is over.</value>
    public Instant NextDeadline
    {
        get
        {
            if (IsOver || State == SubscriptionState.Terminated) return Instant.Never;
            return _isChanged && !_isUnderWay ? Instant.Min(Expiry, _notBefore) : Expiry;
        }
    }

    /// <summary>A SUBSCRIBE was accepted: the first, a refresh, or with a duration of 0 the last. A NOTIFY is due.</summary>
    /// <param name="now">The time.</param>
    /// <param name="duration">What was granted.</param>
    public void OnSubscribe(Instant now, TimeSpan duration)
    {
        if (State == SubscriptionState.Terminated) return;
        Expiry = now + duration;
        _isAskedFor = true;
        if (duration <= TimeSpan.Zero) End(TerminationReason.Timeout, null);
    }

    /// <summary>The subscriber may know.</summary>
    public void Authorize() => Decide(SubscriptionState.Active);

    /// <summary>Nobody has decided yet.</summary>
    public void Hold() => Decide(SubscriptionState.Pending);

    /// <summary>What is watched has changed.</summary>
    public void OnChanged()
    {
        if (State == SubscriptionState.Active) _isChanged = true;
    }

    /// <summary>The subscription ends. A last NOTIFY is due that says so.</summary>
    public void Terminate(TerminationReason reason, TimeSpan? retryAfter = null)
    {
        if (State != SubscriptionState.Terminated) End(reason, retryAfter);
    }

    /// <summary>The final answer to the NOTIFY that is under way has come; no answer in time counts as 408.</summary>
    /// <param name="now">The time.</param>
    /// <param name="statusCode">200 to 699.</param>
    /// <param name="retryAfter">What the answer's Retry-After says.</param>
    public void OnNotifyAnswered(Instant now, int statusCode, TimeSpan? retryAfter = null)
    {
        _isUnderWay = false;
        if (_isLastTold || SubscriptionFailures.Ends(statusCode))
        {
            State = SubscriptionState.Terminated;
            IsOver = true;
        }
        else if (statusCode >= 300)
        {
            // The subscriber has not heard it, and stays subscribed: it is told once more, not at once (RFC 6665 4.2.2).
            TimeSpan wait = retryAfter ?? ShortestRetry;
            _notBefore = now + (wait < ShortestRetry ? ShortestRetry : wait > LongestRetry ? LongestRetry : wait);
            _isChanged = true;
        }
    }

    /// <summary>Time has gone by; calling it early or twice does nothing.</summary>
    public void OnDeadline(Instant now)
    {
        if (State != SubscriptionState.Terminated && now >= Expiry) End(TerminationReason.Timeout, null);
    }

    /// <summary>Takes what the next NOTIFY says of the subscription, when one is due; the caller sends it with the state that is watched.</summary>
    public bool TryTakeNotify(Instant now, out SubscriptionStatus status)
    {
        status = default;
        if (IsOver || _isUnderWay || !(_isAskedFor || (_isChanged && now >= _notBefore))) return false;
        (_isUnderWay, _isAskedFor, _isChanged) = (true, false, false);
        _notBefore = now + interval;
        _isLastTold = State == SubscriptionState.Terminated;
        status = _isLastTold
            ? new SubscriptionStatus(State, null, _reason, _retryAfter)
            : new SubscriptionStatus(State == SubscriptionState.Active ? State : SubscriptionState.Pending, Expiry - now);
        return true;
    }

    private void Decide(SubscriptionState state)
    {
        if (State == SubscriptionState.Terminated || State == state) return;
        if (State != SubscriptionState.Waiting) _isAskedFor = true;
        State = state;
    }

    private void End(TerminationReason reason, TimeSpan? retryAfter)
    {
        (State, _reason, _retryAfter) = (SubscriptionState.Terminated, reason, retryAfter);
        _isAskedFor = true;
    }
}
