namespace Parley.Sip.Transactions;

/// <summary>Ended transaction machines, kept to be started again.</summary>
/// <remarks>Not thread-safe: one lane owns it.</remarks>
public sealed class TransactionPool
{
    private readonly TransactionTimers _timers;
    private readonly int _keep;
    private readonly Stack<InviteClientTransaction> _inviteClients = new();
    private readonly Stack<NonInviteClientTransaction> _nonInviteClients = new();
    private readonly Stack<InviteServerTransaction> _inviteServers = new();
    private readonly Stack<NonInviteServerTransaction> _nonInviteServers = new();

    /// <summary>An empty pool.</summary>
    /// <param name="timers">The times of all its machines.</param>
    /// <param name="keep">How many ended machines of each type it keeps; further ones are left to the garbage collector. 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public TransactionPool(TransactionTimers timers, int keep)
    {
        ArgumentNullException.ThrowIfNull(timers);
        ArgumentOutOfRangeException.ThrowIfNegative(keep);
        (_timers, _keep) = (timers, keep);
    }

    /// <summary>A machine to start.</summary>
    public InviteClientTransaction RentInviteClient() => _inviteClients.TryPop(out InviteClientTransaction? machine) ? machine : new(_timers);

    /// <summary>A machine to start.</summary>
    public NonInviteClientTransaction RentNonInviteClient() => _nonInviteClients.TryPop(out NonInviteClientTransaction? machine) ? machine : new(_timers);

    /// <summary>A machine to start.</summary>
    public InviteServerTransaction RentInviteServer() => _inviteServers.TryPop(out InviteServerTransaction? machine) ? machine : new(_timers);

    /// <summary>A machine to start.</summary>
    public NonInviteServerTransaction RentNonInviteServer() => _nonInviteServers.TryPop(out NonInviteServerTransaction? machine) ? machine : new(_timers);

    /// <summary>Gives an ended machine back; nobody may hold on to it, and no table or wheel may have it.</summary>
    /// <exception cref="InvalidOperationException">It has not ended, or is still in a wheel.</exception>
    public void Return(SipTransaction machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        if (!machine.ScheduledFor.IsNever) throw new InvalidOperationException("The transaction is still in a deadline wheel.");
        machine.Reset();
        switch (machine)
        {
            case InviteClientTransaction inviteClient: Keep(_inviteClients, inviteClient); break;
            case NonInviteClientTransaction nonInviteClient: Keep(_nonInviteClients, nonInviteClient); break;
            case InviteServerTransaction inviteServer: Keep(_inviteServers, inviteServer); break;
            case NonInviteServerTransaction nonInviteServer: Keep(_nonInviteServers, nonInviteServer); break;
        }
    }

    private void Keep<T>(Stack<T> stack, T machine)
        where T : SipTransaction
    {
        if (stack.Count < _keep) stack.Push(machine);
    }
}
