namespace Parley.Server.Tests.Roles;

/// <summary>Callers who say which of a user's phones they want, and how they want to be treated (RFC 3841).</summary>
public sealed class CallerPreferenceTests : IDisposable
{
    private readonly TestServer _server = new();
    private readonly Peer _alice;
    private readonly Peer _desk;
    private readonly Peer _mobile;

    public CallerPreferenceTests()
    {
        _alice = new Peer(_server, "192.0.2.1:5060");
        _desk = new Peer(_server, "192.0.2.2:5060", "bob");
        _mobile = new Peer(_server, "192.0.2.3:5060", "bob");
        Register(_mobile, ";audio;mobility=\"mobile\";methods=\"INVITE,ACK,BYE,CANCEL,MESSAGE\"");
        Register(_desk, ";audio;video;mobility=\"fixed\";methods=\"INVITE,ACK,BYE,CANCEL\"");
    }

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData("Accept-Contact: *;mobility=\"fixed\";require\r\n", true, false)]
    [InlineData("Reject-Contact: *;mobility=\"fixed\"\r\n", false, true)]
    [InlineData("a: *;audio\r\n", true, true)]
    [InlineData("", true, true)]
    public void Phones_that_do_not_fit_are_left_out(string rows, bool rings, bool mobileRings)
    {
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:bob@example.com", headers: rows));
        _server.Network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal((rings, mobileRings), (_desk.Waiting > 0, _mobile.Waiting > 0));
    }

    [Fact]
    public void When_no_phone_fits_the_caller_hears_so()
    {
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:bob@example.com", headers: "Accept-Contact: *;text;require;explicit\r\n"));
        _alice.ReceiveNew("SIP/2.0 480");
        Assert.Equal((0, 0), (_desk.Waiting, _mobile.Waiting));
    }

    /// <summary>RFC 3841 7.2.4: the order among those of one q.</summary>
    [Fact]
    public void The_phone_that_fits_better_is_tried_first()
    {
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:bob@example.com", headers: "Accept-Contact: *;video\r\n"));
        _desk.Answer(_desk.ReceiveNew("INVITE"), 486);
        Assert.Equal("INVITE", _mobile.ReceiveNew("INVITE").Method);
    }

    /// <summary>RFC 3841 7.2.2: a phone that does not take the method is passed by, unless there is no other.</summary>
    [Theory]
    [InlineData("MESSAGE", false, true)]
    [InlineData("INFO", true, true)]
    public void A_phone_that_cannot_take_a_request_is_passed_by(string method, bool deskGets, bool mobileGets)
    {
        _alice.SendAuthorized(_alice.Request(method, "sip:bob@example.com"));
        _server.Network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal((deskGets, mobileGets), (_desk.Waiting > 0, _mobile.Waiting > 0));
    }

    [Theory]
    [InlineData("no-fork")]
    [InlineData("sequential")]
    public void One_phone_rings_at_a_time_where_that_is_wished(string directive)
    {
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:bob@example.com", headers: $"Request-Disposition: {directive}\r\n"));
        Received invite = _desk.ReceiveNew("INVITE");
        _server.Network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(0, _mobile.Waiting);
        _desk.Answer(invite, 486);
        if (directive == "no-fork") _alice.ReceiveNew("SIP/2.0 486");
        else Assert.Equal("INVITE", _mobile.ReceiveNew("INVITE").Method);
    }

    [Fact]
    public void All_phones_ring_at_once_where_that_is_wished()
    {
        Register(_mobile, ";audio;q=0.2");
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:bob@example.com", headers: "d: parallel\r\n"));
        _desk.ReceiveNew("INVITE");
        _mobile.ReceiveNew("INVITE");
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("d: no-cancel\r\n", false)]
    public void The_others_go_on_ringing_where_that_is_wished(string rows, bool isCancelled)
    {
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:bob@example.com", headers: rows));
        Received invite = _mobile.ReceiveNew("INVITE");
        _mobile.Answer(invite, 180);
        _desk.Answer(_desk.ReceiveNew("INVITE"), 200);
        _alice.ReceiveNew("SIP/2.0 200");
        _server.Network.RunFor(TimeSpan.FromSeconds(1));
        bool hasCancel = false;
        while (_mobile.Waiting > 0) hasCancel |= _mobile.Receive().Method == "CANCEL";
        Assert.Equal(isCancelled, hasCancel);
        if (isCancelled) return;
        _mobile.Answer(invite, 200);
        Assert.Contains("<sip:bob@192.0.2.3:5060>", _alice.ReceiveNew("SIP/2.0 200").Header("Contact"), StringComparison.Ordinal);
    }

    /// <summary>RFC 3841 9.1: where a user's phones are is told to users of ours, and to nobody else.</summary>
    [Fact]
    public void A_user_of_ours_may_be_told_where_to_call()
    {
        const string Rows = "d: redirect\r\nAccept-Contact: *;mobility=\"fixed\";require\r\n";
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:bob@example.com", headers: Rows));
        Assert.Equal("sip:bob@192.0.2.2:5060", _alice.ReceiveNew("SIP/2.0 302").Uri("Contact"));

        using var stranger = new Peer(_server, "192.0.2.9:5060", "mallory");
        stranger.Send(stranger.Request("INVITE", "sip:bob@example.com", headers: Rows, from: "<sip:mallory@elsewhere.example>;tag=1"));
        _desk.ReceiveNew("INVITE");
    }

    private static void Register(Peer phone, string features)
    {
        phone.SendAuthorized(phone.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: {phone.Contact}{features}\r\n"));
        phone.ReceiveStatus(200);
    }
}
