using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Sip.Dialogs;
using Parley.Sip.Messages;

namespace Parley.UserAgent.Calls;

/// <summary>The session timer of one call: what its INVITEs and UPDATEs and their 2xx say of it, and what it asks for.</summary>
/// <remarks>
/// This side takes part when the other side or a proxy wants a timer, and wants one itself where
/// <see cref="UserAgentCoreOptions.SessionExpiry"/> says so. Source: RFC 4028.
/// </remarks>
internal sealed class SessionRefresh(UserAgentCore core, CallLeg leg) : LoopTimer
{
    /// <summary>The longest interval that is agreed to: a day. What is longer never comes to bear.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private readonly SessionTimer _timer = new();

    /// <summary>The rows of a session refresh request that begins a call.</summary>
    /// <param name="interval">What is wanted; 0 for nothing.</param>
    /// <param name="minSE">The least interval that was asked for; 0 when nobody has.</param>
    public static string WriteRequest(TimeSpan interval, TimeSpan minSE)
    {
        if (interval <= TimeSpan.Zero) return "";
        if (minSE > interval) interval = minSE;
        return $"Session-Expires: {Seconds(interval)}\r\n{(minSE > TimeSpan.Zero ? $"Min-SE: {Seconds(minSE)}\r\n" : "")}";
    }

    /// <summary>The rows of a session refresh request in the call: whoever refreshes keeps doing so.</summary>
    /// <remarks>Source: RFC 4028 7.4.</remarks>
    public byte[] WriteRequest()
    {
        string minSE = _timer.HasMinSE ? $"Min-SE: {Seconds(_timer.MinSE)}\r\n" : "";
        if (!_timer.IsRunning) return WireText.ToBytes(minSE);
        TimeSpan interval = _timer.Interval < _timer.MinSE ? _timer.MinSE : _timer.Interval;
        return WireText.ToBytes($"Session-Expires: {Seconds(interval)};refresher={(_timer.IsRefresher ? "uac" : "uas")}\r\n{minSE}");
    }

    /// <summary>The refusal of a session refresh request whose interval is too short for this side.</summary>
    /// <param name="request">The request.</param>
    /// <param name="least">What this side takes.</param>
    /// <param name="refusal">422 with Min-SE.</param>
    /// <remarks>Source: RFC 4028 9.</remarks>
    public static bool IsTooShort(in SipMessageView request, TimeSpan least, out SipReply refusal)
    {
        refusal = default;
        if (!request.HasToken(HeaderId.Supported, "timer"u8) || !SessionTimer.TryRead(request, out TimeSpan interval, out _) || interval >= least) return false;
        refusal = new SipReply(422) { Headers = WireText.ToBytes($"Min-SE: {Seconds(least)}\r\n") };
        return true;
    }

    /// <summary>A session refresh request is accepted: agrees on the interval, which begins now.</summary>
    /// <returns>The rows of the 2xx.</returns>
    /// <remarks>Source: RFC 4028 9 (table 2).</remarks>
    public byte[] Accept(in SipMessageView request)
    {
        if (SessionTimer.TryReadMinSE(request, out TimeSpan least) && least <= Longest) _timer.OnMinSE(least);
        bool knowsTimer = request.HasToken(HeaderId.Supported, "timer"u8);
        bool isAsked = SessionTimer.TryRead(request, out TimeSpan interval, out SessionRefresher refresher);
        if (!isAsked) interval = !knowsTimer ? TimeSpan.Zero : _timer.IsRunning ? _timer.Interval : core.Options.SessionExpiry;
        if (interval <= TimeSpan.Zero)
        {
            // For its own good only this side may go on refreshing: RFC 4028 7.2.
            Start(_timer.IsRefresher ? _timer.Interval : TimeSpan.Zero, isRefresher: true);
            return [];
        }

        if (interval > Longest) interval = Longest;
        if (interval < _timer.MinSE && !isAsked) interval = _timer.MinSE;
        bool isRefresher = !knowsTimer || refresher == SessionRefresher.Server || (refresher == SessionRefresher.Unsaid && !isAsked);
        Start(interval, isRefresher);
        return WireText.ToBytes($"Session-Expires: {Seconds(interval)};refresher={(isRefresher ? "uas" : "uac")}\r\n{(knowsTimer ? "Require: timer\r\n" : "")}");
    }

    /// <summary>A session refresh request of this side was accepted.</summary>
    /// <param name="success">Its 2xx.</param>
    /// <param name="asked">The interval that the request asked for; 0 for none.</param>
    /// <remarks>Without an answer about the timer this side refreshes for itself. Source: RFC 4028 7.2.</remarks>
    public void OnAccepted(in SipMessageView success, TimeSpan asked)
    {
        if (SessionTimer.TryRead(success, out TimeSpan interval, out SessionRefresher refresher)) Start(interval, refresher != SessionRefresher.Server);
        else Start(asked, isRefresher: true);
    }

    /// <summary>The interval that <see cref="WriteRequest()"/> asks for.</summary>
    public TimeSpan Asked => _timer.IsRunning && _timer.Interval < _timer.MinSE ? _timer.MinSE : _timer.Interval;

    /// <summary>A 422 came.</summary>
    /// <returns>True when the request may be sent again, with a longer interval.</returns>
    public bool TryLonger(in SipMessageView refusal)
    {
        if (!SessionTimer.TryReadMinSE(refusal, out TimeSpan least) || least <= _timer.MinSE || least > Longest) return false;
        _timer.OnMinSE(least);
        return true;
    }

    /// <summary>A refresh was refused, and the session may still be there.</summary>
    public void OnFailed()
    {
        _timer.OnRefreshFailed(core.Lane.Now);
        core.Lane.Loop.Schedule(this, _timer.NextDeadline);
    }

    /// <summary>The call is over.</summary>
    public void Stop()
    {
        _timer.Stop();
        core.Lane.Loop.Schedule(this, Instant.Never);
    }

    /// <inheritdoc/>
    public override void OnDeadline(Instant now)
    {
        switch (_timer.OnDeadline(now))
        {
            case SessionTimerAction.Refresh: leg.OnRefreshDue(); break;
            case SessionTimerAction.Expire: leg.OnLost(408, "The session was not refreshed"); return;
        }

        core.Lane.Loop.Schedule(this, _timer.NextDeadline);
    }

    private void Start(TimeSpan interval, bool isRefresher)
    {
        _timer.Start(core.Lane.Now, interval, isRefresher);
        core.Lane.Loop.Schedule(this, _timer.NextDeadline);
    }

    private static long Seconds(TimeSpan time) => (long)Math.Ceiling(time.TotalSeconds);
}
