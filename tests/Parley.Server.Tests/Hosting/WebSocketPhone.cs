using System.Globalization;
using System.Net.Security;
using System.Net.WebSockets;
using System.Text;
using Parley.Server.Configuration;
using Parley.Sip.Authentication;

namespace Parley.Server.Tests.Hosting;

/// <summary>A phone as in a web page: it has no address of its own, and one WebSocket.</summary>
internal sealed class WebSocketPhone : IDisposable
{
    public const string Host = "df7jal23ls0d.invalid";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ClientWebSocket _socket = new();
    private readonly string _transport;
    private int _branch;

    private WebSocketPhone(string transport) => _transport = transport;

    public WebSocketState State => _socket.State;

    public static async Task<WebSocketPhone> ConnectAsync(ListenUri server, string path = "/sip", string? protocol = "sip", string? origin = null, RemoteCertificateValidationCallback? check = null)
    {
        bool isSecure = server.Transport == ListenTransport.Https;
        var phone = new WebSocketPhone(isSecure ? "WSS" : "WS");
        if (protocol is not null) phone._socket.Options.AddSubProtocol(protocol);
        if (origin is not null) phone._socket.Options.SetRequestHeader("Origin", origin);
        phone._socket.Options.RemoteCertificateValidationCallback = check;
        try
        {
            await phone._socket.ConnectAsync(new Uri($"{(isSecure ? "wss" : "ws")}://{server.Address}{path}"), CancellationToken.None).WaitAsync(Limit);
        }
        catch
        {
            phone.Dispose();
            throw;
        }

        return phone;
    }

    public string Request(string method, string uri, string user, int cseq = 1, string headers = "") =>
        $"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/{_transport} {Host};branch=z9hG4bK{++_branch}\r\nMax-Forwards: 70\r\nFrom: <sip:{user}@example.com>;tag=1\r\nTo: <sip:{user}@example.com>\r\n"
        + $"Call-ID: {user}-{method}\r\nCSeq: {cseq.ToString(CultureInfo.InvariantCulture)} {method}\r\n{headers}";

    public Task SendAsync(string text, WebSocketMessageType type = WebSocketMessageType.Text) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(text), type, endOfMessage: true, CancellationToken.None).WaitAsync(Limit);

    /// <summary>Sends a message in fragments.</summary>
    public async Task SendInPiecesAsync(string text, int pieceBytes)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int at = 0; at < bytes.Length; at += pieceBytes)
        {
            int length = Math.Min(pieceBytes, bytes.Length - at);
            await _socket.SendAsync(bytes.AsMemory(at, length), WebSocketMessageType.Text, at + length == bytes.Length, CancellationToken.None).AsTask().WaitAsync(Limit);
        }
    }

    /// <summary>The next message; "closed" when there is none any more.</summary>
    public async Task<string> ReceiveAsync()
    {
        byte[] buffer = new byte[65_536];
        WebSocketReceiveResult result = await _socket.ReceiveAsync(buffer, CancellationToken.None).WaitAsync(Limit);
        if (result.MessageType == WebSocketMessageType.Close) return "closed";
        Assert.True(result.EndOfMessage);
        Assert.Equal(WebSocketMessageType.Text, result.MessageType);
        return Encoding.UTF8.GetString(buffer, 0, result.Count);
    }

    public async Task<string> AskAsync(string text)
    {
        await SendAsync(text);
        return await ReceiveAsync();
    }

    public async Task RegisterAsync(string user, string password)
    {
        string contact = $"Contact: <sip:{user}@{Host};transport=ws>;expires=600\r\n\r\n";
        string challenge = await AskAsync(Request("REGISTER", "sip:example.com", user, 1, contact));
        Assert.StartsWith("SIP/2.0 401 ", challenge, StringComparison.Ordinal);
        DigestExchange exchange = new DigestClient(user, password).Begin();
        string value = challenge.Split("\r\nWWW-Authenticate: ")[1].Split("\r\n")[0];
        Assert.Equal(DigestAnswer.Retry, exchange.OnChallenge(false, [value]));
        DigestHeader header = exchange.Authorize("REGISTER", "sip:example.com", default).Single();
        Assert.StartsWith("SIP/2.0 200 ", await AskAsync(Request("REGISTER", "sip:example.com", user, 2, $"{header.Name}: {header.Value}\r\n{contact}")), StringComparison.Ordinal);
    }

    public Task CloseAsync() => _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).WaitAsync(Limit);

    public void Dispose() => _socket.Dispose();
}
