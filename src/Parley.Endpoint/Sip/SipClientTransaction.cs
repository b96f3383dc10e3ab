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
    private ITransactionUser? _user;

    internal SipClientTransaction(SipLane lane) => _lane = lane;

    /// <summary>The request's method.</summary>
    public SipMethod Method { get; private set; }

    /// <summary>Where the request went.</summary>
    public SipFlow Flow { get; internal set; }

    /// <summary>The transaction user.</summary>
    public ITransactionUser User => _user!;

    /// <summary>What the transaction user keeps for this transaction.</summary>
    public object? State { get; set; }

    /// <summary>True once a provisional response has come.</summary>
    public bool IsProceeding { get; internal set; }

    /// <summary>True once a final response has come, or none will.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>True once <see cref="Cancel"/> was called.</summary>
    public bool IsCancelled { get; private set; }

    /// <summary>Rows that the CANCEL has besides its own.</summary>
    internal byte[]? CancelRows { get; private set; }

    /// <summary>Null once the transaction is over: the machine then serves another one.</summary>
    internal SipTransaction? Machine { get; set; }

    /// <summary>The connection that the request went over, whose end is the transaction's.</summary>
    internal SipConnection? Connection { get; private set; }

    /// <summary>Cancels an INVITE: at once when a provisional response has come, else as soon as one comes.</summary>
    /// <param name="rows">Whole rows for the CANCEL, each with its CRLF: Reason (RFC 3326). Null for none.</param>
    /// <remarks>Does nothing for other methods, twice, or when the final response is there. Source: RFC 3261 9.1.</remarks>
    public void Cancel(byte[]? rows = null)
    {
        if (Method != SipMethod.Invite || IsCancelled || IsFinished) return;
        (IsCancelled, CancelRows) = (true, rows);
        if (IsProceeding) _lane.Transactions.SendCancel(this);
    }

    /// <summary>The transaction user will not touch this transaction again: what still comes is not for it, and then the object serves another request.</summary>
    /// <remarks>Need not be called; who does drops every reference. An INVITE that rings goes on, and a 2xx that nobody waits for is not acknowledged.</remarks>
    public void Release()
    {
        if (IsReleased) return;
        IsReleased = true;
        State = null;
        _lane.Transactions.OnReleased(this);
    }

    /// <summary>As <see cref="Release"/>, for a proxy that has forwarded the 2xx of an INVITE: a 2xx that comes again is to go the same way.</summary>
    /// <param name="upstream">The transaction that the 2xx went to.</param>
    /// <remarks>It then comes as <see cref="ITransactionUser.OnResponseAgain"/>. Source: RFC 6026 7.</remarks>
    /// <returns>False when nothing was let go, because the 2xx went to a stream: it comes as before.</returns>
    public bool TryRelease(SipServerTransaction upstream)
    {
        ArgumentNullException.ThrowIfNull(upstream);
        if (IsReleased || upstream.ReplyFlow.IsReliable) return IsReleased;
        _lane.Transactions.Settle(this, upstream.ReplyFlow);
        Release();
        return true;
    }

    /// <summary>True once the transaction user let go of it.</summary>
    internal bool IsReleased { get; private set; }

    /// <summary>Starts a life.</summary>
    internal void Begin(SipTransaction machine, SipMethod method, in SipFlow flow, ITransactionUser user, object? state)
    {
        Machine = machine;
        (Method, Flow, _user, State) = (method, flow, user, state);
        (IsProceeding, IsFinished, IsCancelled, IsReleased, CancelRows) = (false, false, false, false, null);
    }

    /// <summary>Keeps nothing alive while it waits for its next life.</summary>
    internal void Forget() => (_user, State, Flow) = (null, null, default);

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
