using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Sip.Dialogs;

/// <summary>What a session timer asks for.</summary>
public enum SessionTimerAction
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>This side is to send a session refresh request.</summary>
    Refresh,

    /// <summary>The session has not been refreshed: this side is to send BYE.</summary>
    Expire,
}

/// <summary>How long a session lasts without a refresh, and who refreshes it: the state of both user agents.</summary>
/// <remarks>
/// <code>
///        2xx with Session-Expires                 half the interval, when this side refreshes: Refresh
/// Off ---------------------------&gt; Running ----+
///  ^                                |  ^  |    | the interval, less 32 s or a third, when nobody has: Expire
///  +--------------------------------+  +--+ 2xx
///        2xx without
/// </code>
/// Not thread-safe: one lane owns it. Source: RFC 4028 7.2, 7.4, 9, 10.
/// </remarks>
public sealed class SessionTimer
{
    /// <summary>The shortest interval that there is.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan LongestMargin = TimeSpan.FromSeconds(32);

    private Instant _refreshAt = Instant.Never;
    private Instant _expireAt = Instant.Never;

    /// <summary>The agreed interval; 0 when there is none.</summary>
    public TimeSpan Interval { get; private set; }

    /// <summary>True when this side sends the refreshes.</summary>
    public bool IsRefresher { get; private set; }

    /// <summary>The least interval that the dialog's path takes, as far as it has said so.</summary>
    public TimeSpan MinSE { get; private set; } = Least;

    /// <summary>True when Min-SE must be said in session refresh requests: somebody has named one.</summary>
    public bool HasMinSE => MinSE > Least;

    /// <summary>True when there is an interval.</summary>
    public bool IsRunning => Interval > TimeSpan.Zero;

    /// <summary>When <see cref="OnDeadline"/> has something to do.</summary>
    public Instant NextDeadline => Instant.Min(_refreshAt, _expireAt);

    /// <summary>A 422 or a session refresh request named a least interval: the largest one counts.</summary>
    public void OnMinSE(TimeSpan least)
    {
        if (least > MinSE) MinSE = least;
    }

    /// <summary>A 2xx to a session refresh request came or was sent: the interval begins anew.</summary>
    /// <param name="now">The time.</param>
    /// <param name="interval">Of its Session-Expires; 0 when it had none, which turns the timer off. Less than 90 s is taken for 90 s.</param>
    /// <param name="isRefresher">Whether this side refreshes.</param>
    public void Start(Instant now, TimeSpan interval, bool isRefresher)
    {
        if (interval <= TimeSpan.Zero)
        {
            Stop();
            return;
        }

        Interval = interval < Least ? Least : interval;
        IsRefresher = isRefresher;
        TimeSpan third = Interval / 3;
        _expireAt = now + Interval - (third < LongestMargin ? third : LongestMargin);
        _refreshAt = isRefresher ? now + (Interval / 2) : Instant.Never;
    }

    /// <summary>A refresh was refused, and not because the session is gone: half of what is left may still bring one.</summary>
    public void OnRefreshFailed(Instant now)
    {
        if (!IsRunning || !IsRefresher || now >= _expireAt) return;
        _refreshAt = now + ((_expireAt - now) / 2);
    }

    /// <summary>No interval.</summary>
    public void Stop() => (Interval, IsRefresher, _refreshAt, _expireAt) = (TimeSpan.Zero, false, Instant.Never, Instant.Never);

    /// <summary>Says what is due. Calling it early or twice does nothing.</summary>
    public SessionTimerAction OnDeadline(Instant now)
    {
        if (now >= _expireAt)
        {
            Stop();
            return SessionTimerAction.Expire;
        }

        if (now < _refreshAt) return SessionTimerAction.None;
        _refreshAt = Instant.Never;
        return SessionTimerAction.Refresh;
    }

    /// <summary>Reads Session-Expires.</summary>
    /// <param name="message">A session refresh request or its 2xx.</param>
    /// <param name="interval">The interval.</param>
    /// <param name="refresher">Who refreshes.</param>
    /// <returns>False when there is none that can be read.</returns>
    public static bool TryRead(in SipMessageView message, out TimeSpan interval, out SessionRefresher refresher)
    {
        (interval, refresher) = (default, SessionRefresher.Unsaid);
        if (message.TryGetParameterized(HeaderId.SessionExpires, out ParameterizedValueView value) != HeaderStatus.Ok) return false;
        if (!Grammar.TryParseSeconds(value.Value, out uint seconds)) return false;
        interval = TimeSpan.FromSeconds(seconds);
        if (!value.Parameters.TryGet("refresher"u8, out ParameterView who)) return true;
        if (System.Text.Ascii.EqualsIgnoreCase(who.Value, "uac"u8)) refresher = SessionRefresher.Client;
        else if (System.Text.Ascii.EqualsIgnoreCase(who.Value, "uas"u8)) refresher = SessionRefresher.Server;
        return true;
    }

    /// <summary>Reads Min-SE.</summary>
    /// <param name="message">A session refresh request or a 422.</param>
    /// <param name="least">The interval.</param>
    /// <returns>False when there is none that can be read.</returns>
    public static bool TryReadMinSE(in SipMessageView message, out TimeSpan least)
    {
        least = default;
        if (message.TryGetParameterized(HeaderId.MinSE, out ParameterizedValueView value) != HeaderStatus.Ok) return false;
        if (!Grammar.TryParseSeconds(value.Value, out uint seconds)) return false;
        least = TimeSpan.FromSeconds(seconds);
        return true;
    }
}

/// <summary>Who refreshes a session, seen by the request that says so.</summary>
/// <remarks>Source: RFC 4028 4.</remarks>
public enum SessionRefresher
{
    /// <summary>Nothing is said.</summary>
    Unsaid,

    /// <summary>Who sent the request: <c>uac</c>.</summary>
    Client,

    /// <summary>Who answers it: <c>uas</c>.</summary>
    Server,
}
