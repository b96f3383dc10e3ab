using System.Buffers.Text;
using Parley.Sip.Messages;

namespace Parley.UserAgent.Subscriptions;

/// <summary>Reads Retry-After.</summary>
internal static class RetryAfterHeader
{
    private const uint MostSeconds = 86_400;

    /// <summary>How long the answer asks to be waited for, a day at most; null when it does not say.</summary>
    /// <remarks>Source: RFC 3261 20.33.</remarks>
    public static TimeSpan? RetryAfter(this scoped in SipMessageView response) =>
        response.TryGetParameterized(HeaderId.RetryAfter, out ParameterizedValueView after) == HeaderStatus.Ok && Utf8Parser.TryParse(after.Value, out uint seconds, out _)
            ? TimeSpan.FromSeconds(Math.Min(seconds, MostSeconds))
            : null;
}
