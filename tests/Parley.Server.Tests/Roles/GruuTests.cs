using Parley.Server.Configuration;
using Parley.Server.Registrar;

namespace Parley.Server.Tests.Roles;

/// <summary>Public GRUUs (RFC 5627 5 and 6).</summary>
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
        Received answer = Register(_second, Two, more: ";pub-gruu=\"sip:mallory@example.com;gr=x\"");
        Assert.Equal(
            [$"<sip:bob@192.0.2.3:5060>;+sip.instance=\"<{Two}>\";pub-gruu=\"sip:bob@example.com;gr={Two}\"", $"<sip:bob@192.0.2.2:5060>;+sip.instance=\"<{One}>\";pub-gruu=\"sip:bob@example.com;gr={One}\""],
            answer.Headers("Contact").Select(contact => contact[..contact.IndexOf(";expires", StringComparison.Ordinal)]));

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

    private static Received Register(Peer phone, string instance, string supported = "Supported: gruu\r\n", string more = "")
    {
        phone.SendAuthorized(phone.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: {phone.Contact};+sip.instance=\"<{instance}>\"{more}\r\n{supported}"));
        return phone.ReceiveStatus(200);
    }
}
