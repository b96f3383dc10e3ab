using Parley.Server.CallRecords;
using Parley.Server.Configuration;
using Parley.Server.Tests.Rules;
using Parley.Sip.Messages;
using Parley.UserAgent;

namespace Parley.Server.Tests.Roles;

/// <summary>The records of calls that go through the server, and to it.</summary>
public sealed class CallRecordTests : IDisposable
{
    private const string Bob = "sip:bob@example.com";
    private const string Answer = "v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 9 0\r\n";

    private readonly TestServer _server;
    private readonly Peer _alice;
    private readonly Peer _bob;

    public CallRecordTests() : this(null)
    {
    }

    private CallRecordTests(Func<ParleyConfiguration, ParleyConfiguration>? configure)
    {
        _server = new TestServer(configure, recordsCalls: true);
        _alice = new Peer(_server, "192.0.2.1:5060");
        _bob = new Peer(_server, "192.0.2.2:5060", "bob");
        _server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060");
    }

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_answered_call_is_recorded_when_somebody_hangs_up(bool byCaller)
    {
        Invite();
        Received atBob = _bob.Receive();
        _server.Network.RunFor(TimeSpan.FromSeconds(3));
        _bob.Answer(atBob, 200, headers: "Content-Type: application/sdp\r\n", body: Answer);
        Received answer = _alice.ReceiveNew("SIP/2.0 200");
        _alice.Send(_alice.InDialog("ACK", answer));
        _bob.ReceiveNewAfterInvites();
        _server.Network.RunFor(TimeSpan.FromSeconds(60));
        Assert.Empty(Records());
        if (byCaller)
        {
            _alice.Send(_alice.InDialog("BYE", answer));
            _bob.Answer(_bob.Receive(), 200);
        }
        else
        {
            _bob.Send(_bob.InDialogAsCallee("BYE", atBob));
            _alice.Answer(_alice.ReceiveNew("BYE"), 200);
        }

        CallRecord call = Assert.Single(Records());
        Assert.Equal((_alice.CallId, "alice1", "sip:alice@example.com", Bob, "alice@example.com"), (call.CallId, call.FromTag, call.Caller, call.Callee, call.Asserted));
        Assert.Equal((200, byCaller ? CallEnder.Caller : CallEnder.Callee, "G722"), (call.Status, call.EndedBy, call.Codec));
        Assert.Equal(["sip:bob@192.0.2.2:5060"], call.Targets);
        Assert.Equal(60, call.Duration.TotalSeconds, 1.0);
        Assert.Equal(3, (call.Answered!.Value - call.Started).TotalSeconds, 1.0);
    }

    [Theory]
    [InlineData(486)]
    [InlineData(603)]
    public void A_refused_call_is_recorded_with_its_status(int status)
    {
        Invite();
        _bob.Answer(_bob.Receive(), status);
        _alice.ReceiveNew($"SIP/2.0 {status}");

        CallRecord call = Assert.Single(Records());
        Assert.Equal((status, (DateTimeOffset?)null, CallEnder.Callee, TimeSpan.Zero), (call.Status, call.Answered, call.EndedBy, call.Duration));
    }

    [Fact]
    public void A_cancelled_call_is_the_callers_end()
    {
        string invite = Invite();
        Received atBob = _bob.Receive();
        _bob.Answer(atBob, 180, "bobs");
        _alice.ReceiveNew("SIP/2.0 180");
        _alice.Send(Peer.CancelOf(invite));
        _bob.Answer(_bob.ReceiveNew("CANCEL"), 200);
        _bob.Answer(atBob, 487, "bobs");
        _alice.ReceiveNew("SIP/2.0 487");

        CallRecord call = Assert.Single(Records());
        Assert.Equal((487, CallEnder.Caller), (call.Status, call.EndedBy));
    }

    [Fact]
    public void What_the_server_refuses_a_user_is_recorded_and_what_it_refuses_strangers_is_not()
    {
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:nobody@example.com"));
        _alice.ReceiveNew("SIP/2.0 404");
        CallRecord call = Assert.Single(Records());
        Assert.Equal((404, CallEnder.Server, "sip:nobody@example.com"), (call.Status, call.EndedBy, call.Callee));

        var eve = new Peer(_server, "203.0.113.1:5060", "eve");
        eve.Send(eve.Request("INVITE", "sip:nobody@example.com").Replace("eve@example.com", "eve@elsewhere.example", StringComparison.Ordinal));
        Assert.InRange(eve.Receive().Status, 400, 499);
        Assert.Single(Records());
    }

    [Fact]
    public void A_call_that_goes_on_elsewhere_has_one_record_with_both_targets()
    {
        using var test = new CallRecordTests(configuration => configuration with { Domains = [ForwardingTests.Read("\"users\": { \"bob\": { \"forward\": { \"busy\": \"carol\" } } }")] });
        test._server.Bind("carol@example.com", "sip:carol@192.0.2.3:5060");
        var carol = new Peer(test._server, "192.0.2.3:5060", "carol");
        test.Invite();
        test._bob.Answer(test._bob.Receive(), 486);
        carol.Answer(carol.ReceiveNew("INVITE"), 603, "carols");
        test._alice.ReceiveNew("SIP/2.0 603");

        CallRecord call = Assert.Single(test.Records());
        Assert.Equal(["sip:bob@192.0.2.2:5060", "sip:carol@192.0.2.3:5060"], call.Targets);
        Assert.Equal((603, Bob), (call.Status, call.Callee));
    }

    [Fact]
    public void A_call_to_a_service_is_recorded()
    {
        using var test = new CallRecordTests(configuration => configuration with { Trusted = [RegistrarTests.Prefix("192.0.2.5")] });
        var phone = new RandomPhone(test._server.Network.AddHost("dave", "192.0.2.5"), "dave", new Random(1), SipUri.Parse($"sip:{TestServer.Ip};lr"), null, maxCalls: 10);
        var call = phone.Core.Call(SipUri.Parse("sip:echo@example.com"), new CallOptions(), phone)!;
        Assert.True(test._server.Network.Run(() => phone.Established == 1, TimeSpan.FromSeconds(10)));
        test._server.Network.RunFor(TimeSpan.FromSeconds(20));
        call.HangUp();
        Assert.True(test._server.Network.Run(() => phone.Ends.Count == 1, TimeSpan.FromSeconds(10)));
        test._server.Network.RunFor(TimeSpan.FromSeconds(2));

        CallRecord record = Assert.Single(test.Records());
        Assert.Equal((call.CallId, "sip:echo@example.com", 200, CallEnder.Caller), (record.CallId, record.Callee, record.Status, record.EndedBy));
        Assert.NotEmpty(record.Codec);
        Assert.Equal(20, record.Duration.TotalSeconds, 1.0);
    }

    [Fact]
    public void What_both_ends_report_is_with_the_call_and_a_later_report_replaces_an_earlier_one()
    {
        Invite();
        Received atBob = _bob.Receive();
        _bob.Answer(atBob, 486);
        _alice.ReceiveNew("SIP/2.0 486");
        _bob.ReceiveNew("ACK");
        string callId = _alice.CallId;
        Publish(_alice, Report(callId, "MOSCQ=2.0 RCQ=40"), 200);
        Publish(_alice, Report(callId, "MOSCQ=4.1 RCQ=85"), 200);
        Publish(_bob, Report(callId, "MOSCQ=3.9"), 200);

        CallRecord call = Assert.Single(Records());
        Assert.Equal(
            new (string, double?, double?)[] { ("alice@example.com", 4.1, 85.0), ("bob@example.com", 3.9, null) },
            call.Quality.Select(quality => (quality.Reporter, quality.Score, quality.R)));
        Assert.Equal((5.0, 2.0, 200), (call.Quality[0].LossPercent, call.Quality[0].DiscardPercent, call.Quality[0].RoundTripMilliseconds));
    }

    [Theory]
    [InlineData("no report", "application/vq-rtcpxr", 400)]
    [InlineData("", "application/vq-rtcpxr", 400)]
    [InlineData("VQSessionReport", "text/plain", 415)]
    public void What_is_no_report_is_refused(string body, string type, int status)
    {
        Publish(_alice, body, status, type);
        Assert.Equal(0, _server.State.CallRecords!.Lost);
    }

    [Fact]
    public void A_stranger_reports_nothing()
    {
        var eve = new Peer(_server, "203.0.113.1:5060", "eve");
        string request = eve.Request("PUBLISH", Bob, headers: "Event: vq-rtcpxr\r\nContent-Type: application/vq-rtcpxr\r\n", body: Report("x", "MOSCQ=4.1"));
        eve.Send(request);
        eve.ReceiveStatus(407);
        eve.Send(request.Replace("eve@example.com", "eve@elsewhere.example", StringComparison.Ordinal).Replace("z9hG4bK-eve-1", "z9hG4bK-eve-9", StringComparison.Ordinal));
        Assert.InRange(eve.Receive().Status, 401, 499);
    }

    private static string Report(string callId, string estimates) =>
        $"VQSessionReport: CallTerm\r\nCallID: {callId}\r\nLocalID: <sip:x@example.com>\r\nRemoteID: <{Bob}>\r\nOrigID: <sip:alice@example.com>\r\n"
        + "LocalAddr: IP=192.0.2.1 PORT=4000 SSRC=0x1\r\nRemoteAddr: IP=192.0.2.2 PORT=4000 SSRC=0x2\r\nLocalGroup: -\r\nRemoteGroup: -\r\nLocalMetrics:\r\n"
        + $"Timestamps:START=2026-01-31T08:00:00Z STOP=2026-01-31T08:01:00Z\r\nPacketLoss:NLR=5.0 JDR=2.0\r\nDelay:RTD=200\r\nQualityEst:{estimates}\r\n";

    private string Invite() => _alice.SendAuthorized(_alice.Request("INVITE", Bob));

    private static void Publish(Peer peer, string body, int status, string type = "application/vq-rtcpxr")
    {
        string callId = peer.CallId;
        peer.CallId = Guid.NewGuid().ToString("N");
        peer.SendAuthorized(peer.Request("PUBLISH", "sip:collector@example.com", headers: $"Event: vq-rtcpxr\r\nContent-Type: {type}\r\n", body: body));
        Received answer = peer.ReceiveStatus(status);
        if (status == 200) Assert.True(answer.Has("SIP-ETag") && answer.Has("Expires"));
        peer.CallId = callId;
    }

    private IReadOnlyList<CallRecord> Records()
    {
        _server.State.CallRecords!.WriteWaiting();
        using CallRecordRows rows = new(_server.AccountsFolder);
        return [.. rows.Find()];
    }
}
