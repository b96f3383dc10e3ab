namespace Parley.Sip.Events;

/// <summary>What answers to SUBSCRIBE and NOTIFY mean for the subscription that they belong to.</summary>
public static class SubscriptionFailures
{
    /// <summary>True when an answer ends the subscription; after others it stands as it was.</summary>
    /// <remarks>No answer at all counts as 408 and ends it (RFC 6665 4.2.2). Source: RFC 6665 4.1.2.2, 4.2.2; RFC 5057 5.</remarks>
    public static bool Ends(int statusCode) => statusCode is 404 or 405 or 408 or 410 or 416 or (>= 480 and <= 485) or 489 or 501 or 604;
}
