using System.Globalization;
using Parley.Core;
using Parley.Endpoint.Tests.Sip;
using Parley.Net.Virtual;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>A SIP peer whose every message the test writes itself.</summary>
internal sealed class ScriptedPeer
{
    private readonly VirtualNetwork _network;
    private readonly RawPeer _socket;
    private readonly NetworkAddress _to;
    private int _taken;
    private int _branches;

    public ScriptedPeer(VirtualNetwork network, VirtualHost host, string local, NetworkAddress to)
    {
        (_network, _to) = (network, to);
        _socket = new RawPeer(host.Loop, VirtualPhone.At(local));
    }

    public NetworkAddress Address => _socket.Address;

    public SipUri Uri => SipUri.Parse($"sip:peer@{Address}");

    public string CallId { get; set; } = "call-1@peer";

    public string FromTag { get; set; } = "peer1";

    /// <summary>The other side's tag once a response of it was taken.</summary>
    public string? ToTag { get; set; }

    /// <summary>An SDP of PCMU, PCMA and DTMF.</summary>
    public string Sdp(string lines = "", int version = 1, string media = "audio 40000 RTP/AVP 0 8 101") =>
        $"v=0\r\no=- 1 {version} IN IP4 {Address.HostToString()}\r\ns=-\r\nc=IN IP4 {Address.HostToString()}\r\nt=0 0\r\nm={media}\r\na=rtpmap:101 telephone-event/8000\r\n{lines}";

    /// <summary>Sends a request; in the dialog when there is a tag of the other side.</summary>
    /// <returns>Its text, to be sent again or answered.</returns>
    public string Send(string method, int sequence, string? body = null, string headers = "", string? branch = null, bool hasContact = true, string? toTag = null)
    {
        string to = $"<sip:phone@{_to}>{((toTag ?? ToTag) is { } tag ? $";tag={tag}" : "")}";
        string contact = hasContact ? $"Contact: <sip:peer@{Address}>\r\n" : "";
        bool namesType = headers.Contains("Content-Type", StringComparison.Ordinal);
        string type = body is null || namesType ? "" : "Content-Type: application/sdp\r\n";
        string text =
            $"{method} sip:phone@{_to} SIP/2.0\r\nVia: SIP/2.0/UDP {Address};branch=z9hG4bK{branch ?? (++_branches).ToString(CultureInfo.InvariantCulture)}\r\nMax-Forwards: 70\r\n"
            + $"From: <sip:peer@{Address}>;tag={FromTag}\r\nTo: {to}\r\nCall-ID: {CallId}\r\nCSeq: {sequence} {method}\r\n{contact}{headers}{type}"
            + $"Content-Length: {body?.Length ?? 0}\r\n\r\n{body}";
        SendAgain(text);
        return text;
    }

    public void SendAgain(string text) => _socket.Send(text, _to);

    /// <summary>The next message that comes, of those that the predicate takes.</summary>
    public string Take(Func<string, bool>? wanted = null)
    {
        string? found = TryTake(TimeSpan.FromHours(2), wanted);
        Assert.True(found is not null, $"Nothing came. {_network}\n{string.Join("\n", _socket.Received)}");
        return found;
    }

    /// <summary>The next message within a time; null when none comes.</summary>
    public string? TryTake(TimeSpan limit, Func<string, bool>? wanted = null)
    {
        string? found = null;
        _network.Run(
            () =>
            {
                while (found is null && _taken < _socket.Received.Count)
                {
                    string next = _socket.Received[_taken++];
                    if (wanted is null || wanted(next)) found = next;
                }

                return found is not null;
            },
            limit);
        return found;
    }

    /// <summary>The next response that is not 100; remembers the tag of the other side when the status makes a dialog.</summary>
    public string TakeResponse(int status)
    {
        string response = Take(text => text.StartsWith("SIP/2.0 ", StringComparison.Ordinal) && !text.StartsWith("SIP/2.0 100", StringComparison.Ordinal));
        Assert.StartsWith($"SIP/2.0 {status} ", response, StringComparison.Ordinal);
        if (status < 300) ToTag = Tag(Header(response, "To"));
        return response;
    }

    /// <summary>The next request of a method.</summary>
    public string TakeRequest(string method) => Take(text => text.StartsWith(method + " ", StringComparison.Ordinal));

    /// <summary>Answers a request.</summary>
    public void Answer(string request, string status, string? tag = "remote", string? body = null, string headers = "", bool hasContact = true)
    {
        string to = Header(request, "To");
        if (tag is not null && Tag(to) is null) to += $";tag={tag}";
        string type = body is null ? "" : "Content-Type: application/sdp\r\n";
        string contact = hasContact ? $"Contact: <sip:peer@{Address}>\r\n" : "";
        SendAgain(
            $"SIP/2.0 {status}\r\nVia: {Header(request, "Via")}\r\nFrom: {Header(request, "From")}\r\nTo: {to}\r\nCall-ID: {Header(request, "Call-ID")}\r\n"
            + $"CSeq: {Header(request, "CSeq")}\r\n{contact}{headers}{type}Content-Length: {body?.Length ?? 0}\r\n\r\n{body}");
    }

    /// <summary>The value of a header's first row; empty when there is none.</summary>
    public static string Header(string message, string name)
    {
        string? row = message.Split("\r\n\r\n")[0].Split("\r\n").FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase));
        return row is null ? "" : row[(name.Length + 1)..].Trim();
    }

    public static string Body(string message) => message[(message.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];

    private static string? Tag(string value)
    {
        int at = value.IndexOf(";tag=", StringComparison.Ordinal);
        return at < 0 ? null : value[(at + 5)..].Split(';')[0];
    }
}
