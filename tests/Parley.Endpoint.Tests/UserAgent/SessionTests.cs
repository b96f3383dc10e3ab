using Parley.Core;
using Parley.Net.Virtual;
using Parley.UserAgent;
using Parley.UserAgent.Calls;
using static Parley.Endpoint.Tests.UserAgent.ScriptedPeer;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>Changes and refreshes of the session of an established call, of both sides, and what is done when they meet.</summary>
public sealed class SessionTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly VirtualHost _host;
    private readonly ScriptedPeer _peer;
    private readonly List<int> _done = [];
    private VirtualPhone? _started;
    private int _sequence = 1;

    public SessionTests()
    {
        _host = _network.AddHost("phone", "192.0.2.1");
        _peer = new ScriptedPeer(_network, _network.AddHost("peer", "192.0.2.9"), "192.0.2.9:5060", VirtualPhone.At("192.0.2.1:5060"));
    }

    private VirtualPhone Phone => _started ??= NewPhone(options => options);

    private VirtualPhone NewPhone(Func<UserAgentCoreOptions, UserAgentCoreOptions> change) => _started = new VirtualPhone(_host, "192.0.2.1:5060", change);

    private void AssertNothingLeft()
    {
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Phone.AssertNothingLeft();
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Assert.Equal(0, _network.Buffers.Outstanding);
    }

    /// <summary>A call that the peer made, and the phone has answered.</summary>
    private CallLeg TakeCall(string headers = "")
    {
        Phone.OnCall = call => call.Answer(CallAudio.None);
        _peer.Send("INVITE", _sequence, _peer.Sdp(), headers);
        _peer.TakeResponse(200);
        _peer.Send("ACK", _sequence);
        Assert.True(_network.Run(() => Phone.Incoming.Count == 1 && Phone.Incoming[0].State == CallState.Established, Limit));
        return Phone.Incoming[0];
    }

    /// <summary>A call that the phone made, and the peer has answered.</summary>
    private CallLeg MakeCall(string headers = "", CallOptions? options = null)
    {
        CallLeg call = Phone.Call(_peer.Uri, options);
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(invite, "200 OK", body: _peer.Sdp(), headers: headers);
        _peer.TakeRequest("ACK");
        (_peer.CallId, _peer.FromTag, _peer.ToTag) = (call.CallId, "remote", Header(invite, "From").Split(";tag=")[1]);
        _sequence = 0;
        return call;
    }

    private void Hold(CallLeg call, bool isHolding) => Assert.True(call.Hold(isHolding, (status, _) => _done.Add(status)));

    private void HangUp(CallLeg call)
    {
        call.HangUp();
        _peer.Answer(_peer.TakeRequest("BYE"), "200 OK");
        Assert.True(_network.Run(() => call.State == CallState.Ended, Limit), string.Join(", ", Phone.Heard));
    }

    private void RunUntilDone(int count) => Assert.True(_network.Run(() => _done.Count == count, Limit), string.Join(", ", Phone.Heard));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Hold_and_resume_are_re_invites_with_the_next_version(bool isIncoming)
    {
        CallLeg call = isIncoming ? TakeCall() : MakeCall();
        Hold(call, true);
        string hold = _peer.TakeRequest("INVITE");
        Assert.Contains("a=sendonly", Body(hold), StringComparison.Ordinal);
        Assert.EndsWith("@192.0.2.1:5060>", Header(hold, "Contact"), StringComparison.Ordinal);
        Assert.Contains("UPDATE", Header(hold, "Allow"), StringComparison.Ordinal);
        _peer.Answer(hold, "200 OK", body: _peer.Sdp("a=recvonly\r\n", version: 2));
        Assert.Equal(Header(hold, "CSeq").Replace("INVITE", "ACK", StringComparison.Ordinal), Header(_peer.TakeRequest("ACK"), "CSeq"));
        RunUntilDone(1);
        Assert.True(call.IsHolding);

        long sent = call.Statistics!.Rtp.PacketsSent;
        _network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(sent, call.Statistics!.Rtp.PacketsSent);       // nothing is said to who is on hold

        Hold(call, false);
        string resume = _peer.TakeRequest("INVITE");
        Assert.Contains("a=sendrecv", Body(resume), StringComparison.Ordinal);
        Assert.Equal(Version(hold) + 1, Version(resume));
        _peer.Answer(resume, "200 OK", body: _peer.Sdp(version: 3));
        _peer.TakeRequest("ACK");
        RunUntilDone(2);
        _network.RunFor(TimeSpan.FromSeconds(1));
        Assert.True(call.Statistics!.Rtp.PacketsSent > sent);
        Assert.Equal([200, 200], _done);
        HangUp(call);
        AssertNothingLeft();

        static int Version(string message) => int.Parse(Body(message).Split("\r\n")[1].Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Changes_go_one_after_the_other_and_one_that_changes_nothing_says_nothing()
    {
        CallLeg call = MakeCall();
        Hold(call, false);
        Assert.Equal([200], _done);
        Hold(call, true);
        Hold(call, true);
        Hold(call, false);
        _peer.Answer(_peer.TakeRequest("INVITE"), "200 OK", body: _peer.Sdp("a=recvonly\r\n", version: 2));
        string resume = _peer.TakeRequest("INVITE");
        Assert.Contains("a=sendrecv", Body(resume), StringComparison.Ordinal);
        _peer.Answer(resume, "200 OK", body: _peer.Sdp(version: 3));
        RunUntilDone(4);
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void Changes_are_bounded_and_those_that_wait_fail_with_the_call()
    {
        CallLeg call = MakeCall();
        for (int i = 0; i < 8; i++) Hold(call, i % 2 == 0);
        Assert.False(call.Hold(true));
        HangUp(call);
        Assert.Equal(8, _done.Count);
        Assert.All(_done, status => Assert.Equal(487, status));
        Assert.False(call.Hold(true));
        AssertNothingLeft();
    }

    [Fact]
    public void A_refused_hold_leaves_all_as_it_was()
    {
        CallLeg call = MakeCall();
        Hold(call, true);
        _peer.Answer(_peer.TakeRequest("INVITE"), "488 Not Acceptable Here");
        RunUntilDone(1);
        Assert.Equal([488], _done);
        Assert.False(call.IsHolding);
        long sent = call.Statistics!.Rtp.PacketsSent;
        _network.RunFor(TimeSpan.FromSeconds(1));
        Assert.True(call.Statistics!.Rtp.PacketsSent > sent);
        HangUp(call);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("481 Call/Transaction Does Not Exist")]
    [InlineData("408 Request Timeout")]
    [InlineData("404 Not Found")]
    [InlineData("501 Not Implemented")]
    public void A_refusal_that_says_that_the_call_is_gone_ends_it(string status)
    {
        CallLeg call = MakeCall();
        Hold(call, true);
        _peer.Answer(_peer.TakeRequest("INVITE"), status);
        _peer.Answer(_peer.TakeRequest("BYE"), "200 OK");
        Assert.True(_network.Run(() => call.State == CallState.Ended, Limit));
        Assert.Equal($"Lost {status[..3]}", Phone.Heard[^1]);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData(true, 0, 2)]
    [InlineData(false, 2.1, 4)]
    public void After_glare_the_side_that_chose_the_call_id_waits_longer(bool isIncoming, double least, double most)
    {
        CallLeg call = isIncoming ? TakeCall() : MakeCall();
        Hold(call, true);
        string first = _peer.TakeRequest("INVITE");
        _peer.Send("INVITE", ++_sequence, _peer.Sdp("a=sendonly\r\n", version: 2));
        _peer.TakeResponse(491);
        _peer.Answer(first, "491 Request Pending");
        Instant refused = _network.Now;
        _peer.TakeRequest("ACK");
        string again = _peer.TakeRequest("INVITE");
        Assert.InRange((_network.Now - refused).TotalSeconds, least - 0.1, most + 0.1);
        Assert.Contains("a=sendonly", Body(again), StringComparison.Ordinal);
        _peer.Answer(again, "200 OK", body: _peer.Sdp("a=recvonly\r\n", version: 2));
        RunUntilDone(1);
        Assert.Equal([200], _done);
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void Glare_that_does_not_end_is_given_up()
    {
        CallLeg call = MakeCall();
        Hold(call, true);
        for (int i = 0; i < 8; i++) _peer.Answer(_peer.TakeRequest("INVITE"), "491 Request Pending");
        RunUntilDone(1);
        Assert.Equal([491], _done);
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void A_change_waits_for_the_acknowledgement_of_the_other_sides()
    {
        CallLeg call = TakeCall();
        _peer.Send("INVITE", 2, _peer.Sdp("a=sendonly\r\n", version: 2));
        _peer.TakeResponse(200);
        Hold(call, true);
        Assert.Null(_peer.TryTake(TimeSpan.FromSeconds(3), text => text.StartsWith("INVITE", StringComparison.Ordinal)));
        _peer.Send("ACK", 2);
        _peer.Answer(_peer.TakeRequest("INVITE"), "200 OK", body: _peer.Sdp("a=inactive\r\n", version: 3));
        RunUntilDone(1);
        Assert.True(call.IsHeld && call.IsHolding);
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void An_offer_of_the_other_side_does_not_end_the_hold()
    {
        CallLeg call = MakeCall();
        Hold(call, true);
        _peer.Answer(_peer.TakeRequest("INVITE"), "200 OK", body: _peer.Sdp("a=recvonly\r\n", version: 2));
        RunUntilDone(1);
        _peer.Send("INVITE", 1, _peer.Sdp(version: 3));
        Assert.Contains("a=sendonly", _peer.TakeResponse(200), StringComparison.Ordinal);
        _peer.Send("ACK", 1);
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void An_update_is_answered_at_once()
    {
        CallLeg call = TakeCall();
        _peer.Send("UPDATE", 2, _peer.Sdp("a=sendonly\r\n", version: 2));
        string held = _peer.TakeResponse(200);
        Assert.Contains("a=recvonly", Body(held), StringComparison.Ordinal);
        Assert.NotEmpty(Header(held, "Contact"));
        _peer.Send("UPDATE", 3);
        Assert.Empty(Body(_peer.TakeResponse(200)));
        _peer.Send("UPDATE", 4, _peer.Sdp(media: "audio 40000 RTP/AVP 18"));
        Assert.StartsWith("305", Header(_peer.TakeResponse(488), "Warning"), StringComparison.Ordinal);
        _peer.Send("UPDATE", 5, "x", "Content-Type: text/plain\r\n");
        _peer.TakeResponse(415);
        Assert.Equal(["call", "established", "held"], Phone.Heard);
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void An_update_with_an_offer_meets_an_invite_of_this_side()
    {
        CallLeg call = MakeCall();
        Hold(call, true);
        string hold = _peer.TakeRequest("INVITE");
        _peer.Send("UPDATE", 1, _peer.Sdp(version: 2));
        _peer.TakeResponse(491);
        _peer.Send("UPDATE", 2);
        _peer.TakeResponse(200);        // without an offer there is nothing to meet
        _peer.Answer(hold, "200 OK", body: _peer.Sdp("a=recvonly\r\n", version: 2));
        RunUntilDone(1);
        HangUp(call);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("", "uas", false)]
    [InlineData("Supported: timer\r\n", "uac", true)]
    [InlineData("Supported: timer\r\n", "uas", true, ";refresher=uas")]
    [InlineData("Supported: timer\r\n", "uac", true, ";refresher=uac")]
    public void A_timer_that_is_asked_for_is_taken_part_in(string supported, string refresher, bool isRequired, string asked = "")
    {
        Phone.OnCall = call => call.Answer(CallAudio.None);
        _peer.Send("INVITE", 1, _peer.Sdp(), $"{supported}Session-Expires: 1800{asked}\r\n");
        string answer = _peer.TakeResponse(200);
        Assert.Equal($"1800;refresher={refresher}", Header(answer, "Session-Expires"));
        Assert.Equal(isRequired ? "timer" : "", Header(answer, "Require"));
        _peer.Send("ACK", 1);
        Assert.True(_network.Run(() => Phone.Incoming[0].State == CallState.Established, Limit));
        if (refresher == "uas") _peer.Answer(_peer.Take(text => text.StartsWith("INVITE", StringComparison.Ordinal)), "200 OK", body: _peer.Sdp());
        HangUp(Phone.Incoming[0]);
        AssertNothingLeft();
    }

    [Fact]
    public void A_short_interval_is_refused_with_the_least()
    {
        NewPhone(options => options with { MinSessionExpiry = TimeSpan.FromMinutes(3) });
        _peer.Send("INVITE", 1, _peer.Sdp(), "Supported: timer\r\nSession-Expires: 120\r\n");
        Assert.Equal("180", Header(_peer.TakeResponse(422), "Min-SE"));
        Assert.Empty(Phone.Incoming);
        CallLeg call = TakeSecondCall();
        _peer.Send("UPDATE", 3, headers: "Supported: timer\r\nSession-Expires: 100\r\n");
        Assert.Equal("180", Header(_peer.TakeResponse(422), "Min-SE"));
        HangUp(call);
        AssertNothingLeft();

        CallLeg TakeSecondCall()
        {
            (_sequence, _peer.ToTag) = (2, null);
            return TakeCall("Supported: timer\r\nSession-Expires: 180\r\n");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_refresher_refreshes_at_half_the_interval(bool takesUpdate)
    {
        NewPhone(options => options with { SessionExpiry = TimeSpan.FromMinutes(30) });
        CallLeg call = Phone.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        Assert.Equal("1800", Header(invite, "Session-Expires"));
        string allow = takesUpdate ? "Allow: INVITE, UPDATE\r\n" : "";
        _peer.Answer(invite, "200 OK", body: _peer.Sdp(), headers: $"{allow}Require: timer\r\nSession-Expires: 600;refresher=uac\r\n");
        _peer.TakeRequest("ACK");
        for (int i = 0; i < 3; i++)
        {
            Instant answered = _network.Now;
            string refresh = _peer.TakeRequest(takesUpdate ? "UPDATE" : "INVITE");
            Assert.Equal(300, (_network.Now - answered).TotalSeconds, 0);
            Assert.Equal("600;refresher=uac", Header(refresh, "Session-Expires"));
            Assert.Equal(takesUpdate ? "" : Body(invite), Body(refresh));       // the same version: nothing has changed
            _peer.Answer(refresh, "200 OK", body: takesUpdate ? null : _peer.Sdp(), headers: $"{allow}Session-Expires: 600;refresher=uac\r\n");
            if (!takesUpdate) _peer.TakeRequest("ACK");
        }

        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void Who_only_says_that_it_takes_update_gets_an_invite()
    {
        NewPhone(options => options with { SessionExpiry = TimeSpan.FromMinutes(30) });
        CallLeg call = MakeCall("Allow: INVITE, UPDATE\r\n");
        _peer.Answer(_peer.TakeRequest("UPDATE"), "405 Method Not Allowed");
        _peer.Answer(_peer.TakeRequest("INVITE"), "200 OK", body: _peer.Sdp());
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void A_session_that_nobody_refreshes_ends()
    {
        CallLeg call = TakeCall("Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n");
        Instant start = _network.Now;
        string bye = _peer.TakeRequest("BYE");
        Assert.Equal(60, (_network.Now - start).TotalSeconds, 0);      // less a third
        _peer.Answer(bye, "200 OK");
        Assert.True(_network.Run(() => call.State == CallState.Ended, Limit));
        Assert.Equal("Lost 408", Phone.Heard[^1]);
        AssertNothingLeft();
    }

    [Fact]
    public void A_refresh_of_the_other_side_begins_the_interval_anew()
    {
        CallLeg call = TakeCall("Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n");
        for (int i = 2; i < 6; i++)
        {
            _network.RunFor(TimeSpan.FromSeconds(45));
            _peer.Send("UPDATE", i, headers: "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n");
            Assert.Equal("90;refresher=uac", Header(_peer.TakeResponse(200), "Session-Expires"));
        }

        Assert.Equal(CallState.Established, call.State);
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void A_refusal_for_a_short_interval_is_followed()
    {
        NewPhone(options => options with { SessionExpiry = TimeSpan.FromSeconds(90) });
        CallLeg call = Phone.Call(_peer.Uri);
        _peer.Answer(_peer.TakeRequest("INVITE"), "422 Session Interval Too Small", headers: "Min-SE: 120\r\n");
        string second = _peer.TakeRequest("INVITE");
        Assert.Equal(("120", "120", "2 INVITE"), (Header(second, "Session-Expires"), Header(second, "Min-SE"), Header(second, "CSeq")));
        _peer.Answer(second, "422 Session Interval Too Small", headers: "Min-SE: 120\r\n");      // nothing new: a refusal
        Assert.True(_network.Run(() => call.State == CallState.Ended, Limit));
        Assert.Equal(["Refused 422"], Phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void A_call_without_offer_takes_that_of_the_answer()
    {
        SampleSink sink = new();
        CallLeg call = Phone.Call(_peer.Uri, new CallOptions { SendsOffer = false, Audio = new CallAudio { Sink = sink } });
        string invite = _peer.TakeRequest("INVITE");
        Assert.Empty(Body(invite));
        _peer.Answer(invite, "183 Session Progress", body: _peer.Sdp());        // not reliable, so it is no offer
        _peer.Answer(invite, "200 OK", body: _peer.Sdp(media: "audio 40000 RTP/AVP 8 101"));
        string ack = _peer.TakeRequest("ACK");
        Assert.Contains("RTP/AVP 8 101", Body(ack), StringComparison.Ordinal);
        Assert.Equal("application/sdp", Header(ack, "Content-Type"));
        Assert.Equal("PCMA", call.Codec);
        Assert.Equal(["183", "established"], Phone.Heard);
        HangUp(call);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("audio 40000 RTP/AVP 18")]
    public void An_answer_with_no_offer_that_can_be_used_is_acknowledged_and_hung_up(string? media)
    {
        CallLeg call = Phone.Call(_peer.Uri, new CallOptions { SendsOffer = false });
        _peer.Answer(_peer.TakeRequest("INVITE"), "200 OK", body: media is null ? null : _peer.Sdp(media: media));
        Assert.Empty(Body(_peer.TakeRequest("ACK")));
        _peer.Answer(_peer.TakeRequest("BYE"), "200 OK");
        Assert.True(_network.Run(() => call.State == CallState.Ended, Limit));
        Assert.Equal(["NoMedia 200"], Phone.Heard);
        AssertNothingLeft();
    }
}
