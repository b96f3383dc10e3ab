using Parley.Core;
using Parley.Net.Virtual;
using Parley.UserAgent;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Transfers;
using static Parley.Endpoint.Tests.UserAgent.ScriptedPeer;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>Messages that cross on the wire: the cases of RFC 5407 3, by their sections, and what RFC 5057 5.1 makes of each failure in a dialog.</summary>
/// <remarks>The peer plays whoever is at the other end of the race; the phone is whose behaviour the RFC describes.</remarks>
public sealed class RaceConditionTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly VirtualPhone _phone;
    private readonly ScriptedPeer _peer;
    private readonly List<int> _done = [];

    public RaceConditionTests()
    {
        _phone = new VirtualPhone(_network.AddHost("phone", "192.0.2.1"), "192.0.2.1:5060");
        _peer = new ScriptedPeer(_network, _network.AddHost("peer", "192.0.2.9"), "192.0.2.9:5060", VirtualPhone.At("192.0.2.1:5060"));
    }

    private CallLeg Incoming => _phone.Incoming[^1];

    [Fact]
    public void The_initial_invite_comes_again_behind_its_200_3_1_1()
    {
        string invite = Answer();
        _peer.SendAgain(invite);
        Assert.Null(_peer.TryTake(TimeSpan.FromMilliseconds(400)));      // the 200 comes again by its own timer, not by the INVITE
        Assert.Contains("1 INVITE", _peer.TakeResponse(200), StringComparison.Ordinal);
        Acknowledge(1);
        AssertOneCallAndHangUp(2);
    }

    [Fact]
    public void Cancel_meets_the_200_3_1_2()
    {
        _phone.OnCall = call => call.Answer(CallAudio.None);
        _peer.Send("INVITE", 1, _peer.Sdp(), branch: "same");
        _peer.TakeResponse(200);
        string tag = _peer.ToTag!;
        _peer.ToTag = null;
        _peer.Send("CANCEL", 1, branch: "same");
        Assert.Contains("1 CANCEL", _peer.TakeResponse(200), StringComparison.Ordinal);
        _peer.ToTag = tag;
        Acknowledge(1);
        AssertOneCallAndHangUp(2);      // with BYE, as the RFC has it
    }

    [Fact]
    public void Bye_of_an_early_dialog_meets_the_200_3_1_3()
    {
        _phone.OnCall = call => call.Ring();
        _peer.Send("INVITE", 1, _peer.Sdp());
        _peer.TakeResponse(180);
        Incoming.Answer(CallAudio.None);
        _peer.Send("BYE", 2);
        string[] answers = [_peer.Take(), _peer.Take()];
        Assert.Contains(answers, answer => IsAnswer(answer, 200, "1 INVITE"));
        Assert.Contains(answers, answer => IsAnswer(answer, 200, "2 BYE"));
        _peer.Send("ACK", 1);
        AssertEndedBy("HungUpByPeer 200");
    }

    [Fact]
    public void A_re_invite_overtakes_the_ack_of_the_200_3_1_4()
    {
        Answer();
        _peer.Send("INVITE", 2, _peer.Sdp(version: 2));
        Assert.Contains("2 INVITE", _peer.TakeResponse(200), StringComparison.Ordinal);
        _peer.Send("ACK", 1);
        Acknowledge(2);
        Assert.Null(_peer.TryTake(TimeSpan.FromSeconds(40)));
        AssertOneCallAndHangUp(3);
    }

    [Fact]
    public void A_re_invite_overtakes_the_ack_that_is_to_bring_the_answer_3_1_5()
    {
        _phone.OnCall = call => call.Answer(CallAudio.None);
        _peer.Send("INVITE", 1);
        _peer.TakeResponse(200);
        _peer.Send("INVITE", 2, _peer.Sdp(version: 2));
        Assert.InRange(int.Parse(Header(_peer.TakeResponse(500), "Retry-After"), System.Globalization.CultureInfo.InvariantCulture), 0, 10);
        _peer.Send("ACK", 2);
        _peer.Send("ACK", 1, _peer.Sdp());
        Assert.True(_network.Run(() => Incoming.State == CallState.Established, Limit));
        _peer.Send("INVITE", 3, _peer.Sdp(version: 2));
        _peer.TakeResponse(200);
        Acknowledge(3);
        AssertOneCallAndHangUp(4);
    }

    [Fact]
    public void Bye_overtakes_the_ack_of_the_200_3_1_6()
    {
        Answer();
        _peer.Send("BYE", 2);
        Assert.True(IsAnswer(_peer.TakeResponse(200), 200, "2 BYE"));
        _peer.Send("ACK", 1);
        AssertEndedBy("HungUpByPeer 200");
    }

    [Theory]
    [InlineData("200 OK")]
    [InlineData("481 Call/Transaction Does Not Exist")]
    public void Both_hang_up_at_once_3_2_1(string answer)
    {
        Answer();
        Acknowledge(1);
        Incoming.HangUp();
        _peer.Send("BYE", 2);
        string[] came = [_peer.Take(), _peer.Take()];
        Assert.Contains(came, message => IsAnswer(message, 200, "2 BYE"));
        _peer.Answer(Assert.Single(came, message => message.StartsWith("BYE", StringComparison.Ordinal)), answer, hasContact: false);
        AssertEndedBy("HungUp");
    }

    [Theory]
    [InlineData("INVITE")]      // 3.2.2
    [InlineData("REFER")]       // 3.3.3
    [InlineData("UPDATE")]
    [InlineData("INFO")]
    public void What_meets_a_bye_finds_no_call_3_2_2(string method)
    {
        _phone.Core.TransferHandler = new NoTransfers();
        Answer();
        Acknowledge(1);
        Incoming.HangUp();
        _peer.Send(method, 2, method is "INVITE" or "UPDATE" ? _peer.Sdp(version: 2) : null, method == "REFER" ? "Refer-To: <sip:carol@192.0.2.9>\r\n" : "", branch: "re");
        string[] came = [_peer.Take(), _peer.Take()];
        Assert.Contains(came, message => IsAnswer(message, 481, $"2 {method}"));
        if (method == "INVITE") _peer.Send("ACK", 2, branch: "re");
        _peer.Answer(Assert.Single(came, message => message.StartsWith("BYE", StringComparison.Ordinal)), "200 OK", hasContact: false);
        AssertEndedBy("HungUp");
    }

    /// <summary>An early dialog of a call that its caller gives up.</summary>
    [Theory]
    [InlineData("UPDATE", true)]
    [InlineData("UPDATE", false)]
    [InlineData("INFO", false)]
    [InlineData("INVITE", true)]
    public void What_meets_a_cancel_is_answered(string method, bool hasOffer)
    {
        CallLeg call = _phone.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(invite, "183 Session Progress", body: _peer.Sdp());
        Assert.True(_network.Run(() => call.State == CallState.Proceeding, Limit));
        (_peer.CallId, _peer.FromTag, _peer.ToTag) = (call.CallId, "remote", Header(invite, "From").Split(";tag=")[1]);
        call.HangUp();
        string cancel = _peer.TakeRequest("CANCEL");
        _peer.Send(method, 1, hasOffer ? _peer.Sdp(version: 2) : null, branch: "early");
        Assert.EndsWith($"1 {method}", Header(_peer.Take(text => text.StartsWith("SIP/2.0 ", StringComparison.Ordinal)), "CSeq"), StringComparison.Ordinal);
        if (method == "INVITE") _peer.Send("ACK", 1, branch: "early");
        _peer.Answer(cancel, "200 OK", hasContact: false);
        _peer.Answer(invite, "487 Request Terminated", hasContact: false);
        _peer.TakeRequest("ACK");
        Assert.True(_network.Run(() => call.State == CallState.Ended, Limit));
        AssertNothingLeft();
    }

    [Fact]
    public void The_200_of_a_re_invite_meets_a_bye_and_is_acknowledged_3_2_3()
    {
        Answer();
        Acknowledge(1);
        Assert.True(Incoming.Hold(true, (status, _) => _done.Add(status)));
        string hold = _peer.TakeRequest("INVITE");
        Incoming.HangUp();
        string bye = _peer.TakeRequest("BYE");
        _peer.Answer(hold, "200 OK", body: _peer.Sdp("a=recvonly\r\n", version: 2));
        _peer.Answer(bye, "200 OK", hasContact: false);
        Assert.Equal(Header(hold, "CSeq").Replace("INVITE", "ACK", StringComparison.Ordinal), Header(_peer.TakeRequest("ACK"), "CSeq"));
        Assert.Equal([487], _done);
        AssertEndedBy("HungUp");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]     // the answer is to come in the ACK
    public void Who_answered_and_hangs_up_waits_for_the_ack_3_2_4(bool hasOffer)
    {
        _phone.OnCall = call => call.Answer(CallAudio.None);
        _peer.Send("INVITE", 1, hasOffer ? _peer.Sdp() : null);
        _peer.TakeResponse(200);
        Incoming.HangUp();
        Assert.Null(_peer.TryTake(TimeSpan.FromMilliseconds(300)));     // RFC 3261 15: no BYE before the ACK
        _peer.Send("ACK", 1, hasOffer ? null : _peer.Sdp());
        _peer.Answer(_peer.TakeRequest("BYE"), "200 OK", hasContact: false);
        AssertEndedBy("HungUp");
    }

    [Theory]
    [InlineData("INVITE")]      // 3.3.1
    [InlineData("UPDATE")]      // 3.3.2
    public void Two_offers_cross_3_3(string method)
    {
        Answer();
        Acknowledge(1);
        Assert.True(Incoming.Hold(true, (status, _) => _done.Add(status)));
        string ours = _peer.TakeRequest("INVITE");
        _peer.Send(method, 2, _peer.Sdp("a=sendonly\r\n", version: 2));
        _peer.TakeResponse(491);
        if (method == "INVITE") _peer.Send("ACK", 2);
        _peer.Answer(ours, "491 Request Pending");
        _peer.TakeRequest("ACK");
        _peer.Answer(_peer.TakeRequest("INVITE"), "200 OK", body: _peer.Sdp("a=recvonly\r\n", version: 2));
        _peer.TakeRequest("ACK");
        Assert.True(_network.Run(() => _done.Count == 1, Limit));
        Assert.Equal([200], _done);
        AssertOneCallAndHangUp(3);
    }

    [Fact]
    public void A_change_that_is_begun_to_be_answered_is_cancelled_with_the_call()
    {
        Answer();
        Acknowledge(1);
        Assert.True(Incoming.Hold(true, (status, _) => _done.Add(status)));
        _peer.Answer(_peer.TakeRequest("INVITE"), "100 Trying", tag: null, hasContact: false);
        _network.RunFor(TimeSpan.FromSeconds(1));
        Incoming.HangUp();
        string[] came = [_peer.Take(), _peer.Take()];
        foreach (string request in came) _peer.Answer(request, "200 OK", hasContact: false);
        Assert.Equal(["BYE", "CANCEL"], came.Select(request => request.Split(' ')[0]).Order(StringComparer.Ordinal));
        AssertEndedBy("HungUp");        // though the INVITE is never answered
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_change_that_nobody_answers_for_three_minutes_is_cancelled(bool isConfirmed)
    {
        Answer();
        Acknowledge(1);
        Assert.True(Incoming.Hold(true, (status, _) => _done.Add(status)));
        string hold = _peer.TakeRequest("INVITE");
        _peer.Answer(hold, "100 Trying", tag: null, hasContact: false);
        Instant begun = _network.Now;
        string cancel = _peer.TakeRequest("CANCEL");
        Assert.InRange(_network.Now - begun, TimeSpan.FromMinutes(2.9), TimeSpan.FromMinutes(3.1));
        _peer.Answer(cancel, "200 OK", hasContact: false);
        if (isConfirmed)
        {
            _peer.Answer(hold, "487 Request Terminated", hasContact: false);
            _peer.TakeRequest("ACK");
            Assert.True(_network.Run(() => _done.Count == 1, Limit));
            Assert.Equal([487], _done);
            AssertOneCallAndHangUp(2);
        }
        else
        {
            _peer.Answer(_peer.TakeRequest("BYE"), "200 OK", hasContact: false);
            AssertEndedBy("Lost 408");
        }
    }

    /// <summary>RFC 5057 5.1, table 1: a change that is refused, with what the refusal does to the call.</summary>
    [Theory]
    [InlineData(false, 400, 402, 403, 406, 412, 413, 414, 415, 417, 420, 421, 423, 428, 429, 436, 437, 438, 486, 487, 488, 489, 493, 494, 499)]
    [InlineData(false, 500, 503, 504, 505, 513, 580, 599, 600, 603, 606, 699)]
    [InlineData(true, 405, 480, 481, 501)]                          // the usage, which is all that this dialog has
    [InlineData(true, 404, 410, 416, 482, 483, 484, 485, 502, 604)] // the dialog
    [InlineData(true, 408)]                                         // as a timeout: RFC 3261 12.2.1.2
    public void A_refused_change_ends_the_call_or_leaves_it_as_it_was(bool ends, params int[] statuses)
    {
        foreach (int status in statuses)
        {
            _peer.CallId = $"{status}@peer";
            _peer.ToTag = null;
            Answer();
            Acknowledge(1);
            CallLeg call = Incoming;
            _done.Clear();
            Assert.True(call.Hold(true, (refusal, _) => _done.Add(refusal)));
            _peer.Answer(_peer.TakeRequest("INVITE"), $"{status} No");
            Assert.True(_network.Run(() => _done.Count == 1, Limit), $"{status}");
            if (!ends)
            {
                Assert.Equal((status, CallState.Established, false), (_done[0], call.State, call.IsHolding));
                call.HangUp();
            }

            _peer.Answer(_peer.TakeRequest("BYE"), "200 OK", hasContact: false);
            Assert.True(_network.Run(() => call.State == CallState.Ended, Limit), $"{status}");
            Assert.Equal(ends ? CallEndReason.Lost : CallEndReason.HungUp, _phone.Ends[^1].Reason);
        }

        AssertNothingLeft();
    }

    private sealed class NoTransfers : ITransferHandler
    {
        public void OnTransferRequested(IncomingTransfer transfer) => Assert.Fail("Nobody may be asked about a call that is over.");
    }

    private static bool IsAnswer(string message, int status, string sequence) =>
        message.StartsWith($"SIP/2.0 {status} ", StringComparison.Ordinal) && Header(message, "CSeq") == sequence;

    /// <summary>Calls the phone, which answers; the ACK is still to come.</summary>
    private string Answer()
    {
        _phone.OnCall = call => call.Answer(CallAudio.None);
        string invite = _peer.Send("INVITE", 1, _peer.Sdp());
        _peer.TakeResponse(200);
        return invite;
    }

    private void Acknowledge(int sequence)
    {
        _peer.Send("ACK", sequence);
        Assert.True(_network.Run(() => Incoming.State == CallState.Established, Limit));
    }

    private void AssertOneCallAndHangUp(int sequence)
    {
        Assert.Single(_phone.Incoming);
        Assert.Equal(CallState.Established, Incoming.State);
        _peer.Send("BYE", sequence);
        _peer.TakeResponse(200);
        AssertNothingLeft();
    }

    private void AssertEndedBy(string words)
    {
        Assert.True(_network.Run(() => Incoming.State == CallState.Ended, Limit), string.Join(", ", _phone.Heard));
        Assert.Null(_peer.TryTake(TimeSpan.FromSeconds(40)));
        Assert.StartsWith(words, _phone.Heard[^1], StringComparison.Ordinal);
        Assert.Single(_phone.Ends);
        AssertNothingLeft();
    }

    private void AssertNothingLeft()
    {
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        _phone.AssertNothingLeft();
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Assert.Equal(0, _network.Buffers.Outstanding);
    }
}
