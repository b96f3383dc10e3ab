namespace Parley.Server.Tests.Roles;

/// <summary>What the server answers to what it does not do: request by request.</summary>
public sealed class RefusalTests : IDisposable
{
    private const string Stranger = "<sip:eve@elsewhere.example>;tag=1";

    private readonly TestServer _server = new();
    private readonly Peer _eve;
    private readonly Peer _alice;

    public RefusalTests()
    {
        _eve = new Peer(_server, "203.0.113.1:5060", "eve");
        _alice = new Peer(_server, "192.0.2.1:5060");
    }

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData("OPTIONS", "sip:example.com", "", 200, "Allow")]
    [InlineData("OPTIONS", "sip:192.0.2.10", "", 200, "Accept")]
    [InlineData("OPTIONS", "sip:192.0.2.10:5060", "", 200, "Supported")]
    [InlineData("OPTIONS", "sip:example.com", "Require: foo\r\n", 420, "Unsupported")]
    [InlineData("OPTIONS", "sip:example.com", "Content-Type: text/plain\r\nX-Body: x\r\n", 415, "Accept")]
    [InlineData("OPTIONS", "sip:example.com", "Content-Type: application/sdp\r\nX-Body: x\r\n", 200, "Allow")]
    [InlineData("OPTIONS", "sip:example.com", "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\nX-Body: x\r\n", 415, "Accept-Encoding")]
    [InlineData("OPTIONS", "sip:example.com", "Content-Type: text/plain\r\nContent-Disposition: render;handling=optional\r\nX-Body: x\r\n", 200, "Allow")]
    [InlineData("INVITE", "sip:example.com", "", 405, "Allow")]
    [InlineData("MESSAGE", "sip:example.com", "", 405, "Allow")]
    [InlineData("DANCE", "sip:example.com", "", 501, "Allow")]
    [InlineData("MESSAGE", "sip:bob@example.com", "Proxy-Require: foo, bar\r\n", 420, "Unsupported")]
    [InlineData("INVITE", "sip:bob@example.com", "", 480, null)]
    [InlineData("INVITE", "sip:nobody@example.com", "", 480, null)]
    [InlineData("INVITE", "sip:%00@example.com", "", 480, null)]
    [InlineData("INVITE", "sip:eve@elsewhere.example", "", 403, null)]
    [InlineData("REGISTER", "sip:elsewhere.example", "", 403, null)]
    [InlineData("INVITE", "tel:+15551234", "", 403, null)]
    [InlineData("INVITE", "sips:bob@example.com", "", 400, null)]
    [InlineData("INVITE", "mailto:bob@example.com", "", 416, null)]
    [InlineData("INVITE", "sip:bob@example.com:5999", "", 403, null)]
    [InlineData("INVITE", "sip:bob@example.com;maddr=198.51.100.1", "", 403, null)]
    [InlineData("INVITE", "sip:bob@example.com", "Route: <sip:198.51.100.1;lr>\r\n", 403, null)]
    [InlineData("INVITE", "sip:bob@example.com", "Route: <sip:192.0.2.10;lr>, <sip:198.51.100.1;lr>\r\n", 403, null)]
    [InlineData("INVITE", "sip:bob@example.com", "Route: <sip:192.0.2.10\r\n", 400, null)]
    [InlineData("INVITE", "sip:bob@example.com", "Record-Route: bob\r\n", 400, null)]
    public void A_strangers_request_is_answered(string method, string uri, string headers, int status, string? header)
    {
        string body = headers.Contains("X-Body", StringComparison.Ordinal) ? "v=0" : "";
        _eve.Send(_eve.Request(method, uri, from: Stranger, headers: headers, body: body));
        Received answer = _eve.ReceiveStatus(status);
        if (header is not null) Assert.True(answer.Has(header), answer.Text);
        _server.AssertNothingLeft();
    }

    [Fact]
    public void What_the_server_can_do_is_the_same_in_each_answer()
    {
        Received options = Ask("OPTIONS", "", 200);
        Assert.Equal("OPTIONS, REGISTER", options.Header("Allow"));
        Assert.Equal("path, outbound, gruu, eventlist", options.Header("Supported"));
        Assert.Equal(("application/sdp", "identity", "en"), (options.Header("Accept"), options.Header("Accept-Encoding"), options.Header("Accept-Language")));
        Assert.Equal(options.Header("Allow"), Ask("SUBSCRIBE", "Event: presence\r\n", 405).Header("Allow"));
        Assert.Equal("path, gruu", Ask("OPTIONS", "Require: path, gruu\r\n", 420).Header("Unsupported"));       // the registrar's

        Received Ask(string method, string headers, int status)
        {
            _eve.Send(_eve.Request(method, "sip:example.com", from: Stranger, headers: headers));
            return _eve.ReceiveStatus(status);
        }
    }

    [Theory]
    [InlineData("MESSAGE", "sip:bob@example.com", "Proxy-Require")]
    [InlineData("OPTIONS", "sip:example.com", "Require")]
    public void An_extension_whose_name_is_too_long_to_be_told_is_refused_too(string method, string uri, string header)
    {
        _eve.Send(_eve.Request(method, uri, from: Stranger, headers: $"{header}: {new string('x', 1100)}\r\n"));
        _eve.ReceiveStatus(420);
    }

    [Theory]
    [InlineData("0", "INVITE", 483)]
    [InlineData("0", "OPTIONS", 200)]
    [InlineData("1", "INVITE", 480)]
    [InlineData(null, "INVITE", 480)]
    [InlineData("many", "INVITE", 400)]
    [InlineData("256", "INVITE", 400)]
    public void Hops_are_counted(string? maxForwards, string method, int status)
    {
        _eve.Send(_eve.Request(method, "sip:bob@example.com", from: Stranger, maxForwards: maxForwards));
        _eve.ReceiveStatus(status);
    }

    [Theory]
    [InlineData(true, 404)]
    [InlineData(false, 480)]
    public void A_user_who_was_removed_is_not_called_any_more(bool isKnown, int status)
    {
        using var bob = new Peer(_server, "192.0.2.2:5060", "bob");
        _server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060");
        _server.RemoveUser("bob");
        if (isKnown) _alice.SendAuthorized(_alice.Request("INVITE", "sip:bob@example.com"));
        else _eve.Send(_eve.Request("INVITE", "sip:bob@example.com", from: Stranger));
        (isKnown ? _alice : _eve).ReceiveStatus(status);
    }

    [Theory]
    [InlineData("sip:bob@example.com", 480)]
    [InlineData("sip:nobody@example.com", 404)]
    [InlineData("sip:Bob@example.com", 404)]
    [InlineData("sip:%62ob@example.com", 480)]
    [InlineData("tel:+15551234", 416)]
    public void Who_is_known_learns_which_users_there_are(string uri, int status)
    {
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", uri));
        _alice.Send(Peer.AckOf(invite, _alice.ReceiveStatus(status)));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_trusted_caller_learns_it_too()
    {
        using var server = new TestServer(configuration => configuration with { Trusted = [RegistrarTests.Prefix("203.0.113.0/24")] });
        var eve = new Peer(server, "203.0.113.1:5060", "eve");
        eve.Send(eve.Request("INVITE", "sip:nobody@example.com", from: Stranger));
        eve.ReceiveNew("SIP/2.0 404");
        server.AssertNothingLeft();
    }

    [Fact]
    public void A_caller_that_says_it_is_somebody_else_gets_403()
    {
        string invite = _alice.Request("INVITE", "sip:carol@example.com", from: "<sip:bob@example.com>;tag=x");
        _alice.Send(invite);
        _alice.Send(_alice.Authorize(invite, _alice.ReceiveStatus(407)));
        _alice.ReceiveStatus(403);
    }

    [Theory]
    [InlineData("alice", "wrong")]
    [InlineData("nobody", TestServer.Password)]
    public void Wrong_credentials_get_403(string user, string password)
    {
        string invite = _alice.Request("INVITE", "sip:bob@example.com");
        _alice.Send(invite);
        _alice.Send(_alice.Authorize(invite, _alice.ReceiveStatus(407), password, user));
        _alice.ReceiveNew("SIP/2.0 403");
    }

    [Fact]
    public void Credentials_of_another_realm_are_challenged_and_malformed_ones_refused()
    {
        _alice.Send(_alice.Request("MESSAGE", "sip:bob@example.com", headers: "Proxy-Authorization: Digest username=\"alice\", realm=\"far\", nonce=\"x\", uri=\"sip:bob@example.com\", response=\"00\"\r\n"));
        _alice.ReceiveStatus(407);
        _alice.Send(_alice.Request("MESSAGE", "sip:bob@example.com", headers: "Proxy-Authorization: Digest username\r\n"));
        _alice.ReceiveStatus(400);
    }

    [Fact]
    public void A_password_that_was_changed_a_moment_ago_is_taken()
    {
        _server.AddUsersUnseen("erin");
        var erin = new Peer(_server, "192.0.2.9:5060", "erin");
        string invite = erin.SendAuthorized(erin.Request("INVITE", "sip:bob@example.com"));
        erin.Send(Peer.AckOf(invite, erin.ReceiveStatus(480)));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_callee_that_was_added_a_moment_ago_is_known()
    {
        _server.AddUsersUnseen("erin");
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", "sip:erin@example.com"));
        _alice.Send(Peer.AckOf(invite, _alice.ReceiveStatus(480)));
        _server.AssertNothingLeft();
    }

    [Theory]
    [InlineData("<sip:bob@example.com>;tag=1", 407)]
    [InlineData("\"Bob\" <sips:bob@EXAMPLE.com.>;tag=1", 407)]
    [InlineData("<sip:bob@example.com:5999>;tag=1", 407)]
    [InlineData("<sip:bob@192.0.2.10>;tag=1", 407)]
    [InlineData("<sip:bob@example.com:99999>;tag=1", 400)]
    [InlineData("<sip:b%zzb@example.com>;tag=1", 400)]
    [InlineData("<sip:bob@example.org>;tag=1", 480)]
    [InlineData("<tel:+15551234>;tag=1", 480)]
    public void Nobody_gets_in_under_the_name_of_one_of_our_users(string from, int status)
    {
        _eve.Send(_eve.Request("INVITE", "sip:carol@example.com", from: from));
        Received answer = _eve.ReceiveStatus(status);
        if (status == 400) Assert.EndsWith("Malformed From", answer.FirstLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "Missing Contact")]
    [InlineData("<sip:eve@203.0.113.1:99999>", "Malformed Contact")]
    public void An_invite_that_nobody_could_answer_with_a_BYE_is_refused(string? contact, string reason)
    {
        using Peer bob = new(_server, "192.0.2.2:5060", "bob");
        _server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060");
        _eve.Send(_eve.Request("INVITE", "sip:bob@example.com", from: Stranger, contact: false, headers: contact is null ? "" : $"Contact: {contact}\r\n"));
        Assert.Equal($"SIP/2.0 400 {reason}", _eve.Receive().FirstLine);
        bob.ReceiveNothing(TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData("From", "garbage", 400)]
    [InlineData("To", "garbage", 400)]
    [InlineData("CSeq", "1 BYE", 400)]
    [InlineData("Call-ID", "a b c", 400)]
    public void A_malformed_request_is_refused_with_the_name_of_the_header(string name, string value, int status)
    {
        string[] lines = _eve.Request("MESSAGE", "sip:bob@example.com", from: Stranger).Split("\r\n");
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith(name + ":", StringComparison.Ordinal)) lines[i] = $"{name}: {value}";
        }

        _eve.Send(string.Join("\r\n", lines));
        Assert.Contains(name, _eve.ReceiveStatus(status).FirstLine, StringComparison.Ordinal);
    }

    [Fact]
    public void An_ack_of_nothing_is_dropped()
    {
        _eve.Send(_eve.Request("ACK", "sip:bob@example.com", from: Stranger));
        _eve.Send(_eve.Request("ACK", "sip:eve@elsewhere.example", from: Stranger));
        _eve.Send(_eve.Request("ACK", "sip:example.com", from: Stranger));
        _eve.ReceiveNothing(TimeSpan.FromSeconds(1));
        Assert.Equal(3, _server.Roles.Lanes[0].Counters.AcksDropped);
        _server.AssertNothingLeft();
    }

    [Fact]
    public void Nobody_relays_by_a_route_of_his_own_making()
    {
        string[] routes =
        [
            "<sip:192.0.2.10;lr>",
            "<sip:AAAAAAAAAAAA@192.0.2.10;lr>",
            "<sip:%00%ff@192.0.2.10;lr>",
            "<sip:example.com;lr>",
        ];
        foreach (string route in routes)
        {
            _eve.Send(_eve.Request("BYE", "sip:victim@198.51.100.1", "<sip:victim@198.51.100.1>;tag=2", from: Stranger, route: route));
            _eve.ReceiveStatus(403);
        }
    }

    [Fact]
    public void Nobody_takes_a_route_to_another_dialog()
    {
        using var bob = new Peer(_server, "192.0.2.2:5060", "bob");
        _server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060");
        _eve.Send(_eve.Request("INVITE", "sip:bob@example.com", from: Stranger));
        string route = bob.Receive().Header("Record-Route");
        _eve.CallId = "another";
        _eve.Send(_eve.Request("BYE", "sip:victim@198.51.100.1", "<sip:victim@198.51.100.1>;tag=2", from: Stranger, route: route));
        _eve.ReceiveStatus(403);
        _eve.CallId = "eve-5060@203.0.113.1";
        _eve.Send(_eve.Request("INVITE", "sip:victim@198.51.100.1", from: Stranger, route: route));
        _eve.ReceiveStatus(403);        // not in the dialog: no To tag
    }

    [Fact]
    public void A_user_calls_a_foreign_domain_and_his_credentials_stay_here()
    {
        using var far = new Peer(_server, "198.51.100.1:5060", "far");
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", "sip:far@198.51.100.1", headers: "Proxy-Authorization: Digest username=\"alice\", realm=\"far\", nonce=\"x\", uri=\"x\", response=\"00\"\r\n"));
        Received forwarded = far.Receive();
        Assert.Contains("realm=\"far\"", Assert.Single(forwarded.Headers("Proxy-Authorization")), StringComparison.Ordinal);
        far.Answer(forwarded, 404);
        _alice.Send(Peer.AckOf(invite, _alice.ReceiveStatus(404)));
        _server.AssertNothingLeft();
    }
}
