using Parley.Server.Configuration;
using Parley.Server.Push;
using Parley.Server.Tests.Roles;

namespace Parley.Server.Tests.Push;

/// <summary>Bindings that are refreshed by push before they end (RFC 8599 5.5), and texts that wait for phones that sleep.</summary>
public sealed class BindingRefreshTests : IDisposable
{
    private readonly RecordingPush _push = new();
    private readonly TestServer _server;
    private readonly Peer _bob;

    public BindingRefreshTests()
    {
        _server = new TestServer(configuration => configuration with { Push = new PushOptions { Url = new Uri("http://192.0.2.99/"), Providers = ["acme"] } }, push: _push);
        _bob = new Peer(_server, "192.0.2.2:5060", "bob");
    }

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData("", 0, 419, 0)]
    [InlineData("", 0, 423, 1)]
    [InlineData("", 0, 490, 2)]
    [InlineData("", 0, 605, 4)]
    [InlineData("", 0, 1200, 4)]
    [InlineData(";+sip.pnsreg", 0, 479, 0)]
    [InlineData(";+sip.pnsreg", 0, 483, 1)]
    [InlineData("", 430, 700, 1)]       // it comes
    public void A_phone_is_woken_before_its_binding_ends(string parameters, int refreshAt, int after, int pushes)
    {
        Register(parameters);
        if (refreshAt > 0)
        {
            _server.Network.RunFor(TimeSpan.FromSeconds(refreshAt));
            Register(parameters);
        }

        _server.Network.RunFor(TimeSpan.FromSeconds(after - refreshAt));
        Assert.Equal(pushes, _push.Requests.Count);
        Assert.All(_push.Requests, push => Assert.Null(push.Cause));
        Assert.All(_push.Requests, push => Assert.Equal("1", push.Phone.Prid));
    }

    [Fact]
    public void A_phone_that_is_not_to_be_woken_is_not()
    {
        Register(uri: "");
        Register(uri: ";pn-provider=acme");
        _server.Network.RunFor(TimeSpan.FromMinutes(12));
        Assert.Empty(_push.Requests);
        Assert.Equal(0, _server.State.Push!.PhoneCount);
    }

    [Fact]
    public void A_binding_that_was_removed_wakes_nobody()
    {
        Register();
        Register(";expires=0", ";pn-provider=acme");
        _server.Network.RunFor(TimeSpan.FromMinutes(12));
        Assert.Empty(_push.Requests);
    }

    /// <summary>Who writes is answered at once, and the phone gets it when it comes.</summary>
    [Fact]
    public void A_text_for_a_phone_that_sleeps_waits_and_wakes_it()
    {
        Register();
        _server.Network.RunFor(TimeSpan.FromMinutes(1));
        using var alice = new Peer(_server, "192.0.2.1:5060");
        alice.SendAuthorized(alice.Request("MESSAGE", "sip:bob@example.com", headers: "Content-Type: text/plain\r\n", body: "Wake up"));
        alice.ReceiveNew("SIP/2.0 202", TimeSpan.FromMilliseconds(400));
        Assert.Equal(new PushCause("MESSAGE", "sip:alice@example.com", "", alice.CallId), Assert.Single(_push.Requests).Cause);
        _bob.ReceiveNothing(TimeSpan.FromSeconds(2));
        Register();
        Received text = _bob.ReceiveNew("MESSAGE");
        Assert.EndsWith("Wake up", text.Text, StringComparison.Ordinal);
        _bob.Answer(text, 200);
        _server.Network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(0, _server.State.Messages!.Count);
    }

    private void Register(string parameters = "", string uri = ";pn-provider=acme;pn-prid=1")
    {
        _bob.SendAuthorized(_bob.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: <sip:bob@{_bob.Address}{uri}>{parameters}\r\nExpires: 600\r\n"));
        _bob.ReceiveStatus(200);
    }
}
