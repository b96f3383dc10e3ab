using Parley.Core;
using Parley.Net;
using Parley.Sip.Transactions;

namespace Parley.Endpoint.Sip;

/// <summary>A lane's transactions: the one driver that feeds the machines, drains them, and re-reads their deadlines.</summary>
/// <remarks>
/// Whoever gives a machine an input calls <c>Drive</c> after it; nothing else touches tables and wheel. A transaction user
/// may call back in from within: a transaction that ended meanwhile has no machine any more. The other parts of this class are in the files Clients and Servers. Source: RFC 3261 17.
/// </remarks>
internal sealed partial class SipTransactionLayer
{
    private const int MachinesKept = 4096;

    private readonly SipLane _lane;
    private readonly DeadlineWheel _wheel;
    private readonly WheelTimer _timer;
    private readonly TransactionPool _machines;
    private readonly TransactionTable<SipServerTransaction> _servers;
    private readonly TransactionTable<SipClientTransaction> _clients;
    private readonly ResponseDetours _detours;
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

    private void OnDriven()
    {
        if (--_driving > 0) return;
        _freeServers.EndRest();
        _freeClients.EndRest();
    }

    /// <summary>A connection is over.</summary>
    public void OnConnectionClosed(SipConnection connection)
    {
        Failures.OnConnectionClosed(connection);
        _detours.OnConnectionClosed(connection);
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
}
