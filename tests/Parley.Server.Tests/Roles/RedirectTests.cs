using Parley.Server.Configuration;

namespace Parley.Server.Tests.Roles;

/// <summary>A domain with the redirect role (RFC 3261 8.3).</summary>
public sealed class RedirectTests : IDisposable
{
    private readonly TestServer _server = new(configuration => configuration with { Domains = [new DomainOptions("example.com", DomainRole.Redirect)] });
    private readonly Peer _alice;

    public RedirectTests() => _alice = new Peer(_server, "192.0.2.1:5060");

    public void Dispose() => _server.Dispose();

    [Fact]
    public void A_caller_learns_where_the_user_is()
    {
        _server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060", 500);
        _server.Bind("bob@example.com", "sip:bob@192.0.2.3:5060;transport=tcp");
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", "sip:bob@example.com"));
        Received redirected = _alice.ReceiveStatus(302);
        Assert.Equal(["<sip:bob@192.0.2.3:5060;transport=tcp>;expires=3600", "<sip:bob@192.0.2.2:5060>;q=0.5;expires=3600"], redirected.Headers("Contact"));
        _alice.Send(Peer.AckOf(invite, redirected));
        _server.AssertNothingLeft();
    }

    [Theory]
    [InlineData("sip:nobody@example.com", 404)]
    [InlineData("sip:carol@example.com", 480)]
    public void A_user_without_contacts_is_answered_as_by_the_proxy(string uri, int status)
    {
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", uri));
        _alice.Send(Peer.AckOf(invite, _alice.ReceiveStatus(status)));
        _server.AssertNothingLeft();
    }
}
