using System.Net.NetworkInformation;
using Microsoft.Extensions.Logging;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Endpoint.Sip.Locating;
using Parley.Net;
using Parley.Net.Dns;
using Parley.Server.Accounts;
using Parley.Server.Conferences;
using Parley.Server.Configuration;
using Parley.Server.Events;
using Parley.Server.CallRecords;
using Parley.Server.Messages;
using Parley.Server.Protection;
using Parley.Server.Push;
using Parley.Server.Registrar;
using Parley.Server.Services;
using Parley.Server.Tls;
using Parley.Server.Voicemail;
using Parley.Sip.Events;

namespace Parley.Server.Hosting;

/// <summary>A whole Parley server: its data folder, lanes on loops of their own, and the roles above them.</summary>
/// <remarks>Started once and stopped once.</remarks>
public sealed class ParleyServer : IAsyncDisposable
{
    private const int BusyPerSecond = 10_000;
    private const int LeastBusyPerSecond = 4_000;       // of one lane: below, a pause has nothing to collect
    private static readonly TimeSpan StopPollInterval = TimeSpan.FromMilliseconds(20);

    private readonly ParleyServerOptions _options;
    private readonly ILogger _logger;
    private readonly List<NetworkLoop> _loops = [];
    private LoopWatch? _watch;
    private ParleyConfiguration _configuration;
    private AccountDirectory? _accounts;
    private LocationService? _location;
    private MessageStore? _messages;
    private CallRecordStore? _calls;
    private Mailboxes? _mailboxes;
    private ServerRoles? _roles;
    private PushWebhook? _push;
    private ServerTls? _tls;
    private BanKeeper? _bans;
    private bool _isStopped;

    /// <summary>A server that is not started.</summary>
    /// <param name="configuration">What it is to be.</param>
    /// <param name="options">What it is given; defaults when absent.</param>
    public ParleyServer(ParleyConfiguration configuration, ParleyServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        _configuration = configuration;
        _options = options ?? new ParleyServerOptions();
        _logger = _options.Logging.CreateLogger("Parley.Server");
    }

    /// <summary>What the server is.</summary>
    public ParleyConfiguration Configuration => _roles?.State.Configuration ?? _configuration;

    /// <summary>Where it listens, in the order of the configuration, with the ports that were chosen; empty before the start.</summary>
    public IReadOnlyList<ListenUri> Listening { get; private set; } = [];

    /// <summary>What it has counted since it started.</summary>
    /// <exception cref="InvalidOperationException">It is not started.</exception>
    public ServerStatistics Statistics => Roles.Statistics();

    private ServerRoles Roles => _roles ?? throw new InvalidOperationException("The server is not started.");

    /// <summary>Opens the accounts, reads the bindings and listens. The server is ready when the task completes.</summary>
    /// <exception cref="Storage.StorageException">The accounts or the bindings cannot be used.</exception>
    /// <exception cref="IOException">The data folder cannot be used.</exception>
    /// <exception cref="UnauthorizedAccessException">There are no rights to the data folder.</exception>
    /// <exception cref="CertificateException">The certificate or the authorities cannot be used.</exception>
    /// <exception cref="SipListenException">An address cannot be listened on.</exception>
    public async Task StartAsync(CancellationToken cancellation = default)
    {
        if (_roles is not null || _isStopped) throw new InvalidOperationException("A server is started once.");
        try
        {
            await Task.Run(Start, cancellation).ConfigureAwait(false);
        }
        catch
        {
            _isStopped = true;
            Close();
            if (_push is not null) await _push.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        foreach (ListenUri uri in Listening) Log.Listening(_logger, uri.ToString());
        Log.Started(_logger, _accounts!.Count, _location!.Count);
    }

    /// <summary>Gives the server another configuration, of which domains, realm, trusted networks, registrar and proxy count from the next request on.</summary>
    /// <remarks>Where it listens, its folder, its lanes and its advertised address stay as they were started.</remarks>
    public void Reconfigure(ParleyConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ServerRoles roles = Roles;
        _configuration = configuration;
        _location!.Limits = configuration.Registrar;
        roles.State.Configuration = configuration;
    }

    /// <summary>Stops: new calls are refused, what is under way may finish, what rings and who watches is ended, and every registration that waits is saved and answered.</summary>
    public async Task StopAsync()
    {
        if (_isStopped) return;
        _isStopped = true;
        if (_roles is { } roles)
        {
            roles.State.IsStopping = true;
            roles.EndSubscriptions();
            roles.EndCalls(alsoRinging: false);
            long start = _options.Time.GetTimestamp();
            bool isEnding = false;
            while (roles.OpenWork > 0 && _options.Time.GetElapsedTime(start) < _options.StopTimeout)
            {
                await Task.Delay(StopPollInterval, _options.Time).ConfigureAwait(false);
                if (isEnding || _options.Time.GetElapsedTime(start) < _options.StopTimeout / 2) continue;
                isEnding = true;
                roles.EndCalls(alsoRinging: true);
            }

            if (roles.OpenWork > 0) Log.StoppedEarly(_logger, roles.OpenWork);
        }

        await Task.Run(Close).ConfigureAwait(false);
        if (_push is not null) await _push.DisposeAsync().ConfigureAwait(false);
        Log.Stopped(_logger);
    }

    /// <summary>Stops the server.</summary>
    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    private void Start()
    {
        _accounts = new AccountDirectory(_configuration.DataFolder, _logger);
        IBindingStore? store = _configuration.Location.Durable ? new JournalBindingStore(_configuration.DataFolder) : null;
        _location = new LocationService(store, _configuration.Location, _configuration.Registrar, new ContactUriComparer(), _options.Time, _logger);
        _location.Load();
        _messages = new MessageStore(_configuration.DataFolder, _options.Time, _logger);
        if (_configuration.Calls.Record) _calls = new CallRecordStore(_configuration.DataFolder, () => _configuration.Calls, _options.Time, _logger);
        _mailboxes = new Mailboxes(_configuration.DataFolder, _options.Time, _logger);
        _mailboxes.Load(salvages: true);
        var keys = ServerKeys.Open(_configuration.DataFolder);
        _push = _configuration.Push.IsOn ? new PushWebhook(_configuration.Push, _options.Time, _logger) : null;
        PushBucket? bucket = _push is null ? null : new PushBucket(() => _configuration.Push, _push, keys, _options.Time, _logger);
        _location.Watch = bucket;
        var state = new ServerState(_configuration, _accounts, _location, keys, _logger) { Messages = _messages, CallRecords = _calls, Push = bucket, Voicemail = _mailboxes };
        _mailboxes.Changed = user => state.Events.Changed(new ResourceName(EventPackages.MessageSummary.Name, user));
        List<NetworkAddress> addresses = LocalAddresses();
        _tls = ServerTls.Open(_configuration, [.. addresses.Select(address => address.ToIPAddress())], _options.Time, _logger);
        var ports = new MediaPorts(_configuration.Media.Ports.First, _configuration.Media.Ports.Last);
        _bans = new BanKeeper(state, _options.Time);
        StartLoops();
        List<Func<SipLane, ILocalService>> services = [lane => new TestCalls(lane, ports, _configuration, _calls), lane => new LaneConferences(state, lane, ports), lane => new LaneVoicemail(state, _mailboxes, lane, ports)];
        if (_options.Service is { } create) services.Insert(0, lane => create(lane, ports, _configuration));
        _roles = ServerRoles.Start(state, EndpointOptions(_tls, new SourceConnections(state, _options.Time)), _loops, addresses, services, _options.Steps);
        Listening = [.. _roles.Endpoint.ListenPoints.Select(ToUri)];
        _accounts.Start();
        _location.Start();
        _messages.Start();
        _calls?.Start();
        _mailboxes.Start();
    }

    /// <summary>Starts the lanes' loops. What one lane counts as load, several count together.</summary>
    private void StartLoops()
    {
        int count = _configuration.Lanes > 0 ? _configuration.Lanes : Environment.ProcessorCount;
        for (int i = 0; i < count; i++)
        {
            NetworkLoop loop = NetworkLoop.Start(new NetworkLoopOptions
            {
                Name = $"parley-lane-{i}",
                Time = _options.Time,
                OnFault = OnFault,
                MergesDatagrams = true,
                PauseFromPerSecond = Math.Max(BusyPerSecond / count, LeastBusyPerSecond),
            });
            _loops.Add(loop);
            if (!loop.CanShareDatagramPorts) break;
        }

        _watch = new LoopWatch(_loops);
    }

    private SipEndpointOptions EndpointOptions(ServerTls tls, SourceConnections connections) => new()
    {
        FollowsSentBy = source => Configuration.IsTrusted(source),
        Listen = [.. _configuration.Listen.Select(uri => new SipListen(uri.Transport.ToSip(), uri.Address))],
        AdvertisedHost = _configuration.Advertise,
        Server = "Parley",
        Resolver = _configuration.Dns.IsEmpty ? SipLocator.Default : new SipLocator(new DnsClient(DnsConfiguration.Of(_configuration.Dns))),
        StreamListener = new KestrelListener(_options.Logging, tls.Acceptor, _configuration.Web.Origins, connections),
        Tls = tls.ForConnecting,
        Trace = _options.Trace,
    };

    /// <summary>In the order that loses nothing: who gives work to others is closed before them.</summary>
    private void Close()
    {
        _accounts?.Dispose();
        _watch?.Dispose();
        foreach (NetworkLoop loop in _loops) loop.Dispose();    // runs what was posted, registrations too, and sends it
        _bans?.Dispose();
        _location?.Dispose();
        _messages?.Dispose();
        _calls?.Dispose();
        _mailboxes?.Dispose();
        _roles?.Dispose();
        _tls?.Dispose();
    }

    private void OnFault(Exception fault) => Log.Fault(_logger, fault);

    private static ListenUri ToUri(SipListenPoint point) => new(ListenTransports.Of(point.Transport), point.Address);

    private static List<NetworkAddress> LocalAddresses()
    {
        var addresses = new List<NetworkAddress>();
        foreach (NetworkInterface network in NetworkInterface.GetAllNetworkInterfaces())
        {
            foreach (UnicastIPAddressInformation unicast in network.GetIPProperties().UnicastAddresses) addresses.Add(NetworkAddress.From(unicast.Address, 0));
        }

        return addresses;
    }
}
