using Parley.Server.Configuration;
using Parley.Sip.Messages;

namespace Parley.Server.Tests.Roles;

/// <summary>sips URIs at the server (RFC 5630 5.2 to 5.4; RFC 3261 26.2.2).</summary>
public sealed class SipsTests : IDisposable
{
    private const string BobUri = "sips:bob@example.com";

    private readonly TestServer _server = new(With(ListenTransport.Tls));
    private readonly Peer _alice;
    private readonly Peer _bob;

    public SipsTests()
    {
        _alice = new Peer(_server, "192.0.2.1:5061", "alice", SipTransport.Tls);
        _bob = new Peer(_server, "192.0.2.2:5061", "bob", SipTransport.Tls);
    }

    public void Dispose() => _server.Dispose();

    [Fact]
    public void A_sips_request_reaches_a_sips_contact_over_the_connection_that_registered_it()
    {
        Register(_bob, "sips:example.com", "<sips:bob@192.0.2.2>").ReceiveStatus(200);
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri, from: "<sips:alice@example.com>;tag=a1").Replace("Contact: <sip:", "Contact: <sips:", StringComparison.Ordinal));
        Received invite = _bob.ReceiveNew("INVITE");
        Assert.Equal("INVITE sips:bob@192.0.2.2 SIP/2.0", invite.FirstLine);
        Assert.All(invite.Headers("Record-Route"), route => Assert.StartsWith("<sips:", route, StringComparison.Ordinal));
        Assert.All(invite.Headers("Record-Route"), route => Assert.DoesNotContain("transport", route, StringComparison.Ordinal));

        _bob.Answer(invite, 200, headers: "Contact: <sips:bob@192.0.2.2>\r\n", contact: false);
        Received answer = _alice.ReceiveNew("SIP/2.0 200");
        _alice.Send(_alice.InDialog("ACK", answer));
        Assert.Equal("ACK sips:bob@192.0.2.2 SIP/2.0", _bob.ReceiveNew("ACK").FirstLine);
        _bob.Send(_bob.InDialogAsCallee("BYE", invite));
        Received bye = _alice.ReceiveNew("BYE");
        Assert.Equal("sips:alice@192.0.2.1:5061", bye.RequestUri);
        _alice.Answer(bye, 200);
        _bob.ReceiveStatus(200);
    }

    /// <summary>RFC 5630 5.3: no downgrade.</summary>
    [Fact]
    public void A_sips_request_is_refused_where_the_user_has_only_sip_contacts()
    {
        _server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060");
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        Received refusal = _alice.ReceiveNew("SIP/2.0 480");
        Assert.Equal("380 parley \"SIPS Not Allowed\"", refusal.Header("Warning"));
    }

    [Fact]
    public void Of_two_contacts_a_sips_request_reaches_the_sips_one_only()
    {
        using var insecure = new Peer(_server, "192.0.2.3:5060", "bob");
        _server.Bind("bob@example.com", "sip:bob@192.0.2.3:5060");
        Register(_bob, "sips:example.com", "<sips:bob@192.0.2.2>").ReceiveStatus(200);
        _alice.SendAuthorized(_alice.Request("MESSAGE", BobUri));
        _bob.ReceiveNew("MESSAGE");
        insecure.ReceiveNothing(TimeSpan.FromSeconds(1));
    }

    /// <summary>RFC 5630 5.3: the scheme is that of the request, and the hop is TLS all the same.</summary>
    [Fact]
    public void A_sip_request_reaches_a_sips_contact_by_tls_with_its_own_scheme()
    {
        using var caller = new Peer(_server, "192.0.2.4:5060");
        Register(_bob, "sips:example.com", "<sips:bob@192.0.2.2;x=y>").ReceiveStatus(200);
        caller.SendAuthorized(caller.Request("INVITE", "sip:bob@example.com"));
        Received invite = _bob.ReceiveNew("INVITE");
        Assert.Equal("INVITE sip:bob@192.0.2.2;x=y SIP/2.0", invite.FirstLine);
        Assert.All(invite.Headers("Record-Route"), route => Assert.StartsWith("<sip:", route, StringComparison.Ordinal));
    }

    [Fact]
    public void A_sips_contact_without_a_connection_is_not_reached_in_the_open()
    {
        using var caller = new Peer(_server, "192.0.2.4:5060");
        using var insecure = new Peer(_server, "192.0.2.5:5060", "bob");
        _server.Bind("bob@example.com", "sips:bob@192.0.2.5:5060");
        caller.SendAuthorized(caller.Request("MESSAGE", "sip:bob@example.com"));
        caller.ReceiveStatus(500, TimeSpan.FromSeconds(40));
        Assert.Equal(0, insecure.Waiting);
    }

    /// <summary>RFC 5630 5.2.</summary>
    [Theory]
    [InlineData("sip:example.com", "<sips:bob@192.0.2.2>", "")]
    [InlineData("sips:example.com", "<sips:bob@192.0.2.2>, <sip:bob@192.0.2.3>", "")]
    [InlineData("sips:example.com", "<sips:bob@192.0.2.2>", "Path: <sip:192.0.2.9;lr>\r\n")]
    [InlineData("sips:example.com", "<sips:bob@192.0.2.2>, <mailto:bob@example.com>", "")]
    public void A_sips_contact_is_bound_where_all_uris_are_sips(string registrar, string contacts, string headers) =>
        Assert.Equal("SIP/2.0 400 SIPS Contact beside Other Schemes", Register(_bob, registrar, contacts, headers).ReceiveNew("SIP/2.0 400").FirstLine);

    [Theory]
    [InlineData("sips:example.com", "<sips:bob@192.0.2.2>", "Path: <sips:192.0.2.9;lr>\r\n")]
    [InlineData("sips:example.com", "<sip:bob@192.0.2.2>", "")]
    [InlineData("sip:example.com", "<sip:bob@192.0.2.2>", "Path: <sips:192.0.2.9;lr>\r\n")]
    public void Other_mixtures_are_bound(string registrar, string contacts, string headers) => Register(_bob, registrar, contacts, headers).ReceiveNew("SIP/2.0 200");

    /// <summary>RFC 5630 5.1.1.1: the second one replaces the first.</summary>
    [Fact]
    public void A_phone_that_changes_its_scheme_keeps_one_binding()
    {
        Register(_bob, "sips:example.com", "<sip:bob@192.0.2.2>").ReceiveNew("SIP/2.0 200");
        Received answer = Register(_bob, "sips:example.com", "<sips:bob@192.0.2.2>").ReceiveNew("SIP/2.0 200");
        Assert.Equal("sips:bob@192.0.2.2", answer.Uri("Contact"));
        Assert.Single(answer.Headers("Contact"));
    }

    [Fact]
    public void A_sips_request_in_the_open_is_only_taken_from_trusted_networks()
    {
        using var open = new Peer(_server, "192.0.2.6:5060");
        open.Send(open.Request("OPTIONS", "sips:example.com"));
        Assert.Equal("SIP/2.0 400 SIPS Request in the Open", open.Receive().FirstLine);
        Assert.True(NetworkPrefix.TryParse("192.0.2.6/32", out NetworkPrefix trusted));
        _server.State.Configuration = _server.State.Configuration with { Trusted = [trusted] };
        open.Send(open.Request("OPTIONS", "sips:example.com"));
        open.ReceiveStatus(200);
    }

    /// <summary>RFC 5630 5.3: neither up nor down.</summary>
    [Theory]
    [InlineData("sips:bob@example.com", "<sip:carol@192.0.2.2>")]
    [InlineData("sip:bob@example.com", "<sips:carol@192.0.2.2>")]
    public void A_redirection_to_the_other_scheme_is_passed_on(string uri, string contact)
    {
        _server.State.Configuration = _server.State.Configuration with { Proxy = new ProxyOptions { Recurse = true } };
        Register(_bob, "sips:example.com", "<sips:bob@192.0.2.2>").ReceiveStatus(200);
        _alice.SendAuthorized(_alice.Request("MESSAGE", uri));
        _bob.Answer(_bob.ReceiveNew("MESSAGE"), 302, headers: $"Contact: {contact}\r\n");
        Assert.Equal(contact, _alice.ReceiveNew("SIP/2.0 302").Header("Contact"));
    }

    private static Func<ParleyConfiguration, ParleyConfiguration> With(ListenTransport transport) =>
        configuration => configuration with { Listen = [.. configuration.Listen, new ListenUri(transport, TestServer.At(TestServer.Ip + ":5061"))] };

    private static Peer Register(Peer phone, string registrar, string contacts, string headers = "")
    {
        phone.SendAuthorized(phone.Request("REGISTER", registrar, $"<sip:{phone.User}@example.com>", $"Contact: {contacts}\r\n{headers}"));
        return phone;
    }
}
