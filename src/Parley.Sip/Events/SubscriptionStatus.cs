using System.Globalization;
using System.Text;
using Parley.Sip.Messages;

namespace Parley.Sip.Events;

/// <summary>Why a subscription ended, as its notifier says.</summary>
/// <remarks>Source: RFC 6665 4.1.3.</remarks>
public enum TerminationReason
{
    /// <summary>It says nothing, or a word that is not known.</summary>
    None,

    /// <summary>To be subscribed to anew at once, perhaps elsewhere.</summary>
    Deactivated,

    /// <summary>To be subscribed to anew later.</summary>
    Probation,

    /// <summary>The subscriber may not know.</summary>
    Rejected,

    /// <summary>It was not refreshed, or was asked for once only.</summary>
    Timeout,

    /// <summary>Nobody decided in time whether the subscriber may know.</summary>
    Giveup,

    /// <summary>What was watched is no more.</summary>
    Noresource,

    /// <summary>It will not change.</summary>
    Invariant,
}

/// <summary>The value of a Subscription-State header.</summary>
/// <param name="State">Pending, active or terminated; another word counts as active, for the subscription goes on.</param>
/// <param name="ExpiresIn">The time left; null when it is not said, or has no meaning.</param>
/// <param name="Reason">Why it ended.</param>
/// <param name="RetryAfter">How long to wait before subscribing anew; null when it is not said.</param>
/// <remarks>Source: RFC 6665 4.1.3, 8.4.</remarks>
public readonly record struct SubscriptionStatus(SubscriptionState State, TimeSpan? ExpiresIn = null, TerminationReason Reason = TerminationReason.None, TimeSpan? RetryAfter = null)
{
    private static readonly string[] Reasons = ["", "deactivated", "probation", "rejected", "timeout", "giveup", "noresource", "invariant"];

    /// <summary>Reads the header of a NOTIFY.</summary>
    /// <returns>False when it is missing or malformed: 400.</returns>
    public static bool TryRead(in SipMessageView notify, out SubscriptionStatus status)
    {
        status = default;
        if (notify.TryGetParameterized(HeaderId.SubscriptionState, out ParameterizedValueView value) != HeaderStatus.Ok || !Grammar.IsToken(value.Value)) return false;
        TimeSpan? retryAfter = Seconds(value.Parameters, "retry-after"u8);
        if (value.Is("terminated"u8)) status = new SubscriptionStatus(SubscriptionState.Terminated, null, ReasonOf(value.Parameters), retryAfter);
        else status = new SubscriptionStatus(value.Is("pending"u8) ? SubscriptionState.Pending : SubscriptionState.Active, Seconds(value.Parameters, "expires"u8));
        return true;
    }

    /// <summary>The header's value.</summary>
    public override string ToString()
    {
        StringBuilder text = new(State switch { SubscriptionState.Pending => "pending", SubscriptionState.Terminated => "terminated", _ => "active" });
        if (State != SubscriptionState.Terminated && ExpiresIn is { } left) text.Append(CultureInfo.InvariantCulture, $";expires={(long)Math.Ceiling(left.TotalSeconds)}");
        if (State == SubscriptionState.Terminated && Reason != TerminationReason.None) text.Append(";reason=").Append(Reasons[(int)Reason]);
        if (State == SubscriptionState.Terminated && RetryAfter is { } wait) text.Append(CultureInfo.InvariantCulture, $";retry-after={(long)Math.Ceiling(wait.TotalSeconds)}");
        return text.ToString();
    }

    private static TerminationReason ReasonOf(in ParametersView parameters)
    {
        if (!parameters.TryGet("reason"u8, out ParameterView reason)) return TerminationReason.None;
        for (int i = 1; i < Reasons.Length; i++)
        {
            if (System.Text.Ascii.EqualsIgnoreCase(reason.Value, Reasons[i])) return (TerminationReason)i;
        }

        return TerminationReason.None;
    }

    private static TimeSpan? Seconds(in ParametersView parameters, ReadOnlySpan<byte> name) =>
        parameters.TryGet(name, out ParameterView value) && Grammar.TryParseSeconds(value.Value, out uint seconds) ? TimeSpan.FromSeconds(seconds) : null;
}
