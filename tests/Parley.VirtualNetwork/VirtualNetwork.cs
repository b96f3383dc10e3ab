using Parley.Core;

namespace Parley.Net.Virtual;

/// <summary>A network in virtual time: hosts with addresses, links that lose and delay, and loops that run on the caller's thread.</summary>
/// <remarks>
/// Nothing happens but inside a call of <see cref="Run"/> or one of its sisters, one event after the other, earliest first. The same
/// seed and the same calls give the same run, to the byte. An exception that a handler lets out comes out of the running call.
/// Only <see cref="INetworkLoop.Post"/> may be called on other threads.
/// </remarks>
public sealed class VirtualNetwork
{
    /// <summary>As many events at one instant mean that time stands still.</summary>
    private const int MaxEventsPerInstant = 1_000_000;

    private readonly EventQueue _events = new();
    private readonly Dictionary<long, VirtualLink> _links = [];
    private readonly List<VirtualHost> _hosts = [];
    private readonly Lock _postedGate = new();
    private readonly Queue<(VirtualLoop Loop, ILoopWork Work)> _posted = new();
    private readonly VirtualLink _own;
    private readonly VirtualDatagrams _datagrams;
    private int _nodes;
    private long _connections;
    private int _eventsAtThisInstant;

    /// <summary>An empty network at <see cref="Instant.Zero"/>.</summary>
    /// <param name="seed">Decides every draw.</param>
    /// <param name="start">The wall-clock time at the start; 2025-01-01 when absent.</param>
    public VirtualNetwork(int seed, DateTimeOffset? start = null)
    {
        Seed = seed;
        Random = new Random(seed);
        Time = new VirtualTime(this, start ?? new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Internet = new VirtualRealm(null);
        _datagrams = new VirtualDatagrams(this);
        _own = new VirtualLink(this) { Conditions = new LinkConditions { Delay = TimeSpan.FromMicroseconds(10) } };
    }

    /// <summary>The seed: print it when a test fails.</summary>
    public int Seed { get; }

    /// <summary>The time.</summary>
    public Instant Now { get; private set; }

    /// <summary>The same time as the platform knows it, timers included.</summary>
    public TimeProvider Time { get; }

    /// <summary>The memory of every loop of this network: its <see cref="BufferPool.Outstanding"/> is 0 when nobody forgot a lease.</summary>
    public BufferPool Buffers { get; } = new();

    /// <summary>What the links do that have no conditions of their own.</summary>
    public LinkConditions Conditions { get; set; } = LinkConditions.Good;

    /// <summary>Streams are delivered in pieces of 1 to this many bytes, drawn; 0 delivers what was sent at once at once.</summary>
    public int MaxStreamPieceBytes { get; set; }

    /// <summary>Sees every datagram's fate.</summary>
    public DatagramTracer? Tracer { get; set; }

    /// <summary>The hosts, in the order of adding.</summary>
    public IReadOnlyList<VirtualHost> Hosts => _hosts;

    /// <summary>Datagram sockets and listeners that are open.</summary>
    public int OpenSockets { get; internal set; }

    /// <summary>Stream connections whose end their handler has not heard of.</summary>
    public int OpenConnections { get; internal set; }

    /// <summary>Datagrams that are on their way.</summary>
    public int DatagramsInFlight { get; internal set; }

    /// <summary>Timers in the loops' wheels.</summary>
    public int ScheduledTimers => _hosts.Sum(host => host.Loops.Sum(loop => loop.ScheduledTimers));

    /// <summary>Datagrams that were sent.</summary>
    public long DatagramsSent { get; internal set; }

    /// <summary>Datagrams that a handler got, duplicates included.</summary>
    public long DatagramsDelivered { get; internal set; }

    internal Random Random { get; }

    internal VirtualRealm Internet { get; }

    /// <summary>Adds a host to the public network.</summary>
    /// <param name="name">What it is called in messages.</param>
    /// <param name="addresses">Its IP addresses, one at least; each is nobody else's. Loopback addresses are each host's own anyway.</param>
    public VirtualHost AddHost(string name, params ReadOnlySpan<string> addresses) => AddHost(Internet, name, addresses);

    /// <summary>Adds a NAT to the public network.</summary>
    /// <param name="name">What it is called in messages.</param>
    /// <param name="address">Its outer IP address.</param>
    /// <param name="kind">How it maps and filters.</param>
    public VirtualNat AddNat(string name, string address, NatKind kind) => AddNat(Internet, name, address, kind);

    /// <summary>Sets what the link between two nodes does, both ways.</summary>
    public void SetConditions(VirtualNode one, VirtualNode other, LinkConditions? conditions)
    {
        Link(one, other).Conditions = conditions;
        Link(other, one).Conditions = conditions;
    }

    /// <summary>Sets what the link from one node to another does, one way.</summary>
    public void SetConditionsOneWay(VirtualNode from, VirtualNode to, LinkConditions? conditions) => Link(from, to).Conditions = conditions;

    /// <summary>Cuts the links between the nodes of one side and those of the other.</summary>
    public void Partition(IEnumerable<VirtualNode> oneSide, IEnumerable<VirtualNode> otherSide)
    {
        VirtualNode[] others = [.. otherSide];
        foreach (VirtualNode one in oneSide)
        {
            foreach (VirtualNode other in others)
            {
                SetConditions(one, other, (Link(one, other).Conditions ?? Conditions) with { IsDown = true });
            }
        }
    }

    /// <summary>Gives every link the network's <see cref="Conditions"/> again.</summary>
    public void Heal()
    {
        foreach (VirtualLink link in _links.Values) link.Conditions = null;
    }

    /// <summary>Breaks a connection of this network: both ends hear that it failed.</summary>
    public static void Break(IStreamConnection connection) => ((VirtualConnection)connection).Break(StreamCloseReason.Failed);

    /// <summary>Runs all that happens up to a time, which it then is.</summary>
    public void RunUntil(Instant time)
    {
        while (Step(time))
        {
        }

        Now = Instant.Max(Now, time);
    }

    /// <summary>Runs all that happens in a span of time.</summary>
    public void RunFor(TimeSpan span) => RunUntil(Now + span);

    /// <summary>Runs until nothing more is to happen: nothing is on its way, posted or scheduled.</summary>
    /// <param name="limit">The longest span to run.</param>
    /// <returns>False when something is still to happen after it.</returns>
    public bool RunUntilIdle(TimeSpan limit)
    {
        Instant end = Now + limit;
        while (!IsIdle() && Step(end))
        {
        }

        return IsIdle();
    }

    /// <summary>Runs until a condition holds; it is asked after every event.</summary>
    /// <param name="until">The condition.</param>
    /// <param name="limit">The longest span to run.</param>
    /// <returns>False when it does not hold after it; the time is then at the limit.</returns>
    public bool Run(Func<bool> until, TimeSpan limit)
    {
        ArgumentNullException.ThrowIfNull(until);
        Instant end = Now + limit;
        while (!until())
        {
            if (Step(end)) continue;
            Now = Instant.Max(Now, end);
            return until();
        }

        return true;
    }

    /// <summary>The seed and what is open, for a test's message.</summary>
    public override string ToString() =>
        $"seed {Seed}, {Now}: {DatagramsSent} sent, {DatagramsDelivered} delivered, {DatagramsInFlight} in flight, {Buffers.Outstanding} buffers, "
        + $"{OpenSockets} sockets, {OpenConnections} connections, {ScheduledTimers} timers";

    internal VirtualHost AddHost(VirtualRealm realm, string name, ReadOnlySpan<string> addresses)
    {
        if (addresses.IsEmpty) throw new ArgumentException("A host has an address.", nameof(addresses));
        var parsed = new NetworkAddress[addresses.Length];
        for (int i = 0; i < addresses.Length; i++) parsed[i] = ParseHost(addresses[i]);
        var host = new VirtualHost(this, realm, name, _nodes++, parsed);
        foreach (NetworkAddress address in parsed) realm.Attach(address, host);
        _hosts.Add(host);
        return host;
    }

    internal VirtualNat AddNat(VirtualRealm realm, string name, string address, NatKind kind)
    {
        NetworkAddress parsed = ParseHost(address);
        var nat = new VirtualNat(this, realm, name, _nodes++, kind, parsed);
        realm.Attach(parsed, nat);
        return nat;
    }

    internal void Transmit(VirtualDatagramSocket socket, PooledBuffer datagram, NetworkAddress to) => _datagrams.Transmit(socket, datagram, to);

    /// <summary>Finds who has an address, as a host sees it, and how the host's own address looks there.</summary>
    /// <returns>A host, a NAT that has the address outside, or null.</returns>
    internal VirtualNode? Route(VirtualHost from, NetworkAddress to, ref NetworkAddress source)
    {
        if (from.Owns(to)) return from;
        VirtualRealm realm = from.Realm;
        while (true)
        {
            if (realm.Find(to) is { } node) return node;
            if (realm.Gateway is not { } gateway) return null;
            source = gateway.TranslateOutbound(source, to);
            realm = gateway.Outside;
        }
    }

    /// <summary>Goes through NATs inwards to the host that an address means.</summary>
    /// <returns>False when one of them does not let it in.</returns>
    internal static bool TryEnter(ref VirtualNode target, NetworkAddress from, ref NetworkAddress to)
    {
        while (target is VirtualNat nat)
        {
            if (!nat.TryTranslateInbound(to.Port, from, out to) || nat.FindInside(to) is not { } inside) return false;
            target = inside;
        }

        return true;
    }

    internal long NextConnectionId() => ++_connections;

    internal void At(Instant time, VirtualEvent what) => _events.Add(Instant.Max(time, Now), what);

    internal void Abandon(VirtualEvent what) => _events.Abandon(what);

    internal void Post(VirtualLoop loop, ILoopWork work)
    {
        lock (_postedGate) _posted.Enqueue((loop, work));
    }

    internal VirtualLink Link(VirtualNode from, VirtualNode to)
    {
        if (from == to) return _own;
        ref VirtualLink? link = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(
            _links, ((long)from.Number << 32) | (uint)to.Number, out _);
        return link ??= new VirtualLink(this);
    }

    private static NetworkAddress ParseHost(string text) =>
        NetworkAddress.TryParseHost(text, 0, out NetworkAddress address) ? address : throw new ArgumentException($"{text} is no IP address.", nameof(text));

    private bool IsIdle()
    {
        if (_events.Awaited > 0 || ScheduledTimers > 0) return false;
        lock (_postedGate) return _posted.Count == 0;
    }

    /// <summary>Runs posted work or the next event.</summary>
    /// <returns>False when nothing is to happen up to the limit.</returns>
    private bool Step(Instant limit)
    {
        (VirtualLoop Loop, ILoopWork Work) posted;
        bool any;
        lock (_postedGate) any = _posted.TryDequeue(out posted);
        if (any)
        {
            posted.Loop.RunPosted(posted.Work);
            return true;
        }

        if (!_events.TryPeek(out Instant at) || at > limit) return false;
        if (at > Now)
        {
            Now = at;
            _eventsAtThisInstant = 0;
        }
        else if (++_eventsAtThisInstant > MaxEventsPerInstant)
        {
            throw new InvalidOperationException($"Time stands still: {this}");
        }

        _events.Take().Happen();
        return true;
    }
}
