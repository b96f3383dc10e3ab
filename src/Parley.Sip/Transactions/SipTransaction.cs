using System.Diagnostics;
using System.Numerics;
using Parley.Core;

namespace Parley.Sip.Transactions;

/// <summary>What the four transaction machines have in common: their deadlines, their one kept message and their outputs.</summary>
/// <remarks>
/// A machine is a plain object. Every input is followed by draining <see cref="TryTake"/> until it gives nothing, and by
/// scheduling <see cref="NextDeadline"/>. A buffer handed to a machine comes with one lease, which is the machine's from
/// then on; it gives it back as soon as no retransmission can ask for the bytes, and keeps one message at most.
/// An ended machine can be started again (<see cref="TransactionPool"/>). Not thread-safe: one lane owns it.
/// </remarks>
public abstract class SipTransaction : DeadlineEntry
{
    private PooledBuffer? _message;
    private PooledBuffer? _spent;          // was handed out with Send for the last time; the next TryTake releases it
    private Instant _repeatAt = Instant.Never;
    private Instant _expiresAt = Instant.Never;
    private byte _pending;                 // a bit per TransactionOutputKind
    private bool _isMessageLast;           // the pending Send is the last that the message is needed for

    private protected SipTransaction(TransactionTimers timers)
    {
        ArgumentNullException.ThrowIfNull(timers);
        Timers = timers;
    }

    /// <summary>What messages of this transaction are found by.</summary>
    public TransactionKey Key { get; private set; }

    /// <summary>State of the transaction user: it is never looked at here.</summary>
    public object? User { get; set; }

    /// <summary>True over a transport that delivers or fails (TCP, TLS, WebSocket): nothing is retransmitted.</summary>
    public bool IsReliable { get; private set; }

    /// <summary>True before the start and after the end.</summary>
    public bool IsEnded { get; private set; } = true;

    /// <summary>When <see cref="OnDeadline"/> has something to do.</summary>
    /// <value><see cref="Instant.Never"/> when nothing is due.</value>
    public Instant NextDeadline => Instant.Min(_repeatAt, _expiresAt);

    private protected TransactionTimers Timers { get; }

    /// <summary>The time until the next retransmission after this one.</summary>
    private protected TimeSpan Interval { get; set; }

    /// <summary>The message that a retransmission sends, or is made from.</summary>
    private protected PooledBuffer? Message => _message;

    /// <summary>Runs what is due; early or twice does nothing.</summary>
    public void OnDeadline(Instant now)
    {
        if (IsEnded) return;
        if (now >= _expiresAt)
        {
            StopTimers();
            OnExpired();
        }
        else if (now >= _repeatAt)
        {
            _repeatAt = Instant.Never;
            OnRepeat(now);
        }
    }

    /// <summary>A message of this transaction could not be sent, and neither could it to any further address (RFC 3263 4.3).</summary>
    public abstract void OnTransportError(Instant now);

    /// <summary>Ends the transaction at once, without telling the transaction user more than <see cref="TransactionOutputKind.Ended"/>.</summary>
    public void Terminate()
    {
        if (IsEnded) return;
        _pending = 0;
        End();
    }

    /// <summary>Takes the next output.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryTake(out TransactionOutput output)
    {
        ReleaseSpent();
        if (_pending == 0)
        {
            output = default;
            return false;
        }

        var kind = (TransactionOutputKind)BitOperations.TrailingZeroCount((uint)_pending);
        _pending &= (byte)(_pending - 1);
        PooledBuffer? message = null;
        if (kind == TransactionOutputKind.Send)
        {
            message = _message;
            Debug.Assert(message is not null, "A send is pending without a message.");
            if (_isMessageLast) (_spent, _message, _isMessageLast) = (_message, null, false);
        }

        output = new TransactionOutput(kind, message);
        return true;
    }

    /// <summary>Drops what an ended machine still holds of its last life, so that it can be kept for a next one.</summary>
    /// <exception cref="InvalidOperationException">The transaction has not ended.</exception>
    internal void Reset()
    {
        if (!IsEnded) throw new InvalidOperationException("The transaction has not ended.");
        ReleaseSpent();
        DropMessage();
        _pending = 0;
        User = null;
        Key = default;
    }

    private protected void Begin(in TransactionKey key, bool isReliable)
    {
        if (!IsEnded) throw new InvalidOperationException("The transaction has not ended.");
        Reset();
        (Key, IsReliable, IsEnded) = (key, isReliable, false);
    }

    /// <summary>The time of a retransmission (timers A, E, G) or of a 100 (Trying) has come; it is cleared.</summary>
    private protected abstract void OnRepeat(Instant now);

    /// <summary>The transaction's or the state's time is over; both timers are cleared.</summary>
    private protected abstract void OnExpired();

    /// <summary>The machine goes to its Terminated state.</summary>
    private protected abstract void OnEnded();

    private protected void Emit(TransactionOutputKind kind) => _pending |= (byte)(1 << (int)kind);

    private protected void RepeatAt(Instant when) => _repeatAt = when;

    private protected void ExpireAt(Instant when) => _expiresAt = when;

    private protected void StopTimers() => _repeatAt = _expiresAt = Instant.Never;

    /// <summary>Takes a message over and has it sent; it is kept for retransmissions unless <paramref name="once"/>.</summary>
    private protected void SendNew(PooledBuffer message, bool once)
    {
        DropMessage();
        _message = message;
        SendKept();
        _isMessageLast = once;
    }

    private protected void SendKept()
    {
        _isMessageLast = false;
        Emit(TransactionOutputKind.Send);
    }

    /// <summary>Gives the kept message back: no retransmission needs it any more.</summary>
    private protected void DropMessage()
    {
        _pending &= unchecked((byte)~(1 << (int)TransactionOutputKind.Send));
        _isMessageLast = false;
        _message?.Release();
        _message = null;
    }

    /// <summary>Stays until the time is over; at once where the time is zero.</summary>
    private protected void EndAfter(Instant now, TimeSpan time)
    {
        StopTimers();
        if (time == TimeSpan.Zero) End();
        else ExpireAt(now + time);
    }

    private protected void End()
    {
        StopTimers();
        IsEnded = true;
        if ((_pending & (1 << (int)TransactionOutputKind.Send)) != 0) _isMessageLast = true;
        else DropMessage();
        OnEnded();
        Emit(TransactionOutputKind.Ended);
    }

    /// <summary>A new message replaces one that waits to be sent: the driver did not drain.</summary>
    private protected void ThrowIfSendPending()
    {
        if ((_pending & (1 << (int)TransactionOutputKind.Send)) != 0) throw new InvalidOperationException("Drain the transaction's outputs before its next message.");
    }

    private void ReleaseSpent()
    {
        _spent?.Release();
        _spent = null;
    }
}
