using CallRouting;
using Parley.Server.Application;
using Parley.Server.Proxy;
using Parley.Server.Tests.Roles;
using Parley.Sip.Messages;

namespace Parley.Server.Tests.Rules;

/// <summary>The steps of samples/CallRouting do what their comments say.</summary>
public sealed class SampleStepTests : IDisposable
{
    private TestServer? _server;
    private Peer? _alice;
    private Peer? _bob;

    public void Dispose() => _server?.Dispose();

    private void Start(IRequestStep step, params string[] bound)
    {
        _server = new TestServer(steps: [_ => step]);
        _alice = new Peer(_server, "192.0.2.1:5060");
        _bob = new Peer(_server, "192.0.2.2:5060", "bob");
        _server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060");
        _server.AddUsers(bound);
        foreach (string user in bound) _server.Bind($"{user}@example.com", $"sip:{user}@192.0.2.2:5060");
    }

    private Received AtBob(string uri)
    {
        _alice!.SendAuthorized(_alice.Request("INVITE", uri));
        return _bob!.Receive();
    }

    [Theory]
    [InlineData("<sip:x@example.net>;tag=1", true)]
    [InlineData("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1", false)]
    [InlineData("<sip:anonymous@example.net>;tag=1", false)]
    public void Who_hides_is_refused(string from, bool isLetIn)
    {
        Start(new FunctionStep(BlockAnonymous.Run));
        _alice!.Send(_alice.Request("INVITE", "sip:bob@example.com", from: from));
        if (isLetIn) Assert.Equal("INVITE", _bob!.Receive().Method);
        else Assert.Equal("SIP/2.0 433 Anonymity Disallowed", _alice.Receive().FirstLine);
    }

    [Theory]
    [InlineData("0301234", "+49301234")]
    [InlineData("0044201234", "+44201234")]
    public void A_number_is_made_international(string dialled, string number)
    {
        Start(new NumberTranslation("49"), "+49301234", "+44201234");
        Assert.Equal($"sip:{number}@192.0.2.2:5060", AtBob($"sip:{dialled}@example.com").RequestUri);
    }

    [Theory]
    [InlineData("2026-11-27 16:59", "sip:bob@192.0.2.2:5060")]      // a Friday
    [InlineData("2026-11-27 17:00", "sip:night@192.0.2.2:5060")]
    [InlineData("2026-11-28 12:00", "sip:night@192.0.2.2:5060")]
    public void A_hotline_is_closed_at_night(string now, string uri)
    {
        var time = new FixedTime(DateTimeOffset.Parse(now + "Z", System.Globalization.CultureInfo.InvariantCulture));
        Start(new OfficeHours(time, TimeZoneInfo.Utc, "bob", SipUri.Parse("sip:night@example.com")), "night");
        Assert.Equal(uri, AtBob("sip:bob@example.com").RequestUri);
    }

    [Fact]
    public void A_call_takes_the_cheapest_gateway_that_works()
    {
        Start(new LeastCost(
        [
            new Rate("+", SipUri.Parse("sip:192.0.2.4"), 3),
            new Rate("+49", SipUri.Parse("sip:192.0.2.2"), 1),
            new Rate("+44", SipUri.Parse("sip:192.0.2.5"), 0.5m),
        ]));
        var dear = new Peer(_server!, "192.0.2.4:5060", "dear");
        Received cheap = AtBob("sip:+4930@example.com");
        Assert.Equal("sip:+4930@192.0.2.2", cheap.RequestUri);
        _bob!.Answer(cheap, 503);
        Assert.Equal("ACK", _bob.Receive().Method);
        Received next = dear.Receive();
        Assert.Equal("sip:+4930@192.0.2.4", next.RequestUri);
        dear.Answer(next, 200);
        _alice!.ReceiveNew("SIP/2.0 200");
    }

    [Fact]
    public void Strangers_cannot_use_the_gateways()
    {
        Start(new LeastCost([new Rate("+", SipUri.Parse("sip:192.0.2.2"), 1)]));
        _alice!.Send(_alice.Request("INVITE", "sip:+4930@example.com", from: "<sip:x@example.net>;tag=1"));
        _alice.ReceiveStatus(403);
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
