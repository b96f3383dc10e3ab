using System.Net;
using System.Net.Sockets;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Media.Streams;
using Parley.Net.Tls;
using Parley.Server.Accounts;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Server.Storage;
using Parley.Sip.Messages;
using Parley.UserAgent;

namespace Parley.Server.Tests.Hosting;

/// <summary>The whole server on real sockets, databases and threads.</summary>
public sealed class ParleyServerTests : IDisposable
{
    private const string Domain = "example.com";
    private const string Password = "secret";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly NetworkAddress AnyPort = NetworkAddress.FromIPv4(0x7F000001, 0);

    private readonly string _folder = Directory.CreateTempSubdirectory("parley-server-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private ParleyConfiguration Configuration => new()
    {
        Domains = [new DomainOptions(Domain)],
        Listen = [new ListenUri(ListenTransport.Udp, AnyPort), new ListenUri(ListenTransport.Tcp, AnyPort)],
        DataFolder = _folder,
        Lanes = 2,
    };

    private void AddUsers(params ReadOnlySpan<string> names)
    {
        using var store = new AccountStore(_folder);
        foreach (string name in names)
        {
            Assert.True(AccountName.TryCreate(name, Domain, out AccountName account, out string reason), reason);
            store.Add(account, Domain, Password);
        }
    }

    private static async Task<ParleyServer> StartAsync(ParleyConfiguration configuration)
    {
        var server = new ParleyServer(configuration);
        await server.StartAsync().WaitAsync(Limit);
        return server;
    }

    private Task<SipUserAgent> PhoneAsync(ParleyServer server, string user, string transport = "udp") => SipUserAgent.StartAsync(new SipUserAgentOptions
    {
        Identity = new SipUri(user, Domain),
        Password = Password,
        OutboundProxy = SipUri.Parse($"sip:{server.Listening[transport == "tls" ? 2 : 0].Address};transport={transport}"),
        Tls = transport == "tls" ? new SipTlsOptions { Trust = TlsTrust.FromPemFile(Path.Combine(_folder, "tls-certificate.pem")) } : new SipTlsOptions(),
        Listen = SipUserAgentOptions.ListenOn(AnyPort),
    });

    [Fact]
    public async Task It_tells_where_it_listens_and_answers_there()
    {
        await using ParleyServer server = await StartAsync(Configuration);
        Assert.Equal(2, server.Listening.Count);
        Assert.NotEqual(0, server.Listening[0].Address.Port);
        Assert.Equal(server.Listening[0].Address, server.Listening[1].Address);
        foreach (string transport in (string[])["udp", "tcp"])
        {
            await using SipUserAgent phone = await PhoneAsync(server, "alice", transport);
            OptionsResult result = await phone.OptionsAsync($"sip:{Domain}").WaitAsync(Limit);
            Assert.Equal(200, result.StatusCode);
        }

        Assert.True(server.Statistics.RequestsReceived >= 2);
    }

    [Theory]
    [InlineData("udp")]
    [InlineData("tcp")]
    [InlineData("tls")]
    public async Task Two_users_register_and_talk_and_one_calls_the_echo(string transport)
    {
        AddUsers("alice", "bob");
        await using ParleyServer server = await StartAsync(Configuration with { Listen = [.. Configuration.Listen, new ListenUri(ListenTransport.Tls, AnyPort)] });
        await using SipUserAgent alice = await PhoneAsync(server, "alice", transport), bob = await PhoneAsync(server, "bob", transport);
        await bob.RegisterAsync().WaitAsync(Limit);
        Task<Call> incoming = NextCallAsync(bob);
        Task<Call> calling = alice.CallAsync($"sip:bob@{Domain}");
        Call atBob = await incoming.WaitAsync(Limit);
        await atBob.RingAsync().WaitAsync(Limit);
        await atBob.AnswerAsync(CallAudio.Echo()).WaitAsync(Limit);
        Call atAlice = await calling.WaitAsync(Limit);
        await atBob.HangUpAsync().WaitAsync(Limit);
        Assert.Equal(CallEndReason.HungUpByPeer, (await atAlice.Ended.WaitAsync(Limit)).Reason);

        Call echo = await alice.CallAsync($"sip:echo@{Domain}", new CallOptions { Audio = new CallAudio { Source = new MelodySource() } }).WaitAsync(Limit);
        await WaitAsync(async () => (await echo.GetStatisticsAsync())?.Rtp.PacketsReceived > 10);
        await echo.HangUpAsync().WaitAsync(Limit);
        Assert.Equal(1, server.Statistics.CallsAnswered);
    }

    [Fact]
    public async Task A_binding_outlives_the_server()
    {
        AddUsers("alice", "bob");
        await using (ParleyServer server = await StartAsync(Configuration))
        {
            await using SipUserAgent bob = await PhoneAsync(server, "bob");
            await bob.RegisterAsync().WaitAsync(Limit);
            Assert.Equal(1, server.Statistics.AddressesOfRecord);
            await server.StopAsync().WaitAsync(Limit);
        }

        await using ParleyServer again = await StartAsync(Configuration);
        Assert.Equal(1, again.Statistics.AddressesOfRecord);
    }

    [Fact]
    public async Task Stopping_ends_the_calls_of_services()
    {
        AddUsers("alice");
        await using ParleyServer server = await StartAsync(Configuration);
        await using SipUserAgent alice = await PhoneAsync(server, "alice");
        Call music = await alice.CallAsync($"sip:music@{Domain}").WaitAsync(Limit);
        await server.StopAsync().WaitAsync(Limit);
        Assert.Equal(CallEndReason.HungUpByPeer, (await music.Ended.WaitAsync(Limit)).Reason);
    }

    [Fact]
    public async Task Stopping_ends_what_rings()
    {
        AddUsers("alice", "bob");
        await using ParleyServer server = await StartAsync(Configuration);
        await using SipUserAgent alice = await PhoneAsync(server, "alice"), bob = await PhoneAsync(server, "bob");
        await bob.RegisterAsync().WaitAsync(Limit);
        Task<Call> incoming = NextCallAsync(bob);
        Call call = alice.StartCall(SipUri.Parse($"sip:bob@{Domain}"));
        Call atBob = await incoming.WaitAsync(Limit);
        await atBob.RingAsync().WaitAsync(Limit);
        await server.StopAsync().WaitAsync(Limit);
        Assert.Equal(503, (await call.Ended.WaitAsync(Limit)).StatusCode);
        Assert.Equal(CallEndReason.Cancelled, (await atBob.Ended.WaitAsync(Limit)).Reason);
    }

    [Fact]
    public async Task A_new_configuration_is_taken_while_it_runs()
    {
        AddUsers("bob");
        await using ParleyServer server = await StartAsync(Configuration);
        await using SipUserAgent stranger = await SipUserAgent.StartAsync(new SipUserAgentOptions { Listen = SipUserAgentOptions.ListenOn(AnyPort) });
        string target = $"sip:nobody@{server.Listening[0].Address}";
        Assert.Equal(480, (await stranger.OptionsAsync(target).WaitAsync(Limit)).StatusCode);
        Assert.True(NetworkPrefix.TryParse("127.0.0.0/8", out NetworkPrefix loopback));
        server.Reconfigure(server.Configuration with { Trusted = [loopback] });
        Assert.Equal(404, (await stranger.OptionsAsync(target).WaitAsync(Limit)).StatusCode);
    }

    [Fact]
    public async Task A_port_in_use_is_told_and_nothing_stays_open()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var address = NetworkAddress.From((IPEndPoint)taken.LocalEndPoint!);
        await using var server = new ParleyServer(Configuration with { Listen = [new ListenUri(ListenTransport.Udp, address)] });
        SipListenException problem = await Assert.ThrowsAsync<SipListenException>(() => server.StartAsync());
        Assert.Contains(address.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), problem.Message, StringComparison.Ordinal);
        await using ParleyServer other = await StartAsync(Configuration);    // the databases are free again
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_used_is_told()
    {
        string file = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(file, "");
        await using var server = new ParleyServer(Configuration with { DataFolder = Path.Combine(file, "data") });
        await Assert.ThrowsAsync<StorageException>(() => server.StartAsync());
    }

    [Fact]
    public void The_secret_of_a_folder_stays_and_is_nobody_elses_to_read()
    {
        byte[] first = ServerKeys.Open(_folder).NonceKey(0);
        Assert.Equal(first, ServerKeys.Open(_folder).NonceKey(0));
        Assert.NotEqual(first, ServerKeys.Open(_folder).NonceKey(1));
        Assert.NotEqual(first, ServerKeys.CreateRandom().NonceKey(0));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder, ServerKeys.FileName)));
    }

    private static async Task<Call> NextCallAsync(SipUserAgent phone)
    {
        await foreach (Call call in phone.IncomingCalls) return call;
        throw new InvalidOperationException("The phone has ended.");
    }

    private static async Task WaitAsync(Func<Task<bool>> until)
    {
        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        while (!await until()) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
    }
}
