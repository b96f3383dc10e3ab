using Parley.Server.Configuration;
using Parley.Server.Registrar;

namespace Parley.Server.Tests.Roles;

/// <summary>GRUUs (RFC 5627 5 and 6).</summary>
public sealed class GruuTests : IDisposable
{
    private const string One = "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", Two = "urn:uuid:00000000-0000-1000-8000-000A95A0E128";

    private readonly TestServer _server = new();
    private readonly Peer _alice;
    private readonly Peer _first;
    private readonly Peer _second;

    public GruuTests()
    {
        _alice = new Peer(_server, "192.0.2.1:5060");
        _first = new Peer(_server, "192.0.2.2:5060", "bob");
        _second = new Peer(_server, "192.0.2.3:5060", "bob");
    }

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Each_instance_is_given_its_gruu_and_reached_by_it()
    {
        Register(_first, One);
        Received answer = Register(_second, Two, more: ";pub-gruu=\"sip:mallory@example.com;gr=x\";temp-gruu=\"sip:mallory@example.com;gr\"");
        Assert.Equal(
            [$"<sip:bob@192.0.2.3:5060>;+sip.instance=\"<{Two}>\";pub-gruu=\"sip:bob@example.com;gr={Two}\"", $"<sip:bob@192.0.2.2:5060>;+sip.instance=\"<{One}>\";pub-gruu=\"sip:bob@example.com;gr={One}\""],
            answer.Headers("Contact").Select(contact => contact[..contact.IndexOf(";temp-gruu", StringComparison.Ordinal)]));

        _alice.SendAuthorized(_alice.Request("MESSAGE", $"sip:bob@example.com;gr={One.ToUpperInvariant()}"));
        Assert.Equal("MESSAGE sip:bob@192.0.2.2:5060 SIP/2.0", _first.ReceiveNew("MESSAGE").FirstLine);
        _second.ReceiveNothing(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void Who_does_not_know_gruus_is_given_none() => Assert.DoesNotContain("gruu", Register(_first, One, supported: "").Text, StringComparison.Ordinal);

    /// <summary>RFC 5627 6.1: 480 for one without a phone, 404 for one that cannot be.</summary>
    [Theory]
    [InlineData(";gr=" + Two, 480)]
    [InlineData(";gr", 404)]
    public void A_gruu_that_leads_to_no_phone_is_refused(string parameter, int status)
    {
        Register(_first, One);
        _alice.SendAuthorized(_alice.Request("MESSAGE", "sip:bob@example.com" + parameter));
        _alice.ReceiveStatus(status);
        Assert.Equal(0, _first.Waiting);
    }

    /// <summary>RFC 5627 6.1, case 2: a phone that came back with another address.</summary>
    [Fact]
    public void Of_two_contacts_of_an_instance_the_younger_is_tried()
    {
        Register(_first, One);
        Register(_second, One);
        _alice.SendAuthorized(_alice.Request("MESSAGE", $"sip:bob@example.com;gr={One}"));
        _second.ReceiveNew("MESSAGE");
        Assert.Equal(0, _first.Waiting);
    }

    [Fact]
    public void Each_registration_brings_a_temporary_gruu_and_all_of_them_hold()
    {
        string[] gruus = [TemporaryOf(Register(_first, One)), TemporaryOf(Register(_first, One)), TemporaryOf(Register(_first, One))];
        Register(_second, Two);
        Assert.Equal(3, gruus.Distinct().Count());
        Assert.All(gruus, gruu => Assert.Matches("^sip:[A-Za-z0-9_-]{60,100}@example.com;gr$", gruu));
        Assert.Single(gruus.Select(gruu => gruu.Length).Distinct());
        foreach (string gruu in gruus)
        {
            _alice.SendAuthorized(_alice.Request("MESSAGE", gruu));
            Received message = _first.ReceiveNew("MESSAGE");
            Assert.Equal("sip:bob@192.0.2.2:5060", message.RequestUri);
            _first.Answer(message, 200);
            _alice.ReceiveNew("SIP/2.0 200");
        }

        Assert.Equal(0, _second.Waiting);
    }

    /// <summary>RFC 5627 5.1: another Call-ID is another series.</summary>
    [Fact]
    public void A_phone_that_was_restarted_leaves_its_temporary_gruus_behind()
    {
        string before = TemporaryOf(Register(_first, One));
        string callId = _first.CallId;
        _first.CallId = "restarted";
        string after = TemporaryOf(Register(_first, One));
        AssertStatus(before, 404);
        AssertReaches(after);

        // And they stay behind when it takes up the old Call-ID once more.
        _first.CallId = callId;
        string again = TemporaryOf(Register(_first, One));
        AssertStatus(before, 404);
        AssertStatus(after, 404);
        AssertReaches(again);
    }

    /// <summary>RFC 5627 5.3.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Temporary_gruus_end_with_the_binding(bool expires)
    {
        string before = TemporaryOf(Register(_first, One));
        if (expires) _server.Network.RunFor(TimeSpan.FromSeconds(3601));
        else Register(_first, One, more: ";expires=0");
        AssertStatus(before, 404);
        _server.Network.RunFor(TimeSpan.FromSeconds(1));
        string after = TemporaryOf(Register(_first, One));
        AssertStatus(before, 404);
        AssertReaches(after);
    }

    /// <summary>RFC 5627 4.2: as long as one flow is registered.</summary>
    [Fact]
    public void Flows_of_an_instance_share_their_temporary_gruus()
    {
        const string outbound = "Supported: gruu, outbound\r\n";
        string first = TemporaryOf(Register(_first, One, outbound, ";reg-id=1"));
        Received both = Register(_second, One, outbound, ";reg-id=2");
        string[] listed = [.. both.Headers("Contact").Select(TemporaryOf)];
        Assert.Single(listed.Distinct());
        Register(_first, One, outbound, ";reg-id=1;expires=0");
        foreach (string gruu in (string[])[first, listed[0]])
        {
            _alice.SendAuthorized(_alice.Request("MESSAGE", gruu));
            _second.Answer(_second.ReceiveNew("MESSAGE"), 200);
            _alice.ReceiveNew("SIP/2.0 200");
        }
    }

    [Theory]
    [InlineData("sip:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA@example.com;gr")]
    [InlineData("sip:bob@example.com;gr")]
    [InlineData("sip:bob@example.com;gr=")]
    public void What_is_no_gruu_of_ours_leads_nowhere(string uri)
    {
        Register(_first, One);
        AssertStatus(uri, 404);
    }

    [Fact]
    public void A_temporary_gruu_that_was_changed_or_belongs_elsewhere_leads_nowhere()
    {
        string gruu = TemporaryOf(Register(_first, One));
        AssertStatus(gruu.Replace("sip:", "sip:A", StringComparison.Ordinal), 404);
        using var other = new TestServer();
        using var alice = new Peer(other, "192.0.2.1:5060");
        alice.SendAuthorized(alice.Request("MESSAGE", gruu));
        alice.ReceiveStatus(404);
    }

    /// <summary>Strangers may call who has given it to them; that is what it is for.</summary>
    [Fact]
    public void A_dialog_with_a_temporary_gruu_holds_both_ways()
    {
        string gruu = TemporaryOf(Register(_first, One));
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:bob@example.com"));
        Received invite = _first.ReceiveNew("INVITE");
        _first.Answer(invite, 200, headers: $"Contact: <{gruu}>\r\n", contact: false);
        Received answer = _alice.ReceiveNew("SIP/2.0 200");
        _alice.Send(_alice.InDialog("ACK", answer));
        _alice.Send(_alice.InDialog("BYE", answer));
        Received bye = _first.ReceiveNew("BYE");
        Assert.Equal("sip:bob@192.0.2.2:5060", bye.RequestUri);
        _first.Answer(bye, 200);
        _alice.ReceiveNew("SIP/2.0 200");
    }

    [Fact]
    public void A_contact_that_is_a_temporary_gruu_is_refused()
    {
        string gruu = TemporaryOf(Register(_first, One));
        _second.SendAuthorized(_second.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: <{gruu}>;+sip.instance=\"<{Two}>\"\r\nSupported: gruu\r\n"));
        Assert.Equal("SIP/2.0 403 Contact Is the Address Itself", _second.ReceiveStatus(403).FirstLine);
    }

    [Fact]
    public void A_contact_that_is_the_address_itself_is_refused()
    {
        _first.SendAuthorized(_first.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: <sip:bob@EXAMPLE.com>;+sip.instance=\"<{One}>\"\r\nSupported: gruu\r\n"));
        Assert.Equal("SIP/2.0 403 Contact Is the Address Itself", _first.ReceiveStatus(403).FirstLine);
    }

    [Fact]
    public void A_redirect_server_gives_the_instance_only()
    {
        Register(_first, One);
        Register(_second, Two);
        _server.State.Configuration = _server.State.Configuration with { Domains = [new DomainOptions("example.com", DomainRole.Redirect)] };
        _alice.SendAuthorized(_alice.Request("MESSAGE", $"sip:bob@example.com;gr={One}"));
        Assert.Equal("sip:bob@192.0.2.2:5060", Assert.Single(_alice.ReceiveStatus(302).Headers("Contact")).Split('<', '>')[1]);
    }

    [Theory]
    [InlineData("urn:a", "\"<urn:a>\"", true)]
    [InlineData("URN:%41", "\"<urn:a>\"", true)]
    [InlineData("urn:a", "\"<urn:ab>\"", false)]
    [InlineData("urn:ab", "\"<urn:a>\"", false)]
    [InlineData("urn:a%", "\"<urn:a%>\"", true)]
    [InlineData("", "\"<urn:a>\"", false)]
    [InlineData("urn:a", "\"\"", false)]
    [InlineData("urn:a", "", false)]
    public void Instances_are_compared_without_escapes(string urn, string instance, bool isFor) =>
        Assert.Equal(isFor, Gruu.IsFor(System.Text.Encoding.ASCII.GetBytes(urn), System.Text.Encoding.ASCII.GetBytes(instance)));

    private static string TemporaryOf(Received answer) => TemporaryOf(answer.Header("Contact"));

    private static string TemporaryOf(string contact) => contact.Split("temp-gruu=\"")[1].Split('"')[0];

    private void AssertStatus(string uri, int status)
    {
        _alice.SendAuthorized(_alice.Request("MESSAGE", uri));
        _alice.ReceiveStatus(status);
        Assert.Equal(0, _first.Waiting + _second.Waiting);
    }

    private void AssertReaches(string uri)
    {
        _alice.SendAuthorized(_alice.Request("MESSAGE", uri));
        _first.Answer(_first.ReceiveNew("MESSAGE"), 200);
        _alice.ReceiveNew("SIP/2.0 200");
    }

    private static Received Register(Peer phone, string instance, string supported = "Supported: gruu\r\n", string more = "")
    {
        phone.SendAuthorized(phone.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: {phone.Contact};+sip.instance=\"<{instance}>\"{more}\r\n{supported}"));
        return phone.ReceiveStatus(200);
    }
}
