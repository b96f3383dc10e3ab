using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Parley.Server.Tests.Push;

/// <summary>An HTTP server that takes pushes.</summary>
internal sealed class TestWebhook : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly Channel<Post> _posts = Channel.CreateUnbounded<Post>();

    private TestWebhook(WebApplication application) => _application = application;

    /// <summary>Where it listens.</summary>
    public Uri Url => new(_application.Urls.Single() + "/push?for=tests");

    /// <summary>What the next posts are answered with; the last one stays. 0 never answers.</summary>
    public Queue<int> Statuses { get; } = new([204]);

    public static async Task<TestWebhook> StartAsync(params int[] statuses)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        WebApplication application = builder.Build();
        application.Urls.Add("http://127.0.0.1:0");
        var webhook = new TestWebhook(application);
        if (statuses.Length > 0)
        {
            webhook.Statuses.Clear();
            foreach (int status in statuses) webhook.Statuses.Enqueue(status);
        }

        application.Run(webhook.TakeAsync);
        await application.StartAsync();
        return webhook;
    }

    /// <summary>The next push.</summary>
    public async Task<Post> NextAsync() => await _posts.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));

    /// <summary>Pushes that came and were not looked at.</summary>
    public int Waiting => _posts.Reader.Count;

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync(new CancellationToken(canceled: true));
        await _application.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        int status;
        lock (Statuses) status = Statuses.Count > 1 ? Statuses.Dequeue() : Statuses.Peek();
        await _posts.Writer.WriteAsync(new Post(
            $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}", context.Request.ContentType, context.Request.Headers.Authorization, context.Request.Headers["Parley-Signature"], body.ToArray()));
        if (status == 0) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        if (status is >= 300 and < 400) context.Response.Headers.Location = "/elsewhere";
        context.Response.StatusCode = status;
    }
}

/// <summary>A push as it came.</summary>
internal sealed record Post(string Line, string? ContentType, string? Authorization, string? Signature, byte[] Body)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string Text => Encoding.UTF8.GetString(Body);
}
