using System.Text;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net.Virtual;
using Parley.UserAgent;
using Parley.UserAgent.Calls;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>The call flows of RFC 3665 that need no server, message by message: nothing more is sent, and nothing twice.</summary>
public sealed class CallFlowTests : ISipTrace
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly VirtualNetwork _network = new(seed: 1);
    private readonly List<string> _flow = [];
    private readonly VirtualPhone _alice;
    private readonly VirtualPhone _bob;

    public CallFlowTests()
    {
        _alice = new VirtualPhone(_network.AddHost("alice", "192.0.2.1"), "192.0.2.1:5060", trace: this);
        _bob = new VirtualPhone(_network.AddHost("bob", "192.0.2.2"), "192.0.2.2:5060", trace: this);
    }

    void ISipTrace.OnMessage(Instant now, bool isSent, NetworkAddress local, in SipFlow flow, ReadOnlySpan<byte> message)
    {
        if (!isSent) return;
        string[] rows = Encoding.UTF8.GetString(message).Split("\r\n");
        string first = rows[0].StartsWith("SIP/2.0 ", StringComparison.Ordinal) ? rows[0][8..] : rows[0].Split(' ')[0];
        _flow.Add($"{(local.SameHost(_alice.Address) ? "alice" : "bob")}: {first}");
    }

    private void AssertFlow(params string[] expected)
    {
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(1)), _network.ToString());
        Assert.Equal(expected, _flow);
        _alice.AssertNothingLeft();
        _bob.AssertNothingLeft();
    }

    private void Run(Func<bool> until) => Assert.True(_network.Run(until, Limit), string.Join(", ", _flow));

    [Fact]
    public void Session_establishment_and_termination_3_1()
    {
        _bob.OnCall = call => call.Ring();
        CallLeg call = _alice.Call(_bob.Uri);
        Run(() => _alice.Heard.Contains("180"));
        _bob.Incoming[0].Answer(CallAudio.None);
        Run(() => _bob.Incoming[0].State == CallState.Established);
        _bob.Incoming[0].HangUp();
        AssertFlow("alice: INVITE", "bob: 180 Ringing", "bob: 200 OK", "alice: ACK", "bob: BYE", "alice: 200 OK");
        Assert.Equal(CallState.Ended, call.State);
    }

    [Fact]
    public void Who_decides_slowly_is_said_to_be_trying()
    {
        CallLeg call = _alice.Call(_bob.Uri);
        Run(() => _flow.Contains("bob: 100 Trying"));
        _bob.Incoming[0].Answer(CallAudio.None);
        Run(() => call.State == CallState.Established);
        call.HangUp();
        AssertFlow("alice: INVITE", "bob: 100 Trying", "bob: 200 OK", "alice: ACK", "alice: BYE", "bob: 200 OK");
    }

    [Fact]
    public void No_answer_3_8()
    {
        _bob.OnCall = call => call.Ring();
        CallLeg call = _alice.Call(_bob.Uri);
        Run(() => _alice.Heard.Contains("180"));
        call.HangUp();
        AssertFlow("alice: INVITE", "bob: 180 Ringing", "alice: CANCEL", "bob: 200 OK", "bob: 487 Request Terminated", "alice: ACK");
    }

    [Fact]
    public void Busy_3_9()
    {
        _bob.OnCall = call => call.Reject(486);
        _alice.Call(_bob.Uri);
        AssertFlow("alice: INVITE", "bob: 486 Busy Here", "alice: ACK");
    }

    [Fact]
    public void No_response_3_10()
    {
        _network.Hosts[1].IsDown = true;
        _alice.Call(_bob.Uri);
        AssertFlow([.. Enumerable.Repeat("alice: INVITE", 7)]);
        Assert.Equal(["NoAnswer 408"], _alice.Heard);
    }

    [Fact]
    public void Temporarily_unavailable_3_11()
    {
        _bob.OnCall = call =>
        {
            call.Ring();
            call.Reject(480, "Not now");
        };
        _alice.Call(_bob.Uri);
        AssertFlow("alice: INVITE", "bob: 180 Ringing", "bob: 480 Not now", "alice: ACK");
        Assert.Equal(new CallEnd(CallEndReason.Refused, 480, "Not now"), Assert.Single(_alice.Ends));
    }
}
