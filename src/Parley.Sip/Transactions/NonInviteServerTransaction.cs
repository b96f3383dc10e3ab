using Parley.Core;

namespace Parley.Sip.Transactions;

/// <summary>States of a <see cref="NonInviteServerTransaction"/>.</summary>
public enum NonInviteServerState
{
    /// <summary>Not started, or over.</summary>
    Terminated,

    /// <summary>The transaction user has not answered.</summary>
    Trying,

    /// <summary>A 100 (Trying) was sent.</summary>
    Proceeding,

    /// <summary>The final response was sent, and is again whenever the request comes again.</summary>
    Completed,
}

/// <summary>Takes a request that is neither INVITE nor ACK and sends its responses.</summary>
/// <remarks>
/// <code>
///        | request: deliver, ask for a 100 when a client's Timer E has come to T2
///        v
///   +--------+  request: absorb
///   | Trying |------------------------------------------+
///   +--------+                                          |
///     |    | 100 from user (not before the above        |
///     |    | over an unreliable transport): send        |
///     |    v                                            | 64*T1 after the request: tell
///     |  +------------+  100 from user: send            |
///     |  | Proceeding |---------------------------------+
///     |  +------------+  request: send the 100 again    |
///     |    |                                            |
///     |    | 200-699 from user: send (408: do not)      v
///     |    v                                      +------------+
///     |  +-----------+  J (0 if reliable)         | Terminated |
///     +->| Completed |--------------------------->|            |
///        +-----------+  request: send again       +------------+
/// </code>
/// A transport error is told and changes no state; everything not shown is ignored. Nobody waits for an answer 64*T1
/// after the request, so a transaction user that never answers holds nothing for longer.
/// Source: RFC 3261 17.2.2, RFC 4320 4, RFC 6026 8.8.
/// </remarks>
public sealed class NonInviteServerTransaction : ServerTransaction
{
    private Instant _tryingAllowedAt;

    /// <summary>A machine that waits for its start.</summary>
    public NonInviteServerTransaction(TransactionTimers timers)
        : base(timers)
    {
    }

    /// <summary>Where the machine is.</summary>
    public NonInviteServerState State { get; private set; }

    /// <inheritdoc/>
    public override void OnRetransmission(Instant now)
    {
        if (Message is not null) SendKept();
    }

    private protected override void OnStarted(Instant now)
    {
        State = NonInviteServerState.Trying;
        _tryingAllowedAt = now + Timers.NonInviteTryingDelay;
        RepeatAt(_tryingAllowedAt);
        ExpireAt(now + Timers.Transaction);
    }

    private protected override bool OnRespond(Instant now, int statusCode, PooledBuffer response)
    {
        if (State is not (NonInviteServerState.Trying or NonInviteServerState.Proceeding)) return false;
        if (statusCode < 200)
        {
            // RFC 4320 4.1: nothing but 100, and over UDP not while the client still finds out whether it is heard.
            if (statusCode != 100 || (!IsReliable && now < _tryingAllowedAt)) return false;
            RepeatAt(Instant.Never);
            State = NonInviteServerState.Proceeding;
            SendNew(response, once: IsReliable);
            return true;
        }

        State = NonInviteServerState.Completed;
        bool isSent = statusCode != 408;    // RFC 4320 4.2: it would always be too late
        if (isSent) SendNew(response, once: IsReliable);
        else DropMessage();
        EndAfter(now, IsReliable ? TimeSpan.Zero : Timers.Transaction);     // Timer J
        return isSent;
    }

    private protected override void OnRepeat(Instant now) => Emit(TransactionOutputKind.MakeTrying);

    private protected override void OnExpired()
    {
        if (State != NonInviteServerState.Completed) Emit(TransactionOutputKind.TimedOut);
        End();
    }

    private protected override void OnEnded() => State = NonInviteServerState.Terminated;
}
