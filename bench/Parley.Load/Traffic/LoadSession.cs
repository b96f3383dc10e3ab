using System.Security.Cryptography;
using Parley.Core;
using Parley.Load.Measuring;
using Parley.Load.Network;
using Parley.Net.Linux;

namespace Parley.Load.Traffic;

/// <summary>What a session is opened with.</summary>
internal sealed record LoadSessionOptions
{
    /// <summary>The server.</summary>
    public required NetworkAddress Server { get; init; }

    /// <summary>Its domain.</summary>
    public required string Domain { get; init; }

    /// <summary>How many exchanges may be under way at once, at most.</summary>
    /// <value>1 to 1,048,576; each takes 10 KB.</value>
    public int Room { get; init; } = 512;

    /// <summary>How many ports callers and users share.</summary>
    /// <value>1 to 256.</value>
    public int Ports { get; init; } = 1;

    /// <summary>The first of the ports; 0 takes free ones.</summary>
    public ushort FirstPort { get; init; }

    /// <summary>True to look for answers without a pause, false to sleep until there are some.</summary>
    /// <value>Without a pause is right when the tool has a core of its own.</value>
    public bool Spins { get; init; } = Cores.Count > 1;
}

/// <summary>Sockets and memory with which runs are made against one server, one after the other.</summary>
/// <remarks>Users that were registered in a session are reached in its later runs: the ports stay.</remarks>
internal sealed class LoadSession : IDisposable
{
    // What is to be sent again is so much late at most.
    private static readonly TimeSpan SweepTime = TimeSpan.FromMilliseconds(10);

    // Without any success for so long, no more are begun: the server is not there any more.
    private static readonly TimeSpan Hopeless = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Nap = TimeSpan.FromMilliseconds(1);

    private readonly MonotonicClock _clock = new(TimeProvider.System);
    private readonly BatchSocket[] _sockets;
    private readonly int[] _received;
    private readonly Port[] _ports;
    private readonly Exchanges _exchanges;
    private readonly Epoll? _sleep;
    private (Instant Start, Instant End, long Before, long After) _steady;

    /// <summary>Opens the sockets and takes the memory.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">A port is taken.</exception>
    public LoadSession(LoadSessionOptions options)
    {
        _sockets = new BatchSocket[options.Ports];
        _received = new int[options.Ports];
        try
        {
            for (int i = 0; i < _sockets.Length; i++) _sockets[i] = new BatchSocket(options.Server, options.FirstPort == 0 ? (ushort)0 : (ushort)(options.FirstPort + i));
        }
        catch
        {
            Dispose();
            throw;
        }

        if (!options.Spins)
        {
            _sleep = new Epoll();
            foreach (BatchSocket socket in _sockets) socket.Watch(_sleep);
        }

        _ports = [.. _sockets.Select(socket => new Port(socket.Local, socket))];
        _exchanges = new Exchanges(options.Domain, _ports, options.Room, BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4)));
    }

    /// <summary>Makes a run, on this thread, which it keeps busy.</summary>
    /// <param name="plan">What to do.</param>
    /// <param name="serverProcess">The server's process, to read what it uses; null when that is not wanted.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public LoadResult Run(LoadPlan plan, int? serverProcess, CancellationToken cancellationToken)
    {
        _exchanges.BeginRun(plan.Work, plan.Users, plan.Window, plan.Scatters);
        ProcessUse? before = serverProcess is { } process ? ProcessTree.Read(process) : null;
        Instant start, end;
        TimeSpan ownGap;
        long allocated;
        using (new QuietPeriod())
        {
            allocated = GC.GetAllocatedBytesForCurrentThread();
            start = _clock.Now;
            ownGap = Exchange(plan, start, cancellationToken);
            end = Instant.Max(start, _exchanges.LastEnd);
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        }

        cancellationToken.ThrowIfCancellationRequested();
        ProcessUse? after = serverProcess is { } same ? ProcessTree.Read(same) : null;
        Tally tally = _exchanges.Tally;
        return new LoadResult
        {
            Begun = _exchanges.Begun,
            Done = tally.Done,
            Failed = tally.Failed,
            Elapsed = end - start,
            Median = tally.Times.Quantile(0.5),
            P90 = tally.Times.Quantile(0.9),
            P99 = tally.Times.Quantile(0.99),
            P999 = tally.Times.Quantile(0.999),
            Longest = tally.Times.Longest,
            Retransmissions = tally.Retransmissions,
            OwnGap = ownGap,
            AllocatedBytes = allocated,
            LastRefusal = tally.LastRefusal,
            SteadyRate = _steady.End > _steady.Start ? (_steady.After - _steady.Before) / (_steady.End - _steady.Start).TotalSeconds : 0,
            Refused = tally.Refused,
            Server = ServerUse.Between(before, after, tally.Done),
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sleep?.Dispose();
        foreach (BatchSocket? socket in _sockets) socket?.Dispose();
    }

    // receive what is there -> read the clock -> handle -> begin what is due -> look at a few that wait -> send
    private TimeSpan Exchange(LoadPlan plan, Instant start, CancellationToken cancellationToken)
    {
        double ticksPerExchange = TimeSpan.TicksPerSecond / (plan.Rate ?? 1);
        Instant stop = plan.Duration is { } duration ? start + duration : Instant.Never;
        Instant last = start, lastSuccess = start;
        TimeSpan ownGap = TimeSpan.Zero;
        long done = 0;
        Instant swept = start;
        double toSweep = 0;
        _steady = default;
        while (!cancellationToken.IsCancellationRequested)
        {
            bool isQuiet = Receive();
            Instant now = _clock.Now;
            if (now - last > ownGap) ownGap = now - last;
            Handle(now);
            if (_exchanges.Tally.Done != done) (done, lastSuccess) = (_exchanges.Tally.Done, now);
            bool mayBegin = _exchanges.Begun < plan.Count && now < stop && now - lastSuccess < Hopeless;
            if (mayBegin) Begin(plan, ticksPerExchange, start, now);
            if (mayBegin) NoteSteady(now, start + plan.Beginning);
            else if (plan.Leaves || _exchanges.UnderWay == 0) break;
            toSweep = Math.Min(toSweep + (plan.Window * ((now - swept) / SweepTime)), plan.Window);
            _exchanges.Sweep(now, (int)toSweep);
            toSweep -= (int)toSweep;
            swept = now;
            foreach (BatchSocket socket in _sockets) socket.Flush();
            last = now;
            if (!isQuiet || _sleep is null) continue;
            TimeSpan nap = mayBegin && plan.Rate is not null && _exchanges.HasRoom ? DueAt(_exchanges.Begun, start, ticksPerExchange) - now : Nap;
            if (nap > TimeSpan.Zero) _sleep.Wait(nap < Nap ? nap : Nap);
            last = _clock.Now;
        }

        return ownGap;
    }

    private void NoteSteady(Instant now, Instant beginning)
    {
        if (now < beginning) return;
        if (_steady.Start == default) (_steady.Start, _steady.Before) = (now, _exchanges.Tally.Done);
        (_steady.End, _steady.After) = (now, _exchanges.Tally.Done);
    }

    private bool Receive()
    {
        int sum = 0;
        for (int i = 0; i < _sockets.Length; i++) sum += _received[i] = _sockets[i].Receive();
        return sum == 0;
    }

    private void Handle(Instant now)
    {
        for (int i = 0; i < _sockets.Length; i++)
        {
            for (int k = 0; k < _received[i]; k++) _exchanges.OnDatagram(now, _ports[i], _sockets[i].Datagram(k));
        }
    }

    private void Begin(LoadPlan plan, double ticksPerExchange, Instant start, Instant now)
    {
        while (_exchanges.HasRoom && _exchanges.Begun < plan.Count)
        {
            // Those that were due while there was no room have waited: their time counts from when they were due.
            Instant due = plan.Rate is null ? now : DueAt(_exchanges.Begun, start, ticksPerExchange);
            if (due > now) break;
            _exchanges.Begin(now, due);
        }
    }

    private static Instant DueAt(long index, Instant start, double ticksPerExchange) => start + TimeSpan.FromTicks((long)(ticksPerExchange * index));
}
