using Parley.Net.Virtual;
using Parley.Server.Tests.Rules;
using Parley.Sip.Messages;
using Parley.UserAgent;

namespace Parley.Server.Tests.Roles;

/// <summary>The users that the server itself is.</summary>
public sealed class ServiceTests : IDisposable
{
    private readonly TestServer _server = new(configuration => configuration with
    {
        Trusted = [RegistrarTests.Prefix("192.0.2.1")],
        Domains = [ForwardingTests.Read("\"shortCodes\": { \"*43\": \"echo\" }")],
    }, lanes: 2);
    private readonly RandomPhone _alice;

    public ServiceTests() => _alice = new RandomPhone(
        _server.Network.AddHost("alice", "192.0.2.1"), "alice", new Random(1), SipUri.Parse($"sip:{TestServer.Ip};lr"), null, maxCalls: 10);

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData("echo")]
    [InlineData("music")]
    [InlineData("*43")]     // a short code of the configuration: requests in the dialog have it in their Request-URI
    public void A_service_answers_and_both_sides_can_hang_up(string user)
    {
        var uri = SipUri.Parse($"sip:{user}@example.com");
        var call = _alice.Core.Call(uri, new CallOptions(), _alice)!;
        Run(() => _alice.Established == 1);
        _server.Network.RunFor(TimeSpan.FromSeconds(1));
        call.HangUp();
        Run(() => _alice.Ends.Count == 1);
        Assert.Equal(CallEndReason.HungUp, _alice.Ends[0].Reason);

        _alice.Core.Call(uri, new CallOptions(), _alice);
        Run(() => _alice.Established == 2);
        _server.Roles.EndCalls(alsoRinging: false);
        Run(() => _alice.Ends.Count == 2);
        Assert.Equal(CallEndReason.HungUpByPeer, _alice.Ends[1].Reason);
        AssertNothingLeft();
    }

    [Fact]
    public void A_service_is_no_account_and_cannot_be_spoken_for()
    {
        var eve = new Peer(_server, "203.0.113.1:5060", "echo");
        eve.Send(eve.Request("MESSAGE", "sip:bob@example.com"));
        eve.Send(eve.Authorize(eve.Request("MESSAGE", "sip:bob@example.com"), eve.ReceiveStatus(407)));
        eve.ReceiveStatus(403);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("INVITE", "", "", 400)]                             // no Contact
    [InlineData("INVITE", "Contact: <sip:eve@203.0.113.1>\r\nContent-Type: text/plain\r\n", "hello", 415)]
    [InlineData("MESSAGE", "", "", 405)]
    [InlineData("DANCE", "", "", 501)]
    [InlineData("OPTIONS", "", "", 200)]
    [InlineData("OPTIONS", "Require: foo\r\n", "", 420)]
    [InlineData("OPTIONS", "Require:\r\n", "", 200)]               // demands nothing
    [InlineData("OPTIONS", "Require: ,\r\n ,\r\n", "", 200)]
    public void A_service_answers_as_a_user_agent_does(string method, string headers, string body, int status)
    {
        var eve = new Peer(_server, "203.0.113.1:5060", "eve");
        eve.Send(eve.Request(method, "sip:echo@example.com", from: "<sip:eve@elsewhere.example>;tag=1", headers: headers, body: body, contact: false));
        eve.ReceiveStatus(status);
        AssertNothingLeft();
    }

    private void Run(Func<bool> until) => Assert.True(_server.Network.Run(until, TimeSpan.FromSeconds(10)), _server.Network.ToString());

    private void AssertNothingLeft()
    {
        _server.IsPumping = false;
        VirtualNetwork network = _server.Network;
        Assert.True(network.RunUntilIdle(TimeSpan.FromHours(1)), network.ToString());
        Assert.All(_server.Roles.Lanes, lane => Assert.Equal(0, lane.OpenWork));
        Assert.Equal(0, _server.MediaPorts.Rented);
        _alice.AssertNothingLeft(network.ToString());
        _server.AssertNothingLeft();
    }
}
