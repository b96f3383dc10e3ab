using Parley.Core;
using Parley.Load.Measuring;
using Parley.Load.Traffic;

namespace Parley.Load.Servers;

/// <summary>A server that a command started, and the session that drives it.</summary>
/// <param name="name">What reports call it.</param>
/// <param name="process">Its process.</param>
/// <param name="address">Where it listens.</param>
internal sealed class ServerUnderTest(string name, ServerProcess process, NetworkAddress address) : IAsyncDisposable
{
    /// <summary>The domain that every server is given.</summary>
    public const string Domain = "peers.test";

    private LoadSession? _session;

    /// <summary>What reports call it.</summary>
    public string Name => name;

    /// <summary>Its process.</summary>
    public int ProcessId => process.Id;

    /// <summary>Where it listens.</summary>
    public NetworkAddress Address => address;

    /// <summary>From its start until it was ready.</summary>
    public TimeSpan ReadyAfter { get; init; }

    /// <summary>The session that drives it.</summary>
    /// <exception cref="InvalidOperationException">None was opened.</exception>
    public LoadSession Session => _session ?? throw new InvalidOperationException("No session.");

    /// <summary>Opens the session.</summary>
    /// <param name="room">How many exchanges may be under way at once, at most.</param>
    /// <param name="placement">Whether the tool may keep a core busy.</param>
    /// <param name="ports">How many ports callers and users share.</param>
    public void Open(int room, Placement placement, int ports = 1) => _session = new LoadSession(new LoadSessionOptions
    {
        Server = address,
        Domain = Domain,
        Room = room,
        Ports = ports,
        Spins = placement.HasOwnCore,
    });

    /// <summary>What it uses now.</summary>
    /// <exception cref="LoadException">It has ended.</exception>
    public ProcessUse Use => ProcessTree.Read(ProcessId) ?? throw new LoadException($"{name} ended: {process.LastLine}");

    /// <summary>Makes a run, and reads what the server used.</summary>
    public LoadResult Run(LoadPlan plan, CancellationToken cancellationToken) =>
        MeasuringThread.Run(() => Session.Run(plan, ProcessId, cancellationToken));

    /// <summary>Registers the first users.</summary>
    /// <exception cref="LoadException">The server does not answer, or not as it should.</exception>
    public LoadResult Register(int users, CancellationToken cancellationToken) =>
        MeasuringThread.Run(() => WarmUp.Register(Session, users, cancellationToken));

    /// <summary>Asks it to end properly, and waits for that.</summary>
    public Task EndAsync(TimeSpan patience) => process.EndAsync(patience);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _session?.Dispose();
        await process.DisposeAsync();
    }
}
