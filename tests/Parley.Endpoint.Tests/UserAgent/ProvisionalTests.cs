using System.Globalization;
using Parley.Core;
using Parley.Net.Virtual;
using Parley.UserAgent;
using Parley.UserAgent.Calls;
using static Parley.Endpoint.Tests.UserAgent.ScriptedPeer;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>Reliable provisional responses of both sides, what they and their PRACKs describe, and the dialogs of a call that rings at several phones.</summary>
public sealed class ProvisionalTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly VirtualPhone _phone;
    private readonly ScriptedPeer _peer;

    public ProvisionalTests()
    {
        _phone = new VirtualPhone(_network.AddHost("phone", "192.0.2.1"), "192.0.2.1:5060");
        _peer = new ScriptedPeer(_network, _network.AddHost("peer", "192.0.2.9"), "192.0.2.9:5060", VirtualPhone.At("192.0.2.1:5060"));
    }

    private CallLeg Call => _phone.Incoming[^1];

    private void AssertNothingLeft()
    {
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        _phone.AssertNothingLeft();
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Assert.Equal(0, _network.Buffers.Outstanding);
    }

    private void RunToEnd(CallLeg call) => Assert.True(_network.Run(() => call.State == CallState.Ended, Limit), string.Join(", ", _phone.Heard));

    private void HangUp(CallLeg call)
    {
        call.HangUp();
        _peer.Answer(_peer.TakeRequest("BYE"), "200 OK");
        RunToEnd(call);
    }

    private string Prack(string response, int sequence, string? body = null)
    {
        _peer.Send("PRACK", sequence, body, $"RAck: {Header(response, "RSeq")} {Header(response, "CSeq")}\r\n", hasContact: false);
        return _peer.TakeResponse(200);
    }

    private string Ring(string headers, string? body)
    {
        _phone.OnCall = call => call.Ring();
        _peer.Send("INVITE", 1, body, headers);
        return _peer.TakeResponse(180);
    }

    private void AnswerAndAcknowledge(int status = 200)
    {
        Assert.True(Call.Answer(CallAudio.None));
        _peer.TakeResponse(status);
        _peer.Send("ACK", 1);
        Assert.True(_network.Run(() => Call.State == CallState.Established, Limit));
    }

    /// <summary>Sends a request in a dialog of a call that the phone makes.</summary>
    private void EnterDialog(string invite, string remoteTag)
    {
        (_peer.CallId, _peer.FromTag, _peer.ToTag) = (Header(invite, "Call-ID"), remoteTag, Header(invite, "From").Split(";tag=")[1]);
    }

    private static string Reliable(int number) => $"Require: 100rel\r\nRSeq: {number}\r\n";

    // The callee's side.

    [Fact]
    public void Ringing_is_not_reliable_unless_it_is_required()
    {
        string ringing = Ring("Supported: 100rel\r\n", _peer.Sdp());
        Assert.Empty(Header(ringing, "RSeq"));
        AnswerAndAcknowledge();
        HangUp(Call);
        AssertNothingLeft();
    }

    [Fact]
    public void A_reliable_response_is_sent_until_its_prack()
    {
        string ringing = Ring("Require: 100rel\r\n", _peer.Sdp());
        Assert.Equal("100rel", Header(ringing, "Require"));
        Assert.NotEmpty(Header(ringing, "Contact"));
        uint number = uint.Parse(Header(ringing, "RSeq"), CultureInfo.InvariantCulture);
        Assert.InRange(number, 1u, (uint)int.MaxValue);
        Instant start = _network.Now;
        foreach (double seconds in (ReadOnlySpan<double>)[0.5, 1.5, 3.5, 7.5])
        {
            Assert.Equal(ringing, _peer.TakeResponse(180));
            Assert.Equal(seconds, (_network.Now - start).TotalSeconds, 2);
        }

        Prack(ringing, 2);
        string repeated = _peer.TakeResponse(180);      // a minute later, for the proxies
        Assert.Equal(number + 1, uint.Parse(Header(repeated, "RSeq"), CultureInfo.InvariantCulture));
        Prack(repeated, 3);
        AnswerAndAcknowledge();
        HangUp(Call);
        AssertNothingLeft();
    }

    [Fact]
    public void A_prack_of_something_else_is_unknown()
    {
        string ringing = Ring("Require: 100rel\r\n", _peer.Sdp());
        uint number = uint.Parse(Header(ringing, "RSeq"), CultureInfo.InvariantCulture);
        int sequence = 2;
        foreach (string rack in (string[])[$"{number + 1} 1 INVITE", $"{number} 2 INVITE", $"{number} 1 UPDATE", "x"])
        {
            _peer.Send("PRACK", sequence++, headers: $"RAck: {rack}\r\n");
            string answer = _peer.Take(text => text.Contains("PRACK\r\n", StringComparison.Ordinal));
            Assert.Matches("^SIP/2.0 (481|400) ", answer);
        }

        _peer.Send("PRACK", sequence++, headers: $"RAck: {number} 1 INVITE\r\n");
        Assert.StartsWith("SIP/2.0 200", _peer.Take(text => text.Contains("PRACK\r\n", StringComparison.Ordinal)), StringComparison.Ordinal);
        _peer.Send("PRACK", sequence, headers: $"RAck: {number} 1 INVITE\r\n");
        Assert.StartsWith("SIP/2.0 481", _peer.Take(text => text.Contains("PRACK\r\n", StringComparison.Ordinal)), StringComparison.Ordinal);
        Call.Reject(486);
        AssertNothingLeft();
    }

    [Fact]
    public void Without_a_prack_the_call_is_refused_after_64_T1()
    {
        Ring("Require: 100rel\r\n", _peer.Sdp());
        Instant start = _network.Now;
        _peer.Take(text => text.StartsWith("SIP/2.0 504", StringComparison.Ordinal));
        Assert.Equal(32, (_network.Now - start).TotalSeconds, 1);
        Assert.Equal(["call", "NotConfirmed 504"], _phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void An_invite_without_offer_is_offered_something_in_the_first_reliable_response()
    {
        string ringing = Ring("Require: 100rel\r\n", null);
        Assert.Contains("m=audio", Body(ringing), StringComparison.Ordinal);
        Assert.True(Call.Answer(CallAudio.None));
        Assert.Null(_peer.TryTake(TimeSpan.FromSeconds(3), text => text.StartsWith("SIP/2.0 200", StringComparison.Ordinal)));     // not before the answer is there
        _peer.Send("PRACK", 2, _peer.Sdp(), $"RAck: {Header(ringing, "RSeq")} 1 INVITE\r\n");
        string[] answers = [TakeSuccess(), TakeSuccess()];
        Assert.Contains("PRACK", Header(answers[0], "CSeq"), StringComparison.Ordinal);
        Assert.Contains("INVITE", Header(answers[1], "CSeq"), StringComparison.Ordinal);
        Assert.Empty(Body(answers[1]));
        _peer.Send("ACK", 1);
        Assert.True(_network.Run(() => Call.State == CallState.Established, Limit));
        Assert.Equal("PCMU", Call.Codec);
        HangUp(Call);
        AssertNothingLeft();

        string TakeSuccess() => _peer.Take(text => text.StartsWith("SIP/2.0 200", StringComparison.Ordinal));
    }

    [Fact]
    public void A_prack_that_lacks_the_answer_ends_the_call()
    {
        string ringing = Ring("Require: 100rel\r\n", null);
        _peer.Send("PRACK", 2, headers: $"RAck: {Header(ringing, "RSeq")} 1 INVITE\r\n");
        _peer.TakeResponse(200);
        _peer.TakeResponse(488);
        Assert.Equal(["call", "NoMedia 488"], _phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void Early_media_is_answered_reliably_and_can_be_changed_before_the_call_is_answered()
    {
        short[] speech = SampleSource.Noise(1, 8000);
        _phone.OnCall = call => call.Progress(new CallAudio { Source = new SampleSource(speech) });
        _peer.Send("INVITE", 1, _peer.Sdp(), "Supported: 100rel\r\n");
        string progress = _peer.TakeResponse(183);
        Assert.Contains("m=audio", Body(progress), StringComparison.Ordinal);
        _peer.Send("UPDATE", 2, _peer.Sdp(version: 2));
        Assert.InRange(int.Parse(Header(_peer.TakeResponse(500), "Retry-After"), CultureInfo.InvariantCulture), 0, 10);     // the first offer is not through
        Assert.Contains("m=audio", Body(Prack(progress, 3, _peer.Sdp("a=recvonly\r\n", version: 2))), StringComparison.Ordinal);    // an offer in a PRACK
        _peer.Send("UPDATE", 4, _peer.Sdp(version: 3));
        Assert.Contains("m=audio", Body(_peer.TakeResponse(200)), StringComparison.Ordinal);
        _network.RunFor(TimeSpan.FromSeconds(1));
        Assert.NotEqual(0, Call.Statistics!.Rtp.PacketsSent);
        Assert.False(Call.Progress(CallAudio.None));
        Assert.True(Call.Answer(CallAudio.None));
        Assert.Empty(Body(_peer.TakeResponse(200)));
        _peer.Send("ACK", 1);
        Assert.True(_network.Run(() => Call.State == CallState.Established, Limit));
        HangUp(Call);
        AssertNothingLeft();
    }

    [Fact]
    public void Early_media_for_who_knows_no_reliability_is_said_again_in_the_answer()
    {
        _phone.OnCall = call => call.Progress(CallAudio.None);
        _peer.Send("INVITE", 1, _peer.Sdp());
        string progress = _peer.TakeResponse(183);
        Assert.Empty(Header(progress, "RSeq"));
        Assert.True(Call.Answer(CallAudio.None));
        Assert.Equal(Body(progress), Body(_peer.TakeResponse(200)));
        _peer.Send("ACK", 1);
        Assert.True(_network.Run(() => Call.State == CallState.Established, Limit));
        HangUp(Call);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("CANCEL")]
    [InlineData("hang up")]
    public void A_call_whose_answer_waits_for_a_prack_can_still_end(string how)
    {
        _phone.OnCall = call => call.Progress(CallAudio.None);
        _peer.Send("INVITE", 1, _peer.Sdp(), "Supported: 100rel\r\n", branch: "same");
        _peer.TakeResponse(183);
        Assert.True(Call.Answer(CallAudio.None));
        if (how == "CANCEL") _peer.Send("CANCEL", 1, branch: "same", toTag: null);
        else Call.HangUp();
        _peer.Take(text => text.StartsWith(how == "CANCEL" ? "SIP/2.0 487" : "SIP/2.0 603", StringComparison.Ordinal));
        Assert.Equal(CallState.Ended, Call.State);
        AssertNothingLeft();
    }

    // The caller's side.

    [Fact]
    public void A_reliable_response_is_acknowledged_once_and_in_order()
    {
        CallLeg call = _phone.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        Assert.Equal("100rel, timer, replaces", Header(invite, "Supported"));
        _peer.Answer(invite, "180 Ringing", headers: Reliable(700));
        string prack = _peer.TakeRequest("PRACK");
        Assert.Equal("700 1 INVITE", Header(prack, "RAck"));
        Assert.Equal("2 PRACK", Header(prack, "CSeq"));
        Assert.Empty(Body(prack));
        _peer.Answer(prack, "200 OK");
        _peer.Answer(invite, "180 Ringing", headers: Reliable(700));        // again
        _peer.Answer(invite, "182 Queued", headers: Reliable(702));        // 701 is missing
        Assert.Null(_peer.TryTake(TimeSpan.FromSeconds(3)));
        _peer.Answer(invite, "181 Call Is Being Forwarded", headers: Reliable(701));
        string next = _peer.TakeRequest("PRACK");
        Assert.Equal("701 1 INVITE", Header(next, "RAck"));
        _peer.Answer(next, "200 OK");
        Assert.Equal(["180", "181"], _phone.Heard);
        _peer.Answer(invite, "486 Busy Here");
        RunToEnd(call);
        AssertNothingLeft();
    }

    [Fact]
    public void An_answer_in_a_reliable_response_holds()
    {
        CallLeg call = _phone.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(invite, "183 Session Progress", body: _peer.Sdp(media: "audio 40000 RTP/AVP 8 101"), headers: Reliable(1));
        _peer.Answer(_peer.TakeRequest("PRACK"), "200 OK");
        _peer.Answer(invite, "180 Ringing", body: _peer.Sdp());
        _peer.Answer(invite, "200 OK", body: _peer.Sdp());
        _peer.TakeRequest("ACK");
        Assert.Equal("PCMA", call.Codec);       // what comes after the answer is none (RFC 6337 3.1.1)
        Assert.Equal(["183 with sound", "180", "established"], _phone.Heard);
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void A_call_without_offer_answers_that_of_a_reliable_response_in_its_prack()
    {
        CallLeg call = _phone.Call(_peer.Uri, new CallOptions { SendsOffer = false });
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(invite, "183 Session Progress", body: _peer.Sdp(), headers: Reliable(9));
        string prack = _peer.TakeRequest("PRACK");
        Assert.Contains("m=audio", Body(prack), StringComparison.Ordinal);
        _peer.Answer(prack, "200 OK");
        _peer.Answer(invite, "200 OK");
        Assert.Empty(Body(_peer.TakeRequest("ACK")));
        Assert.Equal(["183 with sound", "established"], _phone.Heard);
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void A_reliable_answer_that_cannot_be_used_cancels_the_call()
    {
        CallLeg call = _phone.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(invite, "183 Session Progress", body: _peer.Sdp(media: "audio 40000 RTP/AVP 18"), headers: Reliable(9));
        _peer.Answer(_peer.TakeRequest("PRACK"), "200 OK");
        _peer.Answer(_peer.TakeRequest("CANCEL"), "200 OK");
        _peer.Answer(invite, "487 Request Terminated");
        RunToEnd(call);
        Assert.Equal(["NoMedia 488"], _phone.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void The_callee_may_change_an_early_session_once_its_answer_is_through()
    {
        CallLeg call = _phone.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(invite, "183 Session Progress", body: _peer.Sdp(), headers: Reliable(1));
        string prack = _peer.TakeRequest("PRACK");
        EnterDialog(invite, "remote");
        _peer.Send("UPDATE", 1, _peer.Sdp(version: 2));
        _peer.TakeResponse(491);
        _peer.Answer(prack, "200 OK");
        _network.RunFor(TimeSpan.FromSeconds(1));
        _peer.Send("UPDATE", 2, _peer.Sdp(version: 2, media: "audio 41000 RTP/AVP 8 101"));
        Assert.Contains("RTP/AVP 8 101", Body(_peer.TakeResponse(200)), StringComparison.Ordinal);
        Assert.Equal("PCMA", call.Codec);
        _peer.Answer(invite, "200 OK");
        _peer.TakeRequest("ACK");
        Assert.Equal("PCMA", call.Codec);
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void Each_phone_that_rings_has_a_dialog_and_the_answer_picks_one()
    {
        CallLeg call = _phone.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(invite, "183 Session Progress", tag: "one", body: _peer.Sdp(), headers: Reliable(10) + "Record-Route: <sip:192.0.2.9:5060;lr>\r\n");
        string first = _peer.TakeRequest("PRACK");
        Assert.EndsWith(";tag=one", Header(first, "To"), StringComparison.Ordinal);
        Assert.Equal("<sip:192.0.2.9:5060;lr>", Header(first, "Route"));
        _peer.Answer(first, "200 OK");
        _peer.Answer(invite, "183 Session Progress", tag: "two", body: _peer.Sdp(media: "audio 41000 RTP/AVP 8 101"), headers: Reliable(500));
        string second = _peer.TakeRequest("PRACK");
        Assert.EndsWith(";tag=two", Header(second, "To"), StringComparison.Ordinal);
        Assert.Empty(Header(second, "Route"));
        _peer.Answer(second, "200 OK");
        Assert.Equal("PCMA", call.Codec);       // who described itself last is heard

        EnterDialog(invite, "one");
        _peer.Send("UPDATE", 1, _peer.Sdp(version: 2));
        _peer.TakeResponse(200);
        EnterDialog(invite, "three");
        _peer.Send("UPDATE", 1, _peer.Sdp(version: 2));
        _peer.TakeResponse(481);

        _peer.Answer(invite, "200 OK", tag: "two");
        string ack = _peer.TakeRequest("ACK");
        Assert.EndsWith(";tag=two", Header(ack, "To"), StringComparison.Ordinal);
        Assert.Equal("PCMA", call.Codec);
        _peer.Answer(invite, "200 OK", tag: "one");
        Assert.EndsWith(";tag=one", Header(_peer.TakeRequest("ACK"), "To"), StringComparison.Ordinal);
        string surplus = _peer.TakeRequest("BYE");
        Assert.EndsWith(";tag=one", Header(surplus, "To"), StringComparison.Ordinal);
        _peer.Answer(surplus, "200 OK");
        EnterDialog(invite, "one");
        _peer.Send("UPDATE", 2);
        _peer.TakeResponse(481);
        HangUp(call);
        AssertNothingLeft();
    }

    [Fact]
    public void A_prack_that_nobody_answers_leaves_the_call_to_its_invite()
    {
        CallLeg call = _phone.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(invite, "180 Ringing", headers: Reliable(1));
        _peer.TakeRequest("PRACK");
        _network.RunFor(TimeSpan.FromSeconds(40));
        Assert.Equal(CallState.Proceeding, call.State);
        _peer.Answer(invite, "200 OK", body: _peer.Sdp());
        _peer.TakeRequest("ACK");
        HangUp(call);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("Require: 100rel\r\n")]
    [InlineData("Require: 100rel\r\nRSeq: 0\r\n")]
    [InlineData("Require: 100rel\r\nRSeq: x\r\n")]
    public void A_reliable_response_without_a_number_is_passed_over(string headers)
    {
        CallLeg call = _phone.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(invite, "180 Ringing", headers: headers);
        Assert.Null(_peer.TryTake(TimeSpan.FromSeconds(3)));
        Assert.Empty(_phone.Heard);
        _peer.Answer(invite, "486 Busy Here");
        RunToEnd(call);
        AssertNothingLeft();
    }
}
