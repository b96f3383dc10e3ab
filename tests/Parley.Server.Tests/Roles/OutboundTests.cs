using Parley.Server.Configuration;
using Parley.Sip.Messages;

namespace Parley.Server.Tests.Roles;

/// <summary>Flows of phones at registrar and authoritative proxy (RFC 5626 6 and 7).</summary>
public sealed class OutboundTests : IDisposable
{
    private const string Instance = ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"";
    private const string Supported = "Supported: path, outbound\r\n";

    private readonly TestServer _server = new();
    private readonly Peer _alice;
    private readonly Peer _bob;

    public OutboundTests()
    {
        _alice = new Peer(_server, "192.0.2.1:5060");
        _bob = new Peer(_server, "192.0.2.2:5060", "bob");
    }

    public void Dispose() => _server.Dispose();

    [Fact]
    public void A_binding_of_an_instance_and_a_reg_id_replaces_the_one_before()
    {
        Register(_bob, $"<sip:bob@10.0.0.1>;reg-id=1{Instance}");
        Received other = Register(_bob, $"<sip:bob@10.0.0.2>{Instance};reg-id=2");
        Assert.Equal(2, other.Headers("Contact").Count());
        Received again = Register(_bob, $"<sip:bob@10.0.0.3>;reg-id=1{Instance}");
        Assert.Equal(["sip:bob@10.0.0.3", "sip:bob@10.0.0.2"], again.Headers("Contact").Select(contact => contact.Split('<', '>')[1]));
        Assert.StartsWith($"<sip:bob@10.0.0.3>;reg-id=1{Instance};expires=", again.Headers("Contact").First(), StringComparison.Ordinal);
        Assert.Equal("outbound", again.Header("Require"));
        Assert.Equal("path, outbound, gruu, eventlist", again.Header("Supported"));
    }

    [Fact]
    public void A_phone_that_does_not_say_that_it_can_is_not_told_that_it_was_done()
    {
        Received answer = Register(_bob, $"<sip:bob@10.0.0.1>;reg-id=1{Instance}", supported: "");
        Assert.False(answer.Has("Require"));
        Assert.Single(Register(_bob, $"<sip:bob@10.0.0.2>;reg-id=1{Instance}", supported: "").Headers("Contact"));
    }

    [Theory]
    [InlineData("<sip:bob@10.0.0.1>;reg-id=1", 200, false)]                                             // no instance: ignored
    [InlineData("<sip:bob@10.0.0.1>;reg-id=0" + Instance, 200, false)]
    [InlineData("<sip:bob@10.0.0.1>;reg-id=4294967296" + Instance, 200, false)]
    [InlineData("<sip:bob@10.0.0.1>;reg-id=1" + Instance + ", <sip:bob@10.0.0.2>", 400, false)]
    [InlineData("<sip:bob@10.0.0.1>;reg-id=1" + Instance + ", <sip:bob@10.0.0.2>;expires=0", 200, true)]
    public void A_reg_id_counts_where_it_may(string contacts, int status, bool counts)
    {
        _bob.SendAuthorized(_bob.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: {contacts}\r\n{Supported}"));
        Received answer = _bob.ReceiveStatus(status);
        Assert.Equal(counts, answer.Has("Require"));
        if (status == 200) Assert.Equal(counts, answer.Header("Contact").Contains("reg-id", StringComparison.Ordinal));
    }

    /// <summary>RFC 5626 5.4: who closes silent connections says so.</summary>
    [Theory]
    [InlineData(SipTransport.Tcp, Supported, 600, "600")]
    [InlineData(SipTransport.Tcp, Supported, 0, null)]
    [InlineData(SipTransport.Tcp, "", 600, null)]
    [InlineData(SipTransport.Udp, Supported, 600, null)]
    public void A_phone_is_told_how_often_its_connection_has_to_be_used(SipTransport transport, string supported, int seconds, string? expected)
    {
        _server.Location.Limits = _server.Location.Limits with { FlowTimer = TimeSpan.FromSeconds(seconds) };
        using var phone = new Peer(_server, "192.0.2.3:5060", "bob", transport);
        Assert.Equal(expected, Register(phone, $"<sip:bob@192.0.2.3>;reg-id=1{Instance}", supported).Headers("Flow-Timer").SingleOrDefault());
    }

    /// <summary>RFC 3608 6.3: also with an answer that only lists bindings, and never with a refusal.</summary>
    [Fact]
    public void Phones_are_told_the_way_of_their_requests()
    {
        Assert.False(Register(_bob, "<sip:bob@10.0.0.1>").Has("Service-Route"));
        _server.State.Configuration = _server.State.Configuration with
        {
            Domains = [new DomainOptions("example.com") { ServiceRoute = [SipUri.Parse("sip:first.example.com;lr"), SipUri.Parse("sips:orig@second.example.com")] }],
        };
        _bob.SendAuthorized(_bob.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>"));
        Assert.Equal("<sip:first.example.com;lr>, <sips:orig@second.example.com;lr>", _bob.ReceiveStatus(200).Header("Service-Route"));
        _bob.SendAuthorized(_bob.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", "Contact: <sip:bob@10.0.0.1>;expires=1\r\n"));
        Assert.False(_bob.ReceiveStatus(423).Has("Service-Route"));
    }

    /// <summary>RFC 3327 5.3.</summary>
    [Theory]
    [InlineData(false, "", 200)]
    [InlineData(true, "", 420)]
    [InlineData(true, "Supported: gruu, path\r\n", 200)]
    public void A_Path_that_the_phone_does_not_know_is_refused_where_that_is_wished(bool isRequired, string supported, int status)
    {
        _server.State.Configuration = _server.State.Configuration with { Registrar = new RegistrarOptions { RequirePath = isRequired } };
        _bob.SendAuthorized(_bob.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: <sip:bob@10.0.0.1>\r\nPath: <sip:192.0.2.9;lr>\r\n{supported}"));
        Received answer = _bob.ReceiveStatus(status);
        if (status == 420) Assert.Equal("path", answer.Header("Unsupported"));
    }

    /// <summary>RFC 5626 6: the first hop has to be able to do it.</summary>
    [Theory]
    [InlineData("", Supported, 439)]
    [InlineData("Path: <sip:192.0.2.9;lr>\r\n", Supported, 439)]
    [InlineData("Path: <sip:192.0.2.9;lr>\r\n", "", 200)]
    [InlineData("Path: <sip:192.0.2.8;lr>, <sip:x@192.0.2.9;lr;ob>\r\n", Supported, 200)]
    public void A_request_through_a_proxy_needs_its_word(string path, string supported, int status)
    {
        string request = _bob.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: <sip:bob@10.0.0.1>;reg-id=1{Instance}\r\n{path}{supported}")
            .Replace("Max-Forwards", "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx\r\nMax-Forwards", StringComparison.Ordinal);
        _bob.SendAuthorized(request);
        Received answer = _bob.ReceiveStatus(status);
        Assert.Equal(status == 200 && path.Contains(";ob", StringComparison.Ordinal), answer.Has("Require"));
        if (status == 439) Assert.StartsWith("SIP/2.0 439 First Hop Lacks Outbound Support", answer.FirstLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("path", 200)]
    [InlineData("outbound, path", 200)]
    [InlineData("path, x", 420)]
    public void What_the_registrar_can_do_may_be_demanded(string require, int status)
    {
        string request = _bob.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: <sip:bob@10.0.0.1>\r\nRequire: {require}\r\n");
        if (status == 420) _bob.Send(request);
        else _bob.SendAuthorized(request);
        Received answer = _bob.ReceiveStatus(status);
        if (status == 420) Assert.Equal("x", answer.Header("Unsupported"));
    }

    [Fact]
    public void Of_the_flows_of_an_instance_the_younger_is_used_and_the_other_when_that_one_is_over()
    {
        using var first = new Peer(_server, "192.0.2.3:5060", "bob", SipTransport.Tcp);
        var second = new Peer(_server, "192.0.2.3:5062", "bob", SipTransport.Tcp);
        Register(first, $"<sip:bob@192.0.2.3>;reg-id=1{Instance}");
        Register(second, $"<sip:bob@192.0.2.3>;reg-id=2{Instance}");
        _alice.SendAuthorized(_alice.Request("MESSAGE", "sip:bob@example.com"));
        second.Answer(second.ReceiveNew("MESSAGE"), 200);
        _alice.ReceiveStatus(200);
        Assert.Equal(0, first.Waiting);

        second.Dispose();
        _server.Network.RunFor(TimeSpan.FromSeconds(1));
        _alice.CallId = "another";
        _alice.SendAuthorized(_alice.Request("MESSAGE", "sip:bob@example.com"));
        first.Answer(first.ReceiveNew("MESSAGE"), 200);
        _alice.ReceiveStatus(200);
    }

    /// <summary>RFC 5626 7: 430 leads to the next flow, any other answer is the instance's own.</summary>
    [Theory]
    [InlineData(430, true)]
    [InlineData(486, false)]
    [InlineData(500, false)]
    public void An_edge_that_has_lost_the_flow_is_passed_by(int status, bool goesOn)
    {
        using var edge = new Peer(_server, "192.0.2.8:5060", "edge");
        using var other = new Peer(_server, "192.0.2.9:5060", "other");
        BindThroughEdge(2, "192.0.2.9");
        BindThroughEdge(1, "192.0.2.8");
        _alice.SendAuthorized(_alice.Request("MESSAGE", "sip:bob@example.com"));
        edge.Answer(edge.ReceiveNew("MESSAGE"), status);
        if (!goesOn)
        {
            _alice.ReceiveStatus(status);
            Assert.Equal(0, other.Waiting);
            return;
        }

        Received message = other.ReceiveNew("MESSAGE");
        Assert.Equal("<sip:flow@192.0.2.9;lr;ob>", message.Header("Route"));
        other.Answer(message, 430);
        _alice.ReceiveStatus(480);
    }

    private void BindThroughEdge(int regId, string edge)
    {
        string request = _bob.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>",
            $"Contact: <sip:bob@10.0.0.1>;reg-id={regId}{Instance}\r\nPath: <sip:flow@{edge};lr;ob>\r\n{Supported}")
            .Replace("Max-Forwards", "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx\r\nMax-Forwards", StringComparison.Ordinal);
        _bob.SendAuthorized(request);
        _bob.ReceiveStatus(200);
    }

    private static Received Register(Peer phone, string contacts, string supported = Supported)
    {
        phone.SendAuthorized(phone.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: {contacts}\r\n{supported}"));
        return phone.ReceiveStatus(200);
    }
}
