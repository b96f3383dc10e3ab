using Parley.Core;
using Parley.Net;
using Parley.Sip.Messages;
using Parley.Sip.Transactions;

namespace Parley.Endpoint.Sip;

/// <summary>A lane's transactions: the one driver that feeds the machines, drains them, and re-reads their deadlines.</summary>
/// <remarks>
/// Whoever gives a machine an input calls <c>Drive</c> after it; nothing else touches tables and wheel. A transaction user
/// may call back in from within: a transaction that ended meanwhile has no machine any more. Source: RFC 3261 17.
/// </remarks>
internal sealed class SipTransactionLayer
{
    private const int MachinesKept = 4096;
    private const int MadeRoomBytes = 64;       // what a CANCEL may have more than its INVITE: Max-Forwards, Content-Length
    private static readonly TimeSpan UnreachableDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ForgettingInterval = TimeSpan.FromMilliseconds(50);    // many at a time, not each on its own

    private readonly SipLane _lane;
    private readonly DeadlineWheel _wheel;
    private readonly WheelTimer _timer;
    private readonly UnreachableTimer _unreachableTimer;
    private readonly TransactionPool _machines;
    private readonly TransactionTable<SipServerTransaction> _servers;
    private readonly TransactionTable<SipClientTransaction> _clients;
    private readonly AnsweredRequests _answered;
    private readonly AnsweredTimer _answeredTimer;
    private readonly TimeSpan _timerJ;
    private readonly SipMessageIndex _requestIndex;
    private readonly HashSet<NetworkAddress> _unreachable = [];
    private readonly FailedTimer _failedTimer;
    private List<SipClientTransaction> _failed = [];
    private readonly CancelUser _cancelUser = new();

    public SipTransactionLayer(SipLane lane)
    {
        SipEndpointOptions options = lane.Endpoint.Options;
        _lane = lane;
        _wheel = new DeadlineWheel(lane.Now);
        _timer = new WheelTimer(this);
        _unreachableTimer = new UnreachableTimer(this);
        _failedTimer = new FailedTimer(this);
        _machines = new TransactionPool(options.Timers, MachinesKept);
        _servers = new TransactionTable<SipServerTransaction>(options.MaxTransactions);
        _clients = new TransactionTable<SipClientTransaction>(options.MaxTransactions);
        _answered = new AnsweredRequests(lane.Loop.Buffers, options.MaxTransactions);
        _answeredTimer = new AnsweredTimer(this);
        _timerJ = options.Timers.Transaction;
        _requestIndex = new SipMessageIndex(options.Limits);
    }

    public int ServerCount => _servers.Count + _answered.Count;

    public int ClientCount => _clients.Count;

    public int DeadlineCount => _wheel.Count + (_answered.Count > 0 ? 1 : 0);

    private Instant Now => _lane.Now;

    private SeededHash128 Hash => _lane.Endpoint.Hash;

    public SipServerTransaction? FindServer(in TransactionKey key) => _servers.TryGet(key, out SipServerTransaction? found) ? found : null;

    /// <returns>Null when the table is full.</returns>
    public SipServerTransaction? CreateServer(in TransactionKey key, SipMessage request, in SipFlow flow, in SipFlow replyFlow, ITransactionUser user)
    {
        bool isInvite = request.View.Method == SipMethod.Invite;
        ServerTransaction machine = isInvite ? _machines.RentInviteServer() : _machines.RentNonInviteServer();
        machine.Start(Now, key, flow.IsReliable);
        var transaction = new SipServerTransaction(_lane, machine, request, flow, replyFlow, user);
        if (_servers.Add(key, transaction) != TransactionTableResult.Added)
        {
            machine.Terminate();
            _machines.Return(machine);
            transaction.End();
            return null;
        }

        Drive(transaction);
        return transaction;
    }

    /// <summary>The request of a server transaction came again, or the ACK of its response came.</summary>
    /// <returns>True when the message is for the transaction user: the ACK of a 2xx that an RFC 2543 client sent.</returns>
    public bool OnRequest(SipServerTransaction transaction, SipMethod method)
    {
        if (method != SipMethod.Ack) transaction.Machine?.OnRetransmission(Now);
        else if (transaction.Machine is InviteServerTransaction invite) invite.OnAck(Now);
        return Drive(transaction);
    }

    /// <summary>Keeps no more of an answered transaction than what a retransmission of its request needs: the response, until Timer J.</summary>
    /// <remarks>An INVITE's goes on: its ACK, or the transaction user's 2xx, are still to come. Over a stream nothing comes again.</remarks>
    public void Settle(SipServerTransaction transaction, ReadOnlySpan<byte> response)
    {
        if (transaction.Machine is not NonInviteServerTransaction machine || transaction.ReplyFlow.IsReliable) return;
        if (!_answered.TryAdd(machine.Key, Now + _timerJ, transaction.ReplyFlow, response)) return;
        _servers.Remove(machine.Key);
        transaction.End();
        machine.Terminate();
        Recycle(machine);
        if (_answeredTimer.ScheduledFor.IsNever) _lane.Loop.Schedule(_answeredTimer, _answered.NextDeadline);
    }

    /// <summary>Answers a request that comes again after its transaction was settled.</summary>
    /// <returns>False when it is none.</returns>
    public bool AnswerAgain(in TransactionKey key)
    {
        if (!_answered.TryFind(key, out SipFlow flow, out ReadOnlySpan<byte> response)) return false;
        _lane.Send(_lane.Loop.Buffers.Copy(response), flow);
        return true;
    }

    private void ForgetAnswered(Instant now)
    {
        _answered.RemoveDue(now);
        Instant next = _answered.NextDeadline;
        _lane.Loop.Schedule(_answeredTimer, next.IsNever ? next : Instant.Max(next, now + ForgettingInterval));
    }

    public SipClientTransaction? SendRequest(
        SipMethod method, ReadOnlySpan<byte> branch, PooledBuffer request, in SipFlow flow, ITransactionUser user, object? state)
    {
        if (method == SipMethod.Ack) throw new ArgumentException("An ACK has no transaction of its own.", nameof(method));
        TransactionKey key = TransactionKey.ForClient(Hash, branch, CSeqMethod(request, method));
        SipTransaction machine = method == SipMethod.Invite ? _machines.RentInviteClient() : _machines.RentNonInviteClient();
        var transaction = new SipClientTransaction(_lane, machine, method, flow, user, state);
        if (_clients.Add(key, transaction) != TransactionTableResult.Added)
        {
            transaction.End();
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
        if (!SipParser.TryIndex(request.Span, _requestIndex, out _)) return;
        var view = new SipMessageView(request.Span, _requestIndex);
        if (view.TryGetVia(out ViaView via) != HeaderStatus.Ok) return;
        PooledBuffer cancel = _lane.Loop.Buffers.Rent(request.Length + MadeRoomBytes);
        if (!SipRequestWriter.TryWriteCancel(view, cancel.Whole, out int written))
        {
            cancel.Release();
            return;
        }

        cancel.Length = written;
        SipClientTransaction? sent = SendRequest(SipMethod.Cancel, via.Branch, cancel, invite.Flow, _cancelUser, state: null);
        if (sent is null) return;
        machine.OnCancelSent(Now);
        Drive(invite);
    }

    /// <summary>Drains a server transaction.</summary>
    /// <returns>True when the message just given is for the transaction user.</returns>
    public bool Drive(SipServerTransaction transaction)
    {
        bool isForUser = false;
        while (transaction.Machine is { } machine && machine.TryTake(out TransactionOutput output))
        {
            switch (output.Kind)
            {
                case TransactionOutputKind.Send:
                    if (!_lane.Transport.Send(output.Message!, transaction.ReplyFlow)) machine.OnTransportError(Now);
                    break;

                case TransactionOutputKind.MakeTrying:
                    if (transaction.HasRequest) machine.Respond(Now, 100, _lane.Receiver.WriteReply(transaction.Request, machine.Key, new SipReply(100), transaction.Flow.Remote));
                    break;

                case TransactionOutputKind.Deliver:
                    isForUser = true;
                    break;

                case TransactionOutputKind.TimedOut or TransactionOutputKind.TransportFailed:
                    transaction.User.OnServerFailed(transaction);
                    break;

                case TransactionOutputKind.Ended:
                    _servers.Remove(machine.Key);
                    transaction.End();
                    Recycle(machine);
                    return isForUser;
            }
        }

        if (transaction.Machine is { } running) Schedule(running);
        return isForUser;
    }

    private void Drive(SipClientTransaction transaction) => Drive(transaction, default, hasResponse: false);

    private void Drive(SipClientTransaction transaction, in SipMessageView response, bool hasResponse)
    {
        while (transaction.Machine is { } machine && machine.TryTake(out TransactionOutput output))
        {
            switch (output.Kind)
            {
                case TransactionOutputKind.Send:
                    if (!_lane.Transport.Send(output.Message!, transaction.Flow)) FailSoon(transaction);
                    break;

                case TransactionOutputKind.MakeAck:
                    if (hasResponse) SendAck((InviteClientTransaction)machine, response);
                    break;

                case TransactionOutputKind.Deliver:
                    if (hasResponse) Deliver(transaction, response);
                    break;

                case TransactionOutputKind.TimedOut:
                    transaction.Finish();
                    transaction.User.OnTimeout(transaction);
                    break;

                case TransactionOutputKind.TransportFailed:
                    transaction.Finish();
                    transaction.User.OnTransportFailed(transaction);
                    break;

                case TransactionOutputKind.Ended:
                    _clients.Remove(machine.Key);
                    transaction.End();
                    Recycle(machine);
                    return;
            }
        }

        if (transaction.Machine is { } running) Schedule(running);
    }

    /// <summary>A connection is over: what waits for an answer over it has failed.</summary>
    public void OnConnectionClosed(SipConnection connection)
    {
        List<SipClientTransaction>? hit = null;
        foreach (SipClientTransaction transaction in _clients.Values)
        {
            if (ReferenceEquals(transaction.Connection, connection)) (hit ??= []).Add(transaction);
        }

        if (hit is null) return;
        foreach (SipClientTransaction transaction in hit)
        {
            Fail(transaction);
            Drive(transaction);
        }
    }

    /// <summary>Datagrams to an address come back undeliverable. The table is gone through once for all that is heard within a moment.</summary>
    public void OnUnreachable(NetworkAddress remote)
    {
        if (_clients.Count == 0 || _unreachable.Count >= 1024) return;
        if (_unreachable.Count == 0) _lane.Loop.Schedule(_unreachableTimer, Now + UnreachableDelay);
        _unreachable.Add(remote);
    }

    private void FailUnreachable()
    {
        List<SipClientTransaction> hit = [];
        foreach (SipClientTransaction transaction in _clients.Values)
        {
            if (transaction.Flow.Transport == SipTransport.Udp && _unreachable.Contains(transaction.Flow.Remote)) hit.Add(transaction);
        }

        _unreachable.Clear();
        foreach (SipClientTransaction transaction in hit)
        {
            Fail(transaction);
            Drive(transaction);
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

    /// <summary>The transaction fails in the next round: its user must not hear of it from within a call of its own.</summary>
    private void FailSoon(SipClientTransaction transaction)
    {
        if (_failed.Count == 0) _lane.Loop.Schedule(_failedTimer, Now);
        _failed.Add(transaction);
    }

    private void FailAll()
    {
        (List<SipClientTransaction> failed, _failed) = (_failed, []);
        foreach (SipClientTransaction transaction in failed)
        {
            Fail(transaction);
            Drive(transaction);
        }
    }

    /// <summary>What a transaction sent did not arrive. What went by a stream only for its length is sent as a datagram (RFC 3261 18.1.1).</summary>
    private void Fail(SipClientTransaction transaction)
    {
        if (transaction.Machine is not { } machine) return;
        if (transaction.TakeForUdp() is not { } request || transaction.IsProceeding || transaction.IsFinished)
        {
            machine.OnTransportError(Now);
            return;
        }

        TransactionKey key = machine.Key;
        machine.Terminate();
        Recycle(machine);
        transaction.Machine = transaction.Method == SipMethod.Invite ? _machines.RentInviteClient() : _machines.RentNonInviteClient();
        transaction.Flow = new SipFlow(SipTransport.Udp, transaction.Flow.Remote);
        transaction.Use(null);
        NameUdpInVia(request);
        StartMachine(transaction, key, request);
    }

    private void NameUdpInVia(PooledBuffer request)
    {
        if (!SipParser.TryIndex(request.Span, _requestIndex, out _)) return;
        var view = new SipMessageView(request.Span, _requestIndex);
        if (view.TryGetVia(out ViaView via) != HeaderStatus.Ok) return;
        int at = via.Bytes.IndexOf(via.TransportBytes);
        SipTransport.Udp.ViaName.CopyTo(request.Span[(via.Offset + at)..]);     // as long as TCP
    }

    private void Deliver(SipClientTransaction transaction, in SipMessageView response)
    {
        if (response.StatusCode >= 200)
        {
            transaction.Finish();
        }
        else if (!transaction.IsProceeding)
        {
            transaction.IsProceeding = true;
            transaction.DropForUdp();
            if (transaction.IsCancelled) SendCancel(transaction);
        }

        transaction.User.OnResponse(transaction, response);
    }

    private void SendAck(InviteClientTransaction machine, in SipMessageView response)
    {
        if (machine.Request is not { } request || !SipParser.TryIndex(request.Span, _requestIndex, out _)) return;
        PooledBuffer ack = _lane.Loop.Buffers.Rent(Math.Min(request.Length + response.Bytes.Length, BufferPool.MaxLengthBytes));
        if (!SipRequestWriter.TryWriteAck(new SipMessageView(request.Span, _requestIndex), response, ack.Whole, out int written))
        {
            ack.Release();
            return;
        }

        ack.Length = written;
        machine.SetAck(ack);
    }

    private static ReadOnlySpan<byte> CSeqMethod(PooledBuffer request, SipMethod method)
    {
        if (method != SipMethod.Unknown) return method.Name;
        ReadOnlySpan<byte> bytes = request.Span;
        int space = bytes.IndexOf((byte)' ');
        return space < 0 ? default : bytes[..space];
    }

    private void Recycle(SipTransaction machine)
    {
        _wheel.Cancel(machine);
        _machines.Return(machine);
    }

    private void Schedule(SipTransaction machine)
    {
        _wheel.Schedule(machine, machine.NextDeadline);
        Instant next = _wheel.NextDeadline;
        if (next < _timer.ScheduledFor) _lane.Loop.Schedule(_timer, next);
    }

    private void RunDue(Instant now)
    {
        while (_wheel.TryTakeDue(now, out DeadlineEntry due))
        {
            var machine = (SipTransaction)due;
            machine.OnDeadline(now);
            switch (machine.User)
            {
                case SipServerTransaction server: Drive(server); break;
                case SipClientTransaction client: Drive(client); break;
            }
        }

        _lane.Loop.Schedule(_timer, _wheel.NextDeadline);
    }

    private sealed class WheelTimer(SipTransactionLayer layer) : LoopTimer
    {
        public override void OnDeadline(Instant now) => layer.RunDue(now);
    }

    private sealed class AnsweredTimer(SipTransactionLayer layer) : LoopTimer
    {
        public override void OnDeadline(Instant now) => layer.ForgetAnswered(now);
    }

    private sealed class FailedTimer(SipTransactionLayer layer) : LoopTimer
    {
        public override void OnDeadline(Instant now) => layer.FailAll();
    }

    private sealed class UnreachableTimer(SipTransactionLayer layer) : LoopTimer
    {
        public override void OnDeadline(Instant now) => layer.FailUnreachable();
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
