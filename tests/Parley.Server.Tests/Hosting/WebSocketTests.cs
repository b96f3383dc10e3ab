using System.Net;
using System.Net.Security;
using System.Net.WebSockets;
using Parley.Core;
using Parley.Server.Accounts;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.UserAgent;

namespace Parley.Server.Tests.Hosting;

/// <summary>SIP over WebSocket (RFC 7118), as a web page speaks it to a whole server.</summary>
public sealed class WebSocketTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly NetworkAddress AnyPort = NetworkAddress.FromIPv4(0x7F000001, 0);

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ListenTransport.Http, WebSocketMessageType.Text)]
    [InlineData(ListenTransport.Http, WebSocketMessageType.Binary)]
    [InlineData(ListenTransport.Https, WebSocketMessageType.Text)]
    public async Task Each_message_is_answered_with_a_message(ListenTransport transport, WebSocketMessageType type)
    {
        await using ParleyServer server = await StartAsync(transport);
        using WebSocketPhone phone = await ConnectAsync(server);
        for (int i = 1; i < 4; i++)
        {
            await phone.SendAsync(phone.Request("OPTIONS", "sip:example.com", $"user{i}", headers: "\r\n"), type);     // without Content-Length
            string answer = await phone.ReceiveAsync();
            Assert.StartsWith($"SIP/2.0 200 OK\r\nVia: SIP/2.0/{(transport == ListenTransport.Http ? "WS" : "WSS")} {WebSocketPhone.Host};", answer, StringComparison.Ordinal);
            Assert.Single(answer.Split("SIP/2.0 200 OK"), part => part.Length > 0);
        }
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5_000)]
    [InlineData(40_000)]
    public async Task A_message_may_come_in_fragments(int pieceBytes)
    {
        await using ParleyServer server = await StartAsync(ListenTransport.Http);
        using WebSocketPhone phone = await ConnectAsync(server);
        string request = phone.Request("OPTIONS", "sip:example.com", "user", headers: $"Content-Type: text/plain\r\n\r\n{new string('x', 30_000)}");
        for (int i = 0; i < 2; i++)
        {
            await phone.SendInPiecesAsync(request.Replace("Call-ID: user", $"Call-ID: {i}", StringComparison.Ordinal), pieceBytes);
            Assert.StartsWith("SIP/2.0 415 ", await phone.ReceiveAsync(), StringComparison.Ordinal);      // it was read to its end
        }
    }

    [Fact]
    public async Task A_message_that_is_too_long_ends_the_connection()
    {
        await using ParleyServer server = await StartAsync(ListenTransport.Http);
        using WebSocketPhone phone = await ConnectAsync(server);
        await phone.SendInPiecesAsync(new string('x', 70_000), 10_000);
        Assert.Equal("closed", await phone.ReceiveAsync());
    }

    [Fact]
    public async Task A_keep_alive_is_answered_and_a_malformed_message_ends_nothing()
    {
        await using ParleyServer server = await StartAsync(ListenTransport.Http);
        using WebSocketPhone phone = await ConnectAsync(server);
        Assert.Equal("\r\n", await phone.AskAsync("\r\n\r\n"));
        await phone.SendAsync("nonsense");
        Assert.StartsWith("SIP/2.0 200 ", await phone.AskAsync(phone.Request("OPTIONS", "sip:example.com", "user", headers: "\r\n")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_phone_in_a_page_is_called_over_the_connection_that_it_registered_over()
    {
        AddUsers("alice", "bob");
        await using ParleyServer server = await StartAsync(ListenTransport.Http);
        using WebSocketPhone bob = await ConnectAsync(server);
        await bob.RegisterAsync("bob", "secret");
        await using SipUserAgent alice = await SipUserAgent.StartAsync(new SipUserAgentOptions
        {
            Identity = Parley.Sip.Messages.SipUri.Parse("sip:alice@example.com"),
            Password = "secret",
            OutboundProxy = Parley.Sip.Messages.SipUri.Parse($"sip:{server.Listening[0].Address}"),
            Listen = SipUserAgentOptions.ListenOn(AnyPort),
        });

        Task<Call> calling = alice.CallAsync("sip:bob@example.com");
        string invite = await bob.ReceiveAsync();
        Assert.StartsWith($"INVITE sip:bob@{WebSocketPhone.Host};transport=ws SIP/2.0\r\nVia: SIP/2.0/WS {server.Listening[1].Address};", invite, StringComparison.Ordinal);
        Assert.Contains($"@{server.Listening[1].Address};transport=ws;lr>", invite, StringComparison.Ordinal);
        await bob.SendAsync(AnswerTo(invite, "486 Busy Here"));
        Assert.StartsWith("ACK ", await bob.ReceiveAsync(), StringComparison.Ordinal);
        Assert.Equal(486, (await Assert.ThrowsAsync<CallFailedException>(() => calling).WaitAsync(Limit)).StatusCode);

        await bob.CloseAsync();
        await WaitAsync(() => server.Statistics.Connections == 0);
        Assert.Equal(480, (await Assert.ThrowsAsync<CallFailedException>(() => alice.CallAsync("sip:bob@example.com")).WaitAsync(Limit)).StatusCode);
    }

    [Fact]
    public async Task The_end_of_the_server_closes_the_connection()
    {
        ParleyServer server = await StartAsync(ListenTransport.Http);
        using WebSocketPhone phone = await ConnectAsync(server);
        await phone.AskAsync("\r\n\r\n");
        Task<string> last = phone.ReceiveAsync();
        await server.DisposeAsync().AsTask().WaitAsync(Limit);
        try
        {
            Assert.Equal("closed", await last);
        }
        catch (WebSocketException)
        {
            // Cut: closed as well.
        }
    }

    [Theory]
    [InlineData("/", "sip", null, HttpStatusCode.NotFound)]
    [InlineData("/sip/x", "sip", null, HttpStatusCode.NotFound)]
    [InlineData("/sip", null, null, HttpStatusCode.BadRequest)]
    [InlineData("/sip", "msrp", null, HttpStatusCode.BadRequest)]
    [InlineData("/sip", "sip", "https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("/sip", "sip", "https://good.example", HttpStatusCode.SwitchingProtocols)]
    public async Task Only_SIP_from_pages_that_may_is_let_in(string path, string? protocol, string? origin, HttpStatusCode status)
    {
        await using ParleyServer server = await StartAsync(ListenTransport.Http, "https://good.example");
        if (status == HttpStatusCode.SwitchingProtocols)
        {
            using WebSocketPhone phone = await WebSocketPhone.ConnectAsync(server.Listening[1], path, protocol, origin);
            Assert.Equal("\r\n", await phone.AskAsync("\r\n\r\n"));
            return;
        }

        WebSocketException refused = await Assert.ThrowsAsync<WebSocketException>(() => WebSocketPhone.ConnectAsync(server.Listening[1], path, protocol, origin));
        Assert.Contains($"'{(int)status}'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_else_is_there_over_HTTP()
    {
        await using ParleyServer server = await StartAsync(ListenTransport.Http);
        using var client = new HttpClient { BaseAddress = new Uri($"http://{server.Listening[1].Address}/") };
        foreach (string path in new[] { "", "sip", "index.html" })
        {
            using HttpResponseMessage answer = await client.GetAsync(new Uri(path, UriKind.Relative)).WaitAsync(Limit);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    private static string AnswerTo(string request, string status)
    {
        string[] copied = [.. request.Split("\r\n\r\n")[0].Split("\r\n").Where(line => line.Split(':')[0] is "Via" or "From" or "Call-ID" or "CSeq" or "To")];
        return $"SIP/2.0 {status}\r\n{string.Join("\r\n", copied.Select(line => line.StartsWith("To:", StringComparison.Ordinal) ? line + ";tag=9" : line))}\r\nContent-Length: 0\r\n\r\n";
    }

    private static Task<WebSocketPhone> ConnectAsync(ParleyServer server) =>
        WebSocketPhone.ConnectAsync(server.Listening[1], check: (_, certificate, _, errors) => certificate is not null && (errors & SslPolicyErrors.RemoteCertificateNameMismatch) == 0);

    private async Task<ParleyServer> StartAsync(ListenTransport transport, params string[] origins)
    {
        var server = new ParleyServer(new ParleyConfiguration
        {
            Domains = [new DomainOptions("example.com")],
            Listen = [new ListenUri(ListenTransport.Udp, AnyPort), new ListenUri(transport, AnyPort)],
            DataFolder = _folder.Path,
            Lanes = 2,
            Web = new WebOptions { Origins = [.. origins] },
        });
        await server.StartAsync().WaitAsync(Limit);
        return server;
    }

    private void AddUsers(params ReadOnlySpan<string> names)
    {
        using var store = new AccountStore(_folder.Path);
        foreach (string name in names)
        {
            Assert.True(AccountName.TryCreate(name, "example.com", out AccountName account, out string reason), reason);
            store.Add(account, "example.com", "secret");
        }
    }

    private static async Task WaitAsync(Func<bool> until)
    {
        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        while (!until()) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
    }
}
