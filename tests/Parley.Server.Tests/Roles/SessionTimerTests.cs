using Parley.Server.Configuration;

namespace Parley.Server.Tests.Roles;

/// <summary>Session timers that the proxy asks for (RFC 4028 8).</summary>
public sealed class SessionTimerTests : IDisposable
{
    private readonly TestServer _server = new(configuration => configuration with { Proxy = new ProxyOptions { SessionExpires = TimeSpan.FromSeconds(600) } });
    private readonly Peer _alice;
    private readonly Peer _bob;

    public SessionTimerTests()
    {
        _alice = new Peer(_server, "192.0.2.1:5060");
        _bob = new Peer(_server, "192.0.2.2:5060", "bob");
        _server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060");
    }

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData("", "600", null)]
    [InlineData("Supported: timer\r\n", "600", null)]
    [InlineData("Min-SE: 900\r\n", "900", "900")]
    [InlineData("Session-Expires: 1800\r\n", "600", null)]
    [InlineData("x: 1800;refresher=uas;foo=bar\r\nSupported: timer\r\n", "600;refresher=uas;foo=bar", null)]
    [InlineData("Session-Expires: 1800\r\nMin-SE: 1200\r\n", "1200", "1200")]
    [InlineData("Session-Expires: 300;refresher=uac\r\n", "300;refresher=uac", null)]
    [InlineData("Session-Expires: 300\r\nMin-SE: 400\r\n", "400", "400")]
    [InlineData("Session-Expires: 30\r\n", "90", "90")]                   // knows no timer, so it cannot be told
    [InlineData("Session-Expires: 30\r\nMin-SE: 30\r\n", "90", "90")]
    [InlineData("Session-Expires: soon\r\n", "soon", null)]               // left to who can refuse it
    public void The_interval_is_that_of_this_server_within_what_the_request_allows(string headers, string interval, string? floor)
    {
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:bob@example.com", headers: headers));
        Received atBob = _bob.Receive();
        Assert.Equal([interval], atBob.Headers("Session-Expires").Concat(atBob.Headers("x")));
        Assert.Equal(floor, atBob.Headers("Min-SE").SingleOrDefault());
    }

    [Fact]
    public void Too_short_a_session_is_refused_to_who_understands_it()
    {
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", "sip:bob@example.com", headers: "Supported: timer\r\nSession-Expires: 89\r\n"));
        Received refusal = _alice.ReceiveStatus(422);
        Assert.Equal("90", refusal.Header("Min-SE"));
        _alice.Send(Peer.AckOf(invite, refusal));
        Assert.Equal(0, _bob.Waiting);
        _server.AssertNothingLeft();
    }

    [Theory]
    [InlineData("Supported: timer\r\n", "", "600;refresher=uac", "timer")]
    [InlineData("Supported: timer\r\n", "Session-Expires: 300;refresher=uas\r\nRequire: timer\r\n", "300;refresher=uas", "timer")]
    [InlineData("", "", null, null)]
    [InlineData("", "Session-Expires: 300;refresher=uas\r\n", "300;refresher=uas", null)]
    public void Where_only_the_caller_knows_timers_he_is_to_refresh(string request, string answer, string? interval, string? require)
    {
        _alice.SendAuthorized(_alice.Request("INVITE", "sip:bob@example.com", headers: request));
        _bob.Answer(_bob.Receive(), 200, headers: answer);
        Received success = _alice.ReceiveStatus(200);
        Assert.Equal(interval, success.Headers("Session-Expires").SingleOrDefault());
        Assert.Equal(require, success.Headers("Require").SingleOrDefault());
    }

    [Fact]
    public void Other_requests_are_left_alone()
    {
        _alice.SendAuthorized(_alice.Request("MESSAGE", "sip:bob@example.com"));
        Assert.False(_bob.Receive().Has("Session-Expires"));
    }
}
