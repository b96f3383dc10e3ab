using System.Buffers.Text;
using Parley.Core;
using Parley.Endpoint.Sip.Locating;
using Parley.Sip.Messages;
using Parley.Sip.Transactions;

namespace Parley.Endpoint.Sip;

/// <remarks>Requests of this side: what is sent, what comes back, and what fails.</remarks>
internal sealed partial class SipTransactionLayer
{
    private readonly MadeRequests _made;

    private readonly CancelUser _cancelUser = new();

    /// <summary>Keeps no more of a client transaction whose 2xx was forwarded than the way of that response, until Timer M.</summary>
    /// <remarks>Should there be no room for it, a 2xx that comes again finds nobody.</remarks>
    public void Settle(SipClientTransaction transaction, in SipFlow upstream)
    {
        if (transaction.Machine is not InviteClientTransaction { State: InviteClientState.Accepted } machine) return;
        Settled.Keep(machine.Key, upstream);
        Drop(transaction, machine);
    }

    /// <summary>The transaction user let go of a client transaction. What absorbs retransmissions of a final response that nobody waits for ends with it.</summary>
    public void OnReleased(SipClientTransaction transaction)
    {
        if (transaction.Machine is NonInviteClientTransaction { State: NonInviteClientState.Completed } machine) Drop(transaction, machine);
        if (transaction.Machine is null) Free(transaction);
    }

    private void Drop(SipClientTransaction transaction, SipTransaction machine)
    {
        _clients.Remove(machine.Key);
        transaction.End();
        machine.Terminate();
        Recycle(machine);
    }

    private void Free(SipClientTransaction transaction)
    {
        transaction.Forget();
        _freeClients.Return(transaction, isResting: _driving > 0);
    }

    public SipClientTransaction? SendRequest(
        SipMethod method, ReadOnlySpan<byte> branch, PooledBuffer request, in SipFlow flow, ITransactionUser user, object? state)
    {
        if (method == SipMethod.Ack) throw new ArgumentException("An ACK has no transaction of its own.", nameof(method));
        TransactionKey key = TransactionKey.ForClient(Hash, branch, CSeqMethod(request, method));
        SipTransaction machine = method == SipMethod.Invite ? _machines.RentInviteClient() : _machines.RentNonInviteClient();
        SipClientTransaction transaction = _freeClients.TryRent() ?? new SipClientTransaction(_lane);
        transaction.Begin(machine, method, flow, user, state);
        if (_clients.Add(key, transaction) != TransactionTableResult.Added)
        {
            transaction.End();
            Free(transaction);
            _machines.Return(machine);
            request.Release();
            _lane.Counters.Overloaded++;
            return null;
        }

        if (flow.IsForLength) transaction.KeepForUdp(request);
        if (flow.IsReliable) transaction.Use(_lane.Transport.ConnectionFor(flow));
        StartMachine(transaction, key, request);
        return transaction;
    }

    /// <summary>A response with the key of a client transaction came.</summary>
    /// <returns>False when there is none.</returns>
    public bool OnResponse(in TransactionKey key, in SipMessageView response)
    {
        if (!_clients.TryGet(key, out SipClientTransaction? transaction)) return false;
        int statusCode = response.StatusCode;
        switch (transaction.Machine)
        {
            case InviteClientTransaction invite: invite.OnResponse(Now, statusCode); break;
            case NonInviteClientTransaction other: other.OnResponse(Now, statusCode); break;
        }

        Drive(transaction, response, hasResponse: true);
        return true;
    }

    /// <summary>Sends the CANCEL of an INVITE that has had a provisional response (RFC 3261 9.1).</summary>
    public void SendCancel(SipClientTransaction invite)
    {
        if (invite.Machine is not InviteClientTransaction { Request: { } request } machine) return;
        if (_made.MakeCancel(request, invite.CancelRows, out ReadOnlySpan<byte> branch) is not { } cancel) return;
        SipClientTransaction? sent = SendRequest(SipMethod.Cancel, branch, cancel, invite.Flow, _cancelUser, state: null);
        if (sent is null) return;
        machine.OnCancelSent(Now);
        Drive(invite);
    }

    private void Drive(SipClientTransaction transaction) => Drive(transaction, default, hasResponse: false);

    private void Drive(SipClientTransaction transaction, in SipMessageView response, bool hasResponse)
    {
        _driving++;
        try
        {
            Drain(transaction, response, hasResponse);
        }
        finally
        {
            OnDriven();
        }
    }

    private void Drain(SipClientTransaction transaction, in SipMessageView response, bool hasResponse)
    {
        while (transaction.Machine is { } machine && machine.TryTake(out TransactionOutput output))
        {
            switch (output.Kind)
            {
                case TransactionOutputKind.Send:
                    if (!_lane.Transport.Send(output.Message!, transaction.Flow)) Failures.FailSoon(transaction);
                    break;

                case TransactionOutputKind.MakeAck:
                    if (hasResponse) MakeAck((InviteClientTransaction)machine, response);
                    break;

                case TransactionOutputKind.Deliver:
                    if (hasResponse) Deliver(transaction, response);
                    break;

                case TransactionOutputKind.TimedOut:
                    if (!transaction.IsProceeding) Avoid(transaction.Flow, AvoidedServers.AfterFailure);
                    transaction.Finish();
                    if (!transaction.IsReleased) transaction.User.OnTimeout(transaction);
                    break;

                case TransactionOutputKind.TransportFailed:
                    Avoid(transaction.Flow, AvoidedServers.AfterFailure);
                    transaction.Finish();
                    if (!transaction.IsReleased) transaction.User.OnTransportFailed(transaction);
                    break;

                case TransactionOutputKind.Ended:
                    _clients.Remove(machine.Key);
                    transaction.End();
                    Recycle(machine);
                    if (transaction.IsReleased) Free(transaction);
                    return;
            }
        }

        if (transaction.Machine is { } running) Schedule(running);
    }

    /// <summary>What transactions sent did not arrive.</summary>
    public void FailEach(List<SipClientTransaction> hit)
    {
        _driving++;     // none of them gets a next life before all have failed
        try
        {
            foreach (SipClientTransaction transaction in hit) Fail(transaction);
        }
        finally
        {
            OnDriven();
        }
    }

    private void StartMachine(SipClientTransaction transaction, in TransactionKey key, PooledBuffer request)
    {
        switch (transaction.Machine)
        {
            case InviteClientTransaction invite: invite.Start(Now, key, transaction.Flow.IsReliable, request); break;
            case NonInviteClientTransaction other: other.Start(Now, key, transaction.Flow.IsReliable, request); break;
        }

        transaction.Machine!.User = transaction;
        Drive(transaction);
    }

    /// <summary>What a transaction sent did not arrive. What went by a stream only for its length is sent as a datagram (RFC 3261 18.1.1).</summary>
    public void Fail(SipClientTransaction transaction)
    {
        if (transaction.Machine is not { } machine) return;
        if (transaction.TakeForUdp() is { } request && !transaction.IsProceeding && !transaction.IsFinished)
        {
            StartAgainOverUdp(transaction, machine, request);
            return;
        }

        machine.OnTransportError(Now);
        Drive(transaction);
    }

    private void StartAgainOverUdp(SipClientTransaction transaction, SipTransaction machine, PooledBuffer request)
    {
        TransactionKey key = machine.Key;
        machine.Terminate();
        Recycle(machine);
        transaction.Machine = transaction.Method == SipMethod.Invite ? _machines.RentInviteClient() : _machines.RentNonInviteClient();
        transaction.Flow = new SipFlow(SipTransport.Udp, transaction.Flow.Remote);
        transaction.Use(null);
        _made.NameUdpInVia(request);
        StartMachine(transaction, key, request);
    }

    private void Deliver(SipClientTransaction transaction, in SipMessageView response)
    {
        if (response.StatusCode >= 200)
        {
            transaction.Finish();
            if (response.StatusCode == 503) AvoidAsAsked(transaction.Flow, response);
        }
        else if (!transaction.IsProceeding)
        {
            transaction.IsProceeding = true;
            transaction.DropForUdp();
            if (transaction.IsCancelled) SendCancel(transaction);
        }

        if (!transaction.IsReleased) transaction.User.OnResponse(transaction, response);
    }

    /// <summary>A server asks to be left alone.</summary>
    /// <remarks>Source: RFC 3261 21.5.4.</remarks>
    private void AvoidAsAsked(in SipFlow flow, in SipMessageView response)
    {
        if (response.TryGetParameterized(HeaderId.RetryAfter, out ParameterizedValueView after) != HeaderStatus.Ok) return;
        if (Utf8Parser.TryParse(after.Value, out uint seconds, out _)) Avoid(flow, TimeSpan.FromSeconds(seconds));
    }

    private void Avoid(in SipFlow flow, TimeSpan time) => _lane.Endpoint.Avoided.Add(flow, Now, time);

    private void MakeAck(InviteClientTransaction machine, in SipMessageView response)
    {
        if (machine.Request is { } request && _made.MakeAck(request, response) is { } ack) machine.SetAck(ack);
    }

    private static ReadOnlySpan<byte> CSeqMethod(PooledBuffer request, SipMethod method)
    {
        if (method != SipMethod.Unknown) return method.Name;
        ReadOnlySpan<byte> bytes = request.Span;
        int space = bytes.IndexOf((byte)' ');
        return space < 0 ? default : bytes[..space];
    }

    /// <summary>Nobody waits for the answer to a CANCEL: the INVITE's own answer says what came of it (RFC 3261 9.1).</summary>
    private sealed class CancelUser : ITransactionUser
    {
        public void OnRequest(in SipIncomingRequest request)
        {
        }

        public void OnResponse(SipClientTransaction transaction, in SipMessageView response)
        {
        }

        public void OnTimeout(SipClientTransaction transaction)
        {
        }

        public void OnTransportFailed(SipClientTransaction transaction)
        {
        }

        public void OnServerFailed(SipServerTransaction transaction)
        {
        }

        public void OnStrayResponse(in SipMessageView response, in SipFlow flow)
        {
        }
    }
}
