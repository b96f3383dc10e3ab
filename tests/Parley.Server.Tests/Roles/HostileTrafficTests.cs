using System.Text;
using Parley.Core;
using Parley.Sip.Messages;
using Parley.TestSupport;
using Xunit.Abstractions;

namespace Parley.Server.Tests.Roles;

/// <summary>Changed messages from everybody at once, known and unknown, over datagrams and streams: the server throws nothing, and keeps nothing of it.</summary>
/// <remarks>The server's own secrets are in what is changed here, so a seed gives like runs and not the same.</remarks>
public sealed class HostileTrafficTests : IDisposable
{
    private static readonly string[] Bodies =
    [
        "",
        "v=0\r\no=- 1 1 IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 203.0.113.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n",
    ];

    private readonly TestServer _server;
    private readonly ITestOutputHelper _output;
    private readonly List<RawPeer> _senders = [];
    private readonly List<RawStream> _streams = [];
    private readonly RawPeer _phone;
    private readonly Queue<byte[]> _heard = new();      // requests that reached the phone, to be changed and sent again
    private Random _random = new(0);
    private Mutator _mutator = new(new Random(0));

    public HostileTrafficTests(ITestOutputHelper output)
    {
        _output = output;
        _server = new TestServer(configuration => configuration with { Trusted = [RegistrarTests.Prefix("203.0.113.0/24")] }, lanes: 2);
        foreach (string address in (string[])["203.0.113.1:5060", "203.0.113.2:5060", "198.51.100.1:5060"]) _senders.Add(new RawPeer(_server, address));
        _phone = new RawPeer(_server, "192.0.2.2:5060") { OnReceived = OnPhoneHears };
        _server.Bind("bob@example.com", $"sip:bob@{_phone.Address}");
        _server.Bind("carol@example.com", $"sip:carol@{_phone.Address}");
        _server.Bind("carol@example.com", $"sip:carol2@{_phone.Address}");
    }

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Nothing_is_thrown_and_nothing_is_left(int seed)
    {
        const int Inputs = 20_000;
        (_random, _mutator) = (new Random(seed), new Mutator(new Random(seed)));
        byte[][] torture = [.. TortureTests.All];
        int bindings = _server.Location.Count;
        using var thrown = new ThrownExceptions();
        for (int i = 0; i < Inputs; i++)
        {
            byte[] message = _random.Next(4) == 0 ? torture[_random.Next(torture.Length)] : Encoding.UTF8.GetBytes(Usual(i));
            if (_random.Next(2) > 0) message = _mutator.Mutate(message, torture[_random.Next(torture.Length)]);
            Send(message);
            _server.Network.RunFor(TimeSpan.FromMilliseconds(_random.Next(0, 30)));
        }

        foreach (RawStream stream in _streams) stream.Close();
        _server.Network.RunFor(TimeSpan.FromSeconds(1));
        _server.IsPumping = false;
        Assert.True(_server.Network.RunUntilIdle(TimeSpan.FromHours(3)), _server.Network.ToString());
        Assert.True(thrown.Count == 0, thrown.First);
        string statistics = _server.Roles.Statistics().ToString();
        _output.WriteLine(statistics);
        Assert.Equal(0, _server.Roles.Endpoint.ConnectionCount);
        Assert.Equal(0, _server.MediaPorts.Rented);
        Assert.All(_server.Roles.Lanes, lane => Assert.Equal(0, lane.OpenWork));
        Assert.True(_server.Location.Count <= bindings, statistics);
        Assert.True(_server.Roles.Statistics() is { Malformed: > 100, Forwarded: > 100, Refused: > 100, Challenged: > 10, CallsAnswered: > 10 }, statistics);
        _server.AssertNothingLeft();
        Assert.Equal(0, _server.Network.ScheduledTimers);
    }

    // Calls, answers and whatever phones send, to users that exist, services, strangers and the server itself.
    private string Usual(int number)
    {
        string method = Pick("INVITE", "INVITE", "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "MESSAGE", "SUBSCRIBE", "PRACK", "DANCE");
        string uri = method == "REGISTER" ? "sip:example.com" : Pick("sip:bob@example.com", "sip:carol@example.com", "sip:echo@example.com", "sip:music@example.com", "sip:nobody@example.com", "sip:example.com", "sip:x@198.51.100.1");
        string from = Pick("<sip:eve@elsewhere.example>;tag=e", "<sip:alice@example.com>;tag=a", "\"Dave\" <sip:dave@example.com>;tag=d");
        int call = _random.Next(Math.Max(1, number - 5), number + 1);       // often one that was there before
        string body = method == "INVITE" ? Pick(Bodies) : "";
        return $"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.1:5060;branch=z9hG4bK{call}{Pick(";rport", "")}\r\nMax-Forwards: {Pick("70", "1", "0")}\r\nFrom: {from}\r\nTo: <{uri}>{Pick("", "", ";tag=phone")}\r\n"
            + $"Call-ID: call{call}\r\nCSeq: {call} {method}\r\nContact: <sip:eve@203.0.113.1>\r\n{Pick("", "", "Route: <sip:192.0.2.10;lr>\r\n", "Require: 100rel\r\n", "Authorization: Digest username=\"alice\", realm=\"example.com\", nonce=\"n\", uri=\"sip:example.com\", response=\"0\"\r\n")}"
            + $"{(body.Length > 0 ? "Content-Type: application/sdp\r\n" : "")}Content-Length: {body.Length}\r\n\r\n{body}";
    }

    private void Send(byte[] message)
    {
        if (_random.Next(5) > 0)
        {
            _senders[_random.Next(_senders.Count)].Send(message.AsSpan(0, Math.Min(message.Length, 20_000)));
            return;
        }

        _streams.RemoveAll(stream => stream.IsClosed);
        NetworkAddress from = _senders[_random.Next(_senders.Count)].Address;
        if (_streams.Count < 5) _streams.Add(new RawStream(_server, _server.Network.Hosts.First(host => host.Addresses.Any(own => own.SameHost(from)))));
        RawStream chosen = _streams[_random.Next(_streams.Count)];
        int cut = _random.Next(message.Length + 1);
        chosen.Send(message.AsSpan(0, cut));
        chosen.Send(message.AsSpan(cut));
    }

    // Answers as a phone may, and as none would.
    private void OnPhoneHears(byte[] bytes, NetworkAddress from)
    {
        _phone.Received.Clear();
        var index = new SipMessageIndex();
        if (!SipParser.TryIndex(bytes, index, out SipParseResult result) || result.Kind != SipParseKind.Request) return;
        var request = new SipMessageView(bytes, index);
        _heard.Enqueue(bytes);
        if (_heard.Count > 20) _senders[_random.Next(_senders.Count)].Send(_mutator.Mutate(_heard.Dequeue(), bytes));
        if (request.Method == SipMethod.Ack) return;
        foreach (int status in (int[])[100, 180, 200, 302, 401, 486, 503, 600])
        {
            if (_random.Next(6) > 0) continue;
            var response = new byte[bytes.Length + 1000];
            var writer = new SipResponseWriter(response);
            writer.Start(request, status, status == 100 ? default : "phone"u8);
            if (status < 400) writer.AddHeader(HeaderId.Contact, "<sip:bob@192.0.2.2:5060>"u8);
            if (status == 401) writer.AddHeader(HeaderId.WwwAuthenticate, "Digest realm=\"x\", nonce=\"y\""u8);
            if (!writer.TryFinish(out int written)) continue;
            byte[] answer = response[..written];
            if (_random.Next(4) == 0) answer = _mutator.Mutate(answer, bytes);
            _phone.Send(answer, from);
        }
    }

    private string Pick(params ReadOnlySpan<string> choices) => choices[_random.Next(choices.Length)];
}
