using System.Buffers.Text;
using Parley.Core;
using Parley.Endpoint.Sip.Locating;
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

    private readonly SipLane _lane;
    private readonly DeadlineWheel _wheel;
    private readonly WheelTimer _timer;
    private readonly TransactionPool _machines;
    private readonly TransactionTable<SipServerTransaction> _servers;
    private readonly TransactionTable<SipClientTransaction> _clients;
    private readonly MadeRequests _made;
    private readonly ResponseDetours _detours;
    private readonly CancelUser _cancelUser = new();
    private readonly ObjectPool<SipServerTransaction> _freeServers = new(MachinesKept);
    private readonly ObjectPool<SipClientTransaction> _freeClients = new(MachinesKept);
    private int _driving;       // how deep in calls to transaction users, whose objects must not get a next life meanwhile

    public SipTransactionLayer(SipLane lane)
    {
        SipEndpointOptions options = lane.Endpoint.Options;
        _lane = lane;
        _wheel = new DeadlineWheel(lane.Now);
        _timer = new WheelTimer(this);
        _machines = new TransactionPool(options.Timers, MachinesKept);
        _servers = new TransactionTable<SipServerTransaction>(options.MaxTransactions);
        _clients = new TransactionTable<SipClientTransaction>(options.MaxTransactions);
        _made = new MadeRequests(lane);
        Settled = new SettledAnswers(lane);
        Failures = new TransactionFailures(lane, this);
        _detours = new ResponseDetours(lane);
    }

    /// <summary>What is left of transactions that are over but for what may come again.</summary>
    public SettledAnswers Settled { get; }

    /// <summary>Who is told of what did not arrive.</summary>
    public TransactionFailures Failures { get; }

    public int ServerCount => _servers.Count + Settled.Count;

    public int ClientCount => _clients.Count;

    /// <summary>Client transactions that are not over.</summary>
    public IEnumerable<SipClientTransaction> Clients => _clients.Values;

    public int DeadlineCount => _wheel.Count + (Settled.Count > 0 ? 1 : 0);

    private Instant Now => _lane.Now;

    private SeededHash128 Hash => _lane.Endpoint.Hash;

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

    /// <summary>Keeps no more of a client transaction whose 2xx was forwarded than the way of that response, until Timer M.</summary>
    /// <remarks>Should there be no room for it, a 2xx that comes again finds nobody.</remarks>
    public void Settle(SipClientTransaction transaction, in SipFlow upstream)
    {
        if (transaction.Machine is not InviteClientTransaction { State: InviteClientState.Accepted } machine) return;
        Settled.Keep(machine.Key, upstream);
        Drop(transaction, machine);
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

    /// <summary>The transaction user let go of a client transaction. What absorbs retransmissions of a final response that nobody waits for ends with it.</summary>
    public void OnReleased(SipClientTransaction transaction)
    {
        if (transaction.Machine is NonInviteClientTransaction { State: NonInviteClientState.Completed } machine) Drop(transaction, machine);
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

    private void Drop(SipClientTransaction transaction, SipTransaction machine)
    {
        _clients.Remove(machine.Key);
        transaction.End();
        machine.Terminate();
        Recycle(machine);
    }

    private void Free(SipServerTransaction transaction)
    {
        transaction.Forget();
        _freeServers.Return(transaction, isResting: _driving > 0);
    }

    private void Free(SipClientTransaction transaction)
    {
        transaction.Forget();
        _freeClients.Return(transaction, isResting: _driving > 0);
    }

    private void OnDriven()
    {
        if (--_driving > 0) return;
        _freeServers.EndRest();
        _freeClients.EndRest();
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

    /// <summary>A connection is over.</summary>
    public void OnConnectionClosed(SipConnection connection)
    {
        Failures.OnConnectionClosed(connection);
        _detours.OnConnectionClosed(connection);
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
