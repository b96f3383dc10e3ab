using Parley.Sip.Messages;
using Parley.Sip.Transactions;

namespace Parley.Endpoint.Sip;

/// <summary>A request on its way to the transaction user, who makes a transaction of it, answers it without one, or lets it go.</summary>
public readonly ref struct SipIncomingRequest
{
    private readonly TransactionKey _key;

    internal SipIncomingRequest(SipLane lane, scoped in SipMessageView message, scoped in SipFlow flow, scoped in TransactionKey key)
    {
        Lane = lane;
        Message = message;
        Flow = flow;
        _key = key;
    }

    /// <summary>The lane that it came to.</summary>
    public SipLane Lane { get; }

    /// <summary>The request, valid during the call. Its topmost Via is as it came: who forwards it stamps it with <see cref="Flow"/>'s address (<see cref="SipEdits.StampVia"/>).</summary>
    public SipMessageView Message { get; }

    /// <summary>The flow that it came over.</summary>
    public SipFlow Flow { get; }

    /// <summary>Makes a server transaction: retransmissions are answered by it from now on.</summary>
    /// <param name="user">Who hears of it: the caller, or who it hands the request to.</param>
    /// <returns>Null when the lane has as many as it may; the request was then answered with 503.</returns>
    public SipServerTransaction? CreateTransaction(ITransactionUser user)
    {
        if (Transaction is not { } transaction) return Lane.Receiver.CreateServerTransaction(this, user);
        transaction.User = user;
        return transaction;
    }

    /// <summary>Answers without a transaction; each retransmission comes to the transaction user again (RFC 3261 8.2.7).</summary>
    /// <remarks>Does nothing for an ACK. The ACK of such an answer to an INVITE never reaches the transaction user.</remarks>
    public void Reply(in SipReply reply)
    {
        if (Transaction is { } transaction) transaction.Respond(reply);
        else Lane.Receiver.Reply(Message, Flow, _key, reply);
    }

    /// <summary>For a CANCEL: the transaction of the INVITE that it cancels.</summary>
    /// <returns>Null when there is none: the answer is 481 (RFC 3261 9.2), or 200 when it <see cref="CancelsAnswered"/>.</returns>
    public SipServerTransaction? FindCancelled() => Lane.Receiver.FindCancelled(Message);

    /// <summary>For a CANCEL: true when its INVITE had its 2xx and was let go of, so that the CANCEL changes nothing (RFC 3261 9.2).</summary>
    public bool CancelsAnswered => Lane.Receiver.CancelsSettled(Message);

    /// <summary>For the ACK of a 2xx whose branch is the INVITE's, as RFC 2543 clients send: the INVITE's transaction. Null for others.</summary>
    public SipServerTransaction? Invite { get; init; }

    /// <summary>The transaction that was made of it before, when it was resumed (<see cref="SipServerTransaction.Resume"/>).</summary>
    internal SipServerTransaction? Transaction { get; init; }

    internal TransactionKey Key => _key;
}
