using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Net.Virtual;
using Parley.Server.Accounts;
using Parley.Server.CallRecords;
using Parley.Server.Conferences;
using Parley.Server.Configuration;
using Parley.Server.Events;
using Parley.Server.Hosting;
using Parley.Server.Messages;
using Parley.Server.Proxy;
using Parley.Server.Push;
using Parley.Server.Registrar;
using Parley.Server.Services;
using Parley.Server.Voicemail;
using Parley.Sip.Messages;

namespace Parley.Server.Tests.Roles;

/// <summary>A server's roles on a virtual host at 192.0.2.10, with the accounts alice, bob, carol and dave and with bindings in memory.</summary>
internal sealed class TestServer : IDisposable
{
    public const string Ip = "192.0.2.10";
    public const string Domain = "example.com";
    public const string Password = "secret";
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    /// <summary>Accounts that each server has: written to disk once, and copied.</summary>
    private static readonly Lazy<string> Template = new(MakeTemplate);

    private readonly string _folder = Directory.CreateTempSubdirectory("parley-roles-").FullName;
    private readonly AccountDirectory _accounts;
    private readonly Pump _pump;

    public TestServer(
        Func<ParleyConfiguration, ParleyConfiguration>? configure = null,
        int seed = 1,
        int lanes = 1,
        IReadOnlyList<Func<SipLane, IRequestStep>>? steps = null,
        VirtualNetwork? network = null,
        string ip = Ip,
        IBindingStore? store = null,
        IPushService? push = null,
        bool recordsCalls = false)
    {
        Network = network ?? new VirtualNetwork(seed);
        Host = Network.AddHost("server " + ip, ip);
        NetworkAddress address = At(ip + ":5060");
        var configuration = new ParleyConfiguration
        {
            Domains = [new DomainOptions(Domain)],
            Listen = [new ListenUri(ListenTransport.Udp, address), new ListenUri(ListenTransport.Tcp, address)],
        };
        configuration = configure?.Invoke(configuration) ?? configuration;
        foreach (string file in Directory.GetFiles(Template.Value)) File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
        _accounts = new AccountDirectory(_folder, NullLogger.Instance);
        Location = new LocationService(store, configuration.Location, configuration.Registrar, new ContactUriComparer(), Network.Time, NullLogger.Instance);
        var keys = ServerKeys.CreateRandom();
        Mailboxes = new Mailboxes(_folder, Network.Time, NullLogger.Instance) { Worker = RunNow };
        State = new ServerState(configuration, _accounts, Location, keys, NullLogger.Instance)
        {
            Voicemail = Mailboxes,
            Messages = configuration.Messages.Store ? new MessageStore(_folder, Network.Time, NullLogger.Instance) : null,
            CallRecords = recordsCalls ? new CallRecordStore(_folder, () => configuration.Calls, Network.Time, NullLogger.Instance) : null,
            Push = push is null ? null : new PushBucket(() => State!.Configuration.Push, push, keys, Network.Time, NullLogger.Instance),
        };
        Location.Watch = State.Push;
        Mailboxes.Changed = user => State.Events.Changed(new ResourceName("message-summary", user));
        var loops = new List<INetworkLoop> { Host.Loop };
        while (loops.Count < lanes) loops.Add(Host.AddLoop());
        var options = new SipEndpointOptions
        {
            Resolver = new TestResolver(this, configuration.Domains[0].Name, address),
            Listen = [.. configuration.Listen.Select(uri => new SipListen(SipTransports.Parse(Encoding.ASCII.GetBytes(uri.Transport.ToString())), uri.Address))],
            StreamListener = new BareListener(),
        };
        Roles = ServerRoles.Start(State, options, loops, [address], [lane => new TestCalls(lane, MediaPorts, configuration, State.CallRecords), lane => new LaneConferences(State, lane, MediaPorts), lane => new LaneVoicemail(State, Mailboxes, lane, MediaPorts)], steps ?? []);
        _pump = new Pump(this);
        IsPumping = true;
    }

    public VirtualNetwork Network { get; }

    public VirtualHost Host { get; }

    public ServerState State { get; }

    public ServerRoles Roles { get; }

    public LocationService Location { get; }

    public MediaPorts MediaPorts { get; } = new(20000, 20099);

    public Mailboxes Mailboxes { get; }

    public string AccountsFolder => _folder;

    /// <summary>Host names that the server finds, besides its own domain, each with its addresses in the order in which they are to be tried; port 0 is the URI's.</summary>
    public Dictionary<string, NetworkAddress[]> Names { get; } = new(StringComparer.Ordinal);

    /// <summary>The server's address.</summary>
    public NetworkAddress Address => Roles.Endpoint.ListenPoints[0].Address;

    /// <summary>Where the server listens by a transport.</summary>
    public NetworkAddress AddressBy(SipTransport transport) => Roles.Endpoint.ListenPoints.First(point => point.Transport == transport).Address;

    /// <summary>While true, the location service and the accounts do their work every few milliseconds of virtual time.</summary>
    public bool IsPumping
    {
        get;
        set
        {
            field = value;
            Host.Loop.Schedule(_pump, value ? Network.Now + Pump.Interval : Instant.Never);
        }
    }

    public static NetworkAddress At(string text) => NetworkAddress.TryParse(text, out NetworkAddress address) ? address : throw new FormatException(text);

    /// <summary>Adds accounts with <see cref="Password"/>; the server knows them at once.</summary>
    public void AddUsers(params ReadOnlySpan<string> names)
    {
        AddUsersUnseen(names);
        _accounts.RunPending();
    }

    /// <summary>Adds accounts as another process does: the server finds them when it looks.</summary>
    public void AddUsersUnseen(params ReadOnlySpan<string> names) => AddAccounts(_folder, State.Configuration, names);

    /// <summary>Removes an account; the server knows it at once.</summary>
    public void RemoveUser(string name)
    {
        Assert.True(AccountName.TryParse($"{name}@{Domain}", out AccountName account, out string reason), reason);
        using (var store = new AccountStore(_folder)) Assert.Equal(AccountResult.Done, store.Remove(account));
        _accounts.RunPending();
    }

    /// <summary>Puts a binding into the location service, as a REGISTER would.</summary>
    public void Bind(string addressOfRecord, string contact, short q = BindingSet.NoQ, string source = "", string path = "")
    {
        var update = new Parley.Server.Tests.Registrar.TestUpdate(addressOfRecord, callId: contact, expires: 3600);
        update.SetSource(Encoding.ASCII.GetBytes(source));
        update.SetPath(Encoding.ASCII.GetBytes(path));
        update.Contact(contact, 3600, q);
        var batch = new BindingBatch();
        batch.Add(update);
        Location.Apply(batch);
        Assert.Equal(BindingOutcome.Accepted, update.Outcome);
    }

    /// <summary>Runs until nothing happens, and checks that the server holds nothing.</summary>
    public void AssertNothingLeft()
    {
        IsPumping = false;
        Assert.True(Network.RunUntilIdle(TimeSpan.FromHours(1)), Network.ToString());
        foreach (ServerLane lane in Roles.Lanes)
        {
            Assert.Equal(0, lane.Lane.ServerTransactionCount);
            Assert.Equal(0, lane.Lane.ClientTransactionCount);
            Assert.Equal(0, lane.Lane.DeadlineCount);
            Assert.Equal(0, lane.Proxy.OpenCalls);
            Assert.Equal(0, lane.OpenRegistrations);
        }

        Assert.Equal(0, State.Push?.Waiting ?? 0);
        Roles.Dispose();
        Assert.True(Network.RunUntilIdle(TimeSpan.FromHours(1)), Network.ToString());
        Assert.Equal(0, Network.Buffers.Outstanding);
    }

    public void Dispose()
    {
        Roles.Dispose();
        Location.Dispose();
        _accounts.Dispose();
        State.Messages?.Dispose();
        State.CallRecords?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>The disk is waited for, so that virtual time does not run on meanwhile.</summary>
    private static Task RunNow(Action work)
    {
        work();
        return Task.CompletedTask;
    }

    private static string MakeTemplate()
    {
        string folder = Directory.CreateTempSubdirectory("parley-roles-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        AddAccounts(folder, new ParleyConfiguration(), ["alice", "bob", "carol", "dave"]);
        return folder;
    }

    private static void AddAccounts(string folder, ParleyConfiguration configuration, ReadOnlySpan<string> names)
    {
        using var store = new AccountStore(folder);
        foreach (string name in names)
        {
            Assert.True(AccountName.TryParse(name.Contains('@', StringComparison.Ordinal) ? name : $"{name}@{Domain}", out AccountName account, out string reason), reason);
            Assert.Equal(AccountResult.Done, store.Add(account, configuration.RealmOf(account.Domain), Password));
        }
    }

    private sealed class Pump(TestServer server) : LoopTimer
    {
        public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

        public override void OnDeadline(Instant now)
        {
            server.Location.Maintain();
            server._accounts.RunPending();
            server.State.Messages?.RunPending();
            if (server.IsPumping) server.Host.Loop.Schedule(this, now + Interval);
        }
    }

    /// <summary>Listens for streams of all kinds without what would encrypt them: nobody listens in here.</summary>
    private sealed class BareListener : ISipStreamListener
    {
        public IStreamListener Listen(SipTransport transport, NetworkAddress local, IReadOnlyList<SipLane> lanes, SipStreamAcceptor accept) =>
            lanes[0].Loop.ListenStream(local, connection => accept(lanes[0], connection, []));
    }

    /// <summary>Knows the server's main domain and the test's <see cref="Names"/>; asks no network, which has another time than the test.</summary>
    private sealed class TestResolver(TestServer test, string domain, NetworkAddress server) : ISipResolver
    {
        public void Resolve(in SipDestination destination, SipLane lane, SipLocateRequest request)
        {
            SipTransport transport = destination.Transport == SipTransport.Unknown ? SipTransport.Udp : destination.Transport;
            ushort port = destination.Port != 0 ? destination.Port : SipDestination.PortOf(transport);
            NetworkAddress[] found = test.Names.GetValueOrDefault(destination.Host) ?? (destination.Host == domain ? [server.WithPort(0)] : []);
            request.Complete(lane, [.. found.Select(address => new SipFlow(transport, address.Port == 0 ? address.WithPort(port) : address))]);
        }
    }
}
