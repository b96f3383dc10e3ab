using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Text;
using Microsoft.Extensions.Logging;
using Parley.Core;
using Parley.Server.Accounts;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Server.Tests.Roles;
using Parley.Sip.Messages;
using Parley.TestSupport;
using Parley.UserAgent;
using Xunit.Abstractions;

namespace Parley.Server.Tests.Hosting;

/// <summary>Random and changed messages at full speed over each transport of a real server: it throws nothing, keeps nothing, and serves others meanwhile.</summary>
/// <remarks><c>PARLEY_FLOOD_SECONDS</c> says for how long; with 30 or more, which want a machine that does nothing else, memory and the time that a lane is busy with one round are looked at too.</remarks>
public sealed class FloodTests(ITestOutputHelper output) : IDisposable
{
    private const int Messages = 5000;
    private const int LongRunSeconds = 30;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private static readonly NetworkAddress AnyPort = NetworkAddress.FromIPv4(0x7F000001, 0);

    private readonly string _folder = Directory.CreateTempSubdirectory("parley-flood-").FullName;
    private readonly RecordingLogger _log = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static int Seconds => int.TryParse(Environment.GetEnvironmentVariable("PARLEY_FLOOD_SECONDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) ? seconds : 4;

    [Fact]
    public async Task Nothing_is_thrown_nothing_is_kept_and_others_are_served()
    {
        using (var store = new AccountStore(_folder))
        {
            Assert.True(AccountName.TryCreate("alice", "example.com", out AccountName account, out string reason), reason);
            store.Add(account, "example.com", "secret");
        }

        using ILoggerFactory logging = LoggerFactory.Create(builder => builder.AddFilter("Microsoft", LogLevel.Warning).AddProvider(new Provider(_log)));
        var configuration = new ParleyConfiguration
        {
            Domains = [new DomainOptions("example.com")],
            Listen = [.. new[] { ListenTransport.Udp, ListenTransport.Tcp, ListenTransport.Tls, ListenTransport.Http }.Select(transport => new ListenUri(transport, AnyPort))],
            DataFolder = _folder,
            Lanes = 2,
        };
        await using var server = new ParleyServer(configuration, new ParleyServerOptions { Logging = logging });
        await server.StartAsync().WaitAsync(Limit);
        byte[][] messages = MakeMessages();
        await FloodAsync(server, messages, TimeSpan.FromSeconds(Seconds < LongRunSeconds ? 1 : 10));        // so that what is made once is there, and pools are as large as they get
        await UntilEmptyAsync(server);
        long slowBefore = server.Statistics.SlowRounds;
        long before = GC.GetTotalMemory(forceFullCollection: true);

        int answered = 0;
        TimeSpan longest = TimeSpan.Zero;
        Task flood = FloodAsync(server, messages, TimeSpan.FromSeconds(Seconds));
        await using (SipUserAgent alice = await SipUserAgent.StartAsync(new SipUserAgentOptions
        {
            Identity = new SipUri("alice", "example.com"),
            Password = "secret",
            OutboundProxy = SipUri.Parse($"sip:{server.Listening[1].Address};transport=tcp"),
            Listen = SipUserAgentOptions.ListenOn(AnyPort),
        }))
        {
            while (!flood.IsCompleted)
            {
                long start = TimeProvider.System.GetTimestamp();
                Assert.Equal(200, (await alice.OptionsAsync("sip:example.com").WaitAsync(Limit)).StatusCode);
                TimeSpan taken = TimeProvider.System.GetElapsedTime(start);
                if (taken > longest) longest = taken;
                answered++;
            }

            await flood;
        }

        long slow = server.Statistics.SlowRounds - slowBefore;
        output.WriteLine($"{server.Statistics}\n{answered} questions answered meanwhile, the slowest after {longest.TotalMilliseconds:0} ms; {slow} rounds of more than 50 ms");
        await UntilEmptyAsync(server);
        Assert.True(answered > 0);
        Assert.DoesNotContain(_log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Critical", StringComparison.Ordinal));
        Assert.Equal(0, server.Statistics.AddressesOfRecord);
        long growth = GC.GetTotalMemory(forceFullCollection: true) - before;
        output.WriteLine($"{growth / 1024} KiB more memory in use");
        if (Seconds < LongRunSeconds) return;
        Assert.InRange(growth, long.MinValue, 16 << 20);
        Assert.Equal(0, slow);
    }

    private static byte[][] MakeMessages()
    {
        var random = new Random(1);
        var mutator = new Mutator(random);
        byte[][] torture = [.. TortureTests.All];
        var messages = new byte[Messages][];
        for (int i = 0; i < messages.Length; i++)
        {
            byte[] message = random.Next(3) > 0 ? torture[random.Next(torture.Length)] : Encoding.UTF8.GetBytes(Usual(random, i));
            if (random.Next(3) > 0) message = mutator.Mutate(message, torture[random.Next(torture.Length)]);
            if (random.Next(20) == 0) random.NextBytes(message = new byte[random.Next(1, 1500)]);
            messages[i] = message.Length > 20_000 ? message[..20_000] : message;
        }

        return messages;
    }

    private static string Usual(Random random, int number)
    {
        string[] methods = ["INVITE", "REGISTER", "OPTIONS", "MESSAGE", "SUBSCRIBE", "BYE", "CANCEL"];
        string method = methods[random.Next(methods.Length)];
        return $"{method} sip:{(random.Next(2) == 0 ? "alice@" : "nobody@")}example.com SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{number};rport\r\nFrom: <sip:eve@elsewhere.example>;tag=e\r\n"
            + $"To: <sip:alice@example.com>\r\nCall-ID: call{number}\r\nCSeq: 1 {method}\r\nContact: <sip:eve@127.0.0.1:9>\r\nContent-Length: 0\r\n\r\n";
    }

    private static async Task FloodAsync(ParleyServer server, byte[][] messages, TimeSpan time)
    {
        using var end = new CancellationTokenSource(time);
        await Task.WhenAll(
            Task.Factory.StartNew(() => SendDatagrams(server.Listening[0].Address, messages, end.Token), end.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default),
            Task.Run(() => SendStreamsAsync(server.Listening[1].Address, messages, isSecure: false, end.Token)),
            Task.Run(() => SendStreamsAsync(server.Listening[2].Address, messages, isSecure: true, end.Token)),
            Task.Run(() => SendWebSocketsAsync(server.Listening[3], messages, end.Token)));
    }

    private static void SendDatagrams(NetworkAddress to, byte[][] messages, CancellationToken end)
    {
        Socket[] sockets = [.. Enumerable.Range(0, 8).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))];
        IPEndPoint server = to.ToIPEndPoint();
        for (int i = 0; !end.IsCancellationRequested; i++)
        {
            try
            {
                sockets[i % sockets.Length].SendTo(messages[i % messages.Length], server);
            }
            catch (SocketException)
            {
                // What is too long, or an answer that did not arrive.
            }
        }

        foreach (Socket socket in sockets) socket.Dispose();
    }

    private static async Task SendStreamsAsync(NetworkAddress to, byte[][] messages, bool isSecure, CancellationToken end)
    {
        for (int i = 0; !end.IsCancellationRequested;)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(to.ToIPEndPoint(), end);
                Stream stream = new NetworkStream(socket);
                if (isSecure && i % 4 == 0)
                {
                    var tls = new SslStream(stream, leaveInnerStreamOpen: false, (_, certificate, _, _) => certificate is not null);
                    stream = tls;
                    await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "example.com" }, end);
                }

                await using (stream)
                {
                    for (int n = 0; n < 20 && !end.IsCancellationRequested; n++) await stream.WriteAsync(messages[i++ % messages.Length], end);
                }
            }
            catch (Exception problem) when (problem is IOException or SocketException or OperationCanceledException or AuthenticationException)
            {
                i++;        // the server closes what cannot be followed
            }
        }
    }

    private static async Task SendWebSocketsAsync(ListenUri to, byte[][] messages, CancellationToken end)
    {
        for (int i = 0; !end.IsCancellationRequested;)
        {
            try
            {
                using WebSocketPhone phone = await WebSocketPhone.ConnectAsync(to);
                for (int n = 0; n < 20 && !end.IsCancellationRequested; n++) await phone.SendAsync(Encoding.Latin1.GetString(messages[i++ % messages.Length]));
            }
            catch (Exception problem) when (problem is WebSocketException or IOException or OperationCanceledException)
            {
                i++;
            }
        }
    }

    /// <summary>What waits for its timers is over after 32 s (RFC 3261 17, timers H and J).</summary>
    private static async Task UntilEmptyAsync(ParleyServer server)
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            while (server.Statistics is not { Transactions: 0, Connections: 0, OpenCalls: 0, OpenRegistrations: 0 }) await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"Something is left: {server.Statistics}");
        }
    }

    private sealed class Provider(ILogger logger) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => logger;

        public void Dispose()
        {
        }
    }
}
