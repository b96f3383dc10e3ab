using Parley.Core;

namespace Parley.Sip.Transactions;

/// <summary>States of an <see cref="InviteServerTransaction"/>.</summary>
public enum InviteServerState
{
    /// <summary>Not started, or over.</summary>
    Terminated,

    /// <summary>The transaction user has not decided.</summary>
    Proceeding,

    /// <summary>Refused: the response is retransmitted until its ACK comes.</summary>
    Completed,

    /// <summary>The ACK has come; further ones are absorbed.</summary>
    Confirmed,

    /// <summary>A 2xx was sent; retransmitted INVITEs are absorbed (RFC 6026).</summary>
    Accepted,
}

/// <summary>Takes an INVITE and sends its responses; a refusal until it is acknowledged.</summary>
/// <remarks>
/// <code>
///        | INVITE: deliver, ask for a 100 after 200 ms of silence
///        v
///   +------------+  INVITE: send the last 1xx again
///   | Proceeding |  1xx from user: send
///   +------------+
///     |        | 2xx from user: send and forget it
///     |        +-----------------------------------+
///     | 300-699 from user: send,                   v
///     | timers G (unreliable) and H          +----------+  INVITE: absorb
///     v                                      | Accepted |  ACK: deliver
///   +-----------+  G: send again, G doubles  +----------+  2xx from user: send
///   | Completed |     up to T2                     |
///   +-----------+  INVITE: send again              | L
///     |       | H: tell                            |
///     | ACK   +--------------------------+         |
///     v                                  v         v
///   +-----------+  I (0 if reliable)   +---------------+
///   | Confirmed |--------------------->|  Terminated   |
///   +-----------+                      +---------------+
/// </code>
/// A transport error is told and changes no state; everything not shown is ignored. In Proceeding no timer runs: the
/// transaction user decides (a proxy by its Timer C). Source: RFC 3261 17.2.1, RFC 6026 figure 7.
/// </remarks>
public sealed class InviteServerTransaction : ServerTransaction
{
    /// <summary>A machine that waits for its start.</summary>
    public InviteServerTransaction(TransactionTimers timers)
        : base(timers)
    {
    }

    /// <summary>Where the machine is.</summary>
    public InviteServerState State { get; private set; }

    /// <inheritdoc/>
    public override void OnRetransmission(Instant now)
    {
        if (State is InviteServerState.Proceeding or InviteServerState.Completed && Message is not null) SendKept();
    }

    /// <summary>An ACK with the key of this transaction's INVITE has come.</summary>
    /// <remarks>In Accepted it is the transaction user's: an RFC 2543 client's ACK of a 2xx has the INVITE's branch.</remarks>
    public void OnAck(Instant now)
    {
        switch (State)
        {
            case InviteServerState.Completed:
                DropMessage();
                State = InviteServerState.Confirmed;
                EndAfter(now, IsReliable ? TimeSpan.Zero : Timers.T4);  // Timer I
                break;

            case InviteServerState.Accepted:
                Emit(TransactionOutputKind.Deliver);
                break;
        }
    }

    private protected override void OnStarted(Instant now)
    {
        State = InviteServerState.Proceeding;
        RepeatAt(now + Timers.TryingDelay);
    }

    private protected override bool OnRespond(Instant now, int statusCode, PooledBuffer response)
    {
        bool isSuccess = statusCode is >= 200 and < 300;
        switch (State)
        {
            case InviteServerState.Proceeding when statusCode < 200:
                StopTimers();
                SendNew(response, once: false);
                return true;

            case InviteServerState.Proceeding when isSuccess:
                SendNew(response, once: true);
                State = InviteServerState.Accepted;
                EndAfter(now, Timers.Transaction);      // Timer L
                return true;

            case InviteServerState.Proceeding:
                SendNew(response, once: false);
                State = InviteServerState.Completed;
                StopTimers();
                ExpireAt(now + Timers.Transaction);     // Timer H
                if (IsReliable) return true;
                Interval = Timers.T1;
                RepeatAt(now + Interval);               // Timer G
                return true;

            case InviteServerState.Accepted when isSuccess:
                SendNew(response, once: true);
                return true;

            default:
                return false;
        }
    }

    private protected override void OnRepeat(Instant now)
    {
        if (State == InviteServerState.Proceeding)
        {
            Emit(TransactionOutputKind.MakeTrying);
            return;
        }

        SendKept();
        Interval = Timers.NextInterval(Interval);
        RepeatAt(now + Interval);
    }

    private protected override void OnExpired()
    {
        if (State == InviteServerState.Completed) Emit(TransactionOutputKind.TimedOut);
        End();
    }

    private protected override void OnEnded() => State = InviteServerState.Terminated;
}
