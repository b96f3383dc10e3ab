using Parley.Load.Traffic;

namespace Parley.Load.Servers;

/// <summary>The servers of a comparison, started for the work that is measured, each with its users registered.</summary>
/// <remarks>All on one processor core, this tool on another, where the machine has two: only one of them has work at a time.</remarks>
internal sealed class Contest : IAsyncDisposable
{
    private const int Room = 512;

    private readonly List<ServerUnderTest> _servers = [];
    private ServerUnderTest? _parley;
    private ServerUnderTest? _parleyInMemory;
    private ServerUnderTest? _kamailio;

    /// <summary>True when there is another server than Parley.</summary>
    public bool HasRival => _kamailio is not null;

    /// <summary>Starts what the work needs.</summary>
    /// <param name="parley">Parley.</param>
    /// <param name="kamailio">Kamailio; null to measure Parley alone.</param>
    /// <param name="work">What will be measured.</param>
    /// <param name="users">How many users there are.</param>
    /// <param name="folder">Where the servers' files go.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LoadException">One did not start.</exception>
    public static async Task<Contest> StartAsync(
        ParleyProgram parley, KamailioProgram? kamailio, IReadOnlyList<Workload> work, int users, TemporaryFolder folder, CancellationToken cancellationToken)
    {
        Placement placement = Placement.Take(serverCores: 1);
        var contest = new Contest();
        try
        {
            async Task<ServerUnderTest> StartParleyAsync(bool isDurable)
            {
                string data = folder.NewFolder(isDurable ? "parley" : "parley-memory");
                await parley.ImportUsersAsync(data, users, cancellationToken);
                return await parley.StartAsync(data, new ParleySettings { Durable = isDurable, Cores = placement.ServerCores }, cancellationToken);
            }

            if (work.Any(item => !item.IsInMemory)) contest._parley = await contest.AddAsync(StartParleyAsync(isDurable: true), placement, users, cancellationToken);
            if (work.Any(item => item.IsInMemory)) contest._parleyInMemory = await contest.AddAsync(StartParleyAsync(isDurable: false), placement, users, cancellationToken);
            if (kamailio is not null) contest._kamailio = await contest.AddAsync(kamailio.StartAsync(folder.NewFolder("kamailio"), users, placement.ServerCores, cancellationToken), placement, users, cancellationToken);
            return contest;
        }
        catch
        {
            await contest.DisposeAsync();
            throw;
        }
    }

    /// <summary>Those that take their turns at some work.</summary>
    public IEnumerable<ServerUnderTest> For(Workload work)
    {
        if (_kamailio is not null) yield return _kamailio;
        yield return (work.IsInMemory ? _parleyInMemory : _parley)!;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (ServerUnderTest server in _servers) await server.DisposeAsync();
    }

    private async Task<ServerUnderTest> AddAsync(Task<ServerUnderTest> starting, Placement placement, int users, CancellationToken cancellationToken)
    {
        ServerUnderTest server = await starting;
        _servers.Add(server);
        server.Open(Room, placement);
        server.Register(users, cancellationToken);
        return server;
    }
}
