namespace Parley.Server.Tests.Roles;

/// <summary>Calls through the proxy, message by message.</summary>
public sealed class ProxyTests : IDisposable
{
    private const string BobUri = "sip:bob@example.com";

    private readonly TestServer _server = new();
    private readonly Peer _alice;
    private readonly Peer _bob;

    public ProxyTests()
    {
        _alice = new Peer(_server, "192.0.2.1:5060");
        _bob = new Peer(_server, "192.0.2.2:5060", "bob");
        _server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060");
    }

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData("INVITE")]
    [InlineData("MESSAGE")]
    public void An_answer_that_cannot_go_on_is_502(string method)
    {
        string request = _alice.SendAuthorized(_alice.Request(method, BobUri));
        Received forwarded = _bob.Receive();
        // All Vias but the server's are gone: nobody knows whom the answer is for (RFC 3261 16.7 step 3).
        _bob.Send($"SIP/2.0 200 OK\r\nVia: {forwarded.Headers("Via").First()}\r\nFrom: {forwarded.Header("From")}\r\nTo: {forwarded.Header("To")};tag=bob\r\nCall-ID: {forwarded.Header("Call-ID")}\r\n"
            + $"CSeq: {forwarded.Header("CSeq")}\r\nContact: {_bob.Contact}\r\nContent-Length: 0\r\n\r\n");
        Received answer = _alice.ReceiveStatus(502);
        if (method == "INVITE") _alice.Send(Peer.AckOf(request, answer));
        _server.AssertNothingLeft();
    }

    /// <summary>RFC 3665 3.2 with one proxy instead of two, and with the challenge of 3.3.</summary>
    [Fact]
    public void A_call_is_challenged_rings_is_answered_and_ended()
    {
        string invite = _alice.Request("INVITE", BobUri);
        _alice.Send(invite);
        Received challenge = _alice.ReceiveStatus(407);
        _alice.Send(Peer.AckOf(invite, challenge));
        _alice.Send(_alice.Authorize(invite, challenge));

        Received forwarded = _bob.Receive();
        Assert.Equal("INVITE sip:bob@192.0.2.2:5060 SIP/2.0", forwarded.FirstLine);
        Assert.Equal("69", forwarded.Header("Max-Forwards"));
        Assert.Equal("60", forwarded.Header("Max-Breadth"));
        Assert.False(forwarded.Has("Proxy-Authorization"));
        string[] vias = [.. forwarded.Headers("Via")];
        Assert.Equal(2, vias.Length);
        Assert.StartsWith("SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK", vias[0], StringComparison.Ordinal);
        Assert.EndsWith(";rport=5060;received=192.0.2.1", vias[1], StringComparison.Ordinal);
        Assert.Matches("^<sip:[^@]+@192.0.2.10:5060;lr>$", Assert.Single(forwarded.Headers("Record-Route")));

        _bob.Answer(forwarded, 100);
        _bob.Answer(forwarded, 180);
        Received ringing = _alice.ReceiveStatus(180);
        Assert.Single(ringing.Headers("Via"));
        Assert.Equal("<sip:bob@example.com>;tag=bob", ringing.Header("To"));
        _bob.Answer(forwarded, 200);
        Received answer = _alice.ReceiveStatus(200);
        Assert.Equal(forwarded.Header("Record-Route"), answer.Header("Record-Route"));

        _alice.Send(_alice.InDialog("ACK", answer, cseq: 2));
        Received ack = _bob.Receive();
        Assert.Equal("ACK sip:bob@192.0.2.2:5060 SIP/2.0", ack.FirstLine);
        Assert.False(ack.Has("Route"));

        _bob.Send(_bob.InDialogAsCallee("BYE", forwarded));
        Received bye = _alice.Receive();
        Assert.Equal("BYE sip:alice@192.0.2.1:5060 SIP/2.0", bye.FirstLine);
        Assert.False(bye.Has("Record-Route"));
        _alice.Answer(bye, 200);
        _bob.ReceiveStatus(200);
        _server.AssertNothingLeft();
    }

    private Received Invite(Peer caller, string uri = BobUri, string headers = "")
    {
        caller.SendAuthorized(caller.Request("INVITE", uri, headers: headers));
        return _bob.Receive();
    }

    [Fact]
    public void The_caller_may_end_the_call_too()
    {
        Received invite = Invite(_alice);
        _bob.Answer(invite, 200);
        Received answer = _alice.ReceiveStatus(200);
        _alice.Send(_alice.InDialog("ACK", answer));
        _bob.ReceiveNew("ACK");
        _alice.Send(_alice.InDialog("BYE", answer));
        Received bye = _bob.Receive();
        Assert.Equal("BYE", bye.Method);
        _bob.Answer(bye, 200);
        _alice.ReceiveStatus(200);
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_callee_that_declines_is_heard_and_acknowledged()
    {
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        Received forwarded = _bob.Receive();
        _bob.Answer(forwarded, 603, headers: "Reason-Why: busy\r\n");
        Assert.Equal("ACK", _bob.Receive().Method);
        Received declined = _alice.ReceiveStatus(603);
        Assert.Equal("busy", declined.Header("Reason-Why"));
        _alice.Send(Peer.AckOf(invite, declined));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_cancel_is_answered_at_once_and_goes_on_when_it_rings()
    {
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        Received forwarded = _bob.Receive();
        _alice.Send(Peer.CancelOf(invite));
        _alice.ReceiveStatus(200);
        _bob.ReceiveNothing(TimeSpan.FromMilliseconds(100));
        _bob.Answer(forwarded, 180);
        Received cancel = _bob.Receive();
        Assert.Equal("CANCEL sip:bob@192.0.2.2:5060 SIP/2.0", cancel.FirstLine);
        Assert.Equal(forwarded.Header("Via"), cancel.Header("Via"));
        _alice.ReceiveStatus(180);
        _bob.Answer(cancel, 200);
        _bob.Answer(forwarded, 487);
        Assert.Equal("ACK", _bob.Receive().Method);
        Received end = _alice.ReceiveStatus(487);
        _alice.Send(Peer.AckOf(invite, end));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_cancel_that_crosses_the_answer_changes_nothing()
    {
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        Received forwarded = _bob.Receive();
        _bob.Answer(forwarded, 200);
        _alice.ReceiveStatus(200);
        _alice.Send(Peer.CancelOf(invite));
        Assert.Contains("CANCEL", _alice.ReceiveNew("SIP/2.0 200").Header("CSeq"), StringComparison.Ordinal);
        _bob.ReceiveNothing(TimeSpan.FromSeconds(1));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_cancel_of_nothing_gets_481()
    {
        _alice.Send(Peer.CancelOf(_alice.Request("INVITE", BobUri)));
        _alice.ReceiveStatus(481);
    }

    [Fact]
    public void A_retransmitted_2xx_and_a_2xx_of_another_branch_downstream_go_back()
    {
        Received invite = Invite(_alice);
        _bob.Answer(invite, 200, tag: "one");
        _alice.ReceiveStatus(200);
        _bob.Answer(invite, 200, tag: "one");
        _alice.ReceiveStatus(200);
        _bob.Answer(invite, 200, tag: "two");
        Assert.EndsWith("tag=two", _alice.ReceiveStatus(200).Header("To"), StringComparison.Ordinal);
        _server.Network.RunFor(TimeSpan.FromSeconds(40));
        _bob.Answer(invite, 200, tag: "one");
        _alice.ReceiveNothing(TimeSpan.FromSeconds(1));     // RFC 6026: nobody knows of it any more
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_callee_that_is_silent_ends_in_408()
    {
        _bob.Dispose();
        _server.Network.AddHost("silent", "192.0.2.99");
        _server.Bind("carol@example.com", "sip:carol@203.0.113.9:5060");
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", "sip:carol@example.com"));
        _alice.ReceiveStatus(100);
        Received end = _alice.ReceiveStatus(408, TimeSpan.FromSeconds(40));
        _alice.Send(Peer.AckOf(invite, end));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_callee_that_is_gone_ends_in_500()
    {
        _bob.Dispose();
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        Received end = _alice.ReceiveNew("SIP/2.0 500");
        _alice.Send(Peer.AckOf(invite, end));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_503_from_a_phone_is_500_to_the_caller()
    {
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        _bob.Answer(_bob.Receive(), 503);
        _alice.Send(Peer.AckOf(invite, _alice.ReceiveStatus(500)));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_non_invite_that_nobody_answers_ends_in_silence()
    {
        _server.Bind("carol@example.com", "sip:carol@203.0.113.9:5060");
        _alice.SendAuthorized(_alice.Request("MESSAGE", "sip:carol@example.com"));
        _alice.ReceiveStatus(100, TimeSpan.FromSeconds(40));
        _alice.ReceiveNothing(TimeSpan.FromSeconds(60));    // RFC 4320 4.2
        _server.AssertNothingLeft();
    }

    [Fact]
    public void An_unknown_method_is_forwarded_like_any_other()
    {
        _alice.SendAuthorized(_alice.Request("DANCE", BobUri));
        Received dance = _bob.Receive();
        Assert.Equal("DANCE sip:bob@192.0.2.2:5060 SIP/2.0", dance.FirstLine);
        Assert.True(dance.Has("Record-Route"));
        _bob.Answer(dance, 202);
        _alice.ReceiveStatus(202);
        _server.AssertNothingLeft();
    }

    [Fact]
    public void Timer_C_cancels_a_phone_that_rings_for_ever()
    {
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        Received forwarded = _bob.Receive();
        _bob.Answer(forwarded, 180);
        _alice.ReceiveStatus(180);
        _server.Network.RunFor(TimeSpan.FromSeconds(100));
        _bob.Answer(forwarded, 180);
        _alice.ReceiveStatus(180);
        _bob.ReceiveNothing(TimeSpan.FromSeconds(184));     // a further 180 starts it anew
        Received cancel = _bob.Receive();
        Assert.Equal("CANCEL", cancel.Method);
        _bob.Answer(cancel, 200);
        _bob.Answer(forwarded, 487);
        _alice.Send(Peer.AckOf(invite, _alice.ReceiveStatus(487)));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_phone_that_ignores_the_cancel_of_Timer_C_ends_in_408()
    {
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        _bob.Answer(_bob.Receive(), 180);
        _alice.ReceiveStatus(180);
        Received end = _alice.ReceiveStatus(408, TimeSpan.FromSeconds(185 + 33));
        _alice.Send(Peer.AckOf(invite, end));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_trusted_caller_is_not_challenged_and_may_relay()
    {
        using var server = new TestServer(configuration => configuration with { Trusted = [RegistrarTests.Prefix("192.0.2.1/32")] });
        var gateway = new Peer(server, "192.0.2.1:5060", "+15551234");
        var far = new Peer(server, "203.0.113.1:5060", "far");
        gateway.Send(gateway.Request("INVITE", "sip:far@203.0.113.1", from: "<sip:+15551234@carrier.example>;tag=1"));
        Received invite = far.Receive();
        Assert.Equal("INVITE sip:far@203.0.113.1 SIP/2.0", invite.FirstLine);
        far.Answer(invite, 486);
        gateway.ReceiveStatus(486);
    }

    [Fact]
    public void A_stranger_reaches_our_users_without_a_challenge()
    {
        var eve = new Peer(_server, "203.0.113.1:5060", "eve");
        eve.Send(eve.Request("INVITE", BobUri, from: "<sip:eve@elsewhere.example>;tag=1"));
        Received invite = _bob.Receive();
        _bob.Answer(invite, 200);
        Received answer = eve.ReceiveStatus(200);
        eve.Send(eve.InDialog("ACK", answer).Replace("example.com>;tag=eve1", "elsewhere.example>;tag=1", StringComparison.Ordinal));
        Assert.Equal("ACK", _bob.Receive().Method);
        _server.AssertNothingLeft();
    }
}
