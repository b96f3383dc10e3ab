using Parley.Net.Virtual;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Calls;
using Parley.UserAgent.Transfers;
using static Parley.Endpoint.Tests.UserAgent.ScriptedPeer;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>Transfers between three phones of ours, and what a phone makes of REFERs, Replaces and Joins that the test writes.</summary>
public sealed class TransferTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly VirtualPhone _alice;
    private readonly VirtualPhone _bob;
    private readonly VirtualPhone _carol;
    private readonly ScriptedPeer _peer;
    private readonly TransferTaker _taker = new();
    private readonly TransferListener _told = new();

    public TransferTests()
    {
        _alice = new VirtualPhone(_network.AddHost("alice", "192.0.2.1"), "192.0.2.1:5060");
        _bob = new VirtualPhone(_network.AddHost("bob", "192.0.2.2"), "192.0.2.2:5060");
        _carol = new VirtualPhone(_network.AddHost("carol", "192.0.2.3"), "192.0.2.3:5060");
        _peer = new ScriptedPeer(_network, _network.AddHost("peer", "192.0.2.9"), "192.0.2.9:5060", VirtualPhone.At("192.0.2.2:5060"));
        foreach (VirtualPhone phone in (VirtualPhone[])[_alice, _bob, _carol]) phone.OnCall = call => call.Answer(CallAudio.None);
        _taker.Observer = _bob;
        _bob.Core.TransferHandler = _taker;
    }

    private void Run(Func<bool> until) => Assert.True(
        _network.Run(until, Limit), $"{_network}\nalice: {string.Join(", ", _alice.Heard)}\nbob: {string.Join(", ", _bob.Heard)}\ncarol: {string.Join(", ", _carol.Heard)}\ntold: {string.Join(", ", _told.Told)}");

    private void AssertNothingLeft()
    {
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        foreach (VirtualPhone phone in (VirtualPhone[])[_alice, _bob, _carol])
        {
            Assert.Equal(0, phone.Core.SubscriptionCount);
            phone.AssertNothingLeft();
        }

        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Assert.Equal(0, _network.Buffers.Outstanding);
    }

    private CallLeg Connect(VirtualPhone from, VirtualPhone to)
    {
        int before = to.Incoming.Count;
        CallLeg call = from.Call(to.Uri);
        Run(() => call.State == CallState.Established && to.Incoming.Count > before && to.Incoming[^1].State == CallState.Established);
        return call;
    }

    private void HangUpAll()
    {
        foreach (VirtualPhone phone in (VirtualPhone[])[_alice, _bob, _carol]) phone.Core.HangUpAll();
        Run(() => _alice.Core.CallCount + _bob.Core.CallCount + _carol.Core.CallCount == 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_blind_transfer_calls_the_target_and_tells_how_far_it_comes(bool transferorCalled)
    {
        _carol.OnCall = call => call.Ring();
        CallLeg call = transferorCalled ? Connect(_alice, _bob) : Reverse(Connect(_bob, _alice));
        Assert.True(call.Transfer(_carol.Uri, _told));
        Run(() => _told.Told.Contains("180 Ringing"));
        Assert.Equal(_alice.Uri.ToString(), SipUri.Parse(_taker.Taken[0].ReferredBy!.Trim('<', '>')).ToString());
        Assert.NotNull(_taker.Taken[0].Call);
        _carol.Incoming[0].Answer(CallAudio.None);
        Run(() => _told.Result is not null);
        Assert.Equal(["100 Trying", "180 Ringing", "done 200 OK"], _told.Told);
        Assert.Equal(CallState.Established, call.State);        // until its transferor hangs up
        call.HangUp();
        Run(() => call.State == CallState.Ended);
        Assert.Equal(CallState.Established, _carol.Incoming[0].State);
        HangUpAll();
        AssertNothingLeft();

        CallLeg Reverse(CallLeg _) => _alice.Incoming[0];
    }

    [Fact]
    public void A_transfer_that_fails_is_told_and_the_call_goes_on()
    {
        _carol.OnCall = call => call.Reject(486);
        CallLeg call = Connect(_alice, _bob);
        Assert.True(call.Transfer(_carol.Uri, _told));
        Run(() => _told.Result is not null);
        Assert.Equal("done 486 Busy Here", _told.Told[^1]);
        Assert.Equal(CallState.Established, call.State);

        _carol.OnCall = next => next.Answer(CallAudio.None);
        _told.Result = null;
        Assert.True(call.Transfer(_carol.Uri, _told));       // a second REFER in the dialog is told apart by its number
        Run(() => _told.Result is not null);
        Assert.Equal("done 200 OK", _told.Told[^1]);
        HangUpAll();
        AssertNothingLeft();
    }

    [Fact]
    public void Nobody_is_called_whom_the_program_did_not_allow()
    {
        _taker.Rejects = true;
        CallLeg call = Connect(_alice, _bob);
        Assert.True(call.Transfer(_carol.Uri, _told));
        Run(() => _told.Result is not null);
        Assert.Equal(["done 603 Decline"], _told.Told);

        (_taker.Rejects, _taker.Waits, _told.Result) = (false, true, null);
        Assert.True(call.Transfer(_carol.Uri, _told));
        Run(() => _told.Result is not null);
        Assert.Equal(["done 603 Decline", "done 603 Decline"], _told.Told);       // nobody decided
        Assert.Null(_taker.Taken[^1].Accept(new CallOptions(), _bob));

        (_bob.Core.TransferHandler, _told.Result) = (null, null);
        Assert.True(call.Transfer(_carol.Uri, _told));
        Run(() => _told.Result is not null);
        Assert.Equal("done 405 Method Not Allowed", _told.Told[^1]);
        Assert.Empty(_carol.Incoming);
        HangUpAll();
        AssertNothingLeft();
    }

    [Fact]
    public void An_attended_transfer_takes_the_place_of_the_transferor()
    {
        CallLeg call = Connect(_alice, _bob);
        CallLeg consultation = Connect(_alice, _carol);
        Assert.True(call.Transfer(consultation, _told));
        Run(() => _told.Result is not null);
        Assert.Equal("done 200 OK", _told.Told[^1]);
        Run(() => consultation.State == CallState.Ended);       // the target has hung it up
        Assert.Contains("replaced", _carol.Heard);
        Assert.Equal("HungUpByPeer 200", _alice.Heard[^1]);
        Assert.Equal(_carol.Incoming[0], _carol.Incoming[1].Replaced);
        call.HangUp();
        Run(() => call.State == CallState.Ended && _bob.Core.CallCount == 1 && _carol.Core.CallCount == 1);
        HangUpAll();
        AssertNothingLeft();
    }

    [Fact]
    public void A_refer_outside_of_a_call_is_told_of_too()
    {
        _alice.Core.Refer(_bob.Uri, _carol.Uri, _told);
        Run(() => _told.Result is not null);
        Assert.Equal("done 200 OK", _told.Told[^1]);
        Assert.Null(_taker.Taken[0].Call);
        HangUpAll();
        AssertNothingLeft();
    }

    [Fact]
    public void A_refer_that_nobody_answers_ends()
    {
        _alice.Core.Refer(SipUri.Parse("sip:nobody@192.0.2.99"), _carol.Uri, _told);
        Run(() => _told.Result is not null);
        Assert.StartsWith("done 408", _told.Told[^1], StringComparison.Ordinal);
        AssertNothingLeft();
    }

    // What comes from a peer.

    private void Establish()
    {
        _peer.Send("INVITE", 1, _peer.Sdp());
        _peer.TakeResponse(200);
        _peer.Send("ACK", 1);
        Run(() => _bob.Incoming.Count > 0 && _bob.Incoming[^1].State == CallState.Established);
    }

    private void LeaveDialog(string callId) => (_peer.CallId, _peer.ToTag) = (callId, null);

    private void HangUp(int sequence)
    {
        _peer.Send("BYE", sequence);
        _peer.Take(text => text.StartsWith("SIP/2.0 200", StringComparison.Ordinal) && text.Contains(" BYE\r\n", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", 400)]
    [InlineData("Refer-To: <sip:carol@192.0.2.3>\r\nRefer-To: <sip:dave@192.0.2.3>\r\n", 400)]
    [InlineData("Refer-To: nonsense\r\n", 400)]
    [InlineData("Refer-To: <tel:+15550100>\r\n", 416)]
    [InlineData("Refer-To: <http://example.com/>\r\n", 416)]
    [InlineData("Refer-To: <sip:carol@192.0.2.3;method=BYE>\r\n", 403)]
    [InlineData("Refer-To: <sip:carol@192.0.2.3?Replaces=x>\r\n", 400)]
    public void A_refer_that_cannot_be_followed_is_refused(string headers, int status)
    {
        Establish();
        _peer.Send("REFER", 2, headers: headers);
        _peer.TakeResponse(status);
        Assert.Empty(_taker.Taken);
        HangUp(3);
        AssertNothingLeft();
    }

    [Fact]
    public void A_refer_without_subscription_is_not_told_of()
    {
        Establish();
        _peer.Send("REFER", 2, headers: $"Refer-To: <{_carol.Uri}>\r\nRefer-Sub: false\r\nRequire: norefersub\r\n");
        Assert.Equal("false", Header(_peer.TakeResponse(202), "Refer-Sub"));
        Run(() => _carol.Incoming.Count == 1);
        Assert.Null(_peer.TryTake(TimeSpan.FromSeconds(3), text => text.StartsWith("NOTIFY", StringComparison.Ordinal)));
        HangUp(3);
        HangUpAll();
        AssertNothingLeft();
    }

    [Fact]
    public void Notifications_are_fragments_and_the_last_one_ends_the_subscription()
    {
        _carol.OnCall = call => call.Reject(480);
        Establish();
        _peer.Send("REFER", 2, headers: $"Refer-To: <{_carol.Uri}>\r\nReferred-By: <sip:boss@example.com>\r\n");
        _peer.TakeResponse(202);
        string notify = "";
        do
        {
            notify = _peer.TakeRequest("NOTIFY");
            _peer.Answer(notify, "200 OK");
            Assert.StartsWith("refer", Header(notify, "Event"), StringComparison.Ordinal);
            Assert.StartsWith("message/sipfrag", Header(notify, "Content-Type"), StringComparison.Ordinal);
        }
        while (!Header(notify, "Subscription-State").StartsWith("terminated", StringComparison.Ordinal));
        Assert.Equal("terminated;reason=noresource", Header(notify, "Subscription-State"));
        Assert.Equal("SIP/2.0 480 Temporarily Unavailable\r\n", Body(notify));
        Assert.Equal("<sip:boss@example.com>", _taker.Taken[0].ReferredBy);
        HangUp(3);
        AssertNothingLeft();
    }

    [Fact]
    public void A_call_is_replaced_only_by_its_identifiers()
    {
        Establish();
        CallLeg call = _bob.Incoming[0];
        string local = _peer.ToTag!;
        (string Row, int Status)[] refused =
        [
            ($"Replaces: other@peer;to-tag={local};from-tag=peer1\r\n", 481),
            ($"Replaces: call-1@peer;to-tag={local};from-tag=another\r\n", 481),
            ("Replaces: call-1@peer;to-tag=0123456789abcdef;from-tag=peer1\r\n", 481),
            ($"Replaces: call-1@peer;to-tag={local}\r\n", 400),
            ($"Replaces: call-1@peer;to-tag={local};from-tag=peer1\r\nReplaces: a;to-tag=b;from-tag=c\r\n", 400),
            ($"Replaces: call-1@peer;to-tag={local};from-tag=peer1\r\nJoin: call-1@peer;to-tag={local};from-tag=peer1\r\n", 400),
            ($"Replaces: call-1@peer;to-tag={local};from-tag=peer1;early-only\r\n", 486),
            ($"Join: call-1@peer;to-tag={local};from-tag=peer1\r\nRequire: join\r\n", 488),
            ("Join: call-1@peer;to-tag=0123456789abcdef;from-tag=peer1\r\n", 481),
        ];
        for (int i = 0; i < refused.Length; i++)
        {
            LeaveDialog($"replacement{i}@peer");
            _peer.Send("INVITE", 1, _peer.Sdp(), refused[i].Row);
            Assert.StartsWith($"SIP/2.0 {refused[i].Status} ", _peer.Take(text => text.StartsWith("SIP/2.0 ", StringComparison.Ordinal) && !text.StartsWith("SIP/2.0 100", StringComparison.Ordinal)), StringComparison.Ordinal);
            Assert.Equal(CallState.Established, call.State);
        }

        LeaveDialog("options@peer");
        _peer.Send("OPTIONS", 1, headers: $"Replaces: call-1@peer;to-tag={local};from-tag=peer1\r\n");
        _peer.TakeResponse(400);

        LeaveDialog("replacement@peer");
        _peer.Send("INVITE", 1, _peer.Sdp(), $"Require: replaces\r\nReplaces: call-1@peer;to-tag={local};from-tag=peer1\r\n");
        _peer.TakeResponse(200);
        _peer.Send("ACK", 1);
        string bye = _peer.TakeRequest("BYE");
        Assert.Equal("call-1@peer", Header(bye, "Call-ID"));
        _peer.Answer(bye, "200 OK");
        Run(() => call.State == CallState.Ended);
        Assert.Contains("replaced", _bob.Heard);
        HangUp(2);
        AssertNothingLeft();
    }

    [Fact]
    public void A_call_that_rings_is_replaced_at_its_caller_alone()
    {
        CallLeg call = _bob.Call(_peer.Uri);
        string invite = _peer.TakeRequest("INVITE");
        _peer.Answer(invite, "180 Ringing");
        Run(() => call.State == CallState.Proceeding);
        string local = Header(invite, "From").Split(";tag=")[1];
        _peer.Send("INVITE", 1, _peer.Sdp(), $"Replaces: {call.CallId};to-tag={local};from-tag=remote;early-only\r\n");
        _peer.TakeResponse(200);
        _peer.Send("ACK", 1);
        _peer.Answer(_peer.TakeRequest("CANCEL"), "200 OK");
        _peer.Answer(invite, "487 Request Terminated");
        Run(() => call.State == CallState.Ended);
        HangUp(2);

        _bob.OnCall = ringing => ringing.Ring();
        LeaveDialog("rings@peer");
        _peer.Send("INVITE", 1, _peer.Sdp());
        _peer.TakeResponse(180);
        local = _peer.ToTag!;
        LeaveDialog("second@peer");
        _peer.Send("INVITE", 1, _peer.Sdp(), $"Replaces: rings@peer;to-tag={local};from-tag=peer1\r\n");
        _peer.TakeResponse(481);
        _bob.Incoming[^1].Reject(486);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("SIP/2.0 200 OK\r\n", true, 200, "OK")]
    [InlineData("SIP/2.0 100 Trying", true, 100, "Trying")]
    [InlineData("SIP/2.0 603 \r\nVia: x\r\n", true, 603, "")]
    [InlineData("SIP/2.0 180\n", true, 180, "")]
    [InlineData("SIP/2.0 99 x", false, 0, "")]
    [InlineData("SIP/2.0 1000", false, 0, "")]
    [InlineData("INVITE sip:a@b SIP/2.0\r\n", false, 0, "")]
    [InlineData("", false, 0, "")]
    public void The_status_of_a_fragment_is_read(string fragment, bool isRead, int status, string phrase)
    {
        bool result = SipFragment.TryReadStatus(System.Text.Encoding.UTF8.GetBytes(fragment), out int readStatus, out string readPhrase);
        Assert.Equal(isRead, result);
        if (isRead) Assert.Equal((status, phrase), (readStatus, readPhrase));
    }

    private sealed class TransferTaker : ITransferHandler
    {
        public ICallObserver Observer { get; set; } = null!;

        public List<IncomingTransfer> Taken { get; } = [];

        public bool Rejects { get; set; }

        public bool Waits { get; set; }

        public void OnTransferRequested(IncomingTransfer transfer)
        {
            Taken.Add(transfer);
            if (Rejects) transfer.Reject();
            else if (!Waits) transfer.Accept(new CallOptions(), Observer);
        }
    }

    private sealed class TransferListener : ITransferObserver
    {
        public List<string> Told { get; } = [];

        public int? Result { get; set; }

        public void OnProgress(int statusCode, string reasonPhrase) => Told.Add($"{statusCode} {reasonPhrase}");

        public void OnDone(int statusCode, string reasonPhrase)
        {
            Result = statusCode;
            Told.Add($"done {statusCode} {reasonPhrase}");
        }
    }
}
