using Parley.Core;

namespace Parley.Sip.Transactions;

/// <summary>States of an <see cref="InviteClientTransaction"/>.</summary>
public enum InviteClientState
{
    /// <summary>Not started, or over.</summary>
    Terminated,

    /// <summary>The INVITE is sent, nothing has come back.</summary>
    Calling,

    /// <summary>A provisional response has come.</summary>
    Proceeding,

    /// <summary>A final response of 300 or more has come and is acknowledged; so are its retransmissions.</summary>
    Completed,

    /// <summary>A 2xx has come; further ones go to the transaction user, who acknowledges them (RFC 6026).</summary>
    Accepted,
}

/// <summary>Sends an INVITE, takes its responses and acknowledges a refusal.</summary>
/// <remarks>
/// <code>
///        | Start: send INVITE, timers A (unreliable) and B
///        v
///   +---------+  A: send INVITE again, A doubles          B, transport error: tell
///   | Calling |------------------------------------------------------------+
///   +---------+                                                            |
///     |  |  | 1xx: deliver                                                 |
///     |  |  v                                                              |
///     |  | +------------+  1xx: deliver           64*T1 after CANCEL: tell |
///     |  | | Proceeding |--------------------------------------------------+
///     |  | +------------+                                                  |
///     |  |   |        | 2xx: deliver, forget the INVITE                    |
///     |  +---|------->+----------------+                                   |
///     |      |                         v                                   |
///     |      | 300-699: ACK,     +----------+  2xx: deliver                |
///     +------+ deliver           | Accepted |--------------+               |
///            v                   +----------+      M       |               |
///      +-----------+  300-699: ACK again                   v               v
///      | Completed |---------------------------------->+---------------------+
///      +-----------+  D (0 over a reliable transport), |     Terminated      |
///                     transport error: tell            +---------------------+
/// </code>
/// Everything not shown is ignored. Source: RFC 3261 17.1.1, RFC 6026 figure 5, RFC 3261 9.1 for the wait after a CANCEL.
/// </remarks>
public sealed class InviteClientTransaction : SipTransaction
{
    private bool _hasAck;
    private bool _isCancelled;

    /// <summary>A machine that waits for its start.</summary>
    public InviteClientTransaction(TransactionTimers timers)
        : base(timers)
    {
    }

    /// <summary>Where the machine is.</summary>
    public InviteClientState State { get; private set; }

    /// <summary>The INVITE as it was sent: what a CANCEL and the ACK of a refusal are made from.</summary>
    /// <value>Null once a 2xx has come or the ACK is set. The lease stays the transaction's.</value>
    public PooledBuffer? Request => _hasAck ? null : Message;

    /// <summary>Sends the INVITE.</summary>
    /// <param name="now">The time.</param>
    /// <param name="key">Its <see cref="TransactionKey.ForClient"/>.</param>
    /// <param name="isReliable">Whether the transport is reliable.</param>
    /// <param name="request">The INVITE; the lease goes to the transaction.</param>
    /// <exception cref="InvalidOperationException">The transaction runs already.</exception>
    public void Start(Instant now, in TransactionKey key, bool isReliable, PooledBuffer request)
    {
        ArgumentNullException.ThrowIfNull(request);
        Begin(key, isReliable);
        (_hasAck, _isCancelled) = (false, false);
        State = InviteClientState.Calling;
        SendNew(request, once: false);
        ExpireAt(now + Timers.Transaction);     // Timer B
        if (isReliable) return;
        Interval = Timers.T1;
        RepeatAt(now + Interval);               // Timer A
    }

    /// <summary>A response with this transaction's key has come.</summary>
    /// <param name="now">The time.</param>
    /// <param name="statusCode">Its status code: 100 to 699; others are ignored.</param>
    public void OnResponse(Instant now, int statusCode)
    {
        switch (State)
        {
            case InviteClientState.Calling or InviteClientState.Proceeding when statusCode is >= 100 and < 200:
                RepeatAt(Instant.Never);
                if (!_isCancelled) ExpireAt(Instant.Never);
                State = InviteClientState.Proceeding;
                Emit(TransactionOutputKind.Deliver);
                break;

            case InviteClientState.Calling or InviteClientState.Proceeding when statusCode is >= 200 and < 300:
                DropMessage();
                State = InviteClientState.Accepted;
                Emit(TransactionOutputKind.Deliver);
                EndAfter(now, Timers.Transaction);  // Timer M
                break;

            case InviteClientState.Calling or InviteClientState.Proceeding when statusCode is >= 300 and < 700:
                State = InviteClientState.Completed;
                Emit(TransactionOutputKind.MakeAck);
                Emit(TransactionOutputKind.Deliver);
                StopTimers();
                ExpireAt(IsReliable ? now : now + Timers.TimerD);   // a reliable transport ends it with the ACK
                break;

            case InviteClientState.Completed when statusCode is >= 300 and < 700:
                if (_hasAck) SendKept();
                else Emit(TransactionOutputKind.MakeAck);
                break;

            case InviteClientState.Accepted when statusCode is >= 200 and < 300:
                Emit(TransactionOutputKind.Deliver);
                break;
        }
    }

    /// <summary>The ACK that was asked for with <see cref="TransactionOutputKind.MakeAck"/>: it is sent, kept, and takes the INVITE's place.</summary>
    /// <param name="ack">The ACK by RFC 3261 17.1.1.3; the lease goes to the transaction.</param>
    public void SetAck(PooledBuffer ack)
    {
        ArgumentNullException.ThrowIfNull(ack);
        if (State != InviteClientState.Completed || _hasAck)
        {
            ack.Release();
            return;
        }

        _hasAck = true;
        SendNew(ack, once: false);
        if (IsReliable) End();      // Timer D is zero
    }

    /// <summary>A CANCEL for this INVITE is on its way: a final response is due within 64*T1, or the transaction ends.</summary>
    /// <remarks>Source: RFC 3261 9.1.</remarks>
    public void OnCancelSent(Instant now)
    {
        if (State != InviteClientState.Proceeding || _isCancelled) return;
        _isCancelled = true;
        ExpireAt(now + Timers.Transaction);
    }

    /// <inheritdoc/>
    public override void OnTransportError(Instant now)
    {
        // In Proceeding and Accepted the machine sends nothing, so an error there is about something else.
        if (State is not (InviteClientState.Calling or InviteClientState.Completed)) return;
        Emit(TransactionOutputKind.TransportFailed);
        End();
    }

    private protected override void OnRepeat(Instant now)
    {
        SendKept();
        Interval *= 2;
        RepeatAt(now + Interval);
    }

    private protected override void OnExpired()
    {
        if (State is InviteClientState.Calling or InviteClientState.Proceeding) Emit(TransactionOutputKind.TimedOut);
        End();
    }

    private protected override void OnEnded() => State = InviteClientState.Terminated;
}
