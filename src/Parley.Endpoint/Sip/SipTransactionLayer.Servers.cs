using Parley.Core;
using Parley.Sip.Messages;
using Parley.Sip.Transactions;

namespace Parley.Endpoint.Sip;

/// <remarks>Requests of others: until they are answered, and what is kept of them afterwards.</remarks>
internal sealed partial class SipTransactionLayer
{
    public SipServerTransaction? FindServer(in TransactionKey key) => _servers.TryGet(key, out SipServerTransaction? found) ? found : null;

    /// <returns>Null when the table is full.</returns>
    public SipServerTransaction? CreateServer(in TransactionKey key, SipMessage request, in SipFlow flow, in SipFlow replyFlow, ITransactionUser user)
    {
        bool isInvite = request.View.Method == SipMethod.Invite;
        ServerTransaction machine = isInvite ? _machines.RentInviteServer() : _machines.RentNonInviteServer();
        machine.Start(Now, key, flow.IsReliable);
        SipServerTransaction transaction = _freeServers.TryRent() ?? new SipServerTransaction(_lane);
        transaction.Begin(machine, request, flow, replyFlow, user);
        if (_servers.Add(key, transaction) != TransactionTableResult.Added)
        {
            machine.Terminate();
            _machines.Return(machine);
            transaction.End();
            Free(transaction);
            return null;
        }

        Drive(transaction);
        return transaction;
    }

    /// <summary>The request of a server transaction came again, or the ACK of its response came.</summary>
    /// <returns>True when the message is for the transaction user: the ACK of a 2xx that an RFC 2543 client sent.</returns>
    public bool OnRequest(SipServerTransaction transaction, SipMethod method)
    {
        if (method != SipMethod.Ack)
        {
            transaction.OnCameAgain();
            transaction.Machine?.OnRetransmission(Now);
        }
        else if (transaction.Machine is InviteServerTransaction invite) invite.OnAck(Now);
        return Drive(transaction);
    }

    /// <summary>Keeps no more of an answered transaction than what a retransmission of its request needs: its response, until Timer J.</summary>
    /// <remarks>An INVITE's goes on: its ACK, or the transaction user's 2xx, are still to come. Over a stream nothing comes again.</remarks>
    public void Settle(SipServerTransaction transaction, ReadOnlySpan<byte> response)
    {
        if (IsSettling(transaction) && Settled.Keep(transaction.Machine!.Key, transaction.ReplyFlow, response)) Drop(transaction);
    }

    /// <summary>As the other one, for a response that was made from the request and can be made again.</summary>
    public void Settle(SipServerTransaction transaction, in SipReply reply)
    {
        if (IsSettling(transaction) && Settled.Keep(transaction.Machine!.Key, transaction.ReplyFlow, reply)) Drop(transaction);
    }

    /// <summary>The transaction user let go of a server transaction.</summary>
    public void OnReleased(SipServerTransaction transaction)
    {
        if (transaction.Machine is InviteServerTransaction { State: InviteServerState.Accepted } machine && !transaction.ReplyFlow.IsReliable)
        {
            Settled.Keep(machine.Key, transaction.ReplyFlow);
            Drop(transaction);
        }

        if (transaction.Machine is null) Free(transaction);
    }

    private static bool IsSettling(SipServerTransaction transaction) => transaction.Machine is NonInviteServerTransaction && !transaction.ReplyFlow.IsReliable;

    private void Drop(SipServerTransaction transaction)
    {
        SipTransaction machine = transaction.Machine!;
        _servers.Remove(machine.Key);
        transaction.End();
        machine.Terminate();
        Recycle(machine);
    }

    private void Free(SipServerTransaction transaction)
    {
        transaction.Forget();
        _freeServers.Return(transaction, isResting: _driving > 0);
    }

    /// <summary>Drains a server transaction.</summary>
    /// <returns>True when the message just given is for the transaction user.</returns>
    public bool Drive(SipServerTransaction transaction)
    {
        _driving++;
        try
        {
            return Drain(transaction);
        }
        finally
        {
            OnDriven();
        }
    }

    private bool Drain(SipServerTransaction transaction)
    {
        bool isForUser = false;
        while (transaction.Machine is { } machine && machine.TryTake(out TransactionOutput output))
        {
            switch (output.Kind)
            {
                case TransactionOutputKind.Send:
                    if (!transaction.TrySpend(output.Message!.Length)) _lane.Counters.TooMuch++;
                    else if (!Answer(output.Message!, transaction.ReplyFlow)) machine.OnTransportError(Now);
                    break;

                case TransactionOutputKind.MakeTrying:
                    if (transaction.HasRequest) machine.Respond(Now, 100, _lane.Receiver.WriteReply(transaction.Request, machine.Key, new SipReply(100), transaction.Flow.Remote));
                    break;

                case TransactionOutputKind.Deliver:
                    isForUser = true;
                    break;

                case TransactionOutputKind.TimedOut or TransactionOutputKind.TransportFailed:
                    if (!transaction.IsReleased) transaction.User.OnServerFailed(transaction);
                    break;

                case TransactionOutputKind.Ended:
                    _servers.Remove(machine.Key);
                    transaction.End();
                    Recycle(machine);
                    if (transaction.IsReleased) Free(transaction);
                    return isForUser;
            }
        }

        if (transaction.Machine is { } running) Schedule(running);
        return isForUser;
    }

    private bool Answer(PooledBuffer response, in SipFlow flow) => _detours.Wants(flow) ? _detours.Send(response, flow) : _lane.Transport.Send(response, flow);
}
