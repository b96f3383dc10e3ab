using Parley.Core;

namespace Parley.Sip.Transactions;

/// <summary>What a transaction asks of who drives it. Several after one input are drained in this order.</summary>
public enum TransactionOutputKind
{
    /// <summary>Send <see cref="TransactionOutput.Message"/> to the transaction's peer.</summary>
    Send,

    /// <summary>Build the ACK for the final response just given, from it and the transaction's request, and hand it to <see cref="InviteClientTransaction.SetAck"/>.</summary>
    MakeAck,

    /// <summary>Build a 100 (Trying) and hand it to <see cref="ServerTransaction.Respond"/>: the transaction user is slow. May be left undone.</summary>
    MakeTrying,

    /// <summary>The message just given is for the transaction user.</summary>
    Deliver,

    /// <summary>Tell the transaction user that the peer did not answer in time.</summary>
    TimedOut,

    /// <summary>Tell the transaction user that a message could not be sent.</summary>
    TransportFailed,

    /// <summary>The transaction is over and holds nothing: take it out of its table and wheel. Always the last.</summary>
    Ended,
}

/// <summary>One thing that a transaction asks for.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Message">What to send; null unless <see cref="TransactionOutputKind.Send"/>. The transaction's lease holds until the next <see cref="SipTransaction.TryTake"/>: retain it to keep it longer.</param>
public readonly record struct TransactionOutput(TransactionOutputKind Kind, PooledBuffer? Message);
