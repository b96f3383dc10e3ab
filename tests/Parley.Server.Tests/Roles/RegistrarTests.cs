using System.Buffers;
using Parley.Server.Configuration;
using Parley.Server.Storage;
using Parley.Server.Tests.Registrar;
using Parley.Sip.Authentication;

namespace Parley.Server.Tests.Roles;

/// <summary>The registrar over the wire (RFC 3261 10.3).</summary>
public sealed class RegistrarTests : IDisposable
{
    private const string Registrar = "sip:example.com";

    private readonly TestServer _server = new();
    private readonly Peer _alice;

    public RegistrarTests() => _alice = new Peer(_server, "192.0.2.1:5060");

    public void Dispose() => _server.Dispose();

    private string Register(string headers, string to = "<sip:alice@example.com>", string uri = Registrar, string? from = null) =>
        _alice.Request("REGISTER", uri, to, headers, from: from);

    private Received Registered(string headers, int status = 200)
    {
        _alice.SendAuthorized(Register(headers));
        return _alice.ReceiveStatus(status);
    }

    [Fact]
    public void No_credentials_get_401_with_a_challenge_and_right_ones_200_with_the_contact()
    {
        string request = Register("Contact: <sip:alice@192.0.2.1:5060>\r\nExpires: 600\r\n");
        _alice.Send(request);
        Received challenge = _alice.ReceiveStatus(401);
        string offered = Assert.Single(challenge.Headers("WWW-Authenticate"));
        Assert.Contains("realm=\"example.com\"", offered, StringComparison.Ordinal);
        Assert.Contains("algorithm=MD5", offered, StringComparison.Ordinal);
        _alice.Send(_alice.Authorize(request, challenge));
        Received answer = _alice.ReceiveStatus(200);
        Assert.Equal("<sip:alice@192.0.2.1:5060>;expires=600", answer.Header("Contact"));
        Assert.EndsWith("GMT", answer.Header("Date"), StringComparison.Ordinal);
        Assert.Equal(1, _server.Location.Count);
        _server.AssertNothingLeft();
    }

    [Fact]
    public void The_configured_algorithms_are_offered_in_their_order()
    {
        using var server = new TestServer(configuration => configuration with
        {
            Authentication = new AuthenticationOptions { Algorithms = [DigestAlgorithm.Sha512Truncated256, DigestAlgorithm.Md5] },
        });
        var alice = new Peer(server, "192.0.2.1:5060");
        alice.Send(alice.Request("REGISTER", Registrar, "<sip:alice@example.com>", "Contact: <sip:alice@192.0.2.1>\r\n"));
        string[] challenges = [.. alice.ReceiveStatus(401).Headers("WWW-Authenticate")];
        Assert.Equal(2, challenges.Length);
        Assert.Contains("algorithm=SHA-512-256", challenges[0], StringComparison.Ordinal);
        Assert.Contains("algorithm=MD5", challenges[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("alice", "wrong")]
    [InlineData("nobody", TestServer.Password)]
    public void Wrong_credentials_get_403(string user, string password)
    {
        string request = Register("Contact: <sip:alice@192.0.2.1>\r\n");
        _alice.Send(request);
        _alice.Send(_alice.Authorize(request, _alice.ReceiveStatus(401), password, user));
        _alice.ReceiveStatus(403);
        Assert.Equal(0, _server.Location.Count);
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_user_that_was_added_a_moment_ago_may_register()
    {
        _server.AddUsersUnseen("erin");
        var erin = new Peer(_server, "192.0.2.3:5060", "erin");
        erin.SendAuthorized(erin.Request("REGISTER", Registrar, "<sip:erin@example.com>", "Contact: <sip:erin@192.0.2.3>\r\n"));
        erin.ReceiveStatus(200);
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_trusted_network_is_challenged_all_the_same()
    {
        using var server = new TestServer(configuration => configuration with { Trusted = [Prefix("192.0.2.0/24")] });
        var alice = new Peer(server, "192.0.2.1:5060");
        alice.Send(alice.Request("REGISTER", Registrar, "<sip:alice@example.com>", "Contact: <sip:alice@192.0.2.1>\r\n"));
        alice.ReceiveStatus(401);
    }

    [Fact]
    public void A_user_registers_only_himself()
    {
        string request = Register("Contact: <sip:alice@192.0.2.1>\r\n", to: "<sip:bob@example.com>");
        _alice.Send(request);
        _alice.Send(_alice.Authorize(request, _alice.ReceiveStatus(401)));
        _alice.ReceiveStatus(403);
        Assert.Equal(0, _server.Location.Count);
    }

    [Theory]
    [InlineData("<sip:alice@elsewhere.example>", Registrar, 404)]
    [InlineData("<tel:+15551234>", Registrar, 404)]
    [InlineData("<sip:example.com>", Registrar, 404)]
    [InlineData("<sip:alice@example.com>", "sip:alice@example.com", 400)]
    public void An_address_that_is_not_of_the_domain_is_refused(string to, string uri, int status)
    {
        _alice.Send(Register("Contact: <sip:alice@192.0.2.1>\r\n", to, uri));
        _alice.ReceiveStatus(status);
    }

    [Fact]
    public void A_demanded_extension_gets_420_with_its_name()
    {
        _alice.Send(Register("Require: x-new, outbound\r\n"));
        Assert.Equal("x-new", _alice.ReceiveStatus(420).Header("Unsupported"));
    }

    [Fact]
    public void A_body_that_nobody_understands_gets_415_unless_it_is_optional()
    {
        string request = _alice.Request("REGISTER", Registrar, "<sip:alice@example.com>", "Content-Type: text/plain\r\n", body: "hello");
        _alice.Send(request);
        Assert.Equal("", _alice.ReceiveStatus(415).Header("Accept"));
        _alice.Send(_alice.Request("REGISTER", Registrar, "<sip:alice@example.com>", "Content-Type: text/plain\r\nContent-Disposition: render;handling=optional\r\n", body: "hello"));
        _alice.ReceiveStatus(401);
    }

    [Fact]
    public void Too_short_an_interval_gets_423_with_the_least_one()
    {
        Assert.Equal("60", Registered("Contact: <sip:alice@192.0.2.1>;expires=10\r\n", 423).Header("Min-Expires"));
        Assert.Equal(0, _server.Location.Count);
    }

    [Theory]
    [InlineData("Contact: *\r\nExpires: 10\r\n", 400)]
    [InlineData("Contact: *\r\n", 400)]
    [InlineData("Contact: *, <sip:alice@192.0.2.1>\r\nExpires: 0\r\n", 400)]
    [InlineData("Contact: <sip:alice@192.0.2.1\r\n", 400)]
    [InlineData("Contact: <sip:alice@192.0.2.1>;q=7\r\n", 400)]
    [InlineData("Path: sip:nobrackets\r\nContact: <sip:alice@192.0.2.1>\r\n", 400)]
    public void Malformed_contacts_get_400(string headers, int status)
    {
        Received answer = Registered(headers, status);
        Assert.Matches("Contact|Path", answer.FirstLine);
        Assert.Equal(0, _server.Location.Count);
    }

    [Fact]
    public void Several_contacts_are_kept_with_their_q_and_listed_by_it()
    {
        Received answer = Registered("Contact: <sip:alice@192.0.2.1:5060>;q=0.5;expires=100, \"Work\" <sip:alice@192.0.2.1:5070;transport=tcp>;q=0.75\r\nContact: <sip:alice@192.0.2.1:5080>;audio\r\nExpires: 200\r\n");
        Assert.Equal(
            [
                "<sip:alice@192.0.2.1:5080>;audio;expires=200",
                "<sip:alice@192.0.2.1:5070;transport=tcp>;q=0.75;expires=200",
                "<sip:alice@192.0.2.1:5060>;q=0.5;expires=100",
            ],
            answer.Headers("Contact"));
    }

    [Fact]
    public void A_query_without_contacts_lists_what_is_left_of_their_time()
    {
        Registered("Contact: <sip:alice@192.0.2.1:5060>;expires=600\r\n");
        _server.Network.RunFor(TimeSpan.FromSeconds(100));
        Assert.Equal("<sip:alice@192.0.2.1:5060>;expires=500", Registered("").Header("Contact"));
        _server.Network.RunFor(TimeSpan.FromSeconds(501));
        Assert.False(Registered("").Has("Contact"));
    }

    [Fact]
    public void A_contact_is_removed_by_expires_0_and_all_by_the_star()
    {
        Registered("Contact: <sip:alice@192.0.2.1:5060>, <sip:alice@192.0.2.1:5070>, <sip:alice@192.0.2.1:5080>\r\n");
        Received answer = Registered("Contact: <sip:alice@192.0.2.1:5070>;expires=0\r\n");
        Assert.Equal(2, answer.Headers("Contact").Count());
        Assert.False(Registered("Contact: *\r\nExpires: 0\r\n").Has("Contact"));
    }

    [Fact]
    public void A_request_that_is_older_than_the_binding_of_its_call_changes_nothing()
    {
        Registered("Contact: <sip:alice@192.0.2.1:5060>;expires=600\r\n");
        string old = _alice.Request("REGISTER", Registrar, "<sip:alice@example.com>", "Contact: <sip:alice@192.0.2.1:5060>;expires=0\r\n", cseq: 1);
        _alice.Send(old);
        _alice.Send(_alice.Authorize(old, _alice.ReceiveStatus(401)));
        _alice.ReceiveStatus(500);
        Assert.Equal("<sip:alice@192.0.2.1:5060>;expires=600", Registered("").Header("Contact"));
    }

    [Fact]
    public void Too_many_contacts_get_403()
    {
        string contacts = string.Join(", ", Enumerable.Range(1, 11).Select(i => $"<sip:alice@192.0.2.1:{5060 + i}>"));
        Registered($"Contact: {contacts}\r\n", 403);
        Assert.Equal(0, _server.Location.Count);
    }

    [Fact]
    public void A_path_is_kept_and_given_back()
    {
        Received answer = Registered("Path: <sip:edge.example.com;lr>\r\nSupported: path\r\nContact: <sip:alice@192.0.2.1>\r\n");
        Assert.Equal("<sip:edge.example.com;lr>", answer.Header("Path"));
    }

    [Fact]
    public void A_used_nonce_count_is_stale_and_an_old_nonce_too()
    {
        string request = Register("Contact: <sip:alice@192.0.2.1>\r\n");
        _alice.Send(request);
        string authorized = _alice.Authorize(request, _alice.ReceiveStatus(401));
        _alice.Send(authorized);
        _alice.ReceiveStatus(200);
        _alice.Send(authorized.Replace("branch=z9", "branch=z9hG4bKreplay", StringComparison.Ordinal));
        Assert.Contains("stale=true", _alice.ReceiveStatus(401).Header("WWW-Authenticate"), StringComparison.Ordinal);

        _alice.Send(request = Register(""));
        authorized = _alice.Authorize(request, _alice.ReceiveStatus(401));
        _server.Network.RunFor(TimeSpan.FromMinutes(6));
        _alice.Send(authorized);
        Assert.Contains("stale=true", _alice.ReceiveStatus(401).Header("WWW-Authenticate"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Authorization: Digest username=\"alice\"\r\n", 400)]
    [InlineData("Authorization: Basic YWxpY2U6c2VjcmV0\r\n", 401)]
    [InlineData("Authorization: Digest username=\"alice\", realm=\"other\", nonce=\"x\", uri=\"sip:example.com\", response=\"00\"\r\n", 401)]
    [InlineData("Authorization: Digest username=\"alice\", realm=\"example.com\", nonce=\"x\", uri=\"sip:elsewhere.example\", response=\"00\"\r\n", 401)]
    public void Credentials_that_cannot_be_used_are_answered(string authorization, int status)
    {
        _alice.Send(Register(authorization));
        _alice.ReceiveStatus(status);
    }

    [Fact]
    public void A_full_location_service_gets_503()
    {
        using var server = new TestServer(configuration => configuration with { Location = new LocationOptions { MaxAddressesOfRecord = 1 } });
        server.Bind("bob@example.com", "sip:bob@192.0.2.2");
        var alice = new Peer(server, "192.0.2.1:5060");
        alice.SendAuthorized(alice.Request("REGISTER", Registrar, "<sip:alice@example.com>", "Contact: <sip:alice@192.0.2.1>\r\n"));
        Assert.True(alice.ReceiveStatus(503).Has("Retry-After"));
        server.AssertNothingLeft();
    }

    [Fact]
    public void A_registration_that_cannot_be_saved_gets_500_and_is_taken_once_it_can()
    {
        using var store = new MemoryBindingStore { OnCommit = () => throw new StorageException(StorageFailure.NotWritable, "/data/location-000001.journal", "no rights") };
        using var server = new TestServer(store: store);
        var alice = new Peer(server, "192.0.2.1:5060");
        alice.SendAuthorized(alice.Request("REGISTER", Registrar, "<sip:alice@example.com>", "Contact: <sip:alice@192.0.2.1>\r\n"));
        Assert.False(alice.ReceiveStatus(500).Has("Contact"));
        Assert.Equal(0, server.Location.Count);

        store.OnCommit = null;
        alice.SendAuthorized(alice.Request("REGISTER", Registrar, "<sip:alice@example.com>", "Contact: <sip:alice@192.0.2.1>\r\n"));
        alice.ReceiveStatus(200);
        Assert.Equal((1, 1), (server.Location.Count, store.Records.Count));
        server.AssertNothingLeft();
    }

    [Fact]
    public void A_retransmitted_request_is_answered_once_more_and_changes_nothing()
    {
        string sent = _alice.SendAuthorized(Register("Contact: <sip:alice@192.0.2.1>\r\n"));
        string first = _alice.ReceiveStatus(200).Text;
        _alice.Send(sent);
        Assert.Equal(first, _alice.ReceiveStatus(200).Text);
        Assert.Equal(1, _server.Roles.Statistics().Registered);
        _server.AssertNothingLeft();
    }

    [Theory]
    [InlineData("sip:192.0.2.10")]
    [InlineData("sip:192.0.2.10:5060")]
    [InlineData("sip:EXAMPLE.com;transport=udp")]
    public void The_address_of_the_server_stands_for_its_main_domain(string uri)
    {
        _alice.SendAuthorized(_alice.Request("REGISTER", uri, "<sip:alice@192.0.2.10>", "Contact: <sip:alice@192.0.2.1>\r\n"));
        _alice.ReceiveStatus(200);
        Assert.False(_server.Location.Find("alice@example.com"u8, new ArrayBufferWriter<byte>()).IsEmpty);
    }

    internal static NetworkPrefix Prefix(string text) => NetworkPrefix.TryParse(text, out NetworkPrefix prefix) ? prefix : throw new FormatException(text);
}
