using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Parley.Server.Configuration;

namespace Parley.Server.Push;

/// <summary>Has push notifications sent by an HTTP server of the administrator's: one POST with a JSON object for each.</summary>
/// <remarks>
/// Nothing but the configured URL is ever called: redirections count as failures, and what phones say stands in the body alone. A POST bears a signature of its time
/// and body, a bearer token, or both. What is refused for the moment (no connection, no answer in time, 408, 429, 5xx) is tried again twice. docs/push.md describes the object.
/// </remarks>
internal sealed class PushWebhook : IPushService, IAsyncDisposable
{
    private const int MaxQueued = 4096;
    private const int MostTries = 3;

    /// <summary>A push that could not be begun by then would come too late.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);

    private readonly PushOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpClient _http;
    private readonly byte[]? _secret;
    private readonly Channel<Order> _orders = Channel.CreateBounded<Order>(new BoundedChannelOptions(MaxQueued) { FullMode = BoundedChannelFullMode.Wait });
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task[] _workers;
    private int _isFailing;

    /// <summary>Starts the workers.</summary>
    public PushWebhook(PushOptions options, TimeProvider time, ILogger logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        _secret = options.Secret is null ? null : Encoding.UTF8.GetBytes(options.Secret);
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = false,
                ConnectTimeout = options.Timeout,
                MaxConnectionsPerServer = options.Concurrency,
                MaxResponseHeadersLength = 16,      // kibibytes
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),     // so that a changed name is seen
            },
            disposeHandler: true)
        { Timeout = Timeout.InfiniteTimeSpan };     // each try has its own
        _workers = [.. Enumerable.Range(0, options.Concurrency).Select(_ => Task.Run(WorkAsync))];
    }

    /// <inheritdoc/>
    public bool TrySend(PushRequest request, Action<PushRequest, bool> done) => _orders.Writer.TryWrite(new Order(request, done, _time.GetTimestamp()));

    /// <summary>Drops what waits, and ends what is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        _orders.Writer.TryComplete();
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_workers).ConfigureAwait(false);
        _http.Dispose();
        _stopping.Dispose();
    }

    private async Task WorkAsync()
    {
        try
        {
            await foreach (Order order in _orders.Reader.ReadAllAsync(_stopping.Token).ConfigureAwait(false))
            {
                order.Done(order.Request, await SendAsync(order).ConfigureAwait(false));
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private async Task<bool> SendAsync(Order order)
    {
        byte[] body = Write(order.Request, Guid.CreateVersion7(), _time.GetUtcNow());
        TimeSpan pause = FirstPause;
        for (int tries = 0; tries < MostTries && _time.GetElapsedTime(order.Since) < MaxAge; tries++, pause *= 4)
        {
            if (tries > 0) await Task.Delay(pause, _time, _stopping.Token).ConfigureAwait(false);
            (bool isTaken, bool isFinal, string problem) = await PostAsync(body).ConfigureAwait(false);
            if (isTaken)
            {
                if (Interlocked.Exchange(ref _isFailing, 0) != 0) Log.PushWebhookWorks(_logger);
                return true;
            }

            if (Interlocked.Exchange(ref _isFailing, 1) == 0) Log.PushWebhookFails(_logger, problem);
            if (isFinal) break;
        }

        return false;
    }

    private async Task<(bool IsTaken, bool IsFinal, string Problem)> PostAsync(byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _options.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Parley", null));
        if (_options.Token is { } token) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (_secret is not null) request.Headers.Add("Parley-Signature", Sign(_secret, _time.GetUtcNow().ToUnixTimeSeconds(), body));
        using var limit = new CancellationTokenSource(_options.Timeout, _time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
        try
        {
            // The status is all that counts: the body of the answer is not read.
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ended.Token).ConfigureAwait(false);
            int status = (int)response.StatusCode;
            bool isFinal = response.StatusCode is not (HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests) && status < 500;
            return (status is >= 200 and < 300, isFinal, string.Create(CultureInfo.InvariantCulture, $"it answers {status}"));
        }
        catch (HttpRequestException e)
        {
            return (false, false, e.Message);
        }
        catch (OperationCanceledException) when (!_stopping.IsCancellationRequested)
        {
            return (false, false, string.Create(CultureInfo.InvariantCulture, $"no answer in {_options.Timeout.TotalSeconds} s"));
        }
    }

    /// <summary>The object of a push.</summary>
    internal static byte[] Write(PushRequest request, Guid id, DateTimeOffset now)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("id", id);
            json.WriteString("time", now.UtcDateTime);
            json.WriteString("reason", request.Cause is null ? "refresh" : "request");
            json.WriteString("provider", request.Phone.Provider);
            if (request.Phone.Parameter.Length > 0) json.WriteString("param", request.Phone.Parameter);
            json.WriteString("prid", request.Phone.Prid);
            json.WriteString("user", request.Phone.AddressOfRecord);
            if (request.Cause is { } cause)
            {
                json.WriteStartObject("request");
                json.WriteString("method", cause.Method);
                json.WriteString("from", cause.From);
                if (cause.Name.Length > 0) json.WriteString("name", cause.Name);
                json.WriteString("callId", cause.CallId);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>The value of Parley-Signature: HMAC-SHA-256 of the time, a dot and the body.</summary>
    internal static string Sign(byte[] secret, long unixSeconds, byte[] body)
    {
        byte[] signed = [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{unixSeconds}.")), .. body];
        return string.Create(CultureInfo.InvariantCulture, $"t={unixSeconds},v1={Convert.ToHexStringLower(HMACSHA256.HashData(secret, signed))}");
    }

    private readonly record struct Order(PushRequest Request, Action<PushRequest, bool> Done, long Since);
}
