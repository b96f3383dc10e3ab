using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Sip.Messages;
using Parley.Net.Virtual;

namespace Parley.Endpoint.Tests.Sip;

public sealed class SipLaneTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly VirtualHost _aliceHost;
    private readonly VirtualHost _bobHost;

    public SipLaneTests()
    {
        _aliceHost = _network.AddHost("alice", "192.0.2.1");
        _bobHost = _network.AddHost("bob", "192.0.2.2");
    }

    private static NetworkAddress At(string text) => NetworkAddress.TryParse(text, out NetworkAddress address) ? address : throw new FormatException(text);

    private static (SipEndpoint Endpoint, ScriptedUser User) Start(
        VirtualHost host, string address, Func<SipEndpointOptions, SipEndpointOptions>? change = null, int lanes = 1, bool tcp = true)
    {
        List<SipListen> listen = [new(SipTransport.Udp, At(address))];
        if (tcp) listen.Add(new SipListen(SipTransport.Tcp, At(address)));
        var options = new SipEndpointOptions { Listen = listen };
        var loops = new List<INetworkLoop> { host.Loop };
        while (loops.Count < lanes) loops.Add(host.AddLoop());
        ScriptedUser? first = null;
        SipEndpoint endpoint = SipEndpoint.Start(change?.Invoke(options) ?? options, loops, lane =>
        {
            var user = new ScriptedUser(lane);
            first ??= user;
            return user;
        });
        return (endpoint, first!);
    }

    private static SipFlow Udp(string address) => new(SipTransport.Udp, At(address));

    private static SipFlow Tcp(string address) => new(SipTransport.Tcp, At(address));

    private void AssertNothingLeft(params SipEndpoint[] endpoints)
    {
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        foreach (SipLane lane in endpoints.SelectMany(endpoint => endpoint.Lanes))
        {
            Assert.Equal(0, lane.ClientTransactionCount);
            Assert.Equal(0, lane.ServerTransactionCount);
            Assert.Equal(0, lane.DeadlineCount);
        }

        foreach (SipEndpoint endpoint in endpoints) endpoint.Dispose();
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Assert.Equal(0, _network.Buffers.Outstanding);
    }

    [Fact]
    public void Other_lanes_find_a_connection_once_they_can_send_over_it()
    {
        var loop = new ObservedLoop(_aliceHost.Loop);
        var options = new SipEndpointOptions { Listen = [new(SipTransport.Udp, At("192.0.2.1:5060"))] };
        ScriptedUser? user = null;
        SipEndpoint alice = SipEndpoint.Start(options, [loop, _aliceHost.AddLoop()], lane =>
        {
            var made = new ScriptedUser(lane);
            user ??= made;
            return made;
        });
        (SipEndpoint bob, ScriptedUser b) = Start(_bobHost, "192.0.2.2:5060");
        b.Script = b.Answering(200);
        bool? isFoundTooEarly = null;
        loop.OnConnect = () => isFoundTooEarly = alice.Lanes[1].HasConnection(Tcp("192.0.2.2:5060"));
        user!.Send(SipMethod.Options, Tcp("192.0.2.2:5060"));
        Assert.False(isFoundTooEarly);
        Assert.True(alice.Lanes[1].HasConnection(Tcp("192.0.2.2:5060")));
        Assert.True(_network.Run(() => user.Heard.Count > 0, Limit));
        AssertNothingLeft(alice, bob);
    }

    [Theory]
    [InlineData(SipTransport.Udp)]
    [InlineData(SipTransport.Tcp)]
    public void A_request_is_answered_and_both_transactions_end(SipTransport transport)
    {
        (SipEndpoint alice, ScriptedUser a) = Start(_aliceHost, "192.0.2.1:5060");
        (SipEndpoint bob, ScriptedUser b) = Start(_bobHost, "192.0.2.2:5060");
        b.Script = b.Answering(200);
        a.Send(SipMethod.Options, new SipFlow(transport, At("192.0.2.2:5060")));
        Assert.True(_network.Run(() => a.Heard.Count > 0, Limit));
        Assert.Equal(["200 to Options"], a.Heard);
        Assert.Equal(["OPTIONS"], b.Heard);
        Assert.Contains($"Via: SIP/2.0/{transport.ToString().ToUpperInvariant()} 192.0.2.1:5060;branch=z9hG4bK", a.LastResponse, StringComparison.Ordinal);
        Assert.Contains(";received=192.0.2.1", a.LastResponse, StringComparison.Ordinal);
        AssertNothingLeft(alice, bob);
    }

    [Fact]
    public void A_reply_that_cannot_be_written_throws_and_the_transaction_waits_for_another()
    {
        (SipEndpoint alice, ScriptedUser a) = Start(_aliceHost, "192.0.2.1:5060");
        (SipEndpoint bob, ScriptedUser b) = Start(_bobHost, "192.0.2.2:5060");
        b.Script = (in SipIncomingRequest request) =>
        {
            SipServerTransaction transaction = request.CreateTransaction(b)!;
            Assert.Throws<ArgumentException>(() => transaction.Respond(new SipReply(486) { ReasonPhrase = "Busy\r\nX-Added: 1"u8 }));
            Assert.Throws<ArgumentException>(() => transaction.Respond(new SipReply(486) { Headers = "X-Added: 1"u8 }));
            Assert.Throws<InvalidOperationException>(() => transaction.Respond(new SipReply(486) { ReasonPhrase = new byte[1_000_000] }));
            Assert.False(transaction.IsFinished);
            Assert.True(transaction.Respond(new SipReply(486)));
        };
        a.Send(SipMethod.Options, Udp("192.0.2.2:5060"));
        Assert.True(_network.Run(() => a.Heard.Count > 0, Limit));
        Assert.Equal(["486 to Options"], a.Heard);
        AssertNothingLeft(alice, bob);
    }

    [Fact]
    public void A_stateless_reply_has_the_same_tag_each_time_and_its_ack_is_absorbed()
    {
        (SipEndpoint bob, ScriptedUser b) = Start(_bobHost, "192.0.2.2:5060");
        b.Script = (in SipIncomingRequest request) => request.Reply(new SipReply(401) { Headers = "WWW-Authenticate: Digest realm=\"x\"\r\n"u8 });
        var peer = new RawPeer(_aliceHost.Loop, At("192.0.2.1:5062"));
        string invite = Request("INVITE", "z9hG4bKx1");
        peer.Send(invite, At("192.0.2.2:5060"));
        peer.Send(invite, At("192.0.2.2:5060"));
        Assert.True(_network.Run(() => peer.Received.Count == 2, Limit));
        Assert.Equal(peer.Received[0], peer.Received[1]);
        Assert.Contains("SIP/2.0 401 Unauthorized\r\n", peer.Received[0], StringComparison.Ordinal);
        Assert.Contains("WWW-Authenticate: Digest realm=\"x\"\r\n", peer.Received[0], StringComparison.Ordinal);
        string to = peer.Received[0].Split("\r\n").Single(line => line.StartsWith("To:", StringComparison.Ordinal));
        peer.Send(Request("ACK", "z9hG4bKx1").Replace("To: <sip:bob@b.example>", to, StringComparison.Ordinal), At("192.0.2.2:5060"));
        Assert.True(_network.Run(() => bob.Lanes[0].Counters.Absorbed == 1, Limit));
        Assert.Equal(["INVITE", "INVITE"], b.Heard);
        AssertNothingLeft(bob);
    }

    [Fact]
    public void A_refused_invite_is_acknowledged_hop_by_hop_under_loss()
    {
        _network.Conditions = LinkConditions.Good with { Loss = 0.3 };
        (SipEndpoint alice, ScriptedUser a) = Start(_aliceHost, "192.0.2.1:5060");
        (SipEndpoint bob, ScriptedUser b) = Start(_bobHost, "192.0.2.2:5060");
        b.Script = b.Answering(180, 486);
        a.Send(SipMethod.Invite, Udp("192.0.2.2:5060"));
        Assert.True(_network.Run(() => a.Heard.Contains("486 to Invite"), Limit), _network.ToString());
        AssertNothingLeft(alice, bob);
        Assert.Equal(["INVITE"], b.Heard);
    }

    [Fact]
    public void A_cancel_waits_for_the_first_provisional_response()
    {
        (SipEndpoint alice, ScriptedUser a) = Start(_aliceHost, "192.0.2.1:5060");
        (SipEndpoint bob, ScriptedUser b) = Start(_bobHost, "192.0.2.2:5060");
        b.Script = (in SipIncomingRequest request) =>
        {
            if (request.Message.Method == SipMethod.Cancel)
            {
                SipServerTransaction? invite = request.FindCancelled();
                Assert.NotNull(invite);
                request.CreateTransaction(b)!.Respond(new SipReply(200));
                invite.Respond(new SipReply(487));
            }
            else
            {
                b.Servers.Add(request.CreateTransaction(b)!);
            }
        };
        SipClientTransaction transaction = a.Send(SipMethod.Invite, Udp("192.0.2.2:5060"))!;
        transaction.Cancel();
        Assert.True(_network.Run(() => b.Heard.Count == 1, Limit));
        Assert.True(_network.Run(() => a.Heard.Contains("487 to Invite"), Limit));
        Assert.Equal(["INVITE", "CANCEL"], b.Heard);
        Assert.Equal("100 to Invite", a.Heard[0]);
        AssertNothingLeft(alice, bob);
    }

    [Fact]
    public void An_answered_invite_that_is_let_go_of_absorbs_what_comes_again()
    {
        (SipEndpoint bob, ScriptedUser b) = Start(_bobHost, "192.0.2.2:5060");
        b.Script = (in SipIncomingRequest request) =>
        {
            if (request.Message.Method == SipMethod.Cancel) request.Reply(new SipReply(request.FindCancelled() is not null ? 487 : request.CancelsAnswered ? 200 : 481));
            else if (request.Message.Method == SipMethod.Invite) b.Answering(200)(request);
        };
        var peer = new RawPeer(_aliceHost.Loop, At("192.0.2.1:5062"));
        peer.Send(Request("INVITE", "z9hG4bKx1"), At("192.0.2.2:5060"));
        Assert.True(_network.Run(() => peer.Received.Count == 1, Limit));
        b.Servers[0].Release();

        peer.Send(Request("INVITE", "z9hG4bKx1"), At("192.0.2.2:5060"));
        Assert.True(_network.Run(() => bob.Lanes[0].Counters.Absorbed == 1, Limit));
        peer.Send(Request("CANCEL", "z9hG4bKx1"), At("192.0.2.2:5060"));
        peer.Send(Request("CANCEL", "z9hG4bKx2"), At("192.0.2.2:5060"));
        Assert.True(_network.Run(() => peer.Received.Count == 3, Limit));
        Assert.Equal(["SIP/2.0 200 OK", "SIP/2.0 200 OK", "SIP/2.0 481 Call/Transaction Does Not Exist"], peer.Received.Select(message => message.Split("\r\n")[0]));
        Assert.Equal(["INVITE", "CANCEL", "CANCEL"], b.Heard);
        AssertNothingLeft(bob);
    }

    [Fact]
    public void A_2xx_that_comes_again_is_told_with_the_way_that_the_first_one_went()
    {
        (SipEndpoint alice, ScriptedUser a) = Start(_aliceHost, "192.0.2.1:5060");
        var upstream = new RawPeer(_network.AddHost("caller", "192.0.2.3").Loop, At("192.0.2.3:5062"));
        var downstream = new RawPeer(_bobHost.Loop, At("192.0.2.2:5060"));
        SipClientTransaction? client = null;
        a.Script = (in SipIncomingRequest request) =>
        {
            a.Answering()(request);
            client = a.Send(SipMethod.Invite, Udp("192.0.2.2:5060"));
        };
        upstream.Send(Request("INVITE", "z9hG4bKx1"), At("192.0.2.1:5060"));
        Assert.True(_network.Run(() => downstream.Received.Count == 1, Limit));
        string via = downstream.Received[0].Split("\r\n").Single(line => line.StartsWith("Via:", StringComparison.Ordinal));
        string answer = $"SIP/2.0 200 OK\r\n{via}\r\nFrom: <sip:alice@a.example>;tag=a1\r\nTo: <sip:bob@b.example>;tag=b1\r\nCall-ID: call@test\r\nCSeq: 1 INVITE\r\n\r\n";
        downstream.Send(answer, At("192.0.2.1:5060"));
        Assert.True(_network.Run(() => a.Heard.Count == 2, Limit));
        Assert.True(a.Servers[0].Respond(new SipReply(200)));
        Assert.True(client!.TryRelease(a.Servers[0]));
        a.Servers[0].Release();

        downstream.Send(answer, At("192.0.2.1:5060"));
        downstream.Send(answer.Replace("200 OK", "180 Ringing", StringComparison.Ordinal), At("192.0.2.1:5060"));
        Assert.True(_network.Run(() => alice.Lanes[0].Counters.Absorbed == 1, Limit));
        Assert.Equal(["INVITE", "200 to Invite", "200 again for udp:192.0.2.3:5062"], a.Heard);
        AssertNothingLeft(alice);
        Assert.Equal(3, a.Heard.Count);
    }

    [Fact]
    public void A_transaction_that_was_let_go_of_serves_the_next_request_and_tells_nothing_of_the_last()
    {
        (SipEndpoint alice, ScriptedUser a) = Start(_aliceHost, "192.0.2.1:5060");
        (SipEndpoint bob, ScriptedUser b) = Start(_bobHost, "192.0.2.2:5060");
        b.Script = (in SipIncomingRequest request) =>
        {
            b.Answering(200)(request);
            b.Servers[^1].Release();
        };
        var clients = new HashSet<SipClientTransaction>();
        for (int i = 1; i <= 5; i++)
        {
            SipClientTransaction client = a.Send(SipMethod.Options, Udp("192.0.2.2:5060"), $"call{i}@test")!;
            Assert.Equal((false, false, false), (client.IsProceeding, client.IsFinished, client.IsCancelled));
            Assert.True(_network.Run(() => a.Heard.Count == i, Limit));
            client.Release();
            client.Release();       // twice is once
            clients.Add(client);
        }

        SipClientTransaction unheard = a.Send(SipMethod.Options, Udp("192.0.2.9:5060"))!;     // nobody is there
        unheard.Release();
        Assert.Single(clients);
        Assert.Single(new HashSet<SipServerTransaction>(b.Servers));
        AssertNothingLeft(alice, bob);
        Assert.Equal(Enumerable.Repeat("200 to Options", 5), a.Heard);
    }

    [Fact]
    public void Nobody_there_is_a_timeout_after_64_T1()
    {
        (SipEndpoint alice, ScriptedUser a) = Start(_aliceHost, "192.0.2.1:5060");
        _bobHost.IsDown = true;
        a.Send(SipMethod.Options, Udp("192.0.2.2:5060"));
        Instant start = _network.Now;
        Assert.True(_network.Run(() => a.Heard.Count > 0, Limit));
        Assert.Equal(["timeout of Options"], a.Heard);
        Assert.InRange((_network.Now - start).TotalSeconds, 32, 32.1);
        AssertNothingLeft(alice);
    }

    [Fact]
    public void A_connection_that_cannot_be_made_is_told_but_never_from_within()
    {
        (SipEndpoint alice, ScriptedUser a) = Start(_aliceHost, "192.0.2.1:5060");
        a.Send(SipMethod.Options, Tcp("192.0.2.2:5999"));
        Assert.Empty(a.Heard);
        Assert.True(_network.Run(() => a.Heard.Count > 0, Limit));
        Assert.Equal(["failure of Options"], a.Heard);
        AssertNothingLeft(alice);
    }

    [Fact]
    public void A_transport_without_a_socket_is_told_but_never_from_within()
    {
        (SipEndpoint alice, ScriptedUser a) = Start(_aliceHost, "192.0.2.1:5060");
        a.Send(SipMethod.Options, Udp("[2001:db8::1]:5060"));
        Assert.Empty(a.Heard);
        Assert.True(_network.Run(() => a.Heard.Count > 0, Limit));
        Assert.Equal(["failure of Options"], a.Heard);
        AssertNothingLeft(alice);
    }

    [Fact]
    public void A_long_request_goes_by_tcp_and_the_answer_comes_back_over_its_connection()
    {
        (SipEndpoint alice, ScriptedUser a) = Start(_aliceHost, "192.0.2.1:5060");
        (SipEndpoint bob, ScriptedUser b) = Start(_bobHost, "192.0.2.2:5060");
        b.Script = b.Answering(200);
        a.Send(SipMethod.Message, Udp("192.0.2.2:5060"), bodyLength: 3000);
        Assert.True(_network.Run(() => a.Heard.Count > 0, Limit));
        Assert.Contains("Via: SIP/2.0/TCP", b.LastRequest, StringComparison.Ordinal);
        Assert.Equal(0, _network.DatagramsSent);
        Assert.Equal(["200 to Message"], a.Heard);
        AssertNothingLeft(alice, bob);
    }

    [Fact]
    public void A_long_request_goes_by_udp_when_tcp_is_refused()
    {
        (SipEndpoint alice, ScriptedUser a) = Start(_aliceHost, "192.0.2.1:5060");
        (SipEndpoint bob, ScriptedUser b) = Start(_bobHost, "192.0.2.2:5060", tcp: false);
        b.Script = b.Answering(200);
        a.Send(SipMethod.Message, Udp("192.0.2.2:5060"), bodyLength: 3000);
        Assert.True(_network.Run(() => a.Heard.Count > 0, Limit));
        Assert.Equal(["200 to Message"], a.Heard);
        Assert.Contains("Via: SIP/2.0/UDP", b.LastRequest, StringComparison.Ordinal);
        AssertNothingLeft(alice, bob);
    }

    [Fact]
    public void Requests_to_one_address_share_a_connection()
    {
        (SipEndpoint alice, ScriptedUser a) = Start(_aliceHost, "192.0.2.1:5060");
        (SipEndpoint bob, ScriptedUser b) = Start(_bobHost, "192.0.2.2:5060");
        b.Script = b.Answering(200);
        for (int i = 0; i < 5; i++) a.Send(SipMethod.Options, Tcp("192.0.2.2:5060"), callId: $"c{i}");
        Assert.True(_network.Run(() => a.Heard.Count == 5, Limit));
        Assert.Equal(1, alice.ConnectionCount);
        Assert.Equal(1, bob.ConnectionCount);
        AssertNothingLeft(alice, bob);
    }

    [Theory]
    [InlineData("Call-ID: call@test\r\n", "", "400 Missing Call-ID")]
    [InlineData("CSeq: 1 OPTIONS", "CSeq: one OPTIONS", "400 Malformed CSeq")]
    [InlineData("CSeq: 1 OPTIONS", "CSeq: 1 INVITE", "400 CSeq of another method")]
    [InlineData("SIP/2.0\r\nVia", "SIP/3.0\r\nVia", "505 Version Not Supported")]
    [InlineData("Content-Length: 0", "Content-Length: 10", "400 Body shorter than Content-Length")]
    public void What_is_malformed_is_answered_with_what_is_wrong(string original, string broken, string answer)
    {
        (SipEndpoint bob, ScriptedUser b) = Start(_bobHost, "192.0.2.2:5060");
        var peer = new RawPeer(_aliceHost.Loop, At("192.0.2.1:5062"));
        peer.Send(Request("OPTIONS", "z9hG4bKx1").Replace(original, broken, StringComparison.Ordinal), At("192.0.2.2:5060"));
        Assert.True(_network.Run(() => peer.Received.Count == 1, Limit), answer);
        Assert.StartsWith("SIP/2.0 " + answer + "\r\n", peer.Received[0], StringComparison.Ordinal);
        Assert.Empty(b.Heard);
        Assert.Equal(1, bob.Lanes[0].Counters.Malformed);
        AssertNothingLeft(bob);
    }

    [Theory]
    [InlineData("hello\r\n\r\n")]
    [InlineData("\0\0\0\0")]
    [InlineData("\r\n\r\n")]
    [InlineData("SIP/2.0 200 OK\r\n\r\n")]
    [InlineData("OPTIONS sip:x SIP/2.0\r\nVia: nonsense\r\n\r\n")]
    public void Noise_is_dropped_without_an_answer(string noise)
    {
        (SipEndpoint bob, ScriptedUser b) = Start(_bobHost, "192.0.2.2:5060");
        var peer = new RawPeer(_aliceHost.Loop, At("192.0.2.1:5062"));
        peer.Send(noise, At("192.0.2.2:5060"));
        AssertNothingLeft(bob);
        Assert.Empty(peer.Received);
        Assert.Empty(b.Heard);
    }

    [Theory]
    [InlineData("192.0.2.1:5062", false, ":5062", null)]
    [InlineData("198.51.100.9:5062", false, ":5062", "received=192.0.2.1")]
    [InlineData("pc.example:5062", false, ":5062", "received=192.0.2.1")]
    [InlineData("198.51.100.9:7777", true, ":5062", "rport=5062")]
    public void Answers_go_where_the_request_came_from(string sentBy, bool rport, string port, string? stamp)
    {
        (SipEndpoint bob, ScriptedUser b) = Start(_bobHost, "192.0.2.2:5060");
        b.Script = b.Answering(200);
        var peer = new RawPeer(_aliceHost.Loop, At("192.0.2.1" + port));
        peer.Send(Request("OPTIONS", "z9hG4bKx1").Replace("192.0.2.1:5062", sentBy + (rport ? ";rport" : ""), StringComparison.Ordinal), At("192.0.2.2:5060"));
        Assert.True(_network.Run(() => peer.Received.Count == 1, Limit));
        if (stamp is null) Assert.DoesNotContain("received", peer.Received[0], StringComparison.Ordinal);
        else Assert.Contains(stamp, peer.Received[0], StringComparison.Ordinal);
        AssertNothingLeft(bob);
    }

    [Fact]
    public void A_full_table_is_answered_with_503()
    {
        (SipEndpoint bob, ScriptedUser b) = Start(_bobHost, "192.0.2.2:5060", options => options with { MaxTransactions = 3 });
        var taken = new List<SipServerTransaction>();
        b.Script = (in request) =>
        {
            if (request.CreateTransaction(b) is { } transaction) taken.Add(transaction);
        };
        var peer = new RawPeer(_aliceHost.Loop, At("192.0.2.1:5062"));
        for (int i = 0; i < 5; i++) peer.Send(Request("OPTIONS", $"z9hG4bKx{i}"), At("192.0.2.2:5060"));
        Assert.True(_network.Run(() => peer.Received.Count == 2, Limit));
        Assert.Equal(2, peer.Received.Count(text => text.StartsWith("SIP/2.0 503", StringComparison.Ordinal) && text.Contains("Retry-After", StringComparison.Ordinal)));
        Assert.Equal(3, taken.Count);
        foreach (SipServerTransaction transaction in taken) Assert.True(transaction.Respond(new SipReply(200)));
        AssertNothingLeft(bob);
    }

    [Fact]
    public void What_is_answered_takes_no_place_of_new_requests()
    {
        (SipEndpoint bob, ScriptedUser b) = Start(_bobHost, "192.0.2.2:5060", options => options with { MaxTransactions = 3 });
        b.Script = b.Answering(200);
        var peer = new RawPeer(_aliceHost.Loop, At("192.0.2.1:5062"));
        for (int i = 0; i < 5; i++) peer.Send(Request("OPTIONS", $"z9hG4bKx{i}"), At("192.0.2.2:5060"));
        Assert.True(_network.Run(() => peer.Received.Count == 5, Limit));
        Assert.All(peer.Received, text => Assert.StartsWith("SIP/2.0 200", text, StringComparison.Ordinal));

        // The last three are remembered, and answered with the very same bytes.
        string last = peer.Received[4];
        peer.Received.Clear();
        peer.Send(Request("OPTIONS", "z9hG4bKx4"), At("192.0.2.2:5060"));
        Assert.True(_network.Run(() => peer.Received.Count == 1, Limit));
        Assert.Equal(last, peer.Received[0]);
        Assert.Equal(5, b.Heard.Count(heard => heard == "OPTIONS"));
        AssertNothingLeft(bob);
    }

    [Fact]
    public void An_answer_with_all_that_an_answer_may_have_is_the_same_each_time()
    {
        (SipEndpoint bob, ScriptedUser b) = Start(_bobHost, "192.0.2.2:5060");
        b.Script = (in SipIncomingRequest request) => request.CreateTransaction(b)!.Respond(new SipReply(299)
        {
            ReasonPhrase = "Quite so"u8,
            ToTag = "mine"u8,
            Headers = "X-One: 1\r\nX-Two: 2\r\n"u8,
            CopyRecordRoute = true,
            ContentType = "text/plain"u8,
            Body = "body"u8,
        });
        var peer = new RawPeer(_aliceHost.Loop, At("192.0.2.1:5062"));
        string request = Request("MESSAGE", "z9hG4bKx1").Replace("Call-ID:", "Record-Route: <sip:192.0.2.1;lr>\r\nCall-ID:", StringComparison.Ordinal);
        for (int i = 1; i <= 3; i++)
        {
            peer.Send(request, At("192.0.2.2:5060"));
            Assert.True(_network.Run(() => peer.Received.Count == i, Limit));
        }

        Assert.StartsWith("SIP/2.0 299 Quite so\r\n", peer.Received[0], StringComparison.Ordinal);
        foreach (string part in new[] { ";tag=mine", "X-One: 1", "X-Two: 2", "Record-Route: <sip:192.0.2.1;lr>", "Content-Type: text/plain", "\r\n\r\nbody" })
        {
            Assert.Contains(part, peer.Received[0], StringComparison.Ordinal);
        }

        Assert.Single(peer.Received.Distinct());
        Assert.Equal(["MESSAGE"], b.Heard);
        AssertNothingLeft(bob);
    }

    [Fact]
    public void A_408_that_is_not_sent_is_not_sent_later_either()
    {
        (SipEndpoint bob, ScriptedUser b) = Start(_bobHost, "192.0.2.2:5060");
        b.Script = b.Answering(408);
        var peer = new RawPeer(_aliceHost.Loop, At("192.0.2.1:5062"));
        for (int i = 1; i <= 3; i++)
        {
            peer.Send(Request("MESSAGE", "z9hG4bKx1"), At("192.0.2.2:5060"));
            Assert.True(_network.Run(() => bob.Lanes[0].Counters.RequestsReceived == i, Limit));
        }

        AssertNothingLeft(bob);
        Assert.Empty(peer.Received);
        Assert.Equal(["MESSAGE"], b.Heard);
    }

    [Fact]
    public void Each_call_has_one_lane_wherever_its_messages_come_in()
    {
        (SipEndpoint bob, ScriptedUser _) = Start(_bobHost, "192.0.2.2:5060", lanes: 4);
        foreach (SipLane lane in bob.Lanes)
        {
            var user = (ScriptedUser)lane.User;
            user.Script = user.Answering(200);
        }

        var peers = new List<RawPeer>();
        for (int i = 0; i < 40; i++)
        {
            var peer = new RawPeer(_aliceHost.Loop, At($"192.0.2.1:{6000 + i}"));
            peers.Add(peer);
            for (int branch = 0; branch < 3; branch++)
            {
                peer.Send(
                    Request("OPTIONS", $"z9hG4bK{i}x{branch}").Replace("call@test", $"call{i % 10}@test", StringComparison.Ordinal)
                        .Replace("192.0.2.1:5062", $"192.0.2.1:{6000 + i}", StringComparison.Ordinal),
                    At("192.0.2.2:5060"));
            }
        }

        Assert.True(_network.Run(() => peers.All(peer => peer.Received.Count == 3), Limit), _network.ToString());
        Assert.Equal(120, bob.Lanes.Sum(lane => ((ScriptedUser)lane.User).Heard.Count));
        Assert.True(bob.Lanes.Count(lane => ((ScriptedUser)lane.User).Heard.Count > 0) > 1);
        Assert.True(bob.Lanes.Sum(lane => lane.Counters.HandedOver) > 0);
        AssertNothingLeft(bob);
    }

    [Fact]
    public void A_stream_that_sends_garbage_is_closed_and_so_is_one_that_never_ends_a_message()
    {
        (SipEndpoint bob, ScriptedUser _) = Start(_bobHost, "192.0.2.2:5060");
        var garbage = new RawStream(_aliceHost.Loop, At("192.0.2.2:5060"), "this is no SIP at all\r\n\r\n");
        var slow = new RawStream(_aliceHost.Loop, At("192.0.2.2:5060"), "OPTIONS sip:bob@192.0.2.2 SIP/2.0\r\nVia: ");
        var pinging = new RawStream(_aliceHost.Loop, At("192.0.2.2:5060"), "\r\n\r\n");
        Assert.True(_network.Run(() => garbage.IsClosed && pinging.Received == "\r\n", Limit));
        Assert.False(slow.IsClosed);
        Instant start = _network.Now;
        Assert.True(_network.Run(() => slow.IsClosed, Limit));
        Assert.InRange((_network.Now - start).TotalSeconds, 15, 21);
        Assert.False(pinging.IsClosed);
        Assert.Equal(1, bob.ConnectionCount);
        Assert.True(_network.Run(() => pinging.IsClosed, TimeSpan.FromMinutes(31)));
        AssertNothingLeft(bob);
    }

    [Fact]
    public void Udp_and_tcp_take_the_same_free_port()
    {
        (SipEndpoint bob, ScriptedUser _) = Start(_bobHost, "192.0.2.2:0");
        Assert.Equal(bob.ListenPoints[0].Address, bob.ListenPoints[1].Address);
        Assert.NotEqual(0, bob.ListenPoints[0].Address.Port);
        AssertNothingLeft(bob);
    }

    [Fact]
    public void A_port_in_use_is_told_by_its_name()
    {
        (SipEndpoint bob, ScriptedUser _) = Start(_bobHost, "192.0.2.2:5060");
        SipListenException problem = Assert.Throws<SipListenException>(() => Start(_bobHost, "192.0.2.2:5060"));
        Assert.Equal("Cannot listen on udp://192.0.2.2:5060: another program uses this port", problem.Message);
        AssertNothingLeft(bob);
    }

    private static string Request(string method, string branch) =>
        $"{method} sip:bob@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5062;branch={branch}\r\nMax-Forwards: 70\r\nFrom: <sip:alice@a.example>;tag=a1\r\n"
        + $"To: <sip:bob@b.example>\r\nCall-ID: call@test\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n";

    /// <summary>A stream that sends some text once and keeps what comes.</summary>
    private sealed class RawStream : IStreamHandler
    {
        private readonly string _text;

        public RawStream(INetworkLoop loop, NetworkAddress remote, string text)
        {
            _text = text;
            loop.ConnectStream(remote, this);
        }

        public bool IsClosed { get; private set; }

        public string Received { get; private set; } = "";

        public void OnConnected(Instant now, IStreamConnection connection)
        {
            PooledBuffer bytes = BufferPool.Shared.Copy(System.Text.Encoding.ASCII.GetBytes(_text));
            connection.Send(bytes);
            bytes.Release();
        }

        public void OnReceived(Instant now, IStreamConnection connection, ReadOnlySpan<byte> bytes) => Received += System.Text.Encoding.ASCII.GetString(bytes);

        public void OnClosed(Instant now, IStreamConnection connection, StreamCloseReason reason) => IsClosed = true;
    }

    /// <summary>A loop that tells when a connection is being made.</summary>
    private sealed class ObservedLoop(INetworkLoop loop) : INetworkLoop
    {
        public Action? OnConnect { get; set; }

        public Instant Now => loop.Now;

        public TimeProvider Time => loop.Time;

        public BufferPool Buffers => loop.Buffers;

        public IDatagramSocket OpenDatagram(NetworkAddress local, IDatagramHandler handler, DatagramSharing sharing, NetworkAddress groupInterface) => loop.OpenDatagram(local, handler, sharing, groupInterface);

        public IStreamListener ListenStream(NetworkAddress local, Func<IStreamConnection, IStreamHandler?> accept) => loop.ListenStream(local, accept);

        public IStreamConnection ConnectStream(NetworkAddress remote, IStreamHandler handler)
        {
            OnConnect?.Invoke();
            return loop.ConnectStream(remote, handler);
        }

        public void Schedule(LoopTimer timer, Instant deadline) => loop.Schedule(timer, deadline);

        public bool Post(ILoopWork work) => loop.Post(work);
    }
}
