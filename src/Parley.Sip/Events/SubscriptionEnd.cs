namespace Parley.Sip.Events;

/// <summary>How a subscription ended.</summary>
/// <param name="StatusCode">200 when a NOTIFY ended it, or nobody refreshed it; else what the SUBSCRIBE was answered with: 408 when no NOTIFY came.</param>
/// <param name="Reason">Why, as the notifier says.</param>
/// <param name="RetryAfter">How long the notifier wants to be left alone; null when it does not say.</param>
public readonly record struct SubscriptionEnd(int StatusCode, TerminationReason Reason, TimeSpan? RetryAfter)
{
    /// <summary>The least time to wait before subscribing anew.</summary>
    /// <value>Null when that makes no sense: the subscriber may not know, or there is nothing to know.</value>
    /// <remarks>Source: RFC 6665 4.1.3 for NOTIFYs. Of refusals, those that say what would be refused again are not tried again.</remarks>
    public TimeSpan? ResubscribeAfter => (StatusCode, Reason) switch
    {
        (_, TerminationReason.Rejected or TerminationReason.Noresource or TerminationReason.Invariant) => null,
        (_, TerminationReason.Deactivated or TerminationReason.Timeout) => TimeSpan.Zero,
        (< 300, _) => RetryAfter ?? TimeSpan.Zero,
        (408 or 480 or 481 or 500 or 502 or 503 or 504, _) => RetryAfter ?? TimeSpan.Zero,
        _ => RetryAfter,
    };
}
