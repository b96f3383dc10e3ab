namespace Parley.Server.Tests.Roles;

/// <summary>What becomes of requests while the server shuts down.</summary>
public sealed class ShutdownTests : IDisposable
{
    private const string BobUri = "sip:bob@example.com";

    private readonly TestServer _server = new();
    private readonly Peer _alice;
    private readonly Peer _bob;

    public ShutdownTests()
    {
        _alice = new Peer(_server, "192.0.2.1:5060");
        _bob = new Peer(_server, "192.0.2.2:5060", "bob");
        _server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060");
    }

    public void Dispose() => _server.Dispose();

    [Fact]
    public void New_calls_are_refused_and_those_that_stand_can_be_ended()
    {
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        Received invite = _bob.Receive();
        _bob.Answer(invite, 200);
        Received answer = _alice.ReceiveStatus(200);
        _alice.Send(_alice.InDialog("ACK", answer));
        _bob.ReceiveNew("ACK");
        _server.State.IsStopping = true;

        _alice.CallId = "second";
        string second = _alice.Request("INVITE", BobUri);
        _alice.Send(second);
        Received refused = _alice.ReceiveStatus(503);
        Assert.Equal("30", refused.Header("Retry-After"));
        _alice.Send(Peer.AckOf(second, refused));

        _bob.Send(_bob.InDialogAsCallee("BYE", invite));
        _alice.Answer(_alice.Receive(), 200);
        _bob.ReceiveStatus(200);
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_call_that_rings_is_ended_with_503_and_the_phone_is_cancelled()
    {
        string sent = _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        Received invite = _bob.Receive();
        _bob.Answer(invite, 180);
        _alice.ReceiveStatus(180);
        Assert.Equal(1, _server.Roles.OpenWork);
        _server.Roles.EndCalls(alsoRinging: true);
        Received end = _alice.ReceiveStatus(503);
        Assert.True(end.Has("Retry-After"));
        _alice.Send(Peer.AckOf(sent, end));
        Received cancel = _bob.Receive();
        Assert.Equal("CANCEL", cancel.Method);
        _bob.Answer(cancel, 200);
        _bob.Answer(invite, 487);
        _server.Network.RunFor(TimeSpan.FromMilliseconds(100));
        Assert.Equal(0, _server.Roles.OpenWork);
        _server.AssertNothingLeft();
    }

    [Fact]
    public void Once_nothing_is_saved_any_more_registrations_get_503()
    {
        string register = _alice.Request("REGISTER", "sip:example.com", "<sip:alice@example.com>", "Contact: <sip:alice@192.0.2.1>\r\n");
        _alice.Send(register);
        _alice.Send(_alice.Authorize(register, _alice.ReceiveStatus(401)));
        _alice.ReceiveStatus(200);
        _server.Location.Dispose();

        _alice.Send(register = _alice.Request("REGISTER", "sip:example.com", "<sip:alice@example.com>"));
        _alice.Send(_alice.Authorize(register, _alice.ReceiveStatus(401)));
        Assert.True(_alice.ReceiveStatus(503).Has("Retry-After"));
        _server.AssertNothingLeft();
    }
}
