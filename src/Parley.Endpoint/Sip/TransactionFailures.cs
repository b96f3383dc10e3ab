using Parley.Core;
using Parley.Net;
using Parley.Sip.Messages;
using Parley.Sip.Transactions;

namespace Parley.Endpoint.Sip;

/// <summary>Client transactions whose request did not arrive: finds them, and has them fail when nobody is in the middle of a call of theirs.</summary>
/// <remarks>Source: RFC 3261 17.1.4, 18.4.</remarks>
internal sealed class TransactionFailures
{
    private const int MaxUnreachable = 1024;
    private static readonly TimeSpan UnreachableDelay = TimeSpan.FromMilliseconds(50);

    private readonly SipLane _lane;
    private readonly SipTransactionLayer _layer;
    private readonly HashSet<NetworkAddress> _unreachable = [];
    private readonly UnreachableTimer _unreachableTimer;
    private readonly FailedTimer _failedTimer;
    private List<(SipClientTransaction Transaction, TransactionKey Key)> _failed = [];

    public TransactionFailures(SipLane lane, SipTransactionLayer layer)
    {
        (_lane, _layer) = (lane, layer);
        _unreachableTimer = new UnreachableTimer(this);
        _failedTimer = new FailedTimer(this);
    }

    /// <summary>A connection is over: what waits for an answer over it has failed.</summary>
    public void OnConnectionClosed(SipConnection connection)
    {
        List<SipClientTransaction>? hit = null;
        foreach (SipClientTransaction transaction in _layer.Clients)
        {
            if (ReferenceEquals(transaction.Connection, connection)) (hit ??= []).Add(transaction);
        }

        if (hit is not null) _layer.FailEach(hit);
    }

    /// <summary>Datagrams to an address come back undeliverable. The table is gone through once for all that is heard within a moment.</summary>
    public void OnUnreachable(NetworkAddress remote)
    {
        if (_layer.ClientCount == 0 || _unreachable.Count >= MaxUnreachable) return;
        if (_unreachable.Count == 0) _lane.Loop.Schedule(_unreachableTimer, _lane.Now + UnreachableDelay);
        _unreachable.Add(remote);
    }

    /// <summary>The transaction fails in the next round: its user must not hear of it from within a call of its own.</summary>
    public void FailSoon(SipClientTransaction transaction)
    {
        if (_failed.Count == 0) _lane.Loop.Schedule(_failedTimer, _lane.Now);
        _failed.Add((transaction, transaction.Machine!.Key));
    }

    private void FailUnreachable()
    {
        List<SipClientTransaction> hit = [];
        foreach (SipClientTransaction transaction in _layer.Clients)
        {
            if (transaction.Flow.Transport == SipTransport.Udp && _unreachable.Contains(transaction.Flow.Remote)) hit.Add(transaction);
        }

        _unreachable.Clear();
        _layer.FailEach(hit);
    }

    private void FailAll()
    {
        (List<(SipClientTransaction Transaction, TransactionKey Key)> failed, _failed) = (_failed, []);
        foreach ((SipClientTransaction transaction, TransactionKey key) in failed)
        {
            if (transaction.Machine is not { } machine || machine.Key != key) continue;      // it ended, or it serves another request
            _layer.Fail(transaction);
        }
    }

    private sealed class FailedTimer(TransactionFailures failures) : LoopTimer
    {
        public override void OnDeadline(Instant now) => failures.FailAll();
    }

    private sealed class UnreachableTimer(TransactionFailures failures) : LoopTimer
    {
        public override void OnDeadline(Instant now) => failures.FailUnreachable();
    }
}
