using Parley.Net.Virtual;
using Parley.UserAgent;
using Parley.UserAgent.Calls;
using static Parley.Endpoint.Tests.UserAgent.ScriptedPeer;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>Provisional responses to a re-INVITE of this side: acknowledged when they are reliable, and read for the answer.</summary>
public sealed class ReinviteProvisionalTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly VirtualPhone _phone;
    private readonly ScriptedPeer _peer;
    private readonly List<int> _done = [];

    public ReinviteProvisionalTests()
    {
        _phone = new VirtualPhone(_network.AddHost("phone", "192.0.2.1"), "192.0.2.1:5060");
        _peer = new ScriptedPeer(_network, _network.AddHost("peer", "192.0.2.9"), "192.0.2.9:5060", VirtualPhone.At("192.0.2.1:5060"));
    }

    private void AssertNothingLeft()
    {
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        _phone.AssertNothingLeft();
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Assert.Equal(0, _network.Buffers.Outstanding);
    }

    /// <summary>A call that the phone made and the peer has answered, and the re-INVITE that puts the peer on hold.</summary>
    private (CallLeg Call, string Hold) CallAndHold(string headers = "")
    {
        CallLeg call = _phone.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(invite, "200 OK", body: _peer.Sdp(), headers: headers);
        _peer.TakeRequest("ACK");
        (_peer.CallId, _peer.FromTag, _peer.ToTag) = (call.CallId, "remote", Header(invite, "From").Split(";tag=")[1]);
        Assert.True(call.Hold(true, (status, _) => _done.Add(status)));
        return (call, _peer.TakeRequest("INVITE"));
    }

    private void AssertDone(int status)
    {
        Assert.True(_network.Run(() => _done.Count == 1, Limit), string.Join(", ", _phone.Heard));
        Assert.Equal([status], _done);
    }

    private void HangUp(CallLeg call)
    {
        call.HangUp();
        _peer.Answer(_peer.TakeRequest("BYE"), "200 OK");
        Assert.True(_network.Run(() => call.State == CallState.Ended, Limit), string.Join(", ", _phone.Heard));
    }

    private string HoldingSdp => _peer.Sdp("a=recvonly\r\n", version: 2);

    private static string Reliable(int number) => $"Require: 100rel\r\nRSeq: {number}\r\n";

    [Fact]
    public void A_reliable_response_is_acknowledged_once_and_in_order()
    {
        (CallLeg call, string hold) = CallAndHold();
        Assert.Contains("100rel", Header(hold, "Supported"), StringComparison.Ordinal);
        _peer.Answer(hold, "180 Ringing", headers: Reliable(900));
        string prack = _peer.TakeRequest("PRACK");
        Assert.Equal($"900 {Header(hold, "CSeq")}", Header(prack, "RAck"));
        Assert.Equal("3 PRACK", Header(prack, "CSeq"));
        Assert.Empty(Body(prack));
        _peer.Answer(prack, "200 OK");
        _peer.Answer(hold, "180 Ringing", headers: Reliable(900));      // again
        _peer.Answer(hold, "182 Queued", headers: Reliable(902));       // 901 is missing
        _peer.Answer(hold, "180 Ringing", headers: "Require: 100rel\r\n");
        _peer.Answer(hold, "100 Trying", headers: Reliable(901));       // never reliable
        _peer.Answer(hold, "180 Ringing");
        Assert.Null(_peer.TryTake(TimeSpan.FromSeconds(3)));
        _peer.Answer(hold, "182 Queued", headers: Reliable(901));
        string next = _peer.TakeRequest("PRACK");
        Assert.Equal($"901 {Header(hold, "CSeq")}", Header(next, "RAck"));
        _peer.Answer(next, "200 OK");
        _peer.Answer(hold, "200 OK", body: HoldingSdp);
        Assert.Equal("2 ACK", Header(_peer.TakeRequest("ACK"), "CSeq"));
        AssertDone(200);
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void Each_reinvite_counts_its_own()
    {
        (CallLeg call, string hold) = CallAndHold();
        _peer.Answer(hold, "180 Ringing", headers: Reliable(900));
        _peer.Answer(_peer.TakeRequest("PRACK"), "200 OK");
        _peer.Answer(hold, "491 Request Pending");
        string again = _peer.TakeRequest("INVITE");
        _peer.Answer(again, "180 Ringing", headers: Reliable(5));
        string prack = _peer.TakeRequest("PRACK");
        Assert.Equal($"5 {Header(again, "CSeq")}", Header(prack, "RAck"));
        _peer.Answer(prack, "200 OK");
        _peer.Answer(again, "200 OK", body: HoldingSdp);
        AssertDone(200);
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void An_answer_in_a_reliable_response_holds()
    {
        (CallLeg call, string hold) = CallAndHold();
        _peer.Answer(hold, "183 Session Progress", body: _peer.Sdp("a=recvonly\r\n", version: 2, media: "audio 40000 RTP/AVP 8 101"), headers: Reliable(1));
        string prack = _peer.TakeRequest("PRACK");
        Assert.Equal("PCMA", call.Codec);
        _peer.Send("UPDATE", 1, _peer.Sdp(version: 3));
        _peer.TakeResponse(491);        // the answer is not through before its PRACK is
        _peer.Answer(prack, "200 OK");
        _network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Empty(_done);
        _peer.Send("UPDATE", 2, _peer.Sdp(version: 3, media: "audio 40000 RTP/AVP 0 101"));
        Assert.Contains("a=sendonly", Body(_peer.TakeResponse(200)), StringComparison.Ordinal);
        _peer.Answer(hold, "200 OK", body: _peer.Sdp(version: 2, media: "audio 40000 RTP/AVP 8 101"));
        Assert.Empty(Body(_peer.TakeRequest("ACK")));
        AssertDone(200);
        Assert.Equal("PCMU", call.Codec);       // what comes after the answer is none (RFC 6337 3.1.1)
        Assert.True(call.IsHolding);
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void A_description_that_is_not_reliable_is_no_answer()
    {
        (CallLeg call, string hold) = CallAndHold();
        _peer.Answer(hold, "183 Session Progress", body: _peer.Sdp(media: "audio 40000 RTP/AVP 8 101"));
        Assert.Null(_peer.TryTake(TimeSpan.FromSeconds(3)));
        Assert.Equal("PCMU", call.Codec);
        _peer.Answer(hold, "200 OK", body: HoldingSdp);
        _peer.TakeRequest("ACK");
        AssertDone(200);
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void The_contact_of_a_reliable_response_is_the_target_from_then_on()
    {
        (CallLeg call, string hold) = CallAndHold();
        _peer.Answer(hold, "180 Ringing", headers: $"Contact: <sip:other@{_peer.Address}>\r\n", hasContact: false);
        _peer.Answer(hold, "180 Ringing", headers: $"Contact: <sip:moved@{_peer.Address}>\r\n{Reliable(1)}", hasContact: false);
        string prack = _peer.TakeRequest("PRACK");
        Assert.StartsWith($"PRACK sip:moved@{_peer.Address} ", prack, StringComparison.Ordinal);
        _peer.Answer(prack, "200 OK");
        _peer.Answer(hold, "488 Not Acceptable Here");
        AssertDone(488);
        call.HangUp();
        string bye = _peer.TakeRequest("BYE");
        Assert.StartsWith($"BYE sip:moved@{_peer.Address} ", bye, StringComparison.Ordinal);
        _peer.Answer(bye, "200 OK");
        Assert.True(_network.Run(() => call.State == CallState.Ended, Limit));
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("200 OK")]
    [InlineData("488 Not Acceptable Here")]
    public void A_refusal_after_the_answer_is_followed_by_an_offer_of_what_held_before(string status)
    {
        (CallLeg call, string hold) = CallAndHold("Allow: INVITE, UPDATE\r\n");
        _peer.Answer(hold, "183 Session Progress", body: HoldingSdp, headers: Reliable(1));
        _peer.Answer(_peer.TakeRequest("PRACK"), "200 OK");
        _peer.Answer(hold, "488 Not Acceptable Here");
        AssertDone(488);
        Assert.False(call.IsHolding);
        string offer = _peer.TakeRequest("INVITE");
        Assert.Contains("a=sendrecv", Body(offer), StringComparison.Ordinal);
        _peer.Answer(offer, status, body: status.StartsWith('2') ? _peer.Sdp(version: 3) : null);
        _peer.TakeRequest("ACK");
        Assert.Null(_peer.TryTake(TimeSpan.FromMinutes(1)));        // once
        Assert.Equal(CallState.Established, call.State);
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void A_reliable_answer_that_cannot_be_used_ends_the_call()
    {
        (CallLeg call, string hold) = CallAndHold();
        _peer.Answer(hold, "183 Session Progress", body: _peer.Sdp(media: "audio 40000 RTP/AVP 18"), headers: Reliable(1));
        _peer.Answer(_peer.TakeRequest("PRACK"), "200 OK");
        _peer.Answer(_peer.TakeRequest("BYE"), "200 OK");
        _peer.Answer(hold, "487 Request Terminated");
        Assert.True(_network.Run(() => call.State == CallState.Ended, Limit));
        Assert.Equal("NoMedia 200", _phone.Heard[^1]);
        AssertDone(487);
        AssertNothingLeft();
    }
}
