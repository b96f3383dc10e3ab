using System.Globalization;
using System.Text;
using Parley.Core;
using Parley.Net;
using Parley.Net.Virtual;
using Parley.Sip.Authentication;
using Parley.Sip.Messages;

namespace Parley.Server.Tests.Roles;

/// <summary>A SIP element by hand, over UDP or a connection to the server: sends what a test writes, and keeps what comes.</summary>
internal sealed class Peer : IDatagramHandler, IStreamHandler, IDisposable
{
    private readonly TestServer _server;
    private readonly SipTransport _transport;
    private readonly IDatagramSocket? _socket;
    private readonly IStreamConnection? _stream;
    private readonly StringBuilder _begun = new();      // what came over the stream and is no whole message yet
    private readonly Queue<Received> _received = new();
    private int _branches;
    private int _cseq;

    public Peer(TestServer server, string address, string user = "alice", SipTransport transport = SipTransport.Udp)
    {
        (_server, User, _transport) = (server, user, transport);
        NetworkAddress local = TestServer.At(address);
        VirtualHost host = server.Network.Hosts.FirstOrDefault(known => known.Addresses.Any(own => own.SameHost(local)))
            ?? server.Network.AddHost(local.HostToString(), local.HostToString());
        if (transport == SipTransport.Udp) _socket = host.Loop.OpenDatagram(local, this);
        else _stream = host.Loop.ConnectStream(server.AddressBy(transport), this);
        Address = _socket?.LocalAddress ?? local;
        CallId = $"{user}-{local.Port}@{local.HostToString()}";
    }

    public string User { get; }

    public string CallId { get; set; }

    public string From => $"<sip:{User}@{TestServer.Domain}>;tag={User}1";

    public NetworkAddress Address { get; }

    public string Contact => $"<sip:{User}@{Address}>";

    /// <summary>How many messages wait to be read.</summary>
    public int Waiting => _received.Count;

    public void OnDatagram(Instant now, IDatagramSocket socket, Span<byte> datagram, NetworkAddress remote) =>
        _received.Enqueue(new Received(Encoding.UTF8.GetString(datagram), now, remote));

    public void OnUnreachable(Instant now, IDatagramSocket socket, NetworkAddress remote)
    {
    }

    public void OnConnected(Instant now, IStreamConnection connection)
    {
    }

    public void OnReceived(Instant now, IStreamConnection connection, ReadOnlySpan<byte> bytes)
    {
        _begun.Append(Encoding.UTF8.GetString(bytes));
        while (true)
        {
            string text = _begun.ToString();
            int head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
            if (head < 4) return;
            int length = head == 4 ? 4 : head + int.Parse(new Received(text, now, connection.RemoteAddress).Header("Content-Length"), CultureInfo.InvariantCulture);
            if (text.Length < length) return;
            _received.Enqueue(new Received(text[..length], now, connection.RemoteAddress));
            _begun.Remove(0, length);
        }
    }

    public void OnClosed(Instant now, IStreamConnection connection, StreamCloseReason reason) => IsClosed = true;

    /// <summary>True when the connection is over.</summary>
    public bool IsClosed { get; private set; }

    public void Dispose()
    {
        _socket?.Dispose();
        _stream?.Close();
    }

    /// <summary>Sends text, to the server unless told otherwise.</summary>
    public void Send(string text, NetworkAddress to = default)
    {
        if (_stream is null)
        {
            _socket!.Send(Encoding.UTF8.GetBytes(text), to.IsSpecified ? to : _server.Address);
            return;
        }

        PooledBuffer buffer = BufferPool.Shared.Copy(Encoding.UTF8.GetBytes(text));
        _stream.Send(buffer);
        buffer.Release();
    }

    /// <summary>The next message that comes.</summary>
    public Received Receive(TimeSpan? limit = null)
    {
        Assert.True(_server.Network.Run(() => _received.Count > 0, limit ?? TimeSpan.FromSeconds(3)), $"{User} hears nothing: {_server.Network}");
        return _received.Dequeue();
    }

    /// <summary>The next message that is none of those which are sent again and again.</summary>
    public Received ReceiveNew(string startsWith, TimeSpan? limit = null)
    {
        Instant end = _server.Network.Now + (limit ?? TimeSpan.FromSeconds(3));
        while (true)
        {
            Received message = Receive(end - _server.Network.Now);
            if (message.Text.StartsWith(startsWith, StringComparison.Ordinal)) return message;
        }
    }

    /// <summary>The next message that is no INVITE sent again.</summary>
    public Received ReceiveNewAfterInvites()
    {
        Received message = Receive();
        while (message.Method == "INVITE") message = Receive();
        return message;
    }

    public Received ReceiveStatus(int status, TimeSpan? limit = null)
    {
        Received response = Receive(limit);
        Assert.True(response.Status == status, $"{User} expects {status} and hears {response.Text}");
        return response;
    }

    /// <summary>Nothing comes in some time.</summary>
    public void ReceiveNothing(TimeSpan time)
    {
        _server.Network.RunFor(time);
        Assert.True(_received.Count == 0, _received.Count == 0 ? "" : $"{User} hears {_received.Peek().Text}");
    }

    public string NextBranch() => $"z9hG4bK-{User}-{++_branches}";

    /// <summary>A request outside a dialog, or in the one that a To with a tag names.</summary>
    public string Request(
        string method, string uri, string? to = null, string? headers = null, string? branch = null, int? cseq = null, string? from = null, string body = "", bool contact = true, string? route = null, string? maxForwards = "70", bool rport = true)
    {
        int number = cseq ?? ++_cseq;
        _cseq = number;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{method} {uri} SIP/2.0\r\n");
        text.Append(CultureInfo.InvariantCulture, $"Via: SIP/2.0/{_transport.ToString().ToUpperInvariant()} {Address};branch={branch ?? NextBranch()}{(rport ? ";rport" : "")}\r\n");
        if (route is not null) text.Append(CultureInfo.InvariantCulture, $"Route: {route}\r\n");
        if (maxForwards is not null) text.Append(CultureInfo.InvariantCulture, $"Max-Forwards: {maxForwards}\r\n");
        text.Append(CultureInfo.InvariantCulture, $"From: {from ?? From}\r\nTo: {to ?? $"<{uri}>"}\r\nCall-ID: {CallId}\r\nCSeq: {number} {method}\r\n");
        if (contact && method is "INVITE" or "SUBSCRIBE" or "REFER") text.Append(CultureInfo.InvariantCulture, $"Contact: {Contact}\r\n");
        text.Append(headers);
        text.Append(CultureInfo.InvariantCulture, $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");
        return text.ToString();
    }

    /// <summary>The request once more with credentials for the challenge, and the next CSeq.</summary>
    public string Authorize(string request, Received challenge, string? password = null, string? user = null)
    {
        bool isProxy = challenge.Status == 407;
        Assert.True(challenge.Status is 401 or 407, challenge.Text);
        DigestExchange exchange = new DigestClient(user ?? User, password ?? TestServer.Password).Begin();
        Assert.Equal(DigestAnswer.Retry, exchange.OnChallenge(isProxy, challenge.Headers(isProxy ? "Proxy-Authenticate" : "WWW-Authenticate")));
        string[] line = request.Split(' ');
        DigestHeader header = exchange.Authorize(line[0], line[1], default).Single();
        string branch = request.Split("branch=")[1].Split(';', '\r')[0];
        string cseq = request.Split("CSeq: ")[1].Split(' ')[0];
        return request
            .Replace(branch, NextBranch(), StringComparison.Ordinal)
            .Replace($"CSeq: {cseq} ", $"CSeq: {_cseq = int.Parse(cseq, CultureInfo.InvariantCulture) + 1} ", StringComparison.Ordinal)
            .Replace("Max-Forwards:", $"{header.Name}: {header.Value}\r\nMax-Forwards:", StringComparison.Ordinal);
    }

    /// <summary>Sends a request that is challenged, and answers the challenge.</summary>
    /// <returns>The request that was sent with credentials.</returns>
    public string SendAuthorized(string request)
    {
        Send(request);
        Received challenge = Receive();
        string authorized = Authorize(request, challenge);
        if (request.StartsWith("INVITE", StringComparison.Ordinal)) Send(AckOf(request, challenge));
        Send(authorized);
        return authorized;
    }

    /// <summary>The ACK of a refusal, in the INVITE's transaction.</summary>
    public static string AckOf(string invite, Received response)
    {
        string[] lines = invite.Split("\r\n");
        return $"ACK {lines[0].Split(' ')[1]} SIP/2.0\r\n{lines[1]}\r\nMax-Forwards: 70\r\n{lines.First(l => l.StartsWith("From:", StringComparison.Ordinal))}\r\n"
            + $"To: {response.Header("To")}\r\n{lines.First(l => l.StartsWith("Call-ID:", StringComparison.Ordinal))}\r\n"
            + $"{lines.First(l => l.StartsWith("CSeq:", StringComparison.Ordinal)).Replace("INVITE", "ACK", StringComparison.Ordinal)}\r\nContent-Length: 0\r\n\r\n";
    }

    /// <summary>The CANCEL of a request.</summary>
    public static string CancelOf(string request)
    {
        string[] lines = request.Split("\r\n");
        return $"CANCEL {lines[0].Split(' ')[1]} SIP/2.0\r\n{lines[1]}\r\nMax-Forwards: 70\r\n{lines.First(l => l.StartsWith("From:", StringComparison.Ordinal))}\r\n"
            + $"{lines.First(l => l.StartsWith("To:", StringComparison.Ordinal))}\r\n{lines.First(l => l.StartsWith("Call-ID:", StringComparison.Ordinal))}\r\n"
            + $"{lines.First(l => l.StartsWith("CSeq:", StringComparison.Ordinal)).Replace("INVITE", "CANCEL", StringComparison.Ordinal)}\r\nContent-Length: 0\r\n\r\n";
    }

    /// <summary>Answers a request that came, back to where it came from.</summary>
    public void Answer(Received request, int status, string? tag = null, string headers = "", bool contact = true, string body = "")
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"SIP/2.0 {status} Answer\r\n");
        foreach (string name in (string[])["Via", "Record-Route", "From", "To", "Call-ID", "CSeq"])
        {
            foreach (string value in request.Headers(name))
            {
                bool isTagged = name == "To" && status > 100 && !value.Contains(";tag=", StringComparison.Ordinal);
                text.Append(CultureInfo.InvariantCulture, $"{name}: {value}{(isTagged ? $";tag={tag ?? User}" : "")}\r\n");
            }
        }

        if (contact && request.Method == "INVITE" && status is > 100 and < 300) text.Append(CultureInfo.InvariantCulture, $"Contact: {Contact}\r\n");
        text.Append(headers).Append(CultureInfo.InvariantCulture, $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");
        Send(text.ToString(), request.From);
    }

    /// <summary>A request in the dialog that a 2xx made, seen from the caller.</summary>
    public string InDialog(string method, Received answer, int? cseq = null) => Request(
        method, answer.Uri("Contact"), answer.Header("To"), cseq: cseq, route: string.Join(", ", answer.Headers("Record-Route").Reverse()) is { Length: > 0 } route ? route : null);

    /// <summary>A request in the dialog of an INVITE that was answered here, seen from the callee.</summary>
    public string InDialogAsCallee(string method, Received invite) => Request(
        method,
        invite.Uri("Contact"),
        invite.Header("From"),
        from: $"{invite.Header("To")};tag={User}",
        route: string.Join(", ", invite.Headers("Record-Route")) is { Length: > 0 } route ? route : null)
        .Replace($"Call-ID: {CallId}", $"Call-ID: {invite.Header("Call-ID")}", StringComparison.Ordinal);
}

/// <summary>A message that came.</summary>
internal sealed record Received(string Text, Instant At, NetworkAddress From)
{
    public string FirstLine => Text[..Text.IndexOf("\r\n", StringComparison.Ordinal)];

    /// <summary>0 for a request.</summary>
    public int Status => FirstLine.StartsWith("SIP/2.0 ", StringComparison.Ordinal) ? int.Parse(FirstLine.Split(' ')[1], CultureInfo.InvariantCulture) : 0;

    /// <summary>Empty for a response.</summary>
    public string Method => Status == 0 ? FirstLine.Split(' ')[0] : "";

    public string RequestUri => FirstLine.Split(' ')[1];

    public string Header(string name) => Headers(name).FirstOrDefault() ?? throw new Xunit.Sdk.XunitException($"No {name} in {Text}");

    public bool Has(string name) => Headers(name).Any();

    /// <summary>The rows of a header; Record-Route, Route, Via and Contact split at commas.</summary>
    public IEnumerable<string> Headers(string name)
    {
        foreach (string line in Text.Split("\r\n\r\n")[0].Split("\r\n").Skip(1))
        {
            if (!line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)) continue;
            string value = line[(name.Length + 1)..].Trim();
            if (name is not ("Record-Route" or "Route" or "Via" or "Contact"))
            {
                yield return value;
                continue;
            }

            foreach (string part in value.Split(',', StringSplitOptions.TrimEntries)) yield return part;
        }
    }

    /// <summary>The URI in the first value of a header.</summary>
    public string Uri(string name) => Header(name).Split('<')[1].Split('>')[0];

    public override string ToString() => FirstLine;
}
