using Parley.Core;
using Parley.Net.Virtual;
using Parley.UserAgent;
using Parley.UserAgent.Calls;
using static Parley.Endpoint.Tests.UserAgent.ScriptedPeer;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>What a user agent answers to what comes: each state of a call, with requests that fit and that do not.</summary>
public sealed class ServerSideTests
{
    private const string Allowed = "INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, PRACK, UPDATE, INFO";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly VirtualHost _peerHost;
    private readonly VirtualPhone _phone;
    private readonly ScriptedPeer _peer;

    public ServerSideTests()
    {
        VirtualHost host = _network.AddHost("phone", "192.0.2.1");
        _peerHost = _network.AddHost("peer", "192.0.2.9");
        _phone = new VirtualPhone(host, "192.0.2.1:5060", options => options with { MaxCalls = 2 });
        _peer = NewPeer("192.0.2.9:5060");
    }

    private CallLeg Call => _phone.Incoming[^1];

    private ScriptedPeer NewPeer(string local) => new(_network, _peerHost, local, VirtualPhone.At("192.0.2.1:5060"));

    private void AssertNothingLeft()
    {
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        _phone.AssertNothingLeft();
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Assert.Equal(0, _network.Buffers.Outstanding);
    }

    /// <summary>A call that the phone has answered and the peer has acknowledged.</summary>
    private void Establish()
    {
        _phone.OnCall = call => call.Answer(CallAudio.None);
        _peer.Send("INVITE", 1, _peer.Sdp());
        _peer.TakeResponse(200);
        _peer.Send("ACK", 1);
        Assert.True(_network.Run(() => Call.State == CallState.Established, Limit));
    }

    private void HangUp(int sequence)
    {
        _peer.Send("BYE", sequence);
        _peer.TakeResponse(200);
    }

    [Theory]
    [InlineData("MESSAGE", 405)]
    [InlineData("SUBSCRIBE", 405)]
    [InlineData("REFER", 405)]
    [InlineData("PUBLISH", 405)]
    [InlineData("REGISTER", 405)]
    [InlineData("JUMP", 501)]
    public void A_method_that_is_not_supported_gets_what_is(string method, int status)
    {
        _peer.Send(method, 1);
        Assert.Equal(Allowed, Header(_peer.TakeResponse(status), "Allow"));
        AssertNothingLeft();
    }

    [Fact]
    public void Options_says_what_is_supported_and_whether_there_is_room()
    {
        _peer.Send("OPTIONS", 1);
        string answer = _peer.TakeResponse(200);
        Assert.Equal(Allowed, Header(answer, "Allow"));
        Assert.Equal("application/sdp, application/dtmf-relay, application/dtmf", Header(answer, "Accept"));
        Assert.Equal(("identity", "en"), (Header(answer, "Accept-Encoding"), Header(answer, "Accept-Language")));
        Assert.DoesNotContain("\r\nRecv-Info", answer, StringComparison.Ordinal);      // RFC 6086 7.1 has none here

        // What a refusal and an INVITE say is the same.
        _peer.ToTag = null;
        _peer.Send("PUBLISH", 1);
        Assert.Equal(Allowed, Header(_peer.TakeResponse(405), "Allow"));
        _phone.Call(_peer.Uri).HangUp();
        string invite = _peer.TakeRequest("INVITE");
        Assert.Equal((Allowed, Header(answer, "Supported")), (Header(invite, "Allow"), Header(invite, "Supported")));
        _peer.Answer(invite, "480 Temporarily Unavailable");
        Assert.True(_network.Run(() => _phone.Core.CallCount == 0, Limit));

        _peer.ToTag = null;
        for (int i = 0; i < 2; i++)
        {
            _peer.CallId = $"call{i}";
            _peer.Send("INVITE", 1, _peer.Sdp());
        }

        Assert.True(_network.Run(() => _phone.Incoming.Count == 2, Limit));
        _peer.CallId = "question";
        _peer.Send("OPTIONS", 1);
        _peer.TakeResponse(486);
        foreach (CallLeg call in _phone.Incoming) call.Reject(480);
        AssertNothingLeft();
    }

    [Fact]
    public void A_needed_extension_is_refused_by_name()
    {
        _peer.Send("INVITE", 1, _peer.Sdp(), "Require: 100rel, precondition, timer, gruu\r\n");
        Assert.Equal("precondition, gruu", Header(_peer.TakeResponse(420), "Unsupported"));
        Assert.Empty(_phone.Incoming);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("Content-Type: text/plain\r\n", 415)]
    [InlineData("Content-Type: multipart/mixed;boundary=x\r\n", 415)]
    [InlineData("Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n", 415)]
    [InlineData("Content-Type: application/sdp\r\n", 400)]
    public void A_body_that_cannot_be_read_is_refused(string headers, int status)
    {
        _peer.Send("INVITE", 1, "v=0\r\nhello\r\n", headers);
        string answer = _peer.TakeResponse(status);
        if (status == 415) Assert.Equal("application/sdp", Header(answer, "Accept"));
        else Assert.Contains("SDP line 2", answer, StringComparison.Ordinal);
        Assert.Empty(_phone.Incoming);
        AssertNothingLeft();
    }

    [Fact]
    public void A_body_that_may_be_ignored_is()
    {
        _phone.OnCall = call => call.Answer(CallAudio.None);
        _peer.Send("INVITE", 1, "hello", "Content-Type: text/plain\r\nContent-Disposition: render;handling=optional\r\n");
        Assert.Contains("m=audio", _peer.TakeResponse(200), StringComparison.Ordinal);
        _peer.Send("ACK", 1, _peer.Sdp());
        HangUp(2);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("audio 40000 RTP/AVP 18", "305")]
    [InlineData("audio 40000 RTP/SAVP 0", "302")]
    [InlineData("video 40000 RTP/AVP 31", "304")]
    public void An_offer_without_common_ground_is_refused_with_a_warning(string media, string code)
    {
        _peer.Send("INVITE", 1, _peer.Sdp(media: media));
        Assert.StartsWith(code, Header(_peer.TakeResponse(488), "Warning"), StringComparison.Ordinal);
        Assert.Empty(_phone.Incoming);
        AssertNothingLeft();
    }

    [Fact]
    public void An_invite_without_contact_is_refused()
    {
        _peer.Send("INVITE", 1, _peer.Sdp(), hasContact: false);
        Assert.StartsWith("SIP/2.0 400 Missing Contact\r\n", _peer.TakeResponse(400), StringComparison.Ordinal);
        AssertNothingLeft();
    }

    [Fact]
    public void An_invite_that_came_by_two_ways_rings_once()
    {
        _phone.OnCall = call => call.Ring();
        _peer.Send("INVITE", 1, _peer.Sdp(), branch: "one");
        _peer.TakeResponse(180);
        _peer.ToTag = null;
        _peer.Send("INVITE", 1, _peer.Sdp(), branch: "two");
        _peer.TakeResponse(482);
        Assert.Single(_phone.Incoming);
        Call.Reject(486);
        AssertNothingLeft();
    }

    [Fact]
    public void A_retransmitted_invite_gets_the_same_answer()
    {
        _phone.OnCall = call => call.Ring();
        string invite = _peer.Send("INVITE", 1, _peer.Sdp());
        string first = _peer.TakeResponse(180);
        _peer.SendAgain(invite);
        Assert.Equal(first, _peer.TakeResponse(180));
        Assert.Single(_phone.Incoming);
        Call.Reject(486);
        AssertNothingLeft();
    }

    [Fact]
    public void A_refusal_that_cannot_be_written_sends_nothing_and_the_call_can_be_refused_still()
    {
        _peer.Send("INVITE", 1, _peer.Sdp());
        Assert.True(_network.Run(() => _phone.Incoming.Count > 0, Limit));
        Assert.Throws<ArgumentException>(() => Call.Reject(486, "Busy\r\nX-Added: 1"));
        Assert.Throws<ArgumentOutOfRangeException>(() => Call.Reject(200));
        Assert.Equal(CallState.Incoming, Call.State);
        Assert.True(Call.Reject(480, "Not Now"));
        Assert.StartsWith("SIP/2.0 480 Not Now\r\n", _peer.TakeResponse(480), StringComparison.Ordinal);
        AssertNothingLeft();
    }

    [Fact]
    public void More_calls_than_there_may_be_are_busy()
    {
        for (int i = 0; i < 3; i++)
        {
            _peer.CallId = $"call{i}";
            _peer.Send("INVITE", 1, _peer.Sdp());
        }

        _peer.TakeResponse(486);
        Assert.Equal(2, _phone.Incoming.Count);
        foreach (CallLeg call in _phone.Incoming) call.Reject(480);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("BYE", null)]
    [InlineData("UPDATE", null)]
    [InlineData("PRACK", "0123456789abcdef")]
    [InlineData("BYE", "0123456789abcdef")]
    [InlineData("INVITE", "0123456789abcdef")]
    [InlineData("OPTIONS", "anything")]
    [InlineData("CANCEL", null)]
    public void What_belongs_to_no_call_does_not_exist(string method, string? toTag)
    {
        _peer.Send(method, 7, method == "INVITE" ? _peer.Sdp() : null, toTag: toTag);
        _peer.TakeResponse(481);
        AssertNothingLeft();
    }

    [Fact]
    public void An_ack_of_nothing_is_dropped()
    {
        _peer.Send("ACK", 1, toTag: "0123456789abcdef");
        Assert.Null(_peer.TryTake(TimeSpan.FromSeconds(40)));
        AssertNothingLeft();
    }

    [Fact]
    public void A_request_with_the_tag_of_a_call_and_another_name_is_not_of_the_call()
    {
        Establish();
        _peer.FromTag = "somebody-else";
        _peer.Send("BYE", 2);
        _peer.TakeResponse(481);
        _peer.FromTag = "peer1";
        _peer.CallId = "another@peer";
        _peer.Send("BYE", 2);
        _peer.TakeResponse(481);
        Assert.Equal(CallState.Established, Call.State);
        _peer.CallId = "call-1@peer";
        HangUp(2);
        AssertNothingLeft();
    }

    [Fact]
    public void A_number_that_is_not_higher_is_out_of_order()
    {
        Establish();
        _peer.Send("OPTIONS", 5);
        _peer.TakeResponse(200);
        _peer.Send("BYE", 4);
        _peer.TakeResponse(500);
        Assert.Equal(CallState.Established, Call.State);
        HangUp(6);
        AssertNothingLeft();
    }

    [Fact]
    public void Options_in_a_call_is_answered_as_often_as_it_comes()
    {
        Establish();
        string options = _peer.Send("OPTIONS", 2);
        string answer = _peer.TakeResponse(200);
        _peer.SendAgain(options);
        Assert.Equal(answer, _peer.TakeResponse(200));
        HangUp(3);
        AssertNothingLeft();
    }

    [Fact]
    public void The_answer_is_sent_until_it_is_acknowledged()
    {
        _phone.OnCall = call => call.Answer(CallAudio.None);
        _peer.Send("INVITE", 1, _peer.Sdp());
        string answer = _peer.TakeResponse(200);
        Instant start = _network.Now;
        double[] expected = [0.5, 1.5, 3.5, 7.5, 11.5];
        foreach (double seconds in expected)
        {
            Assert.Equal(answer, _peer.TakeResponse(200));
            Assert.Equal(seconds, (_network.Now - start).TotalSeconds, 2);
        }

        _peer.Send("ACK", 1);
        Assert.Null(_peer.TryTake(TimeSpan.FromSeconds(40)));
        Assert.Equal(CallState.Established, Call.State);
        _peer.Send("ACK", 1);
        HangUp(2);
        AssertNothingLeft();
    }

    [Fact]
    public void Without_acknowledgement_the_call_is_hung_up_after_64_T1()
    {
        _phone.OnCall = call => call.Answer(CallAudio.None);
        _peer.Send("INVITE", 1, _peer.Sdp());
        _peer.TakeResponse(200);
        Instant start = _network.Now;
        string bye = _peer.TakeRequest("BYE");
        Assert.Equal(32, (_network.Now - start).TotalSeconds, 1);
        _peer.Answer(bye, "200 OK");
        Assert.True(_network.Run(() => Call.State == CallState.Ended, Limit));
        Assert.Equal(["call", "NotConfirmed 200"], _phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void An_acknowledgement_with_another_number_is_none()
    {
        _phone.OnCall = call => call.Answer(CallAudio.None);
        _peer.Send("INVITE", 3, _peer.Sdp());
        _peer.TakeResponse(200);
        _peer.Send("ACK", 2);
        _peer.TakeResponse(200);
        Assert.Equal(CallState.Accepted, Call.State);
        _peer.Send("ACK", 3);
        Assert.True(_network.Run(() => Call.State == CallState.Established, Limit));
        HangUp(4);
        AssertNothingLeft();
    }

    [Fact]
    public void Hold_and_resume_are_answered_with_higher_versions()
    {
        Establish();
        _peer.Send("INVITE", 2, _peer.Sdp("a=sendonly\r\n", version: 2));
        string held = _peer.TakeResponse(200);
        Assert.Contains("a=recvonly", held, StringComparison.Ordinal);
        _peer.Send("ACK", 2);
        _peer.Send("INVITE", 3, _peer.Sdp("a=inactive\r\n", version: 3));
        Assert.Contains("a=inactive", _peer.TakeResponse(200), StringComparison.Ordinal);
        _peer.Send("ACK", 3);
        _peer.Send("INVITE", 4, _peer.Sdp(version: 4));
        string resumed = _peer.TakeResponse(200);
        Assert.Contains("a=sendrecv", resumed, StringComparison.Ordinal);
        _peer.Send("ACK", 4);
        Assert.Equal(Version(held) + 2, Version(resumed));
        Assert.Equal(["call", "established", "held", "resumed"], _phone.Heard);
        HangUp(5);
        AssertNothingLeft();

        static int Version(string message) => int.Parse(Body(message).Split("\r\n")[1].Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void A_change_that_cannot_be_answered_leaves_the_call_as_it_is()
    {
        Establish();
        _peer.Send("INVITE", 2, _peer.Sdp(media: "audio 40000 RTP/AVP 18"));
        _peer.TakeResponse(488);
        _peer.Send("INVITE", 3, "v=1\r\n");
        _peer.TakeResponse(400);
        _peer.Send("INVITE", 4, "x", "Content-Type: text/plain\r\n");
        _peer.TakeResponse(415);
        Assert.Equal(CallState.Established, Call.State);
        HangUp(5);
        AssertNothingLeft();
    }

    [Fact]
    public void An_invite_without_offer_gets_one_and_the_ack_answers_it()
    {
        SampleSink sink = new();
        _phone.OnCall = call => call.Answer(new CallAudio { Sink = sink });
        _peer.Send("INVITE", 1);
        string offer = _peer.TakeResponse(200);
        Assert.Contains("RTP/AVP 0 8 101", offer, StringComparison.Ordinal);
        _peer.Send("ACK", 1, _peer.Sdp());
        Assert.True(_network.Run(() => Call.State == CallState.Established, Limit));
        Assert.Equal("PCMU", Call.Codec);

        _peer.Send("INVITE", 2);
        Assert.Contains("m=audio", _peer.TakeResponse(200), StringComparison.Ordinal);
        _peer.Send("INVITE", 3, _peer.Sdp());
        _peer.TakeResponse(500);        // the offer of the last 200 is not answered yet
        _peer.Send("ACK", 2, _peer.Sdp("a=sendonly\r\n", version: 2));
        Assert.Null(_peer.TryTake(TimeSpan.FromSeconds(40), text => !text.StartsWith("SIP/2.0 500", StringComparison.Ordinal)));
        HangUp(4);
        AssertNothingLeft();
        Assert.Equal(1, sink.Ends);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_offer_that_is_not_answered_ends_the_call(bool hasBody)
    {
        _phone.OnCall = call => call.Answer(CallAudio.None);
        _peer.Send("INVITE", 1);
        _peer.TakeResponse(200);
        _peer.Send("ACK", 1, hasBody ? _peer.Sdp(media: "audio 0 RTP/AVP 0") : null);
        _peer.Answer(_peer.TakeRequest("BYE"), "200 OK");
        Assert.True(_network.Run(() => Call.State == CallState.Ended, Limit));
        Assert.Equal(["call", "NoMedia 200"], _phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void Another_invite_before_the_answer_is_to_come_later()
    {
        _phone.OnCall = call => call.Ring();
        _peer.Send("INVITE", 1, _peer.Sdp());
        _peer.TakeResponse(180);
        _peer.Send("INVITE", 2, _peer.Sdp());
        Assert.InRange(int.Parse(Header(_peer.TakeResponse(500), "Retry-After"), System.Globalization.CultureInfo.InvariantCulture), 0, 10);
        Assert.Equal(CallState.Ringing, Call.State);
        Call.Reject(486);
        AssertNothingLeft();
    }

    [Fact]
    public void Another_invite_shows_that_the_answer_came()
    {
        _phone.OnCall = call => call.Answer(CallAudio.None);
        _peer.Send("INVITE", 1, _peer.Sdp());
        _peer.TakeResponse(200);
        _peer.Send("INVITE", 2, _peer.Sdp(version: 2));
        Assert.Contains("CSeq: 2 INVITE", _peer.TakeResponse(200), StringComparison.Ordinal);
        _peer.Send("ACK", 2);
        Assert.Null(_peer.TryTake(TimeSpan.FromSeconds(40)));
        Assert.Equal(CallState.Established, Call.State);
        HangUp(3);
        AssertNothingLeft();
    }

    [Fact]
    public void A_change_that_is_not_acknowledged_ends_the_call()
    {
        Establish();
        _peer.Send("INVITE", 2, _peer.Sdp(version: 2));
        _peer.TakeResponse(200);
        _peer.Answer(_peer.TakeRequest("BYE"), "200 OK");
        Assert.True(_network.Run(() => Call.State == CallState.Ended, Limit));
        Assert.Equal(["call", "established", "NotConfirmed 200"], _phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void A_bye_is_answered_as_often_as_it_comes()
    {
        Establish();
        string bye = _peer.Send("BYE", 2);
        string answer = _peer.TakeResponse(200);
        _peer.SendAgain(bye);
        Assert.Equal(answer, _peer.TakeResponse(200));
        Assert.True(_network.Run(() => Call.State == CallState.Ended, Limit));
        _peer.Send("BYE", 3);
        _peer.TakeResponse(481);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_bye_before_the_answer_cancels(bool rings)
    {
        _phone.OnCall = call => call.Ring();
        _peer.Send("INVITE", 1, _peer.Sdp());
        string ringing = _peer.TakeResponse(180);
        Assert.NotNull(_peer.ToTag);
        if (!rings) _peer.SendAgain(ringing);
        _peer.Send("BYE", 2);
        string[] answers = [_peer.Take(), _peer.Take()];
        Assert.Contains(answers, answer => answer.StartsWith("SIP/2.0 200", StringComparison.Ordinal) && answer.Contains("2 BYE", StringComparison.Ordinal));
        Assert.Contains(answers, answer => answer.StartsWith("SIP/2.0 487", StringComparison.Ordinal) && answer.Contains("1 INVITE", StringComparison.Ordinal));
        Assert.Equal(["call", "Cancelled 487"], _phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void A_bye_instead_of_an_acknowledgement_ends_the_call()
    {
        _phone.OnCall = call => call.Answer(CallAudio.None);
        _peer.Send("INVITE", 1, _peer.Sdp());
        _peer.TakeResponse(200);
        HangUp(2);
        Assert.True(_network.Run(() => Call.State == CallState.Ended, Limit));
        Assert.Null(_peer.TryTake(TimeSpan.FromSeconds(40)));
        Assert.Equal(["call", "HungUpByPeer 200"], _phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void Cancel_ends_the_ringing_with_the_same_tag()
    {
        _phone.OnCall = call => call.Ring();
        _peer.Send("INVITE", 1, _peer.Sdp(), branch: "same");
        string ringing = _peer.TakeResponse(180);
        _peer.ToTag = null;
        _peer.Send("CANCEL", 1, branch: "same");
        string[] answers = [_peer.Take(), _peer.Take()];
        Assert.Equal(["SIP/2.0 200 OK", "SIP/2.0 487 Request Terminated"], answers.Select(answer => answer.Split("\r\n")[0]).Order(StringComparer.Ordinal));
        Assert.All(answers, answer => Assert.Equal(Header(ringing, "To"), Header(answer, "To")));
        Assert.Equal(["call", "Cancelled 487"], _phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void Cancel_after_the_answer_changes_nothing()
    {
        _phone.OnCall = call => call.Answer(CallAudio.None);
        _peer.Send("INVITE", 1, _peer.Sdp(), branch: "same");
        _peer.TakeResponse(200);
        string tag = _peer.ToTag!;
        _peer.ToTag = null;
        _peer.Send("CANCEL", 1, branch: "same");
        Assert.Contains("1 CANCEL", _peer.TakeResponse(200), StringComparison.Ordinal);
        _peer.ToTag = tag;
        _peer.Send("ACK", 1);
        Assert.True(_network.Run(() => Call.State == CallState.Established, Limit));
        HangUp(2);
        AssertNothingLeft();
    }

    [Fact]
    public void An_invite_that_expires_is_terminated()
    {
        _phone.OnCall = call => call.Ring();
        _peer.Send("INVITE", 1, _peer.Sdp(), "Expires: 10\r\n");
        _peer.TakeResponse(180);
        Instant start = _network.Now;
        _peer.TakeResponse(487);
        Assert.Equal(10, (_network.Now - start).TotalSeconds, 1);
        Assert.Equal(["call", "Cancelled 487"], _phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void Ringing_is_said_again_every_minute()
    {
        _phone.OnCall = call => call.Ring();
        _peer.Send("INVITE", 1, _peer.Sdp());
        string ringing = _peer.TakeResponse(180);
        Instant start = _network.Now;
        Assert.Equal(ringing, _peer.TakeResponse(180));
        Assert.Equal(ringing, _peer.TakeResponse(180));
        Assert.Equal(120, (_network.Now - start).TotalSeconds, 1);
        Call.Reject(480);
        AssertNothingLeft();
    }

    [Fact]
    public void The_route_back_is_the_recorded_one()
    {
        _phone.OnCall = call => call.Answer(CallAudio.None);
        _peer.Send("INVITE", 1, _peer.Sdp(), $"Record-Route: <sip:{_peer.Address};lr>, <sip:192.0.2.77;lr>\r\n");
        Assert.Equal($"<sip:{_peer.Address};lr>, <sip:192.0.2.77;lr>", Header(_peer.TakeResponse(200), "Record-Route"));
        _peer.Send("ACK", 1);
        Assert.True(_network.Run(() => Call.State == CallState.Established, Limit));
        Call.HangUp();
        string bye = _peer.TakeRequest("BYE");
        Assert.StartsWith($"BYE sip:peer@{_peer.Address} SIP/2.0\r\n", bye, StringComparison.Ordinal);
        Assert.Equal($"<sip:{_peer.Address};lr>, <sip:192.0.2.77;lr>", Header(bye, "Route"));
        _peer.Answer(bye, "200 OK");
        AssertNothingLeft();
    }

    [Fact]
    public void A_new_contact_is_where_the_next_request_goes()
    {
        Establish();
        ScriptedPeer moved = NewPeer("192.0.2.9:5070");
        _peer.Send("INVITE", 2, _peer.Sdp(version: 2), $"Contact: <sip:moved@{moved.Address}>\r\n", hasContact: false);
        _peer.TakeResponse(200);
        _peer.Send("ACK", 2);
        Assert.Null(_peer.TryTake(TimeSpan.FromSeconds(5)));
        Call.HangUp();
        string bye = moved.TakeRequest("BYE");
        Assert.StartsWith($"BYE sip:moved@{moved.Address} SIP/2.0\r\n", bye, StringComparison.Ordinal);
        moved.Answer(bye, "200 OK");
        AssertNothingLeft();
    }
}
