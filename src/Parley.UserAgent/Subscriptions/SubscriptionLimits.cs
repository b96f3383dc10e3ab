using System.Globalization;
using Parley.Endpoint.Sip;
using Parley.Sip.Messages;

namespace Parley.UserAgent.Subscriptions;

/// <summary>How long subscriptions and publications may be asked to last.</summary>
/// <param name="Least">Less is refused with 423; at most an hour.</param>
/// <param name="Most">More gets this.</param>
/// <param name="Default">What is granted to who does not ask.</param>
public readonly record struct SubscriptionLimits(TimeSpan Least, TimeSpan Most, TimeSpan Default)
{
    private static readonly TimeSpan OneHour = TimeSpan.FromHours(1);

    /// <summary>A minute to a day.</summary>
    public static SubscriptionLimits Usual(TimeSpan defaultExpiry) => new(TimeSpan.FromMinutes(1), TimeSpan.FromDays(1), defaultExpiry);

    /// <summary>What a request is granted.</summary>
    /// <param name="request">The SUBSCRIBE or PUBLISH.</param>
    /// <param name="granted">The duration; 0 when 0 is asked for.</param>
    /// <param name="refusal">What to answer when it is too brief, or cannot be read.</param>
    /// <remarks>An hour or more is never too brief. Source: RFC 6665 4.2.1.1, RFC 3903 6.</remarks>
    public bool TryGrant(in SipMessageView request, out TimeSpan granted, out SipReply refusal)
    {
        refusal = default;
        granted = Default;
        HeaderStatus status = request.TryGetExpires(out uint seconds);
        if (status == HeaderStatus.Malformed)
        {
            refusal = new SipReply(400) { ReasonPhrase = "Malformed Expires"u8 };
            return false;
        }

        if (status == HeaderStatus.Ok) granted = TimeSpan.FromSeconds(seconds);
        if (granted > TimeSpan.Zero && granted < Least && granted < OneHour)
        {
            refusal = new SipReply(423) { Headers = WireText.ToBytes(string.Create(CultureInfo.InvariantCulture, $"Min-Expires: {(long)Least.TotalSeconds}\r\n")) };
            return false;
        }

        if (granted > Most) granted = Most;
        return true;
    }
}
