using Parley.Server.Configuration;

namespace Parley.Server.Tests.Roles;

/// <summary>Requests with several targets (RFC 3261 16.6, 16.7).</summary>
public sealed class ForkingTests : IDisposable
{
    private const string BobUri = "sip:bob@example.com";

    private readonly TestServer _server = new();
    private readonly Peer _alice;
    private readonly Peer _desk;
    private readonly Peer _mobile;
    private readonly Peer _home;

    public ForkingTests()
    {
        _alice = new Peer(_server, "192.0.2.1:5060");
        _desk = new Peer(_server, "192.0.2.2:5060", "desk");
        _mobile = new Peer(_server, "192.0.2.3:5060", "mobile");
        _home = new Peer(_server, "192.0.2.4:5060", "home");
    }

    public void Dispose() => _server.Dispose();

    private void Bind(short desk, short mobile, short home = -2)
    {
        _server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060", desk);
        _server.Bind("bob@example.com", "sip:bob@192.0.2.3:5060", mobile);
        if (home != -2) _server.Bind("bob@example.com", "sip:bob@192.0.2.4:5060", home);
    }

    private string Invite() => _alice.SendAuthorized(_alice.Request("INVITE", BobUri));

    /// <summary>RFC 3261 16.7 step 10 and RFC 3665 3.8: the phone that is not answered stops ringing.</summary>
    [Fact]
    public void Two_phones_ring_and_the_one_that_is_not_answered_is_cancelled()
    {
        Bind(500, 500);
        Invite();
        Received atDesk = _desk.Receive(), atMobile = _mobile.Receive();
        Assert.NotEqual(atDesk.Headers("Via").First(), atMobile.Headers("Via").First());
        Assert.Equal("30", atDesk.Header("Max-Breadth"));
        _desk.Answer(atDesk, 180);
        _mobile.Answer(atMobile, 180);
        _alice.ReceiveStatus(180);
        _alice.ReceiveStatus(180);
        _mobile.Answer(atMobile, 200);
        Assert.EndsWith("tag=mobile", _alice.ReceiveStatus(200).Header("To"), StringComparison.Ordinal);
        Received cancel = _desk.Receive();
        Assert.Equal("CANCEL", cancel.Method);
        _desk.Answer(cancel, 200);
        _desk.Answer(atDesk, 487);
        Assert.Equal("ACK", _desk.Receive().Method);
        _mobile.ReceiveNothing(TimeSpan.FromSeconds(1));
        Assert.Equal(0, _alice.Waiting);
        _server.AssertNothingLeft();
    }

    /// <summary>A text goes to all devices of its reader, whatever their q, and each gets it once; a sender may ask for one after the other (RFC 3841 9.1).</summary>
    [Fact]
    public void A_text_goes_to_all_devices_at_once()
    {
        Bind(1000, 500, 0);
        _alice.SendAuthorized(_alice.Request("MESSAGE", BobUri, headers: "Content-Type: text/plain\r\n", body: "Hello"));
        Received[] texts = [_desk.Receive(), _mobile.Receive(), _home.Receive()];
        Assert.All(texts, text => Assert.EndsWith("\r\n\r\nHello", text.Text, StringComparison.Ordinal));
        _mobile.Answer(texts[1], 200);
        _alice.ReceiveStatus(200);
        _desk.Answer(texts[0], 480);
        _home.Answer(texts[2], 200);
        _alice.ReceiveNothing(TimeSpan.FromSeconds(1));

        _alice.SendAuthorized(_alice.Request("MESSAGE", BobUri, headers: "Content-Type: text/plain\r\nRequest-Disposition: sequential\r\n", body: "Hello"));
        _desk.Answer(_desk.Receive(), 200);
        _alice.ReceiveStatus(200);
        _mobile.ReceiveNothing(TimeSpan.FromSeconds(1));
        _server.AssertNothingLeft();
    }

    /// <summary>RFC 3326: a call that was answered at another phone is not one that was missed.</summary>
    [Theory]
    [InlineData(200, "SIP;cause=200;text=\"Call completed elsewhere\"")]
    [InlineData(603, "SIP;cause=603;text=\"Decline\"")]
    public void A_phone_that_is_cancelled_hears_why(int status, string reason)
    {
        Bind(500, 500);
        Invite();
        Received atDesk = _desk.Receive(), atMobile = _mobile.Receive();
        _desk.Answer(atDesk, 180);
        _alice.ReceiveStatus(180);
        _mobile.Answer(atMobile, status);
        Received cancel = _desk.Receive();
        Assert.Equal("CANCEL", cancel.Method);
        Assert.Equal([reason], cancel.Headers("Reason"));
    }

    [Fact]
    public void A_caller_who_says_why_he_gives_up_is_heard_by_the_phones()
    {
        Bind(500, 500);
        string invite = Invite();
        Received atDesk = _desk.Receive();
        _desk.Answer(atDesk, 180);
        _alice.ReceiveStatus(180);
        _alice.Send(Peer.CancelOf(invite).Replace("Content-Length", "Reason: SIP;cause=600\r\nreason: Q.850;cause=16\r\nContent-Length", StringComparison.Ordinal));
        _alice.ReceiveStatus(200);
        Assert.Equal(["SIP;cause=600", "Q.850;cause=16"], _desk.Receive().Headers("Reason"));
    }

    [Theory]
    [InlineData("Supported: 199\r\n", true)]
    [InlineData("", false)]
    [InlineData("Supported: 199, 100rel\r\nRequire: 100rel\r\n", false)]     // RFC 6228 6: a proxy cannot send it reliably
    public void A_caller_who_asks_for_it_hears_that_one_of_several_phones_has_stopped(string headers, bool isTold)
    {
        Bind(500, 500);
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", BobUri, headers: headers));
        Received atDesk = _desk.Receive(), atMobile = _mobile.Receive();
        _desk.Answer(atDesk, 180);
        _mobile.Answer(atMobile, 180);
        _alice.ReceiveStatus(180);
        _alice.ReceiveStatus(180);
        _desk.Answer(atDesk, 486);
        Assert.Equal("ACK", _desk.Receive().Method);
        if (isTold)
        {
            Received terminated = _alice.ReceiveStatus(199);
            Assert.Equal("<sip:bob@example.com>;tag=desk", terminated.Header("To"));
            Assert.Equal("SIP;cause=486", terminated.Header("Reason"));
            Assert.False(terminated.Has("Contact") || terminated.Has("Record-Route"));
        }

        _alice.ReceiveNothing(TimeSpan.FromMilliseconds(100));
        _mobile.Answer(atMobile, 480);
        Received end = _alice.ReceiveStatus(486);       // and no 199 before it: this one is over with the call
        _alice.Send(Peer.AckOf(invite, end));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_dialog_that_is_known_to_be_over_is_told_of_once()
    {
        Bind(500, 500);
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri, headers: "Supported: 199\r\n"));
        Received atDesk = _desk.Receive(), atMobile = _mobile.Receive();
        _mobile.Answer(atMobile, 180);
        _alice.ReceiveStatus(180);
        _desk.Answer(atDesk, 183, tag: "one");
        _alice.ReceiveStatus(183);
        _desk.Answer(atDesk, 183, tag: "two");
        _alice.ReceiveStatus(183);
        _desk.Answer(atDesk, 199, tag: "one");
        Assert.EndsWith("tag=one", _alice.ReceiveStatus(199).Header("To"), StringComparison.Ordinal);
        _desk.Answer(atDesk, 404, tag: "two");
        Assert.EndsWith("tag=two", _alice.ReceiveStatus(199).Header("To"), StringComparison.Ordinal);
        _alice.ReceiveNothing(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void Both_answers_reach_the_caller_when_they_cross()
    {
        Bind(500, 500);
        Invite();
        Received atDesk = _desk.Receive(), atMobile = _mobile.Receive();
        _desk.Answer(atDesk, 200);
        _mobile.Answer(atMobile, 200);
        string[] tags = [_alice.ReceiveStatus(200).Header("To"), _alice.ReceiveStatus(200).Header("To")];
        Assert.Equal(["<sip:bob@example.com>;tag=desk", "<sip:bob@example.com>;tag=mobile"], tags.Order());
        _server.AssertNothingLeft();
    }

    [Fact]
    public void Phones_of_lower_q_are_tried_when_the_others_have_failed()
    {
        Bind(1000, 500, 500);
        string invite = Invite();
        Received atDesk = _desk.Receive();
        Assert.Equal("60", atDesk.Header("Max-Breadth"));
        _mobile.ReceiveNothing(TimeSpan.FromMilliseconds(100));
        _desk.Answer(atDesk, 486);
        Assert.Equal("ACK", _desk.Receive().Method);
        Received atMobile = _mobile.Receive(), atHome = _home.Receive();
        _mobile.Answer(atMobile, 404);
        Assert.Equal("ACK", _mobile.Receive().Method);
        _alice.ReceiveNothing(TimeSpan.FromMilliseconds(50));
        _home.Answer(atHome, 480);
        Received end = _alice.ReceiveNew("SIP/2.0 486");        // 404 and 480 tell the caller less than busy does
        _alice.Send(Peer.AckOf(invite, end));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_2xx_of_the_first_group_ends_the_search()
    {
        Bind(1000, 500);
        Invite();
        _desk.Answer(_desk.Receive(), 200);
        _alice.ReceiveStatus(200);
        _mobile.ReceiveNothing(TimeSpan.FromSeconds(1));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_6xx_cancels_the_others_and_is_sent_when_they_have_ended()
    {
        Bind(1000, 1000, 500);
        string invite = Invite();
        Received atDesk = _desk.Receive(), atMobile = _mobile.Receive();
        _desk.Answer(atDesk, 180);
        _alice.ReceiveStatus(180);
        _mobile.Answer(atMobile, 603);
        Received cancel = _desk.Receive();
        Assert.Equal("CANCEL", cancel.Method);
        _alice.ReceiveNothing(TimeSpan.FromMilliseconds(100));
        _desk.Answer(cancel, 200);
        _desk.Answer(atDesk, 487);
        _alice.Send(Peer.AckOf(invite, _alice.ReceiveStatus(603)));
        _home.ReceiveNothing(TimeSpan.FromSeconds(1));          // no new branch after a 6xx
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_2xx_beats_a_6xx_that_came_first()
    {
        Bind(500, 500);
        Invite();
        Received atDesk = _desk.Receive(), atMobile = _mobile.Receive();
        _mobile.Answer(atMobile, 603);
        _desk.Answer(atDesk, 200);
        _alice.ReceiveStatus(200);
        _alice.ReceiveNothing(TimeSpan.FromSeconds(1));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_cancel_reaches_all_branches_and_starts_no_more()
    {
        Bind(1000, 1000, 500);
        string invite = Invite();
        Received atDesk = _desk.Receive(), atMobile = _mobile.Receive();
        _desk.Answer(atDesk, 180);
        _mobile.Answer(atMobile, 180);
        _alice.ReceiveStatus(180);
        _alice.ReceiveStatus(180);
        _alice.Send(Peer.CancelOf(invite));
        _alice.ReceiveStatus(200);
        foreach ((Peer phone, Received forwarded) in ((Peer, Received)[])[(_desk, atDesk), (_mobile, atMobile)])
        {
            Received cancel = phone.Receive();
            Assert.Equal("CANCEL", cancel.Method);
            phone.Answer(cancel, 200);
            phone.Answer(forwarded, 487);
        }

        _alice.Send(Peer.AckOf(invite, _alice.ReceiveStatus(487)));
        _home.ReceiveNothing(TimeSpan.FromSeconds(1));
        _server.AssertNothingLeft();
    }

    [Theory]
    [InlineData(new[] { 486, 603, 404 }, 603)]
    [InlineData(new[] { 404, 302, 486 }, 302)]
    [InlineData(new[] { 500, 404, 503 }, 404)]
    [InlineData(new[] { 480, 415, 486 }, 415)]
    [InlineData(new[] { 408, 480, 404 }, 480)]
    [InlineData(new[] { 487, 408, 404 }, 404)]
    [InlineData(new[] { 503, 503, 500 }, 500)]
    [InlineData(new[] { 503, 503, 503 }, 500)]
    [InlineData(new[] { 486, 484, 401 }, 401)]
    public void The_best_response_is_chosen(int[] statuses, int chosen)
    {
        Bind(500, 500, 500);
        string invite = Invite();
        Peer[] phones = [_desk, _mobile, _home];
        Received[] forwarded = [.. phones.Select(phone => phone.Receive())];
        for (int i = 0; i < phones.Length; i++) phones[i].Answer(forwarded[i], statuses[i]);
        Received end = _alice.Receive();
        while (end.Status == 100) end = _alice.Receive();
        Assert.Equal(chosen, end.Status);
        _alice.Send(Peer.AckOf(invite, end));
        foreach (Peer phone in phones) phone.ReceiveNew("ACK");
        _server.AssertNothingLeft();
    }

    [Fact]
    public void All_challenges_of_the_branches_come_back_together()
    {
        Bind(500, 500, 500);
        string invite = Invite();
        Received atDesk = _desk.Receive(), atMobile = _mobile.Receive(), atHome = _home.Receive();
        _desk.Answer(atDesk, 486);
        _mobile.Answer(atMobile, 401, headers: "WWW-Authenticate: Digest realm=\"mobile\", nonce=\"1\"\r\n");
        _server.Network.RunFor(TimeSpan.FromMilliseconds(10));
        _home.Answer(atHome, 407, headers: "Proxy-Authenticate: Digest realm=\"home\", nonce=\"2\"\r\nProxy-Authenticate: Digest realm=\"far\", nonce=\"3\"\r\n");
        Received end = _alice.ReceiveStatus(401);
        Assert.Single(end.Headers("WWW-Authenticate"));
        Assert.Equal(2, end.Headers("Proxy-Authenticate").Count());
        _alice.Send(Peer.AckOf(invite, end));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_redirection_is_passed_on()
    {
        _server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060");
        string invite = Invite();
        _desk.Answer(_desk.Receive(), 302, headers: "Contact: <sip:bob@192.0.2.3:5060>\r\n");
        Received end = _alice.ReceiveStatus(302);
        Assert.Equal("<sip:bob@192.0.2.3:5060>", end.Header("Contact"));
        _alice.Send(Peer.AckOf(invite, end));
        _mobile.ReceiveNothing(TimeSpan.FromSeconds(1));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_redirection_is_followed_when_the_server_is_told_to()
    {
        using var server = new TestServer(configuration => configuration with { Proxy = configuration.Proxy with { Recurse = true } });
        var alice = new Peer(server, "192.0.2.1:5060");
        Peer desk = new(server, "192.0.2.2:5060", "desk"), mobile = new(server, "192.0.2.3:5060", "mobile"), home = new(server, "192.0.2.4:5060", "home");
        server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060");
        string invite = alice.SendAuthorized(alice.Request("INVITE", BobUri));
        desk.Answer(desk.Receive(), 302, headers: "Contact: <sip:bob@192.0.2.3:5060;method=INVITE?Subject=x>;q=0.9, <sip:bob@192.0.2.4:5060>;q=0.5\r\n");
        Received atMobile = mobile.Receive();
        Assert.Equal("INVITE sip:bob@192.0.2.3:5060 SIP/2.0", atMobile.FirstLine);
        mobile.Answer(atMobile, 302, headers: "Contact: <sip:bob@192.0.2.2:5060>\r\n");     // was tried already: passed on
        Received atHome = home.Receive();
        home.Answer(atHome, 200);
        alice.ReceiveNew("SIP/2.0 200");
        Assert.StartsWith("ACK", desk.Receive().FirstLine, StringComparison.Ordinal);
        server.AssertNothingLeft();
        Assert.NotEmpty(invite);
    }

    [Fact]
    public void No_more_branches_run_at_once_than_Max_Breadth_allows()
    {
        Bind(500, 500, 500);
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri, headers: "Max-Breadth: 2\r\n"));
        Peer[] phones = [_desk, _mobile, _home];
        _server.Network.RunFor(TimeSpan.FromMilliseconds(100));
        Peer[] first = [.. phones.Where(phone => phone.Waiting > 0)];
        Assert.Equal(2, first.Length);
        Received[] forwarded = [.. first.Select(phone => phone.Receive())];
        Assert.All(forwarded, request => Assert.Equal("1", request.Header("Max-Breadth")));
        first[1].Answer(forwarded[1], 180);
        first[0].Answer(forwarded[0], 486);
        Peer third = phones.Except(first).Single();
        Received last = third.Receive();
        Assert.Equal("1", last.Header("Max-Breadth"));
        third.Answer(last, 200);
        _alice.ReceiveNew("SIP/2.0 200");
        Assert.Equal("CANCEL", first[1].ReceiveNewAfterInvites().Method);
        first[1].Answer(forwarded[1], 487);
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_request_that_may_have_no_branch_at_all_gets_440()
    {
        Bind(1000, 500);
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", BobUri, headers: "Max-Breadth: 0\r\n"));
        _alice.Send(Peer.AckOf(invite, _alice.ReceiveStatus(440)));
        _desk.ReceiveNothing(TimeSpan.FromSeconds(1));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_redirection_that_can_be_followed_no_more_is_passed_on()
    {
        using var server = new TestServer(configuration => configuration with { Proxy = configuration.Proxy with { Recurse = true, MaxBranches = 2 } });
        var alice = new Peer(server, "192.0.2.1:5060");
        var desk = new Peer(server, "192.0.2.2:5060", "desk");
        server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060");
        string invite = alice.SendAuthorized(alice.Request("INVITE", BobUri));
        desk.Answer(desk.Receive(), 302, headers: "Contact: <sip:bob2@192.0.2.2:5060>\r\n");
        Received second = desk.ReceiveNew("INVITE sip:bob2@");
        desk.Answer(second, 302, headers: "Contact: <sip:bob3@192.0.2.2:5060>\r\n");
        Received end = alice.ReceiveStatus(302);
        Assert.Equal("<sip:bob3@192.0.2.2:5060>", end.Header("Contact"));
        alice.Send(Peer.AckOf(invite, end));
        server.AssertNothingLeft();
    }

    [Fact]
    public void Only_so_many_targets_are_tried_as_the_server_allows()
    {
        using var server = new TestServer(configuration => configuration with { Proxy = new ProxyOptions { MaxBranches = 1 } });
        var alice = new Peer(server, "192.0.2.1:5060");
        Peer desk = new(server, "192.0.2.2:5060", "desk"), mobile = new(server, "192.0.2.3:5060", "mobile");
        server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060", 1000);
        server.Bind("bob@example.com", "sip:bob@192.0.2.3:5060", 500);
        string invite = alice.SendAuthorized(alice.Request("INVITE", BobUri));
        desk.Answer(desk.Receive(), 486);
        alice.Send(Peer.AckOf(invite, alice.ReceiveStatus(486)));
        mobile.ReceiveNothing(TimeSpan.FromSeconds(1));
        server.AssertNothingLeft();
    }
}
