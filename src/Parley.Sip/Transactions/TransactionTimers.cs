namespace Parley.Sip.Transactions;

/// <summary>The times that all transaction timers are made of.</summary>
/// <remarks>Source: RFC 3261 17 and its table 4, with the changes of RFC 4320 and RFC 6026.</remarks>
public sealed record TransactionTimers
{
    private static readonly TimeSpan LeastTimerD = TimeSpan.FromSeconds(32);

    private readonly TimeSpan _t1 = TimeSpan.FromMilliseconds(500);
    private readonly TimeSpan _t2 = TimeSpan.FromSeconds(4);
    private readonly TimeSpan _t4 = TimeSpan.FromSeconds(5);
    private readonly TimeSpan _tryingDelay = TimeSpan.FromMilliseconds(200);

    /// <summary>The times that RFC 3261 recommends.</summary>
    public static TransactionTimers Default { get; } = new();

    /// <summary>Estimate of the round-trip time.</summary>
    /// <value>500 ms unless set; more than 0. Source: RFC 3261 17.1.1.1.</value>
    /// <exception cref="ArgumentOutOfRangeException">Set to 0 or less.</exception>
    public TimeSpan T1
    {
        get => _t1;
        init => _t1 = Positive(value, nameof(T1));
    }

    /// <summary>The longest interval between retransmissions of a non-INVITE request or of a response to INVITE.</summary>
    /// <value>4 s unless set; more than 0. Source: RFC 3261 17.1.2.2.</value>
    /// <exception cref="ArgumentOutOfRangeException">Set to 0 or less.</exception>
    public TimeSpan T2
    {
        get => _t2;
        init => _t2 = Positive(value, nameof(T2));
    }

    /// <summary>How long a message can stay in the network.</summary>
    /// <value>5 s unless set; more than 0. Source: RFC 3261 17.1.2.2.</value>
    /// <exception cref="ArgumentOutOfRangeException">Set to 0 or less.</exception>
    public TimeSpan T4
    {
        get => _t4;
        init => _t4 = Positive(value, nameof(T4));
    }

    /// <summary>How long an INVITE may stay unanswered before a 100 (Trying) is due.</summary>
    /// <value>200 ms unless set; more than 0. Source: RFC 3261 17.2.1.</value>
    /// <exception cref="ArgumentOutOfRangeException">Set to 0 or less.</exception>
    public TimeSpan TryingDelay
    {
        get => _tryingDelay;
        init => _tryingDelay = Positive(value, nameof(TryingDelay));
    }

    /// <summary>64 * T1: timers B, F, H, J, L and M.</summary>
    public TimeSpan Transaction => _t1 * 64;

    /// <summary>Timer D over an unreliable transport: the server's T1 is not known here, so at least 32 s.</summary>
    internal TimeSpan TimerD => Transaction > LeastTimerD ? Transaction : LeastTimerD;

    /// <summary>How long a client's Timer E takes to be reset to T2: a non-INVITE request may be answered with 100 then, and must.</summary>
    /// <remarks>3.5 s with the default times. Source: RFC 4320 4.1.</remarks>
    internal TimeSpan NonInviteTryingDelay
    {
        get
        {
            TimeSpan elapsed = TimeSpan.Zero;
            for (TimeSpan interval = _t1; interval < _t2; interval *= 2) elapsed += interval;
            return elapsed;
        }
    }

    /// <summary>The interval after <paramref name="interval"/>: doubled, at most T2.</summary>
    internal TimeSpan NextInterval(TimeSpan interval)
    {
        TimeSpan doubled = interval * 2;
        return doubled < _t2 ? doubled : _t2;
    }

    private static TimeSpan Positive(TimeSpan value, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero, name);
        return value;
    }
}
