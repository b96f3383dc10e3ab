using Parley.Server.Configuration;

namespace Parley.Server.Tests.Roles;

/// <summary>Texts that wait for users who are not there (RFC 3428).</summary>
public sealed class StoredMessageTests : IDisposable
{
    private const string Bob = "sip:bob@example.com";

    private readonly TestServer _server;
    private readonly Peer _alice;
    private readonly Peer _bob;

    public StoredMessageTests() : this(null)
    {
    }

    private StoredMessageTests(Func<ParleyConfiguration, ParleyConfiguration>? configure)
    {
        _server = new TestServer(configure);
        _alice = new Peer(_server, "192.0.2.1:5060");
        _bob = new Peer(_server, "192.0.2.2:5060", "bob");
    }

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Texts_wait_and_are_delivered_in_their_order_when_the_user_registers()
    {
        Send(_alice, "one", 202);
        Send(_alice, "two", 202);
        Register();
        Received first = _bob.ReceiveNew("MESSAGE");
        Assert.EndsWith("\r\n\r\none", first.Text, StringComparison.Ordinal);
        Assert.StartsWith("<sip:alice@example.com>;tag=", first.Header("From"), StringComparison.Ordinal);
        Assert.Equal($"sip:bob@{_bob.Address}", first.RequestUri);
        Assert.True(first.Has("Date"));
        _bob.Answer(first, 200);
        Received second = _bob.ReceiveNew("MESSAGE");
        Assert.EndsWith("two", second.Text, StringComparison.Ordinal);
        _bob.Answer(second, 200);
        Assert.True(_server.Network.Run(() => _server.State.Messages!.Count == 0, TimeSpan.FromSeconds(5)));
        Register();
        _bob.ReceiveNothing(TimeSpan.FromSeconds(5));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void What_the_phone_refuses_waits_for_the_next_registration()
    {
        Send(_alice, "one", 202);
        Register();
        _bob.Answer(_bob.ReceiveNew("MESSAGE"), 480);
        _bob.ReceiveNothing(TimeSpan.FromSeconds(5));
        Assert.Equal(1, _server.State.Messages!.Count);
        Register();
        _bob.Answer(_bob.ReceiveNew("MESSAGE"), 200);
        Assert.True(_server.Network.Run(() => _server.State.Messages!.Count == 0, TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void A_text_that_expired_is_not_delivered()
    {
        Send(_alice, "old", 202, "Expires: 60\r\n");
        Send(_alice, "new", 202);
        _server.Network.RunFor(TimeSpan.FromSeconds(61));
        Register();
        Assert.EndsWith("new", _bob.ReceiveNew("MESSAGE").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_are_bounded_by_user()
    {
        using var test = new StoredMessageTests(configuration => configuration with { Messages = new MessageOptions { MaxPerUser = 1 } });
        test.Send(test._alice, "one", 202);
        test.Send(test._alice, "two", 480);
    }

    [Theory]
    [InlineData("Expires: 0\r\n", 480)]
    [InlineData("Content-Encoding: gzip\r\n", 480)]
    public void What_cannot_wait_is_refused(string headers, int expected) => Send(_alice, "now", expected, headers);

    [Fact]
    public void A_strangers_text_does_not_wait()
    {
        _alice.Send(_alice.Request("MESSAGE", Bob, headers: "Content-Type: text/plain\r\n", from: "<sip:eve@example.org>;tag=e", body: "buy"));
        _alice.ReceiveStatus(480);
        Assert.Equal(0, _server.State.Messages!.Count);
    }

    [Fact]
    public void Who_is_there_gets_a_text_at_once()
    {
        Register();
        _alice.SendAuthorized(_alice.Request("MESSAGE", Bob, headers: "Content-Type: text/plain\r\n", body: "now"));
        _bob.Answer(_bob.ReceiveNew("MESSAGE"), 200);
        _alice.ReceiveNew("SIP/2.0 200");
    }

    private void Send(Peer peer, string text, int expected, string headers = "")
    {
        peer.SendAuthorized(peer.Request("MESSAGE", Bob, headers: $"Content-Type: text/plain\r\n{headers}", body: text));
        peer.ReceiveStatus(expected);
    }

    private void Register()
    {
        string callId = _bob.CallId;
        _bob.CallId = "register-bob";
        _bob.SendAuthorized(_bob.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: {_bob.Contact}\r\n"));
        _bob.ReceiveStatus(200);
        _bob.CallId = callId;
    }
}
