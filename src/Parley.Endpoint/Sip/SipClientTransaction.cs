using Parley.Core;
using Parley.Sip.Messages;
using Parley.Sip.Transactions;

namespace Parley.Endpoint.Sip;

/// <summary>A request that a lane has sent, until its transaction is over.</summary>
/// <remarks>Joins the transaction machine with the flow that it uses and the transaction user that hears of it.</remarks>
public sealed class SipClientTransaction
{
    private readonly SipLane _lane;
    private PooledBuffer? _forUdp;      // the request, while UDP is left to try should the stream fail

    internal SipClientTransaction(SipLane lane, SipTransaction machine, SipMethod method, in SipFlow flow, ITransactionUser user, object? state)
    {
        _lane = lane;
        Machine = machine;
        (Method, Flow, User, State) = (method, flow, user, state);
    }

    /// <summary>The request's method.</summary>
    public SipMethod Method { get; }

    /// <summary>Where the request went.</summary>
    public SipFlow Flow { get; internal set; }

    /// <summary>The transaction user.</summary>
    public ITransactionUser User { get; }

    /// <summary>What the transaction user keeps for this transaction.</summary>
    public object? State { get; set; }

    /// <summary>True once a provisional response has come.</summary>
    public bool IsProceeding { get; internal set; }

    /// <summary>True once a final response has come, or none will.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>True once <see cref="Cancel"/> was called.</summary>
    public bool IsCancelled { get; private set; }

    /// <summary>Null once the transaction is over: the machine then serves another one.</summary>
    internal SipTransaction? Machine { get; set; }

    /// <summary>The connection that the request went over, whose end is the transaction's.</summary>
    internal SipConnection? Connection { get; private set; }

    /// <summary>Cancels an INVITE: at once when a provisional response has come, else as soon as one comes.</summary>
    /// <remarks>Does nothing for other methods, twice, or when the final response is there. Source: RFC 3261 9.1.</remarks>
    public void Cancel()
    {
        if (Method != SipMethod.Invite || IsCancelled || IsFinished) return;
        IsCancelled = true;
        if (IsProceeding) _lane.Transactions.SendCancel(this);
    }

    /// <summary>Takes the connection that the request goes over, or none.</summary>
    internal void Use(SipConnection? connection)
    {
        Connection?.RemoveWaiting();
        Connection = connection;
        connection?.AddWaiting();
    }

    internal void KeepForUdp(PooledBuffer request) => _forUdp = request.Retain();

    internal PooledBuffer? TakeForUdp()
    {
        PooledBuffer? request = _forUdp;
        _forUdp = null;
        return request;
    }

    internal void DropForUdp() => TakeForUdp()?.Release();

    internal void Finish()
    {
        IsFinished = true;
        DropForUdp();
    }

    internal void End()
    {
        Finish();
        Machine = null;
        Use(null);
    }
}
