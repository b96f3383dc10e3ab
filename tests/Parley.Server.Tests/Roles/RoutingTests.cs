using Parley.Server.Configuration;

namespace Parley.Server.Tests.Roles;

/// <summary>Routes, loops and spirals (RFC 3261 16.4, 16.6, 16.12; RFC 5393).</summary>
public sealed class RoutingTests : IDisposable
{
    private const string BobUri = "sip:bob@example.com";

    private readonly TestServer _server = new();
    private readonly Peer _alice;
    private readonly Peer _bob;

    public RoutingTests()
    {
        _alice = new Peer(_server, "192.0.2.1:5060");
        _bob = new Peer(_server, "192.0.2.2:5060", "bob");
        _server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060");
    }

    public void Dispose() => _server.Dispose();

    [Fact]
    public void A_preloaded_route_to_this_server_is_taken_off()
    {
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri, route: "<sip:example.com;lr>, <sip:192.0.2.10:5060;lr>"));
        Received invite = _bob.Receive();
        Assert.False(invite.Has("Route"));
        Assert.Equal("INVITE sip:bob@192.0.2.2:5060 SIP/2.0", invite.FirstLine);
    }

    [Fact]
    public void A_further_loose_router_gets_the_request_as_it_is()
    {
        using var router = new Peer(_server, "198.51.100.1:5060", "router");
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:far@far.example", route: "<sip:192.0.2.10;lr>, <sip:198.51.100.1;lr>, <sip:198.51.100.2>"));
        Received invite = router.Receive();
        Assert.Equal("INVITE sip:far@far.example SIP/2.0", invite.FirstLine);
        Assert.Equal(["<sip:198.51.100.1;lr>", "<sip:198.51.100.2>"], invite.Headers("Route"));
    }

    /// <summary>RFC 3261 16.6 step 6 and 16.12.1.2.</summary>
    [Fact]
    public void A_further_strict_router_gets_its_own_address_as_the_request_uri()
    {
        using var router = new Peer(_server, "198.51.100.1:5060", "router");
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:far@far.example", route: "<sip:192.0.2.10;lr>, <sip:198.51.100.1>, <sip:198.51.100.2;lr>"));
        Received invite = router.Receive();
        Assert.Equal("INVITE sip:198.51.100.1 SIP/2.0", invite.FirstLine);
        Assert.Equal(["<sip:198.51.100.2;lr>", "<sip:far@far.example>"], invite.Headers("Route"));
    }

    /// <summary>RFC 3261 16.4: a strict router put our Record-Route into the Request-URI, and the real one last.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_request_from_a_strict_router_is_put_right(bool hasMoreRoutes)
    {
        using var further = new Peer(_server, "198.51.100.1:5060", "further");
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        Received invite = _bob.Receive();
        _bob.Answer(invite, 200);
        Received answer = _alice.ReceiveStatus(200);
        string ours = answer.Uri("Record-Route");
        string route = hasMoreRoutes ? "<sip:198.51.100.1;lr>, <sip:bob@192.0.2.2:5060>" : "<sip:bob@192.0.2.2:5060>";
        _alice.Send(_alice.Request("BYE", ours, answer.Header("To"), route: route));
        Peer next = hasMoreRoutes ? further : _bob;
        Received bye = next.ReceiveNew("BYE");
        Assert.Equal("BYE sip:bob@192.0.2.2:5060 SIP/2.0", bye.FirstLine);
        Assert.Equal(hasMoreRoutes ? ["<sip:198.51.100.1;lr>"] : [], bye.Headers("Route"));
        next.Answer(bye, 200);
        _alice.ReceiveStatus(200);
    }

    [Fact]
    public void A_maddr_that_is_ours_is_stripped_and_another_one_followed()
    {
        using var far = new Peer(_server, "198.51.100.1:5060", "far");
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:bob@example.com:5060;maddr=192.0.2.10;transport=udp;user=phone"));
        Assert.Equal("INVITE sip:bob@192.0.2.2:5060 SIP/2.0", _bob.Receive().FirstLine);
        _alice.CallId = "second";
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:bob@example.com;maddr=198.51.100.1"));
        Assert.Equal("INVITE sip:bob@example.com;maddr=198.51.100.1 SIP/2.0", far.Receive().FirstLine);
    }

    [Fact]
    public void A_binding_with_a_path_is_reached_along_it()
    {
        using var edge = new Peer(_server, "198.51.100.1:5060", "edge");
        _server.Bind("carol@example.com", "sip:carol@10.0.0.1:5060", path: "<sip:198.51.100.1;lr>,<sip:inner.example;lr>");
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:carol@example.com"));
        Received invite = edge.Receive();
        Assert.Equal("INVITE sip:carol@10.0.0.1:5060 SIP/2.0", invite.FirstLine);
        Assert.Equal(["<sip:198.51.100.1;lr>", "<sip:inner.example;lr>"], invite.Headers("Route"));
    }

    [Fact]
    public void A_request_that_comes_back_unchanged_is_a_loop()
    {
        using var mirror = new Peer(_server, "198.51.100.1:5060", "mirror");
        _server.Bind("carol@example.com", "sip:carol@198.51.100.1:5060");
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:carol@example.com"));
        Received invite = mirror.Receive();
        mirror.Send(Returned(invite, "sip:carol@example.com"));
        mirror.ReceiveStatus(482);
    }

    /// <summary>A request that comes back for another user of ours is a spiral: RFC 3261 16.3 step 4.</summary>
    [Fact]
    public void A_request_that_comes_back_for_somebody_else_is_a_spiral_and_is_not_challenged_again()
    {
        using var mirror = new Peer(_server, "198.51.100.1:5060", "mirror");
        _server.Bind("carol@example.com", "sip:carol@198.51.100.1:5060");
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:carol@example.com"));
        mirror.Send(Returned(mirror.Receive(), BobUri));
        Received spiral = _bob.Receive();
        Assert.Equal(4, spiral.Headers("Via").Count());
        Assert.Equal(2, spiral.Headers("Record-Route").Count());
    }

    [Fact]
    public void A_spiral_reaches_our_users_and_nobody_else()
    {
        using var mirror = new Peer(_server, "198.51.100.1:5060", "mirror");
        _server.Bind("carol@example.com", "sip:carol@198.51.100.1:5060");
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:carol@example.com"));
        mirror.Send(Returned(mirror.Receive(), "sip:victim@203.0.113.1"));
        mirror.ReceiveStatus(403);
    }

    /// <summary>RFC 5393 3: a user's contact that leads back here ends after one turn.</summary>
    [Fact]
    public void Contacts_that_lead_back_to_their_own_user_end_in_482()
    {
        _server.Bind("carol@example.com", "sip:carol@example.com;x=1");
        _server.Bind("carol@example.com", "sip:carol@192.0.2.10;x=2");
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", "sip:carol@example.com"));
        Received end = _alice.ReceiveNew("SIP/2.0 4", TimeSpan.FromSeconds(40));
        Assert.Equal(482, end.Status);
        _alice.Send(Peer.AckOf(invite, end));
        Assert.True(_server.Roles.Statistics().Forwarded < 10, _server.Roles.Statistics().ToString());
    }

    [Fact]
    public void Two_servers_that_forward_to_each_other_find_the_loop()
    {
        using var other = new TestServer(
            configuration => configuration with { Domains = [new DomainOptions("other.example")], Trusted = [RegistrarTests.Prefix("192.0.2.0/24")] },
            network: _server.Network,
            ip: "192.0.2.20");
        _server.Bind("carol@example.com", "sip:carol@192.0.2.20:5060");
        other.AddUsers("carol@other.example");
        other.Bind("carol@other.example", "sip:carol@192.0.2.10:5060");
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", "sip:carol@example.com"));
        Received end = _alice.ReceiveNew("SIP/2.0 482");
        _alice.Send(Peer.AckOf(invite, end));
        _server.IsPumping = false;
        other.AssertNothingLeft();
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_chain_of_two_servers_carries_a_call_and_both_stay_on_its_path()
    {
        using var other = new TestServer(
            configuration => configuration with { Domains = [new DomainOptions("192.0.2.20")] }, network: _server.Network, ip: "192.0.2.20");
        other.AddUsers("bob@192.0.2.20");
        other.Bind("bob@192.0.2.20", "sip:bob@192.0.2.2:5060");
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:bob@192.0.2.20"));
        Received invite = _bob.Receive();
        Assert.Equal(3, invite.Headers("Via").Count());
        Assert.Equal(2, invite.Headers("Record-Route").Count());
        _bob.Answer(invite, 200);
        Received answer = _alice.ReceiveStatus(200);
        _alice.Send(_alice.InDialog("ACK", answer));
        Assert.Equal("ACK sip:bob@192.0.2.2:5060 SIP/2.0", _bob.Receive().FirstLine);
        _bob.Send(_bob.InDialogAsCallee("BYE", invite), other.Address);
        Received bye = _alice.Receive();
        Assert.Equal("BYE sip:alice@192.0.2.1:5060 SIP/2.0", bye.FirstLine);
        _alice.Answer(bye, 200);
        _bob.ReceiveStatus(200);
        _server.IsPumping = false;
        other.AssertNothingLeft();
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_caller_behind_a_nat_is_reached_by_the_flow_it_came_over()
    {
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri).Replace("Contact: <sip:alice@192.0.2.1:5060>", "Contact: <sip:alice@10.0.0.1:5060>", StringComparison.Ordinal));
        Received invite = _bob.Receive();
        Assert.Equal(2, invite.Headers("Record-Route").Count());
        _bob.Answer(invite, 200);
        Received answer = _alice.ReceiveStatus(200);
        _alice.Send(_alice.InDialog("ACK", answer));
        Assert.Equal("ACK", _bob.Receive().Method);
        _bob.Send(_bob.InDialogAsCallee("BYE", invite));
        Received bye = _alice.Receive();
        Assert.Equal("BYE sip:alice@10.0.0.1:5060 SIP/2.0", bye.FirstLine);
        _alice.Answer(bye, 200);
        _bob.ReceiveStatus(200);
        _server.AssertNothingLeft();
    }

    [Theory]
    [InlineData("udp:192.0.2.7:40000;rport", true)]
    [InlineData("udp:192.0.2.7:40000", false)]
    [InlineData("tcp:192.0.2.7:40000", false)]
    [InlineData("nonsense", false)]
    [InlineData("", false)]
    public void A_callee_behind_a_nat_is_reached_by_the_flow_it_registered_over(string source, bool usesFlow)
    {
        using Peer nat = new(_server, "192.0.2.7:40000", "nat"), direct = new(_server, "192.0.2.8:5060", "direct");
        _server.Bind("carol@example.com", "sip:carol@192.0.2.8:5060", source: source);
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:carol@example.com"));
        Received invite = (usesFlow ? nat : direct).Receive();
        Assert.Equal("INVITE sip:carol@192.0.2.8:5060 SIP/2.0", invite.FirstLine);
        Assert.Equal(usesFlow ? 2 : 1, invite.Headers("Record-Route").Count());
    }

    [Theory]
    [InlineData("192.0.2.8:5060", "192.0.2.9:5062", "192.0.2.8:5060", false)]     // another machine's contact
    [InlineData("192.0.2.8:5060", "192.0.2.8:5099", "192.0.2.8:5060", false)]     // another port of the phone's own
    [InlineData("192.0.2.8:5060", "192.0.2.9:5062", "pc.example.com", false)]
    [InlineData("192.0.2.8:40000", "192.168.0.5:5060", "192.168.0.5:5060", true)] // what phones behind a NAT say
    [InlineData("192.0.2.8:40000", "192.168.0.5:5060", "192.0.2.8:40000", true)]  // one whose Via a gateway has mended
    [InlineData("192.0.2.8:40000", "192.0.2.8:5060", "192.168.0.5:5060", true)]   // one that knows half of its public address
    [InlineData("192.0.2.8:40000", "d4f.invalid", "d4f.invalid", true)]
    public void A_contact_is_followed_as_it_stands_unless_a_nat_hides_where_it_leads(string from, string contact, string sentBy, bool usesFlow)
    {
        using Peer phone = new(_server, from, "bob"), other = new(_server, usesFlow ? "192.0.2.9:5062" : contact, "other");
        string register = phone.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: <sip:bob@{contact}>\r\n")
            .Replace($"SIP/2.0/UDP {phone.Address}", $"SIP/2.0/UDP {sentBy}", StringComparison.Ordinal);
        phone.SendAuthorized(register);
        phone.ReceiveStatus(200);
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        Received invite = (usesFlow ? phone : other).Receive();
        Assert.Equal($"INVITE sip:bob@{contact} SIP/2.0", invite.FirstLine);
        Assert.Equal(usesFlow ? 2 : 1, invite.Headers("Record-Route").Count());
    }

    [Fact]
    public void A_callers_contact_on_another_machine_is_followed_in_the_dialog()
    {
        using Peer elsewhere = new(_server, "192.0.2.9:5062", "elsewhere");
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri).Replace("Contact: <sip:alice@192.0.2.1:5060>", "Contact: <sip:alice@192.0.2.9:5062>", StringComparison.Ordinal));
        Received invite = _bob.Receive();
        _bob.Answer(invite, 200);
        _alice.ReceiveStatus(200);
        _bob.Send(_bob.InDialogAsCallee("BYE", invite));
        Assert.Equal("BYE sip:alice@192.0.2.9:5062 SIP/2.0", elsewhere.Receive().FirstLine);
    }

    private static string Returned(Received invite, string uri)
    {
        string text = invite.Text.Replace(invite.RequestUri, uri, StringComparison.Ordinal);
        int via = text.IndexOf("Via:", StringComparison.Ordinal);
        return text.Insert(via, "Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKmirror\r\n");
    }
}
