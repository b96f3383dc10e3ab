using Parley.Server.Configuration;
using Parley.Sip.Messages;

namespace Parley.Server.Tests.Roles;

/// <summary>Registrar, proxy and edge as servers of their own, which meet by SIP alone (RFC 3327, RFC 5626 5).</summary>
public sealed class EdgeTests : IDisposable
{
    private const string Instance = ";reg-id=1;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"";

    private readonly TestServer _home = new();
    private readonly TestServer _edge;
    private readonly Peer _alice;
    private readonly Peer _bob;

    public EdgeTests()
    {
        _edge = new TestServer(AsEdge, network: _home.Network, ip: "192.0.2.20");
        _alice = new Peer(_home, "192.0.2.1:5060");
        _bob = new Peer(_edge, "192.0.2.2:5060", "bob", SipTransport.Tcp);
    }

    public void Dispose()
    {
        _edge.Dispose();
        _home.Dispose();
    }

    [Fact]
    public void A_phone_registers_through_the_edge_and_is_called_over_its_flow()
    {
        Received registered = Register();
        Assert.Equal("outbound", registered.Header("Require"));
        Assert.Matches("^<sip:[A-Za-z0-9_-]+@192\\.0\\.2\\.20:5060;lr;ob>$", registered.Header("Path"));

        _alice.SendAuthorized(_alice.Request("INVITE", "sip:bob@example.com"));
        Received invite = _bob.ReceiveNew("INVITE");
        Assert.Equal("INVITE sip:bob@10.0.0.1;ob SIP/2.0", invite.FirstLine);
        Assert.False(invite.Has("Route"));
        _bob.Answer(invite, 200, headers: "Contact: <sip:bob@10.0.0.1;ob>\r\n", contact: false);
        Received answer = _alice.ReceiveNew("SIP/2.0 200");
        _alice.Send(_alice.InDialog("ACK", answer));
        _bob.ReceiveNew("ACK");
        _bob.Send(_bob.InDialogAsCallee("BYE", invite));
        _alice.Answer(_alice.ReceiveNew("BYE"), 200);
        _bob.ReceiveNew("SIP/2.0 200");
    }

    /// <summary>RFC 5626 5.4: it is the edge that has the phone's connection.</summary>
    [Fact]
    public void The_edge_tells_the_phone_how_often_to_use_its_flow()
    {
        _edge.State.Configuration = _edge.State.Configuration with { Registrar = new RegistrarOptions { FlowTimer = TimeSpan.FromSeconds(300) } };
        Assert.Equal("300", Assert.Single(Register().Headers("Flow-Timer")));
    }

    /// <summary>RFC 3327 5.2.</summary>
    [Fact]
    public void An_edge_may_want_phones_to_know_Path()
    {
        _edge.State.Configuration = _edge.State.Configuration with { Registrar = new RegistrarOptions { RequirePath = true } };
        _bob.Send(_bob.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", "Contact: <sip:bob@10.0.0.1>\r\nSupported: gruu\r\n"));
        Assert.Equal("path", _bob.ReceiveStatus(421).Header("Require"));
        Register();
    }

    /// <summary>RFC 3608: the registrar says by which proxies requests are to go, and the edge lets them pass.</summary>
    [Theory]
    [InlineData("sip:192.0.2.10:5060;lr", 407)]
    [InlineData("sip:orig@192.0.2.10:5060", 407)]
    [InlineData("sip:192.0.2.11:5060;lr", 403)]
    public void A_request_by_the_Service_Route_passes_the_edge(string serviceRoute, int status)
    {
        _home.State.Configuration = _home.State.Configuration with { Domains = [new DomainOptions("example.com") { ServiceRoute = [SipUri.Parse(serviceRoute)] }] };
        string route = Register().Header("Service-Route");
        Assert.Equal($"<{serviceRoute}{(serviceRoute.EndsWith(";lr", StringComparison.Ordinal) ? "" : ";lr")}>", route);
        using var caller = new Peer(_edge, "192.0.2.4:5060", "bob");
        caller.Send(caller.Request("MESSAGE", "sip:alice@elsewhere.example", route: $"<sip:192.0.2.20:5060;lr>, {route}"));
        Received answer = caller.Receive();
        if (status == 407) Assert.Contains("realm=\"example.com\"", answer.Header("Proxy-Authenticate"), StringComparison.Ordinal);
        Assert.Equal(status == 407 ? 1 + 2 : 2, _home.Roles.Lanes.Sum(lane => lane.Lane.Counters.RequestsReceived));     // two REGISTERs
    }

    [Fact]
    public void An_edge_may_name_further_proxies_of_the_domain()
    {
        using var proxy = new Peer(_edge, "192.0.2.11:5060", "proxy");
        _edge.State.Configuration = _edge.State.Configuration with
        {
            Domains = [new DomainOptions("example.com", DomainRole.Edge) { Registrar = SipUri.Parse($"sip:{TestServer.Ip}:5060"), ServiceRoute = [SipUri.Parse("sip:192.0.2.11:5060")] }],
        };
        using var caller = new Peer(_edge, "192.0.2.4:5060", "bob");
        caller.Send(caller.Request("MESSAGE", "sip:alice@elsewhere.example", route: "<sip:192.0.2.20:5060;lr>, <sip:192.0.2.11:5060;lr>, <sip:192.0.2.12;lr>"));
        Assert.Equal(["<sip:192.0.2.11:5060;lr>", "<sip:192.0.2.12;lr>"], proxy.ReceiveNew("MESSAGE").Headers("Route"));
    }

    [Fact]
    public void A_phone_calls_through_the_edge_and_is_reached_in_the_dialog()
    {
        using var carol = new Peer(_home, "192.0.2.3:5060", "carol");
        _home.Bind("carol@example.com", "sip:carol@192.0.2.3:5060");
        Register();
        string invite = _bob.Request("INVITE", "sip:carol@example.com", route: "<sip:192.0.2.20;lr>").Replace($"Contact: {_bob.Contact}", "Contact: <sip:bob@10.0.0.1;ob>", StringComparison.Ordinal);
        _bob.SendAuthorized(invite);
        Received received = carol.ReceiveNew("INVITE");
        carol.Answer(received, 200);
        _bob.Send(_bob.InDialog("ACK", _bob.ReceiveNew("SIP/2.0 200")));
        carol.ReceiveNew("ACK");
        carol.Send(carol.InDialogAsCallee("BYE", received));
        Assert.Equal("BYE sip:bob@10.0.0.1;ob SIP/2.0", _bob.ReceiveNew("BYE").FirstLine);
    }

    /// <summary>RFC 5626 5.3.1.</summary>
    [Fact]
    public void A_flow_that_is_over_fails_and_the_caller_hears_that_nobody_is_there()
    {
        string path = Register().Header("Path");
        _bob.Dispose();
        _home.Network.RunFor(TimeSpan.FromSeconds(1));
        using var direct = new Peer(_edge, "192.0.2.4:5060", "carol");
        direct.Send(direct.Request("MESSAGE", "sip:bob@10.0.0.1", route: path));
        direct.ReceiveNew("SIP/2.0 430");
        _alice.SendAuthorized(_alice.Request("MESSAGE", "sip:bob@example.com"));
        _alice.ReceiveNew("SIP/2.0 480");
    }

    [Fact]
    public void A_token_that_the_edge_did_not_write_leads_nowhere()
    {
        string path = Register().Header("Path");
        int third = path.IndexOf(':', StringComparison.Ordinal) + 3;
        string forged = path[..third] + (path[third] == 'x' ? 'y' : 'x') + path[(third + 1)..];
        using var direct = new Peer(_edge, "192.0.2.4:5060", "carol");
        direct.Send(direct.Request("MESSAGE", "sip:bob@10.0.0.1", route: forged));
        direct.ReceiveStatus(403);
    }

    [Fact]
    public void An_edge_knows_no_user_and_asks_nobody_for_credentials()
    {
        using var caller = new Peer(_edge, "192.0.2.4:5060", "dave");
        caller.Send(caller.Request("MESSAGE", "sip:someone@elsewhere.example"));
        Received challenge = caller.ReceiveStatus(407);       // the home proxy's
        Assert.Equal(1, _home.Roles.Lanes.Sum(lane => lane.Lane.Counters.RequestsReceived));
        Assert.Contains("realm=\"example.com\"", challenge.Header("Proxy-Authenticate"), StringComparison.Ordinal);
    }

    /// <summary>An edge with <c>proxy.recurse</c> asks a redirect server for contacts by a 3xx.</summary>
    [Fact]
    public void An_edge_follows_the_redirections_of_its_home()
    {
        using var carol = new Peer(_home, "192.0.2.3:5060", "carol");
        _home.State.Configuration = _home.State.Configuration with { Domains = [new DomainOptions("example.com", DomainRole.Redirect)] };
        _edge.State.Configuration = _edge.State.Configuration with { Proxy = new ProxyOptions { Recurse = true } };
        _home.Bind("carol@example.com", "sip:carol@192.0.2.3:5060");
        _bob.SendAuthorized(_bob.Request("MESSAGE", "sip:carol@example.com"));
        Assert.Equal("MESSAGE sip:carol@192.0.2.3:5060 SIP/2.0", carol.ReceiveNew("MESSAGE").FirstLine);
    }

    private static ParleyConfiguration AsEdge(ParleyConfiguration configuration) =>
        configuration with { Domains = [new DomainOptions("example.com", DomainRole.Edge) { Registrar = SipUri.Parse($"sip:{TestServer.Ip}:5060") }] };

    private Received Register()
    {
        _bob.SendAuthorized(_bob.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: <sip:bob@10.0.0.1;ob>{Instance}\r\nSupported: path, outbound\r\n"));
        return _bob.ReceiveNew("SIP/2.0 200");
    }
}
