using System.Globalization;
using System.Text;
using Parley.Core;
using Parley.Net;
using Parley.Net.Virtual;
using Parley.Sip.Authentication;

namespace Parley.Server.Tests.Roles;

/// <summary>A SIP element by hand, over UDP: sends what a test writes, and keeps what comes.</summary>
internal sealed class Peer : IDatagramHandler, IDisposable
{
    private readonly TestServer _server;
    private readonly IDatagramSocket _socket;
    private readonly Queue<Received> _received = new();
    private int _branches;
    private int _cseq;

    public Peer(TestServer server, string address, string user = "alice")
    {
        (_server, User) = (server, user);
        NetworkAddress local = TestServer.At(address);
        VirtualHost host = server.Network.Hosts.FirstOrDefault(known => known.Addresses.Any(own => own.SameHost(local)))
            ?? server.Network.AddHost(local.HostToString(), local.HostToString());
        _socket = host.Loop.OpenDatagram(local, this);
        CallId = $"{user}-{local.Port}@{local.HostToString()}";
    }

    public string User { get; }

    public string CallId { get; set; }

    public string From => $"<sip:{User}@{TestServer.Domain}>;tag={User}1";

    public NetworkAddress Address => _socket.LocalAddress;

    public string Contact => $"<sip:{User}@{Address}>";

    /// <summary>How many messages wait to be read.</summary>
    public int Waiting => _received.Count;

    public void OnDatagram(Instant now, IDatagramSocket socket, Span<byte> datagram, NetworkAddress remote) =>
        _received.Enqueue(new Received(Encoding.UTF8.GetString(datagram), now, remote));

    public void OnUnreachable(Instant now, IDatagramSocket socket, NetworkAddress remote)
    {
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Sends text, to the server unless told otherwise.</summary>
    public void Send(string text, NetworkAddress to = default) => _socket.Send(Encoding.UTF8.GetBytes(text), to.IsSpecified ? to : _server.Address);

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
        text.Append(CultureInfo.InvariantCulture, $"Via: SIP/2.0/UDP {Address};branch={branch ?? NextBranch()}{(rport ? ";rport" : "")}\r\n");
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
    public void Answer(Received request, int status, string? tag = null, string headers = "", bool contact = true)
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
        text.Append(headers).Append("Content-Length: 0\r\n\r\n");
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
