using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Parley.Tests.Commands;

/// <summary>A phone that says what a test tells it to, byte for byte, over UDP.</summary>
internal sealed partial class ScriptedPhone : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private IPEndPoint? _media;
    private EndPoint _peer = new IPEndPoint(IPAddress.Loopback, 9);

    public ScriptedPhone()
    {
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
    }

    /// <summary>Where it is.</summary>
    public EndPoint Address => _socket.LocalEndPoint!;

    /// <summary>Datagrams that wait to be received.</summary>
    public int Available => _socket.Available;

    /// <summary>A description of a phone for PCMU, without DTMF unless asked for.</summary>
    public static string Description(bool takesKeys = false) =>
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        + (takesKeys ? "m=audio 9 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n" : "m=audio 9 RTP/AVP 0\r\n");

    public void Dispose() => _socket.Dispose();

    /// <summary>Takes messages until one begins like this, of any call or of one.</summary>
    public async Task<string> ReceiveAsync(string start, string? callId = null)
    {
        byte[] buffer = new byte[65536];
        using var limit = new CancellationTokenSource(Limit);
        while (true)
        {
            SocketReceiveFromResult received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), limit.Token);
            _peer = received.RemoteEndPoint;
            string message = Encoding.UTF8.GetString(buffer, 0, received.ReceivedBytes);
            if (message.StartsWith(start, StringComparison.Ordinal) && (callId is null || message.Contains($"\r\nCall-ID: {callId}\r\n", StringComparison.Ordinal))) return message;
        }
    }

    /// <summary>Answers a request.</summary>
    public Task ReplyAsync(string request, string status, string description = "")
    {
        string rows = string.Join("\r\n", Row().Matches(request).Select(row => row.Value.StartsWith("To:", StringComparison.Ordinal) && !row.Value.Contains(";tag=", StringComparison.Ordinal) ? row.Value + ";tag=scripted" : row.Value));
        return SendAsync($"SIP/2.0 {status}\r\n{rows}\r\nContact: <sip:{Address}>\r\n{Body(description)}", _peer);
    }

    /// <summary>Sends a request.</summary>
    /// <param name="to">Where.</param>
    /// <param name="method">Which.</param>
    /// <param name="callId">Of which call.</param>
    /// <param name="sequence">Its number; an ACK has that of its INVITE.</param>
    /// <param name="remoteTag">Of the response that made the dialog; none for the INVITE that begins it.</param>
    /// <param name="description">The body.</param>
    public Task RequestAsync(EndPoint to, string method, string callId, int sequence, string remoteTag = "", string description = "") =>
        SendAsync(
            $"{method} sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {Address};branch=z9hG4bK{callId}{method}{sequence};rport\r\nMax-Forwards: 70\r\n"
            + $"From: <sip:{Address}>;tag=scripted\r\nTo: <sip:{to}>{(remoteTag.Length > 0 ? ";tag=" + remoteTag : "")}\r\nCall-ID: {callId}\r\nCSeq: {sequence} {method}\r\n"
            + $"Contact: <sip:{Address}>\r\n{Body(description)}", to);

    /// <summary>Calls, and acknowledges the answer.</summary>
    /// <returns>The final response, and the tag of who gave it.</returns>
    public async Task<(string StatusLine, string Tag)> CallAsync(EndPoint to, string callId, string description)
    {
        await RequestAsync(to, "INVITE", callId, 1, "", description);
        string response = await ReceiveAsync("SIP/2.0 ", callId);
        while (response.StartsWith("SIP/2.0 1", StringComparison.Ordinal)) response = await ReceiveAsync("SIP/2.0 ", callId);
        if (MediaPort().Match(response) is { Success: true } port) _media = new IPEndPoint(((IPEndPoint)to).Address, int.Parse(port.Groups["port"].Value, CultureInfo.InvariantCulture));
        string tag = ToTag().Match(response).Groups["tag"].Value;
        await RequestAsync(to, "ACK", callId, 1, tag);
        return (response[..response.IndexOf('\r', StringComparison.Ordinal)], tag);
    }

    /// <summary>Sends packets of sound to who answered last.</summary>
    public async Task SpeakAsync(int packets)
    {
        byte[] packet = new byte[12 + 160];
        packet[0] = 0x80;
        for (int i = 0; i < packets; i++)
        {
            packet[3] = (byte)i;
            BinaryPrimitives.WriteInt32BigEndian(packet.AsSpan(4), i * 160);
            await _socket.SendToAsync(packet, _media!);
        }
    }

    private static string Body(string description) =>
        $"{(description.Length > 0 ? "Content-Type: application/sdp\r\n" : "")}Content-Length: {description.Length}\r\n\r\n{description}";

    private async Task SendAsync(string message, EndPoint to) => await _socket.SendToAsync(Encoding.UTF8.GetBytes(message), to);

    [GeneratedRegex("^(Via|From|To|Call-ID|CSeq):[^\r]*", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();

    [GeneratedRegex("m=audio (?<port>[0-9]+)")]
    private static partial Regex MediaPort();

    [GeneratedRegex("^To:[^\r]*;tag=(?<tag>[^;\r]+)", RegexOptions.Multiline)]
    private static partial Regex ToTag();
}
