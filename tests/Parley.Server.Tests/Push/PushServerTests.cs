using Parley.Core;
using Parley.Net;
using Parley.Server.Accounts;
using Parley.Server.Configuration;
using Parley.Server.Hosting;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Messages;
using Parley.UserAgent.Registrations;

namespace Parley.Server.Tests.Push;

/// <summary>A whole server with real phones and a real webhook: a phone that is gone, and comes back when it is woken.</summary>
public sealed class PushServerTests : IDisposable
{
    private const string Domain = "example.com";
    private const string Password = "secret";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly NetworkAddress AnyPort = NetworkAddress.FromIPv4(0x7F000001, 0);

    private readonly string _folder = Directory.CreateTempSubdirectory("parley-push-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_call_wakes_a_phone_that_is_gone()
    {
        await using TestWebhook webhook = await TestWebhook.StartAsync();
        await using ParleyServer server = await StartAsync(webhook);
        await using SipUserAgent alice = await PhoneAsync(server, "alice", null);
        Assert.Null(alice.PushService);
        await RegisterAndGoAsync(server);

        Task<Call> calling = alice.CallAsync($"sip:bob@{Domain}");
        Post push = await webhook.NextAsync();
        Assert.Equal(("acme", "00fc", "bob@example.com", "INVITE"), (Text(push, "provider"), Text(push, "prid"), Text(push, "user"), push.Json.GetProperty("request").GetProperty("method").GetString()));
        Assert.StartsWith("t=", push.Signature, StringComparison.Ordinal);

        await using SipUserAgent bob = await PhoneAsync(server, "bob", "00fc");
        await bob.RegisterAsync().WaitAsync(Limit);
        await using IAsyncEnumerator<Call> calls = bob.IncomingCalls.GetAsyncEnumerator();
        Assert.True(await calls.MoveNextAsync().AsTask().WaitAsync(Limit));
        await calls.Current.AnswerAsync().WaitAsync(Limit);
        Call call = await calling.WaitAsync(Limit);
        await call.HangUpAsync().WaitAsync(Limit);
        Assert.Equal(0, webhook.Waiting);
    }

    [Fact]
    public async Task A_text_wakes_a_phone_that_is_gone()
    {
        await using TestWebhook webhook = await TestWebhook.StartAsync();
        await using ParleyServer server = await StartAsync(webhook);
        await using SipUserAgent alice = await PhoneAsync(server, "alice", null);
        await RegisterAndGoAsync(server);
        MessageResult result = await alice.SendMessageAsync($"sip:bob@{Domain}", "Wake up").WaitAsync(Limit);
        Assert.Equal(202, result.StatusCode);
        Post push = await webhook.NextAsync();
        Assert.Equal("MESSAGE", push.Json.GetProperty("request").GetProperty("method").GetString());

        await using SipUserAgent bob = await PhoneAsync(server, "bob", "00fc");
        await bob.RegisterAsync().WaitAsync(Limit);
        await using IAsyncEnumerator<TextMessage> texts = bob.IncomingMessages.GetAsyncEnumerator();
        Assert.True(await texts.MoveNextAsync().AsTask().WaitAsync(Limit));
        Assert.Equal("Wake up", texts.Current.Text);
    }

    /// <summary>A phone that was killed: its binding stays, its connection is over.</summary>
    private static async Task RegisterAndGoAsync(ParleyServer server)
    {
        NetworkLoop loop = NetworkLoop.Start(new NetworkLoopOptions());
        SipUserAgent bob = await PhoneAsync(server, "bob", "00fc", loop);
        await bob.RegisterAsync().WaitAsync(Limit);
        PushService service = Assert.IsType<PushService>(bob.PushService);
        Assert.Equal(("acme", TimeSpan.FromSeconds(180)), (service.Provider, service.RefreshBefore));
        Assert.NotNull(service.Purr);
        loop.Dispose();
    }

    private async Task<ParleyServer> StartAsync(TestWebhook webhook)
    {
        using (var store = new AccountStore(_folder))
        {
            foreach (string name in (string[])["alice", "bob"])
            {
                Assert.True(AccountName.TryCreate(name, Domain, out AccountName account, out string reason), reason);
                store.Add(account, Domain, Password);
            }
        }

        var server = new ParleyServer(new ParleyConfiguration
        {
            Domains = [new DomainOptions(Domain)],
            Listen = [new ListenUri(ListenTransport.Tcp, AnyPort)],
            DataFolder = _folder,
            Lanes = 2,
            Push = new PushOptions { Url = webhook.Url, Secret = "geheim", Providers = ["acme"] },
        });
        await server.StartAsync().WaitAsync(Limit);
        return server;
    }

    private static Task<SipUserAgent> PhoneAsync(ParleyServer server, string user, string? prid, INetworkLoop? loop = null) => SipUserAgent.StartAsync(new SipUserAgentOptions
    {
        Identity = new SipUri(user, Domain),
        Password = Password,
        OutboundProxy = SipUri.Parse($"sip:{server.Listening[0].Address};transport=tcp"),
        Listen = SipUserAgentOptions.ListenOn(AnyPort),
        Push = prid is null ? null : new PushParameters("acme", prid),
        MaxWaitingMessages = 8,
        Loop = loop,
    });

    private static string? Text(Post post, string name) => post.Json.GetProperty(name).GetString();
}
