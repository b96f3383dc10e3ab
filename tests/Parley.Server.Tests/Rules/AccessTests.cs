using System.Text;
using Parley.Server.Rules;
using Parley.Server.Tests.Roles;
using Parley.Sip.Messages;

namespace Parley.Server.Tests.Rules;

/// <summary>Who may use the server, and for whom.</summary>
public sealed class AccessTests : IDisposable
{
    private TestServer? _server;
    private Peer? _alice;
    private Peer? _bob;

    public void Dispose() => _server?.Dispose();

    private void Start(AccessRules access)
    {
        _server = new TestServer(configuration => configuration with { Access = access });
        _alice = new Peer(_server, "192.0.2.1:5060");
        _bob = new Peer(_server, "192.0.2.2:5060", "bob");
        _server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060");
    }

    [Theory]
    [InlineData("192.0.2.0/24", null, true)]
    [InlineData("198.51.100.0/24", null, false)]
    [InlineData(null, "192.0.2.1", false)]
    [InlineData(null, "192.0.2.2", true)]
    [InlineData("192.0.2.0/24", "192.0.2.1", false)]
    public void A_network_may_send_or_not(string? allowed, string? denied, bool may)
    {
        Start(new AccessRules { AllowFrom = allowed is null ? [] : [RegistrarTests.Prefix(allowed)], DenyNetworks = denied is null ? [] : [RegistrarTests.Prefix(denied)] });
        _alice!.Send(_alice.Request("REGISTER", "sip:example.com", to: "<sip:alice@example.com>", headers: $"Contact: {_alice.Contact}\r\n"));
        _alice.ReceiveStatus(may ? 401 : 403);
        _alice.Send(_alice.Request("OPTIONS", "sip:example.com"));
        _alice.ReceiveStatus(may ? 200 : 403);
    }

    [Theory]
    [InlineData("sip:+19005551234@192.0.2.2", "SIP/2.0 403 Destination Denied")]
    [InlineData("sip:+15551234@192.0.2.2", "")]
    [InlineData("sip:bob@example.com", "")]
    [InlineData("sip:bob@192.0.2.2", "SIP/2.0 403 Destination Denied")]
    public void A_destination_may_be_called_or_not(string uri, string refusal)
    {
        Start(new AccessRules { AllowTo = [UriPattern.Read("+1*")!], DenyTo = [UriPattern.Read("+1900*@*")!] });
        string invite = _alice!.SendAuthorized(_alice.Request("INVITE", uri));
        if (refusal.Length == 0)
        {
            Assert.Equal("INVITE", _bob!.Receive().Method);
            return;
        }

        Received end = _alice.Receive();
        Assert.Equal(refusal, end.FirstLine);
        _alice.Send(Peer.AckOf(invite, end));
        _server!.AssertNothingLeft();
    }

    [Fact]
    public void A_caller_may_be_denied_by_his_name()
    {
        Start(new AccessRules { DenyCallers = [UriPattern.Read("*@Spam.example")!] });
        _alice!.Send(_alice.Request("INVITE", "sip:bob@example.com", from: "<sip:x@spam.EXAMPLE>;tag=1"));
        Assert.Equal("SIP/2.0 403 Caller Denied", _alice.Receive().FirstLine);
        _alice.Send(_alice.Request("INVITE", "sip:bob@example.com", from: "<sip:x@ham.example>;tag=1"));
        Assert.Equal("INVITE", _bob!.Receive().Method);
    }

    [Theory]
    [InlineData("bob", "sip:bob@example.com", true)]
    [InlineData("bob", "sip:bobby@example.com", false)]
    [InlineData("b*b", "sip:bob@a", true)]
    [InlineData("b*b", "sip:bb@a", true)]
    [InlineData("b*b", "sip:bobx@a", false)]
    [InlineData("*a*b*", "sip:xaxxbx@a", true)]
    [InlineData("*a*b*", "sip:xbxxax@a", false)]
    [InlineData("*", "sip:a", true)]
    [InlineData("sip:*@*.example", "sip:x@a.EXAMPLE:5080;transport=tcp", true)]
    [InlineData("*@*.example", "sip:x@example", false)]
    [InlineData("Bob@x", "sip:bob@x", false)]
    public void A_pattern_stands_for_addresses(string pattern, string uri, bool matches)
    {
        Assert.True(SipUriView.TryParse(Encoding.UTF8.GetBytes(uri), out SipUriView view));
        Assert.Equal(matches, UriPattern.Read(pattern)!.Matches(view));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a@b@c")]
    [InlineData("@b")]
    [InlineData("a@")]
    [InlineData("a b")]
    public void A_text_that_is_no_pattern_is_refused(string text) => Assert.Null(UriPattern.Read(text));
}
