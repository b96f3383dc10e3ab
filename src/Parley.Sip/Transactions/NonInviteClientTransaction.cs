using Parley.Core;

namespace Parley.Sip.Transactions;

/// <summary>States of a <see cref="NonInviteClientTransaction"/>.</summary>
public enum NonInviteClientState
{
    /// <summary>Not started, or over.</summary>
    Terminated,

    /// <summary>The request is sent, nothing has come back.</summary>
    Trying,

    /// <summary>A provisional response has come.</summary>
    Proceeding,

    /// <summary>The final response has come; its retransmissions are absorbed.</summary>
    Completed,
}

/// <summary>Sends a request that is neither INVITE nor ACK and takes its responses.</summary>
/// <remarks>
/// <code>
///        | Start: send request, timers E (unreliable) and F
///        v
///   +--------+  E: send request again, E doubles up to T2
///   | Trying |--------------------------------------------+
///   +--------+                                            |
///     |    | 1xx: deliver                                 |
///     |    v                                              | F, transport error: tell
///     |  +------------+  1xx: deliver                     |
///     |  | Proceeding |-----------------------------------+
///     |  +------------+  E: send request again, E is T2   |
///     |    |                                              |
///     |    | 200-699: deliver, forget the request         v
///     |    v                                        +------------+
///     |  +-----------+  K (0 if reliable)           | Terminated |
///     +->| Completed |----------------------------->|            |
///        +-----------+                              +------------+
/// </code>
/// Everything not shown is ignored. Source: RFC 3261 17.1.2.
/// </remarks>
public sealed class NonInviteClientTransaction : SipTransaction
{
    /// <summary>A machine that waits for its start.</summary>
    public NonInviteClientTransaction(TransactionTimers timers)
        : base(timers)
    {
    }

    /// <summary>Where the machine is.</summary>
    public NonInviteClientState State { get; private set; }

    /// <summary>Sends the request.</summary>
    /// <param name="now">The time.</param>
    /// <param name="key">Its <see cref="TransactionKey.ForClient"/>.</param>
    /// <param name="isReliable">Whether the transport is reliable; the bytes are then kept no longer than it takes to send them once.</param>
    /// <param name="request">The request; the lease goes to the transaction.</param>
    /// <exception cref="InvalidOperationException">The transaction runs already.</exception>
    public void Start(Instant now, in TransactionKey key, bool isReliable, PooledBuffer request)
    {
        ArgumentNullException.ThrowIfNull(request);
        Begin(key, isReliable);
        State = NonInviteClientState.Trying;
        SendNew(request, once: isReliable);
        ExpireAt(now + Timers.Transaction);     // Timer F
        if (isReliable) return;
        Interval = Timers.T1 < Timers.T2 ? Timers.T1 : Timers.T2;
        RepeatAt(now + Interval);               // Timer E
    }

    /// <summary>A response with this transaction's key has come.</summary>
    /// <param name="now">The time.</param>
    /// <param name="statusCode">Its status code: 100 to 699; others are ignored.</param>
    public void OnResponse(Instant now, int statusCode)
    {
        if (State is not (NonInviteClientState.Trying or NonInviteClientState.Proceeding)) return;
        switch (statusCode)
        {
            case >= 100 and < 200:
                State = NonInviteClientState.Proceeding;
                Emit(TransactionOutputKind.Deliver);
                break;

            case >= 200 and < 700:
                DropMessage();
                State = NonInviteClientState.Completed;
                Emit(TransactionOutputKind.Deliver);
                EndAfter(now, IsReliable ? TimeSpan.Zero : Timers.T4);  // Timer K
                break;
        }
    }

    /// <inheritdoc/>
    public override void OnTransportError(Instant now)
    {
        if (State is not (NonInviteClientState.Trying or NonInviteClientState.Proceeding)) return;
        Emit(TransactionOutputKind.TransportFailed);
        End();
    }

    private protected override void OnRepeat(Instant now)
    {
        SendKept();
        Interval = State == NonInviteClientState.Proceeding ? Timers.T2 : Timers.NextInterval(Interval);
        RepeatAt(now + Interval);
    }

    private protected override void OnExpired()
    {
        if (State is NonInviteClientState.Trying or NonInviteClientState.Proceeding) Emit(TransactionOutputKind.TimedOut);
        End();
    }

    private protected override void OnEnded() => State = NonInviteClientState.Terminated;
}
