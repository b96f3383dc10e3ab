using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Parley.Server.Configuration;
using Parley.Server.Push;

namespace Parley.Server.Tests.Push;

/// <summary>The webhook, with a real HTTP server behind it.</summary>
public sealed class PushWebhookTests
{
    private static readonly PhoneToWake Phone = new("alice@example.com"u8.ToArray(), 1, "apns", "T.x.voip", "00fc");
    private static readonly PushRequest ForCall = new(Phone, new PushCause("INVITE", "sip:bob@example.com", "Bob \"B\" <b>", "call-1"));

    [Fact]
    public async Task A_push_is_posted_with_its_signature_and_token()
    {
        await using TestWebhook webhook = await TestWebhook.StartAsync();
        await using PushWebhook push = Open(webhook, options => options with { Secret = "geheim", Token = "token+1" });
        Assert.True(await SendAsync(push, ForCall));
        Post post = await webhook.NextAsync();
        Assert.Equal(("POST /push?for=tests", "application/json", "Bearer token+1"), (post.Line, post.ContentType, post.Authorization));

        string time = post.Signature!.Split("t=")[1].Split(',')[0], mac = post.Signature.Split("v1=")[1];
        Assert.InRange(long.Parse(time, CultureInfo.InvariantCulture), TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 60, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 60);
        Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData("geheim"u8, (byte[])[.. Encoding.ASCII.GetBytes(time + "."), .. post.Body])), mac);

        JsonElement json = post.Json;
        Assert.Equal(("request", "apns", "T.x.voip", "00fc", "alice@example.com"), (Text(json, "reason"), Text(json, "provider"), Text(json, "param"), Text(json, "prid"), Text(json, "user")));
        JsonElement request = json.GetProperty("request");
        Assert.Equal(("INVITE", "sip:bob@example.com", "Bob \"B\" <b>", "call-1"), (Text(request, "method"), Text(request, "from"), Text(request, "name"), Text(request, "callId")));
        Assert.NotEqual(Guid.Empty, json.GetProperty("id").GetGuid());
        Assert.Equal(DateTimeKind.Utc, json.GetProperty("time").GetDateTime().Kind);
    }

    [Fact]
    public void A_refresh_has_no_request()
    {
        var id = Guid.Parse("01937e6c-0000-7000-8000-000000000001");
        Assert.Equal(
            "{\"id\":\"01937e6c-0000-7000-8000-000000000001\",\"time\":\"2026-11-28T12:00:00Z\",\"reason\":\"refresh\",\"provider\":\"webpush\",\"prid\":\"https://push.example/1\",\"user\":\"alice@example.com\"}",
            Encoding.UTF8.GetString(PushWebhook.Write(new PushRequest(Phone with { Provider = "webpush", Parameter = "", Prid = "https://push.example/1" }, null), id, new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero))));
    }

    [Theory]
    [InlineData(true, 1, 200)]
    [InlineData(true, 3, 500, 429, 202)]
    [InlineData(false, 3, 503)]
    [InlineData(false, 1, 404)]
    [InlineData(false, 1, 401)]
    [InlineData(false, 1, 307)]     // nobody sends us elsewhere
    [InlineData(false, 1, 301)]
    public async Task What_is_refused_for_the_moment_is_tried_again(bool isTaken, int posts, params int[] statuses)
    {
        await using TestWebhook webhook = await TestWebhook.StartAsync(statuses);
        await using PushWebhook push = Open(webhook);
        Assert.Equal(isTaken, await SendAsync(push, ForCall));
        Assert.Equal(posts, webhook.Waiting);
        var ids = new HashSet<Guid>();
        for (int i = 0; i < posts; i++)
        {
            Post post = await webhook.NextAsync();
            Assert.Equal("POST /push?for=tests", post.Line);
            ids.Add(post.Json.GetProperty("id").GetGuid());
        }

        Assert.Single(ids);
    }

    [Fact]
    public async Task A_webhook_that_does_not_answer_is_not_waited_for()
    {
        await using TestWebhook webhook = await TestWebhook.StartAsync(0);
        await using PushWebhook push = Open(webhook, options => options with { Timeout = TimeSpan.FromMilliseconds(100) });
        Assert.False(await SendAsync(push, ForCall));
    }

    [Fact]
    public async Task Where_nobody_listens_nothing_is_sent()
    {
        TestWebhook webhook = await TestWebhook.StartAsync();
        await using PushWebhook push = Open(webhook);
        await webhook.DisposeAsync();
        Assert.False(await SendAsync(push, ForCall));
    }

    [Fact]
    public async Task What_does_not_fit_into_the_queue_is_refused_and_the_end_does_not_wait()
    {
        await using TestWebhook webhook = await TestWebhook.StartAsync(0);
        await using PushWebhook push = Open(webhook, options => options with { Concurrency = 2 });
        int taken = 0;
        while (taken < 10_000 && push.TrySend(ForCall, (_, _) => { })) taken++;
        Assert.InRange(taken, 4096, 4098);
    }

    private static PushWebhook Open(TestWebhook webhook, Func<PushOptions, PushOptions>? configure = null)
    {
        var options = new PushOptions { Url = webhook.Url };
        return new PushWebhook(configure?.Invoke(options) ?? options, TimeProvider.System, NullLogger.Instance);
    }

    private static async Task<bool> SendAsync(PushWebhook push, PushRequest request)
    {
        var done = new TaskCompletionSource<bool>();
        Assert.True(push.TrySend(request, (_, isTaken) => done.SetResult(isTaken)));
        return await done.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
