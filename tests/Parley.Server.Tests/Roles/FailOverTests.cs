namespace Parley.Server.Tests.Roles;

/// <summary>A target whose name leads to several servers (RFC 3263 4.3).</summary>
public sealed class FailOverTests : IDisposable
{
    private const string BobUri = "sip:bob@example.com";

    private readonly TestServer _server = new();
    private readonly Peer _alice;
    private readonly Peer _first;
    private readonly Peer _second;

    public FailOverTests()
    {
        _alice = new Peer(_server, "192.0.2.1:5060");
        _first = new Peer(_server, "192.0.2.2:5060", "bob");
        _second = new Peer(_server, "192.0.2.3:5060", "bob");
        _server.Names["pbx.example.net"] = [_first.Address, _second.Address];
        _server.Bind("bob@example.com", "sip:bob@pbx.example.net");
    }

    public void Dispose() => _server.Dispose();

    [Fact]
    public void A_server_that_is_not_available_gives_way_to_the_next_and_its_answer_is_not_seen()
    {
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        Received invite = _first.Receive();
        _first.Answer(invite, 180);
        _alice.ReceiveStatus(180);
        _first.Answer(invite, 503);
        Assert.Equal("ACK", _first.Receive().Method);

        Received again = _second.Receive();
        Assert.Equal("INVITE sip:bob@pbx.example.net SIP/2.0", again.FirstLine);
        Assert.NotEqual(invite.Header("Via"), again.Header("Via"));
        _second.Answer(again, 486);
        Assert.Equal("ACK", _second.Receive().Method);
        _alice.ReceiveStatus(486);
    }

    [Fact]
    public void When_none_is_available_the_caller_hears_it_once()
    {
        _alice.SendAuthorized(_alice.Request("OPTIONS", BobUri));
        _first.Answer(_first.Receive(), 503);
        _second.Answer(_second.Receive(), 503);

        _alice.ReceiveStatus(500);      // a 503 of one server is not the proxy's (RFC 3261 16.7 step 6)
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_server_that_is_silent_gives_way_and_is_left_alone_for_a_while()
    {
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        _first.Receive();
        _second.Answer(_second.ReceiveNew("INVITE", TimeSpan.FromSeconds(40)), 486);
        _alice.Send(Peer.AckOf(invite, _alice.ReceiveNew("SIP/2.0 486")));
        while (_first.Waiting > 0) _first.Receive();

        _alice.SendAuthorized(_alice.Request("OPTIONS", BobUri));
        _second.Answer(_second.ReceiveNew("OPTIONS"), 200);
        _alice.ReceiveNew("SIP/2.0 200");
        Assert.Equal(0, _first.Waiting);

        _server.Network.RunFor(TimeSpan.FromSeconds(31));
        _alice.SendAuthorized(_alice.Request("OPTIONS", BobUri));
        _first.Answer(_first.ReceiveNew("OPTIONS"), 200);
        _alice.ReceiveStatus(200);
    }

    [Fact]
    public void A_server_that_asks_to_be_left_alone_is()
    {
        _alice.SendAuthorized(_alice.Request("OPTIONS", BobUri));
        _first.Answer(_first.Receive(), 503, headers: "Retry-After: 100\r\n");
        _second.Answer(_second.Receive(), 200);
        _alice.ReceiveStatus(200);

        _server.Network.RunFor(TimeSpan.FromSeconds(95));
        _alice.SendAuthorized(_alice.Request("OPTIONS", BobUri));
        _second.Answer(_second.ReceiveNew("OPTIONS"), 200);
        _alice.ReceiveStatus(200);
        Assert.Equal(0, _first.Waiting);

        _server.Network.RunFor(TimeSpan.FromSeconds(6));
        _alice.SendAuthorized(_alice.Request("OPTIONS", BobUri));
        _first.Answer(_first.ReceiveNew("OPTIONS"), 200);
        _alice.ReceiveStatus(200);
    }

    [Fact]
    public void A_caller_who_gives_up_is_not_put_through_to_the_next_server()
    {
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        Received received = _first.Receive();
        _first.Answer(received, 180);
        _alice.ReceiveStatus(180);
        _alice.Send(Peer.CancelOf(invite));
        _alice.ReceiveStatus(200);
        _first.ReceiveNew("CANCEL");
        _first.Answer(received, 503);

        _server.Network.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal(0, _second.Waiting);
    }
}
