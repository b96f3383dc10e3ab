using Parley.Server.Configuration;

namespace Parley.Server.Tests.Roles;

/// <summary>Who is told who calls, and whose word counts (RFC 3323, RFC 3325).</summary>
public sealed class IdentityTests : IDisposable
{
    private const string Anonymous = "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1";
    private const string Alice = "<sip:alice@example.com>";

    private TestServer? _server;
    private Peer? _alice;
    private Peer? _gateway;
    private Peer? _bob;

    public void Dispose() => _server?.Dispose();

    private TestServer Server => _server!;

    private void Start(IdentityAssertion assertion = IdentityAssertion.Trusted)
    {
        _server = new TestServer(configuration => configuration with
        {
            Trusted = [RegistrarTests.Prefix("192.0.2.3")],
            Proxy = new ProxyOptions { AssertIdentity = assertion },
        });
        _alice = new Peer(Server, "192.0.2.1:5060");
        _gateway = new Peer(Server, "192.0.2.3:5060", "gateway");
        _bob = new Peer(Server, "192.0.2.4:5060", "bob");
        Server.Bind("bob@example.com", "sip:bob@192.0.2.4:5060");
    }

    private Received AtGateway(string headers, string? from = null)
    {
        _alice!.SendAuthorized(_alice.Request("INVITE", "sip:+15551234@192.0.2.3", headers: headers, from: from));
        return _gateway!.Receive();
    }

    private Received AtBob(string headers, string? from = null)
    {
        _alice!.SendAuthorized(_alice.Request("INVITE", "sip:bob@example.com", headers: headers, from: from));
        return _bob!.Receive();
    }

    [Theory]
    [InlineData("")]
    [InlineData("P-Asserted-Identity: <sip:president@example.com>\r\n")]
    [InlineData("P-Preferred-Identity: <sip:alice@example.com>\r\n")]
    [InlineData("P-Asserted-Identity: <sip:a@b>, <tel:+1>\r\nP-Asserted-Identity: <sip:c@d>\r\nPrivacy: id\r\n")]
    public void A_gateway_is_told_who_calls_by_our_word_alone(string headers)
    {
        Start();
        Received call = AtGateway(headers);
        Assert.Equal([Alice], call.Headers("P-Asserted-Identity"));
        Assert.False(call.Has("P-Preferred-Identity"));
    }

    [Fact]
    public void A_phone_is_told_nothing_unless_that_is_wished()
    {
        Start();
        Assert.False(AtBob("P-Asserted-Identity: <sip:president@example.com>\r\n").Has("P-Asserted-Identity"));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("Privacy: none\r\n", true)]
    [InlineData("Privacy: id\r\n", false)]
    [InlineData("Privacy: header; ID ;critical\r\n", false)]
    public void Where_everybody_is_told_the_caller_can_object(string headers, bool isTold)
    {
        Start(IdentityAssertion.Always);
        Assert.Equal(isTold ? [Alice] : Array.Empty<string>(), AtBob(headers).Headers("P-Asserted-Identity"));
    }

    [Fact]
    public void Where_nobody_is_told_a_lie_is_taken_out_all_the_same()
    {
        Start(IdentityAssertion.Never);
        Assert.False(AtGateway("P-Asserted-Identity: <sip:president@example.com>\r\n").Has("P-Asserted-Identity"));
    }

    [Fact]
    public void A_caller_who_hides_in_From_still_proves_who_he_is()
    {
        Start();
        Received call = AtGateway("P-Preferred-Identity: <sip:alice@example.com>\r\nPrivacy: id\r\n", Anonymous);
        Assert.Equal(Anonymous, call.Header("From"));
        Assert.Equal([Alice], call.Headers("P-Asserted-Identity"));
        Assert.False(call.Has("P-Preferred-Identity"));
    }

    [Fact]
    public void Who_prefers_to_be_another_user_is_refused()
    {
        Start();
        _alice!.SendAuthorized(_alice.Request("INVITE", "sip:bob@example.com", headers: "P-Preferred-Identity: <sip:carol@example.com>\r\n", from: Anonymous));
        _alice.ReceiveStatus(403);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("Privacy: id\r\n", false)]
    public void What_a_trusted_gateway_asserts_goes_on_as_the_caller_wants(string headers, bool isTold)
    {
        Start();
        _gateway!.Send(_gateway.Request("INVITE", "sip:bob@example.com", headers: "P-Asserted-Identity: <tel:+15551234>\r\n" + headers, from: "<sip:+15551234@192.0.2.3>;tag=1"));
        Assert.Equal(isTold ? ["<tel:+15551234>"] : Array.Empty<string>(), _bob!.Receive().Headers("P-Asserted-Identity"));
    }

    [Theory]
    [InlineData(180)]
    [InlineData(200)]
    [InlineData(486)]
    public void What_a_phone_asserts_in_a_response_is_taken_out(int status)
    {
        Start();
        _bob!.Answer(AtBob(""), status, headers: "P-Asserted-Identity: <sip:president@example.com>\r\n");
        Assert.False(_alice!.ReceiveStatus(status).Has("P-Asserted-Identity"));
    }

    [Fact]
    public void What_a_gateway_asserts_in_a_response_stays()
    {
        Start();
        _gateway!.Answer(AtGateway(""), 180, headers: "P-Asserted-Identity: <tel:+15551234>\r\n");
        Assert.Equal("<tel:+15551234>", _alice!.ReceiveStatus(180).Header("P-Asserted-Identity"));
    }

    /// <summary>RFC 6442 4.1: where a caller is reaches who needs it as the caller wrote it.</summary>
    [Fact]
    public void Where_a_caller_is_goes_on_as_it_is()
    {
        Start();
        const string Rows = "Geolocation: <cid:target123@example.com>, <sips:l7@192.0.2.9>;purpose=x\r\nGeolocation-Routing: yes\r\nGeolocation-Error: 100;code=\"x\"\r\n";
        Assert.Contains(Rows, AtGateway(Rows).Text, StringComparison.Ordinal);
    }
}
