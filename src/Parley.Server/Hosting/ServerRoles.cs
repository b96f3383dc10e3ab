using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Server.Proxy;
using Parley.Server.Services;

namespace Parley.Server.Hosting;

/// <summary>A server's roles on given loops: the lanes, and what is asked of all of them.</summary>
/// <remarks>Has no thread, no file and no clock of its own: <see cref="ParleyServer"/> gives it real ones, tests give it virtual ones.</remarks>
internal sealed class ServerRoles : IDisposable
{
    /// <summary>No more than three times what came goes back to a source that may be forged.</summary>
    private const int MaxAmplification = 3;

    private readonly ServerLane[] _lanes;

    private ServerRoles(ServerState state, SipEndpoint endpoint, ServerLane[] lanes) => (State, Endpoint, _lanes) = (state, endpoint, lanes);

    /// <summary>What the lanes share.</summary>
    public ServerState State { get; }

    /// <summary>The endpoint.</summary>
    public SipEndpoint Endpoint { get; }

    /// <summary>The server above each lane.</summary>
    public IReadOnlyList<ServerLane> Lanes => _lanes;

    /// <summary>Starts listening.</summary>
    /// <param name="state">What the lanes share.</param>
    /// <param name="options">Where to listen.</param>
    /// <param name="loops">A lane is made on each.</param>
    /// <param name="interfaces">The machine's addresses, which an any-address stands for.</param>
    /// <param name="services">Makes the users that the server itself is, for each lane.</param>
    /// <param name="steps">Makes the programmer's steps for each lane.</param>
    /// <exception cref="SipListenException">An address cannot be listened on.</exception>
    public static ServerRoles Start(
        ServerState state,
        SipEndpointOptions options,
        IReadOnlyList<INetworkLoop> loops,
        IReadOnlyList<NetworkAddress> interfaces,
        IReadOnlyList<Func<SipLane, ILocalService>> services,
        IReadOnlyList<Func<SipLane, IRequestStep>> steps)
    {
        var lanes = new List<ServerLane>(loops.Count);
        SipEndpoint endpoint = SipEndpoint.Start(options with { SourceFilter = state.Guard, MaxAmplification = MaxAmplification }, loops, lane =>
        {
            var user = new ServerLane(state, lane, [.. services.Select(make => make(lane))], [.. steps.Select(make => make(lane))]);
            lanes.Add(user);
            return user;
        });
        state.Own = new OwnAddresses([.. endpoint.ListenPoints.Select(point => point.Address)], interfaces, options.AdvertisedHost);
        return new ServerRoles(state, endpoint, [.. lanes]);
    }

    /// <summary>What is under way on all lanes. Any thread; a moment late.</summary>
    public int OpenWork => _lanes.Sum(lane => lane.OpenWork);

    /// <summary>Ends the calls of services, and where <paramref name="alsoRinging"/> what still rings: those callers get 503. Any thread.</summary>
    public void EndCalls(bool alsoRinging)
    {
        foreach (ServerLane lane in _lanes) lane.Lane.Post(new Ending(lane, alsoRinging));
    }

    /// <summary>Ends the subscriptions, so that watchers come back when the server is there again. Any thread.</summary>
    public void EndSubscriptions()
    {
        foreach (ServerLane lane in _lanes) lane.Lane.Post(new Unwatching(lane));
    }

    /// <summary>What was counted since the start. Any thread; a moment late.</summary>
    public ServerStatistics Statistics() => ServerStatistics.Of(this);

    /// <inheritdoc/>
    public void Dispose() => Endpoint.Dispose();

    private sealed class Ending(ServerLane lane, bool alsoRinging) : ILoopWork
    {
        public void Run(Instant now) => lane.EndCalls(alsoRinging);
    }

    private sealed class Unwatching(ServerLane lane) : ILoopWork
    {
        public void Run(Instant now) => lane.Events.EndAll();
    }
}
