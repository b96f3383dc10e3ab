using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net.Virtual;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Calls;
using static Parley.Endpoint.Tests.UserAgent.ScriptedPeer;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>What a user agent that calls makes of what comes back.</summary>
public sealed class ClientSideTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly VirtualHost _host;
    private readonly VirtualHost _peerHost;
    private readonly ScriptedPeer _peer;
    private VirtualPhone? _started;

    public ClientSideTests()
    {
        _host = _network.AddHost("phone", "192.0.2.1");
        _peerHost = _network.AddHost("peer", "192.0.2.9");
        _peer = NewPeer("192.0.2.9:5060");
    }

    private VirtualPhone Phone => _started ??= NewPhone(options => options);

    private VirtualPhone NewPhone(Func<UserAgentCoreOptions, UserAgentCoreOptions> change) => _started = new VirtualPhone(_host, "192.0.2.1:5060", change);

    private ScriptedPeer NewPeer(string local) => new(_network, _peerHost, local, VirtualPhone.At("192.0.2.1:5060"));

    private void AssertNothingLeft()
    {
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Phone.AssertNothingLeft();
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Assert.Equal(0, _network.Buffers.Outstanding);
    }

    private void RunToEnd(CallLeg call)
    {
        Assert.True(_network.Run(() => call.State == CallState.Ended, Limit), string.Join(", ", Phone.Heard));
    }

    /// <summary>The phone hangs up, and the peer answers.</summary>
    private void HangUp(CallLeg call)
    {
        call.HangUp();
        _peer.Answer(_peer.TakeRequest("BYE"), "200 OK");
        RunToEnd(call);
    }

    [Fact]
    public void Every_request_says_who_and_what_it_is_from()
    {
        NewPhone(options => options with
        {
            Identity = SipUri.Parse("sip:alice%20b@a.example"), DisplayName = "Alice \"A\" Ünal", Product = "Test/1",
        });
        CallLeg call = Phone.Call(SipUri.Parse($"sip:bob@{_peer.Address};method=INVITE?Subject=x"), new CallOptions
        {
            Headers = new Dictionary<string, string> { ["Subject"] = "Lunch", ["X-Note"] = "a: b" },
        });
        string invite = _peer.TakeRequest("INVITE");
        Assert.StartsWith($"INVITE sip:bob@{_peer.Address} SIP/2.0\r\n", invite, StringComparison.Ordinal);
        Assert.StartsWith("\"Alice \\\"A\\\" Ünal\" <sip:alice%20b@a.example>;tag=", Header(invite, "From"), StringComparison.Ordinal);
        Assert.Equal($"<sip:bob@{_peer.Address}>", Header(invite, "To"));
        Assert.Equal("<sip:alice%20b@192.0.2.1:5060>", Header(invite, "Contact"));
        Assert.Equal("70", Header(invite, "Max-Forwards"));
        Assert.Equal("Test/1", Header(invite, "User-Agent"));
        Assert.Equal("Lunch", Header(invite, "Subject"));
        Assert.Equal("a: b", Header(invite, "X-Note"));
        Assert.Equal("INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, PRACK, UPDATE, INFO", Header(invite, "Allow"));
        Assert.Contains("m=audio", Body(invite), StringComparison.Ordinal);
        _peer.Answer(invite, "486 Busy Here");
        RunToEnd(call);
        AssertNothingLeft();
    }

    [Fact]
    public void Who_has_no_identity_is_known_by_its_address()
    {
        NewPhone(options => options with { Identity = null });
        CallLeg call = Phone.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        Assert.StartsWith("<sip:parley@192.0.2.1:5060>;tag=", Header(invite, "From"), StringComparison.Ordinal);
        _peer.Answer(invite, "404 Not Found");
        RunToEnd(call);
        Assert.Equal(["Refused 404"], Phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void A_header_that_the_protocol_needs_or_that_is_no_row_is_refused()
    {
        foreach ((string name, string value) in (ReadOnlySpan<(string, string)>)[("Via", "x"), ("f", "x"), ("X y", "x"), ("X", "a\r\nb: c"), ("CSeq", "1 INVITE")])
        {
            var options = new CallOptions { Headers = new Dictionary<string, string> { [name] = value } };
            Assert.ThrowsAny<ArgumentException>(() => Phone.Call(_peer.Uri, options));
        }

        AssertNothingLeft();
    }

    [Fact]
    public void Two_realms_ask_for_credentials_and_get_them()
    {
        NewPhone(options => options with { Password = "secret" });
        CallLeg call = Phone.Call(_peer.Uri);
        string first = _peer.TakeRequest("INVITE");
        Assert.Equal("1 INVITE", Header(first, "CSeq"));
        _peer.Answer(first, "407 Proxy Authentication Required", headers: "Proxy-Authenticate: Digest realm=\"proxy\", nonce=\"n1\", qop=\"auth\"\r\n");
        _peer.TakeRequest("ACK");
        string second = _peer.TakeRequest("INVITE");
        Assert.Equal("2 INVITE", Header(second, "CSeq"));
        Assert.Equal(Header(first, "Call-ID"), Header(second, "Call-ID"));
        Assert.Equal(Header(first, "From"), Header(second, "From"));
        Assert.NotEqual(Header(first, "Via"), Header(second, "Via"));
        Assert.Contains("realm=\"proxy\"", Header(second, "Proxy-Authorization"), StringComparison.Ordinal);
        _peer.Answer(second, "401 Unauthorized", headers: "WWW-Authenticate: Digest realm=\"phone\", nonce=\"n2\", algorithm=SHA-256, qop=\"auth\"\r\n");
        string third = _peer.TakeRequest("INVITE");
        Assert.Contains("realm=\"proxy\"", Header(third, "Proxy-Authorization"), StringComparison.Ordinal);
        Assert.Contains("realm=\"phone\"", Header(third, "Authorization"), StringComparison.Ordinal);
        _peer.Answer(third, "200 OK", body: _peer.Sdp());
        string ack = _peer.TakeRequest("ACK");
        Assert.Equal("3 ACK", Header(ack, "CSeq"));
        Assert.Equal(Header(third, "Authorization"), Header(ack, "Authorization"));
        HangUp(call);
        Assert.Equal(["established", "HungUp 200"], Phone.Heard);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("wrong")]
    public void Who_cannot_answer_a_challenge_is_told_and_does_not_try_for_ever(string? password)
    {
        NewPhone(options => options with { Password = password });
        CallLeg call = Phone.Call(_peer.Uri);
        int asked = 0;
        while (call.State != CallState.Ended && asked < 20)
        {
            string? request = _peer.TryTake(TimeSpan.FromSeconds(40));
            if (request is null) break;
            if (!request.StartsWith("INVITE", StringComparison.Ordinal)) continue;
            asked++;
            _peer.Answer(request, "401 Unauthorized", headers: $"WWW-Authenticate: Digest realm=\"r\", nonce=\"n{asked}\", qop=\"auth\"\r\n");
        }

        Assert.Equal(password is null ? 1 : 2, asked);
        Assert.Equal(["AuthenticationFailed 401"], Phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void An_answer_that_comes_again_is_acknowledged_again()
    {
        CallLeg call = Phone.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(invite, "200 OK", body: _peer.Sdp());
        string ack = _peer.TakeRequest("ACK");
        for (int i = 0; i < 3; i++)
        {
            _peer.Answer(invite, "200 OK", body: _peer.Sdp());
            Assert.Equal(ack, _peer.TakeRequest("ACK"));
        }

        HangUp(call);
        _peer.Answer(invite, "200 OK", body: _peer.Sdp());
        Assert.Equal(ack, _peer.TakeRequest("ACK"));
        AssertNothingLeft();
    }

    [Fact]
    public void Of_two_phones_that_answer_one_is_hung_up()
    {
        ScriptedPeer other = NewPeer("192.0.2.9:5062");
        CallLeg call = Phone.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(invite, "180 Ringing", tag: "one");
        _peer.Answer(invite, "180 Ringing", tag: "two");
        _peer.Answer(invite, "200 OK", tag: "one", body: _peer.Sdp());
        Assert.Contains(";tag=one", Header(_peer.TakeRequest("ACK"), "To"), StringComparison.Ordinal);
        _peer.Answer(invite, "200 OK", tag: "two", body: other.Sdp(), headers: $"Contact: <sip:two@{other.Address}>\r\n", hasContact: false);
        string ack = other.TakeRequest("ACK");
        Assert.StartsWith($"ACK sip:two@{other.Address} SIP/2.0\r\n", ack, StringComparison.Ordinal);
        string bye = other.TakeRequest("BYE");
        Assert.Contains(";tag=two", Header(bye, "To"), StringComparison.Ordinal);
        other.Answer(bye, "200 OK");
        _peer.Answer(invite, "200 OK", tag: "two", body: other.Sdp(), headers: $"Contact: <sip:two@{other.Address}>\r\n", hasContact: false);
        Assert.Equal(ack, other.TakeRequest("ACK"));
        Assert.Null(other.TryTake(TimeSpan.FromSeconds(40)));
        Assert.Equal(CallState.Established, call.State);
        HangUp(call);
        Assert.Equal(["180", "180", "established", "HungUp 200"], Phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void Who_called_keeps_its_contact_when_the_callee_holds_the_call()
    {
        NewPhone(options => options with { Identity = SipUri.Parse("sip:alice@a.example") });
        CallLeg call = Phone.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(invite, "200 OK", body: _peer.Sdp());
        _peer.TakeRequest("ACK");
        _peer.CallId = Header(invite, "Call-ID");
        _peer.FromTag = "remote";
        _peer.Send("INVITE", 1, _peer.Sdp("a=sendonly\r\n", version: 2), toTag: Header(invite, "From").Split(";tag=")[1]);
        string answer = _peer.TakeResponse(200);
        _peer.Send("ACK", 1);
        Assert.Equal("<sip:alice@192.0.2.1:5060>", Header(answer, "Contact"));
        HangUp(call);
        Assert.Equal(["established", "held", "HungUp 200"], Phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void Sound_before_the_answer_is_heard_and_the_answer_may_leave_it_at_that()
    {
        SampleSink sink = new();
        CallLeg call = Phone.Call(_peer.Uri, new CallOptions { Audio = new CallAudio { Sink = sink } });
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(invite, "183 Session Progress", body: _peer.Sdp());
        Assert.True(_network.Run(() => Phone.Heard.Contains("183 with sound"), Limit));
        _network.RunFor(TimeSpan.FromSeconds(1));
        Assert.NotEmpty(sink.Samples);
        Assert.Equal(0, call.Statistics!.Rtp.PacketsSent);      // nobody has agreed to hear yet
        _peer.Answer(invite, "200 OK");
        _peer.TakeRequest("ACK");
        _network.RunFor(TimeSpan.FromSeconds(1));
        Assert.NotEqual(0, call.Statistics!.Rtp.PacketsSent);
        HangUp(call);
        Assert.Equal(["183 with sound", "established", "HungUp 200"], Phone.Heard);
        Assert.Equal(1, sink.Ends);
        AssertNothingLeft();
    }

    [Fact]
    public void The_answer_may_be_another_than_the_sound_before_it()
    {
        CallLeg call = Phone.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(invite, "183 Session Progress", tag: "announcement", body: _peer.Sdp());
        _peer.Answer(invite, "200 OK", tag: "phone", body: _peer.Sdp(media: "audio 41000 RTP/AVP 8 101"));
        _peer.TakeRequest("ACK");
        Assert.Equal("PCMA", call.Codec);
        HangUp(call);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_answered_early_answers_no_later_offer(bool hasFinalAnswer)
    {
        CallLeg call = Phone.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(invite, "183 Session Progress", body: _peer.Sdp());
        _peer.Answer(invite, "200 OK", body: hasFinalAnswer ? _peer.Sdp() : null);
        _peer.TakeRequest("ACK");
        (_peer.CallId, _peer.FromTag) = (call.CallId, "remote");
        string tag = Header(invite, "From").Split(";tag=")[1];
        _peer.Send("INVITE", 1, toTag: tag);
        _peer.TakeResponse(200);
        _peer.Send("ACK", 1, toTag: tag);
        _peer.Answer(_peer.TakeRequest("BYE"), "200 OK");
        RunToEnd(call);
        Assert.Equal(["183 with sound", "established", "NoMedia 200"], Phone.Heard);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("audio 0 RTP/AVP 0")]
    [InlineData("audio 40000 RTP/AVP 18")]
    [InlineData("video 40000 RTP/AVP 31")]
    public void An_answer_that_cannot_be_used_is_acknowledged_and_hung_up(string? media)
    {
        CallLeg call = Phone.Call(_peer.Uri);
        _peer.Answer(_peer.TakeRequest("INVITE"), "200 OK", body: media is null ? null : _peer.Sdp(media: media));
        _peer.TakeRequest("ACK");
        _peer.Answer(_peer.TakeRequest("BYE"), "200 OK");
        RunToEnd(call);
        Assert.Equal(["NoMedia 200"], Phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void A_redirection_is_followed_when_asked_and_only_so_far()
    {
        ScriptedPeer low = NewPeer("192.0.2.9:5062"), high = NewPeer("192.0.2.9:5064");
        CallLeg call = Phone.Call(_peer.Uri, new CallOptions { MaxRedirects = 3 });
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(
            invite, "302 Moved Temporarily", hasContact: false,
            headers: $"Contact: <sip:low@{low.Address}>;q=0.1, <sip:high@{high.Address}?Subject=x>;q=0.9\r\nContact: <tel:+15550100>, <{_peer.Uri}>\r\n");
        string redirected = high.TakeRequest("INVITE");
        Assert.StartsWith($"INVITE sip:high@{high.Address} SIP/2.0\r\n", redirected, StringComparison.Ordinal);
        Assert.Equal(Header(invite, "Call-ID"), Header(redirected, "Call-ID"));
        Assert.Equal("2 INVITE", Header(redirected, "CSeq"));
        high.Answer(redirected, "302 Moved Temporarily", hasContact: false, headers: $"Contact: <sip:high@{high.Address}>, <sip:a@{_peer.Address}>, <sip:b@{_peer.Address}>\r\n");
        _peer.Answer(_peer.Take(text => text.StartsWith("INVITE sip:a@", StringComparison.Ordinal)), "404 Not Found");      // q is 1 where nothing is said
        string last = low.TakeRequest("INVITE");
        low.Answer(last, "200 OK", body: low.Sdp());
        low.TakeRequest("ACK");
        call.HangUp();
        low.Answer(low.TakeRequest("BYE"), "200 OK");
        RunToEnd(call);
        Assert.Equal([$"to sip:high@{high.Address}", $"to sip:a@{_peer.Address}", $"to sip:low@{low.Address}", "established", "HungUp 200"], Phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void A_redirection_is_a_refusal_when_nobody_asked_to_follow()
    {
        CallLeg call = Phone.Call(_peer.Uri);
        _peer.Answer(_peer.TakeRequest("INVITE"), "302 Moved Temporarily", headers: $"Contact: <sip:other@{_peer.Address}>\r\n", hasContact: false);
        RunToEnd(call);
        Assert.Equal(["Refused 302"], Phone.Heard);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("sip:192.0.2.9:5060;lr")]
    [InlineData("sip:192.0.2.9:5060")]
    public void An_outbound_proxy_gets_everything_first(string proxy)
    {
        NewPhone(options => options with { OutboundProxy = SipUri.Parse(proxy) });
        CallLeg call = Phone.Call(SipUri.Parse("sip:bob@nowhere.example"));
        string invite = _peer.TakeRequest("INVITE");
        Assert.StartsWith("INVITE sip:bob@nowhere.example SIP/2.0\r\n", invite, StringComparison.Ordinal);
        Assert.Equal("<sip:192.0.2.9:5060;lr>", Header(invite, "Route"));
        _peer.Answer(invite, "180 Ringing", headers: "Record-Route: <sip:192.0.2.9:5060;lr>\r\n");
        _peer.Answer(invite, "200 OK", body: _peer.Sdp(), headers: "Record-Route: <sip:192.0.2.77;lr>, <sip:192.0.2.9:5060;lr>\r\nContact: <sip:bob@192.0.2.88>\r\n", hasContact: false);
        string ack = _peer.TakeRequest("ACK");
        Assert.StartsWith("ACK sip:bob@192.0.2.88 SIP/2.0\r\n", ack, StringComparison.Ordinal);
        Assert.Equal("<sip:192.0.2.9:5060;lr>, <sip:192.0.2.77;lr>", Header(ack, "Route"));
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void Cancel_is_sent_once_something_came_and_a_late_answer_is_hung_up()
    {
        CallLeg call = Phone.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        call.HangUp();
        Assert.Null(_peer.TryTake(TimeSpan.FromSeconds(3), text => text.StartsWith("CANCEL", StringComparison.Ordinal)));
        _peer.Answer(invite, "180 Ringing");
        string cancel = _peer.TakeRequest("CANCEL");
        Assert.Equal(Header(invite, "Via"), Header(cancel, "Via"));
        _peer.Answer(cancel, "200 OK", hasContact: false);
        _peer.Answer(invite, "200 OK", body: _peer.Sdp());
        _peer.TakeRequest("ACK");
        _peer.Answer(_peer.TakeRequest("BYE"), "200 OK");
        RunToEnd(call);
        Assert.Equal(["Cancelled 487"], Phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void A_cancelled_call_ends_even_when_nobody_confirms_it()
    {
        CallLeg call = Phone.Call(_peer.Uri);
        _peer.Answer(_peer.TakeRequest("INVITE"), "180 Ringing");
        Assert.True(_network.Run(() => Phone.Heard.Contains("180"), Limit));
        call.HangUp();
        Instant start = _network.Now;
        RunToEnd(call);
        Assert.Equal(32, (_network.Now - start).TotalSeconds, 1);
        Assert.Equal(["180", "Cancelled 487"], Phone.Heard);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData(481)]
    [InlineData(408)]
    [InlineData(500)]
    public void A_bye_ends_the_call_whatever_comes_back(int status)
    {
        CallLeg call = Phone.Call(_peer.Uri);
        _peer.Answer(_peer.TakeRequest("INVITE"), "200 OK", body: _peer.Sdp());
        _peer.TakeRequest("ACK");
        call.HangUp();
        _peer.Answer(_peer.TakeRequest("BYE"), $"{status} No");
        RunToEnd(call);
        Assert.Equal(["established", "HungUp 200"], Phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void A_bye_is_authenticated_too()
    {
        NewPhone(options => options with { Password = "secret" });
        CallLeg call = Phone.Call(_peer.Uri);
        _peer.Answer(_peer.TakeRequest("INVITE"), "200 OK", body: _peer.Sdp());
        _peer.TakeRequest("ACK");
        call.HangUp();
        string bye = _peer.TakeRequest("BYE");
        _peer.Answer(bye, "407 Proxy Authentication Required", headers: "Proxy-Authenticate: Digest realm=\"proxy\", nonce=\"n1\", qop=\"auth\"\r\n");
        string again = _peer.TakeRequest("BYE");
        Assert.Equal(("2 BYE", "3 BYE"), (Header(bye, "CSeq"), Header(again, "CSeq")));
        Assert.NotEmpty(Header(again, "Proxy-Authorization"));
        _peer.Answer(again, "200 OK");
        RunToEnd(call);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("481 Call/Transaction Does Not Exist", "Lost 481")]
    [InlineData(null, "Lost 408")]
    public void A_call_that_the_other_side_has_forgotten_is_noticed(string? answer, string end)
    {
        NewPhone(options => options with { AliveInterval = TimeSpan.FromSeconds(60) });
        CallLeg call = Phone.Call(_peer.Uri);
        _peer.Answer(_peer.TakeRequest("INVITE"), "200 OK", body: _peer.Sdp());
        _peer.TakeRequest("ACK");
        Instant start = _network.Now;
        _peer.Answer(_peer.TakeRequest("OPTIONS"), "200 OK");
        Assert.Equal(60, (_network.Now - start).TotalSeconds, 0);
        string question = _peer.TakeRequest("OPTIONS");
        if (answer is not null) _peer.Answer(question, answer);
        _peer.Answer(_peer.TakeRequest("BYE"), "481 Call/Transaction Does Not Exist");
        RunToEnd(call);
        Assert.Equal(["established", end], Phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void A_route_of_an_old_proxy_is_followed_its_way()
    {
        CallLeg call = Phone.Call(_peer.Uri);
        _peer.Answer(
            _peer.TakeRequest("INVITE"), "200 OK", body: _peer.Sdp(),
            headers: $"Record-Route: <sip:old@{_peer.Address}>\r\nContact: <sip:bob@192.0.2.88>\r\n", hasContact: false);
        string ack = _peer.TakeRequest("ACK");
        Assert.StartsWith($"ACK sip:old@{_peer.Address} SIP/2.0\r\n", ack, StringComparison.Ordinal);
        Assert.Equal("<sip:bob@192.0.2.88>", Header(ack, "Route"));
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void Calls_and_ports_are_bounded()
    {
        NewPhone(options => options with { MaxCalls = 1 });
        CallLeg call = Phone.Call(_peer.Uri);
        Assert.Null(Phone.Core.Call(_peer.Uri, new CallOptions(), Phone));
        _peer.Answer(_peer.TakeRequest("INVITE"), "486 Busy Here");
        RunToEnd(call);
        AssertNothingLeft();
    }

    [Fact]
    public void A_name_with_several_addresses_is_tried_one_after_the_other()
    {
        var resolver = new ListResolver("[2001:db8::9]:5060", "192.0.2.9:5999", "192.0.2.9:5060");
        _started = new VirtualPhone(_host, "192.0.2.1:5060", options => options with { Identity = null }, resolver: resolver);
        _started.Core.Call(SipUri.Parse("sip:bob@example.com"), new CallOptions(), _started);
        string invite = _peer.TakeRequest("INVITE");
        Assert.StartsWith("INVITE sip:bob@example.com SIP/2.0\r\n", invite, StringComparison.Ordinal);
        Assert.Equal("3 INVITE", Header(invite, "CSeq"));
        Assert.StartsWith("<sip:parley@192.0.2.1:5060>;tag=", Header(invite, "From"), StringComparison.Ordinal);
        Assert.Contains("c=IN IP4 ", Body(invite), StringComparison.Ordinal);
        Assert.Equal("example.com", Assert.Single(resolver.Asked));
        _peer.Answer(invite, "486 Busy Here");
        Assert.True(_network.Run(() => Phone.Ends.Count == 1, Limit));
        Assert.Equal(["Refused 486"], Phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void A_name_that_nobody_has_is_told()
    {
        _started = new VirtualPhone(_host, "192.0.2.1:5060", resolver: new ListResolver());
        CallLeg call = Phone.Call(SipUri.Parse("sip:bob@example.com"));
        RunToEnd(call);
        Assert.Equal(["NotLocated 503"], Phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void A_call_that_is_given_up_while_its_address_is_sought_sends_nothing()
    {
        _started = new VirtualPhone(_host, "192.0.2.1:5060", resolver: new ListResolver("192.0.2.9:5060"));
        CallLeg call = Phone.Call(SipUri.Parse("sip:bob@example.com"));
        call.HangUp();
        RunToEnd(call);
        Assert.Null(_peer.TryTake(TimeSpan.FromSeconds(40)));
        Assert.Equal(["Cancelled 487"], Phone.Heard);
        AssertNothingLeft();
    }

    /// <summary>Knows one list of addresses.</summary>
    private sealed class ListResolver(params string[] addresses) : ISipResolver
    {
        public List<string> Asked { get; } = [];

        public void Resolve(in SipDestination destination, SipLane lane, SipLocateRequest request)
        {
            Asked.Add(destination.Host);
            SipTransport transport = destination.Transport == SipTransport.Unknown ? SipTransport.Udp : destination.Transport;
            request.Complete(lane, [.. addresses.Select(address => new SipFlow(transport, VirtualPhone.At(address)))]);
        }
    }
}
