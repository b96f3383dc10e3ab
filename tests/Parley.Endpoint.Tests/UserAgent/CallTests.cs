using Parley.Net.Virtual;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Calls;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>Calls between two user agents of ours: what each side hears of each way that a call can go.</summary>
public sealed class CallTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly VirtualPhone _alice;
    private readonly VirtualPhone _bob;

    public CallTests()
    {
        _alice = new VirtualPhone(_network.AddHost("alice", "192.0.2.1"), "192.0.2.1:5060");
        _bob = new VirtualPhone(_network.AddHost("bob", "192.0.2.2"), "192.0.2.2:5060");
    }

    private void AssertNothingLeft()
    {
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        _alice.AssertNothingLeft();
        _bob.AssertNothingLeft();
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Assert.Equal(0, _network.Buffers.Outstanding);
        Assert.Equal(0, _network.ScheduledTimers);
    }

    private void Run(Func<bool> until) => Assert.True(_network.Run(until, Limit), $"{_network} alice: {string.Join(", ", _alice.Heard)} bob: {string.Join(", ", _bob.Heard)}");

    private CallLeg Connect(CallOptions? options = null, CallAudio? audio = null, SipTransport transport = SipTransport.Udp)
    {
        _bob.OnCall = call => call.Answer(audio ?? CallAudio.None);
        SipUri uri = transport == SipTransport.Udp ? _bob.Uri : _bob.Uri.With("transport", "tcp");
        CallLeg call = _alice.Call(uri, options);
        Run(() => call.State == CallState.Established && _bob.Incoming[0].State == CallState.Established);
        return call;
    }

    [Theory]
    [InlineData(SipTransport.Udp, true)]
    [InlineData(SipTransport.Udp, false)]
    [InlineData(SipTransport.Tcp, true)]
    [InlineData(SipTransport.Tcp, false)]
    public void A_call_is_answered_and_either_side_hangs_up(SipTransport transport, bool callerHangsUp)
    {
        _bob.OnCall = call => call.Ring();
        CallLeg call = _alice.Call(transport == SipTransport.Udp ? _bob.Uri : _bob.Uri.With("transport", "tcp"));
        Run(() => _alice.Heard.Contains("180"));
        Assert.Equal(CallState.Proceeding, call.State);
        CallLeg other = _bob.Incoming[0];
        Assert.Equal(CallState.Ringing, other.State);
        Assert.Equal(_alice.Uri.ToString(), other.RemoteUri);
        Assert.Equal(call.CallId, other.CallId);

        Assert.True(other.Answer(CallAudio.None));
        Assert.Equal(CallState.Accepted, other.State);
        Run(() => call.State == CallState.Established && other.State == CallState.Established);

        (callerHangsUp ? call : other).HangUp();
        Run(() => call.State == CallState.Ended && other.State == CallState.Ended);
        Assert.Equal(["180", "established", callerHangsUp ? "HungUp 200" : "HungUpByPeer 200"], _alice.Heard);
        Assert.Equal(["call", "established", callerHangsUp ? "HungUpByPeer 200" : "HungUp 200"], _bob.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void Both_hear_each_other_to_the_bit_and_the_recording_has_all_of_it()
    {
        short[] fromAlice = SampleSource.Noise(1, 8000), fromBob = SampleSource.Noise(2, 12000);
        SampleSink atAlice = new(), atBob = new();
        CallLeg call = Connect(
            new CallOptions { Audio = new CallAudio { Source = new SampleSource(fromAlice), Sink = atAlice } },
            new CallAudio { Source = new SampleSource(fromBob), Sink = atBob, HangUpAfterSource = true });
        Run(() => call.State == CallState.Ended && _bob.Incoming[0].State == CallState.Ended);

        Assert.Equal(fromAlice.AsSpan().Trim((short)0).ToArray(), atBob.Trimmed());
        Assert.Equal(fromBob.AsSpan().Trim((short)0).ToArray(), atAlice.Trimmed());
        Assert.Equal((1, 1), (atAlice.Ends, atBob.Ends));
        Assert.Equal(["established", "source ended", "HungUpByPeer 200"], _alice.Heard);
        Assert.Equal(["call", "established", "source ended", "HungUp 200"], _bob.Heard);
        Assert.Equal(call.Statistics!.Rtp.PacketsSent, _bob.Incoming[0].Statistics!.Rtp.PacketsReceived);
        Assert.Equal(_bob.Incoming[0].Statistics!.Rtp.PacketsSent, call.Statistics!.Rtp.PacketsReceived);
        AssertNothingLeft();
    }

    [Fact]
    public void A_call_that_ends_at_once_still_has_its_last_packets_recorded()
    {
        short[] speech = SampleSource.Noise(3, 1600);
        SampleSink sink = new();
        CallLeg call = Connect(new CallOptions { Audio = new CallAudio { Source = new SampleSource(speech) } }, new CallAudio { Sink = sink });
        Run(() => _alice.Heard.Contains("source ended"));
        call.HangUp();
        Run(() => _bob.Incoming[0].State == CallState.Ended);
        Assert.Equal(speech.AsSpan().Trim((short)0).ToArray(), sink.Trimmed());
        AssertNothingLeft();
    }

    [Fact]
    public void Echo_comes_back()
    {
        short[] speech = SampleSource.Noise(4, 8000);
        SampleSink sink = new();
        CallLeg call = Connect(new CallOptions { Audio = new CallAudio { Source = new SampleSource(speech), Sink = sink } }, CallAudio.Echo());
        _network.RunFor(TimeSpan.FromSeconds(2));
        call.HangUp();
        Run(() => call.State == CallState.Ended);
        Assert.Equal(speech.AsSpan().Trim((short)0).ToArray(), sink.Trimmed());
        AssertNothingLeft();
    }

    [Fact]
    public void Digits_go_both_ways()
    {
        CallLeg call = Connect();
        Assert.True(call.SendDigits("12#"));
        Assert.True(_bob.Incoming[0].SendDigits("*0D"));
        Run(() => _bob.Heard.Contains("digit #") && _alice.Heard.Contains("digit D") && _alice.Heard.Contains("digits sent") && _bob.Heard.Contains("digits sent"));
        Assert.Equal(["digit 1", "digit 2", "digit #"], _bob.Heard.Where(heard => heard.StartsWith("digit ", StringComparison.Ordinal)));
        Assert.Equal(["digit *", "digit 0", "digit D"], _alice.Heard.Where(heard => heard.StartsWith("digit ", StringComparison.Ordinal)));
        call.HangUp();
        AssertNothingLeft();
    }

    [Fact]
    public void Digits_that_come_before_the_acknowledgement_are_echoed_after_it()
    {
        _bob.OnCall = call => call.Answer(CallAudio.Echo());
        CallLeg call = _alice.Call(_bob.Uri);
        Run(() => _bob.Incoming is [{ State: CallState.Accepted }]);
        _network.Conditions = LinkConditions.Good with { Loss = 1 };        // the ACK's; the 200 is under way
        Run(() => call.State == CallState.Established);
        _network.Conditions = LinkConditions.Good;
        Assert.True(call.SendDigits("7"));
        Run(() => _bob.Heard.Contains("digit 7"));
        Assert.Equal(CallState.Accepted, _bob.Incoming[0].State);
        Run(() => _alice.Heard.Contains("digit 7"));
        Assert.Single(_alice.Heard, "digit 7");
        call.HangUp();
        AssertNothingLeft();
    }

    [Fact]
    public void Digits_are_refused_when_the_call_is_not_established_or_too_many_wait()
    {
        CallLeg call = _alice.Call(_bob.Uri);
        Assert.False(call.SendDigits("1"));
        Run(() => _bob.Incoming.Count == 1);
        _bob.Incoming[0].Answer(CallAudio.None);
        Run(() => call.State == CallState.Established);
        Assert.True(call.SendDigits(new string('1', 60)));
        Assert.False(call.SendDigits("12345"));
        Assert.True(call.SendDigits("1234"));
        call.HangUp();
        Assert.False(call.SendDigits("1"));
        AssertNothingLeft();
    }

    [Fact]
    public void The_caller_cancels_while_it_rings()
    {
        _bob.OnCall = call => call.Ring();
        CallLeg call = _alice.Call(_bob.Uri);
        Run(() => _alice.Heard.Contains("180"));
        call.HangUp();
        Assert.Equal(CallState.Cancelling, call.State);
        Run(() => call.State == CallState.Ended && _bob.Incoming[0].State == CallState.Ended);
        Assert.Equal(["180", "Cancelled 487"], _alice.Heard);
        Assert.Equal(["call", "Cancelled 487"], _bob.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void The_caller_cancels_before_anything_came_back()
    {
        CallLeg call = _alice.Call(_bob.Uri);
        call.HangUp();
        Run(() => call.State == CallState.Ended);
        Assert.Equal(["Cancelled 487"], _alice.Heard);
        Assert.Equal(["call", "Cancelled 487"], _bob.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void The_answer_is_faster_than_the_cancel()
    {
        CallLeg call = _alice.Call(_bob.Uri);
        Run(() => _bob.Incoming.Count == 1 && call.State == CallState.Proceeding);
        _bob.Incoming[0].Answer(CallAudio.None);
        call.HangUp();
        Run(() => call.State == CallState.Ended && _bob.Incoming[0].State == CallState.Ended);
        Assert.Equal(["Cancelled 487"], _alice.Heard);
        Assert.Equal(["call", "established", "HungUpByPeer 200"], _bob.Heard);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData(486)]
    [InlineData(603)]
    [InlineData(480)]
    [InlineData(302)]
    public void The_callee_refuses(int status)
    {
        _bob.OnCall = call => call.Reject(status);
        CallLeg call = _alice.Call(_bob.Uri);
        Run(() => call.State == CallState.Ended);
        Assert.Equal([$"Refused {status}"], _alice.Heard);
        Assert.Equal(["call", $"Rejected {status}"], _bob.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void Who_hangs_up_a_ringing_call_declines_it()
    {
        _bob.OnCall = call => call.HangUp();
        CallLeg call = _alice.Call(_bob.Uri);
        Run(() => call.State == CallState.Ended);
        Assert.Equal(["Refused 603"], _alice.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void Nobody_answers_and_the_call_is_cancelled_in_time()
    {
        _bob.OnCall = call => call.Ring();
        CallLeg call = _alice.Call(_bob.Uri, new CallOptions { RingTimeout = TimeSpan.FromSeconds(20) });
        Run(() => call.State == CallState.Ended);
        Assert.InRange((_network.Now - Parley.Core.Instant.Zero).TotalSeconds, 20, 21);
        Assert.Equal(["180", "NoAnswer 408"], _alice.Heard);
        Assert.Equal(["call", "Cancelled 487"], _bob.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void Nobody_is_there()
    {
        _network.Hosts[1].IsDown = true;
        CallLeg call = _alice.Call(_bob.Uri);
        Run(() => call.State == CallState.Ended);
        Assert.Equal(["NoAnswer 408"], _alice.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void Nobody_listens_on_the_port()
    {
        CallLeg call = _alice.Call(SipUri.Parse("sip:192.0.2.2:5999"));
        Run(() => call.State == CallState.Ended);
        Assert.Equal(["TransportFailed 503"], _alice.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void The_callee_hangs_up_before_the_acknowledgement_and_waits_for_it()
    {
        CallLeg call = _alice.Call(_bob.Uri);
        Run(() => _bob.Incoming.Count == 1);
        _bob.Incoming[0].Answer(CallAudio.None);
        _bob.Incoming[0].HangUp();
        Assert.Equal(CallState.Ending, _bob.Incoming[0].State);
        Run(() => call.State == CallState.Ended && _bob.Incoming[0].State == CallState.Ended);
        Assert.Equal(["established", "HungUpByPeer 200"], _alice.Heard);
        Assert.Equal(["call", "HungUp 200"], _bob.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void Both_hang_up_at_once()
    {
        CallLeg call = Connect();
        call.HangUp();
        _bob.Incoming[0].HangUp();
        Run(() => call.State == CallState.Ended && _bob.Incoming[0].State == CallState.Ended);
        Assert.Equal(["established", "HungUp 200"], _alice.Heard);
        Assert.Equal(["call", "established", "HungUp 200"], _bob.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void Nobody_acknowledges_and_the_callee_gives_up()
    {
        CallLeg call = _alice.Call(_bob.Uri);
        Run(() => _bob.Incoming.Count == 1);
        _network.Hosts[0].IsDown = true;
        _bob.Incoming[0].Answer(CallAudio.None);
        Run(() => _bob.Incoming[0].State == CallState.Ended);
        Assert.Equal(["call", "NotConfirmed 200"], _bob.Heard);
        call.HangUp();
        AssertNothingLeft();
    }

    [Fact]
    public void Commands_that_do_not_fit_the_state_change_nothing()
    {
        CallLeg call = Connect();
        CallLeg other = _bob.Incoming[0];
        Assert.False(call.Ring() || call.Answer(CallAudio.None) || call.Reject(486));
        Assert.False(other.Ring() || other.Answer(CallAudio.None) || other.Reject(486));
        call.HangUp();
        call.HangUp();
        Run(() => call.State == CallState.Ended && other.State == CallState.Ended);
        call.HangUp();
        other.HangUp();
        Assert.Equal(["established", "HungUp 200"], _alice.Heard);
        AssertNothingLeft();
    }
}
