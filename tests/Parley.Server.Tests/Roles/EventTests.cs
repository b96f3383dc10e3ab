using System.Text.RegularExpressions;
using Parley.Server.Configuration;
using Parley.Server.Events;
using Parley.Sip.Events.Documents;

namespace Parley.Server.Tests.Roles;

/// <summary>The server as event server: who may watch, what is told, what is published (RFC 6665, 3856, 3857, 3842, 3680, 3903).</summary>
public sealed partial class EventTests : IDisposable
{
    private const string Bob = "sip:bob@example.com";

    private readonly TestServer _server;
    private readonly Peer _alice;
    private readonly Peer _bob;

    public EventTests() : this(1, null)
    {
    }

    private EventTests(int lanes, Func<ParleyConfiguration, ParleyConfiguration>? configure)
    {
        _server = new TestServer(configure, lanes: lanes);
        _alice = new Peer(_server, "192.0.2.1:5060");
        _bob = new Peer(_server, "192.0.2.2:5060", "bob");
    }

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void A_colleague_is_told_of_registrations_and_of_what_is_published(int lanes)
    {
        using var test = new EventTests(lanes, null);
        test.TellsOfRegistrationsAndPublications();
    }

    private void TellsOfRegistrationsAndPublications()
    {
        Assert.Equal("closed", Presence(Subscribe(_alice, Bob, "presence")));

        RegisterBob();
        Received open = TakeNotify(_alice, TimeSpan.FromSeconds(6));
        Assert.Equal("open", Presence(open));
        Assert.DoesNotContain("192.0.2.2", open.Text, StringComparison.Ordinal);       // where he is, is his business

        // The phone that registered says more: it is told of once, by what it says.
        Received published = Publish(_bob, Bob, Pidf("open", "in a meeting"));
        string busy = TakeNotify(_alice, TimeSpan.FromSeconds(6)).Text;
        Assert.Contains("in a meeting", busy, StringComparison.Ordinal);
        Assert.Single(Tuple().Matches(busy));

        Publish(_bob, Bob, "", published.Header("SIP-ETag"), expires: 0);
        Assert.DoesNotContain("in a meeting", TakeNotify(_alice, TimeSpan.FromSeconds(6)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refresh_of_a_registration_tells_nobody_and_its_end_does()
    {
        RegisterBob();
        Assert.Equal("open", Presence(Subscribe(_alice, Bob, "presence")));
        RegisterBob();
        _alice.ReceiveNothing(TimeSpan.FromSeconds(30));
        Assert.Equal("closed", Presence(TakeNotify(_alice, TimeSpan.FromMinutes(2))));      // it lasts a minute
    }

    [Fact]
    public void What_was_published_ends_when_nobody_refreshes_it()
    {
        Subscribe(_alice, Bob, "presence");
        Publish(_bob, Bob, Pidf("open", "here"), expires: 60);
        Assert.Equal("open", Presence(TakeNotify(_alice, TimeSpan.FromSeconds(6))));
        Assert.Equal("closed", Presence(TakeNotify(_alice, TimeSpan.FromSeconds(70))));
    }

    [Fact]
    public void Who_watches_is_told_to_the_user()
    {
        Received first = Subscribe(_bob, Bob, "presence.winfo");
        Assert.True(WatcherInfo.TryRead(Body(first), out WatcherInfo? nobody));
        Assert.Equal((0u, 0), (nobody.Version, nobody.Watchers.Count));
        Subscribe(_alice, Bob, "presence");
        Received second = TakeNotify(_bob, TimeSpan.FromSeconds(6));
        Assert.True(WatcherInfo.TryRead(Body(second), out WatcherInfo? one));
        Assert.Equal((1u, "sip:alice@example.com"), (one.Version, Assert.Single(one.Watchers).Uri));
    }

    [Fact]
    public void Messages_that_wait_and_contacts_are_told_to_the_user_alone()
    {
        Assert.Contains("Messages-Waiting: no", Subscribe(_bob, Bob, "message-summary").Text, StringComparison.Ordinal);
        Publish(_bob, Bob, "Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n", package: "message-summary", type: "application/simple-message-summary");
        Assert.Contains("Messages-Waiting: yes\r\nMessage-Account: sip:bob@example.com\r\nVoice-Message: 2/8 (0/2)", TakeNotify(_bob, TimeSpan.FromSeconds(6)).Text, StringComparison.Ordinal);

        _alice.SendAuthorized(_alice.Request("SUBSCRIBE", Bob, headers: "Event: message-summary\r\n"));
        _alice.ReceiveStatus(403);
        _alice.SendAuthorized(_alice.Request("SUBSCRIBE", Bob, headers: "Event: reg\r\n"));
        _alice.ReceiveStatus(403);
    }

    [Fact]
    public void Contacts_are_told_with_the_time_that_they_have_left()
    {
        RegisterBob();
        Assert.True(RegistrationInfo.TryRead(Body(Subscribe(_bob, Bob, "reg")), out RegistrationInfo? info));
        RegistrationInfoContact contact = Assert.Single(info.Contacts);
        Assert.Equal(($"sip:bob@{_bob.Address}", 60), (contact.Uri, contact.ExpiresSeconds));
    }

    [Theory]
    [InlineData("bob")]
    [InlineData("nobody-of-that-name")]
    public void A_stranger_gets_the_same_answer_for_every_name(string name)
    {
        _alice.Send(_alice.Request("SUBSCRIBE", $"sip:{name}@example.com", headers: "Event: presence\r\n", from: "<sip:eve@example.org>;tag=e"));
        Assert.Equal(403, _alice.Receive().Status);
        _alice.Send(_alice.Request("PUBLISH", $"sip:{name}@example.com", headers: "Event: presence\r\n", from: "<sip:eve@example.org>;tag=e"));
        Assert.Equal(403, _alice.Receive().Status);
    }

    [Theory]
    [InlineData(PresenceWatchers.Owner, false)]
    [InlineData(PresenceWatchers.Domain, true)]
    public void The_configuration_says_who_may_watch(PresenceWatchers watchers, bool isAllowed)
    {
        using var test = new EventTests(1, configuration => configuration with { Presence = new PresenceOptions { Watchers = watchers } });
        test._alice.SendAuthorized(test._alice.Request("SUBSCRIBE", Bob, headers: "Event: presence\r\n"));
        test._alice.ReceiveStatus(isAllowed ? 200 : 403);
    }

    [Theory]
    [InlineData("PUBLISH", "Event: unheard-of\r\n", 489)]
    [InlineData("PUBLISH", "", 489)]
    [InlineData("PUBLISH", "Event: presence\r\nSIP-If-Match: gone\r\n", 412)]
    [InlineData("PUBLISH", "Event: presence\r\n", 400)]
    [InlineData("PUBLISH", "Event: presence\r\nExpires: 5\r\n", 423)]
    [InlineData("PUBLISH", "Event: reg\r\n", 400)]
    [InlineData("SUBSCRIBE", "", 489)]
    [InlineData("SUBSCRIBE", "Event: unheard-of\r\n", 480)]
    [InlineData("SUBSCRIBE", "Event: presence\r\nAccept: text/plain\r\n", 406)]
    [InlineData("SUBSCRIBE", "Event: presence\r\nExpires: 5\r\n", 423)]
    [InlineData("SUBSCRIBE", "Event: presence\r\nRequire: magic\r\n", 420)]
    public void What_cannot_be_is_refused(string method, string headers, int expected)
    {
        _bob.SendAuthorized(_bob.Request(method, Bob, headers: headers));
        _bob.ReceiveStatus(expected);
    }

    [Theory]
    [InlineData("application/pidf+xml", "<presence", 400)]
    [InlineData("application/pidf+xml", "<!DOCTYPE x [<!ENTITY a 'a'>]><presence xmlns='urn:ietf:params:xml:ns:pidf' entity='sip:b'>&a;</presence>", 400)]
    [InlineData("text/plain", "here", 415)]
    public void A_body_that_cannot_be_used_is_refused(string type, string body, int expected)
    {
        _bob.SendAuthorized(_bob.Request("PUBLISH", Bob, headers: $"Event: presence\r\nContent-Type: {type}\r\n", body: body));
        _bob.ReceiveStatus(expected);
    }

    [Fact]
    public void Nobody_publishes_for_another()
    {
        _alice.SendAuthorized(_alice.Request("PUBLISH", Bob, headers: "Event: presence\r\n"));
        _alice.ReceiveStatus(403);
    }

    [Fact]
    public void Subscriptions_are_bounded_by_user()
    {
        using var test = new EventTests(1, configuration => configuration with { Events = new EventOptions { MaxSubscriptionsPerUser = 1 } });
        Subscribe(test._alice, Bob, "presence");
        test._alice.CallId = "another";
        test._alice.SendAuthorized(test._alice.Request("SUBSCRIBE", Bob, headers: "Event: presence\r\n"));
        Assert.Equal("60", test._alice.ReceiveStatus(503).Header("Retry-After"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Watchers_are_told_to_come_back_when_the_server_stops(int lanes)
    {
        using var test = new EventTests(lanes, null);
        test.EndsSubscriptions();
    }

    private void EndsSubscriptions()
    {
        Subscribe(_alice, Bob, "presence");
        Subscribe(_bob, Bob, "presence.winfo");
        _server.State.IsStopping = true;
        _server.Roles.EndSubscriptions();
        foreach (Peer watcher in new[] { _alice, _bob })
        {
            Received notify = watcher.ReceiveNew("NOTIFY");
            Assert.Equal("terminated;reason=probation;retry-after=30", notify.Header("Subscription-State"));
            watcher.Answer(notify, 200);
        }

        Assert.True(_server.Network.Run(() => _server.Roles.Lanes.Sum(lane => lane.Events.Core.SubscriptionCount) == 0, TimeSpan.FromSeconds(5)));

        _alice.CallId = "another";
        _alice.Send(_alice.Request("SUBSCRIBE", Bob, headers: "Event: presence\r\n"));
        Assert.Equal("30", _alice.ReceiveStatus(503).Header("Retry-After"));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void The_server_says_which_events_it_has_but_for_templates()
    {
        _alice.Send(_alice.Request("OPTIONS", "sip:example.com"));
        Assert.Equal("presence, message-summary, reg, dialog", _alice.ReceiveStatus(200).Header("Allow-Events"));
    }

    [Fact]
    public void Nothing_is_left_of_a_subscription_that_ended()
    {
        _alice.SendAuthorized(_alice.Request("SUBSCRIBE", Bob, headers: "Event: presence\r\nExpires: 0\r\n"));
        _alice.ReceiveStatus(200);
        Received notify = _alice.Receive();
        Assert.Equal("terminated;reason=timeout", notify.Header("Subscription-State"));
        _alice.Answer(notify, 200);
        Assert.True(_server.Network.Run(() => _server.State.Events.WatchersOf(new ResourceName("presence", "bob@example.com")).Length == 0, TimeSpan.FromSeconds(5)));
        Assert.Equal(0, _server.Roles.Lanes[0].Events.Core.SubscriptionCount);
        _server.AssertNothingLeft();
    }

    [GeneratedRegex("<tuple ", RegexOptions.None, 1000)]
    private static partial Regex Tuple();

    private static string Pidf(string basic, string note) =>
        $"<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='sip:bob@example.com'><tuple id='t1'><status><basic>{basic}</basic></status><note>{note}</note></tuple></presence>";

    private static byte[] Body(Received message) => System.Text.Encoding.UTF8.GetBytes(message.Text[(message.Text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);

    private static string Presence(Received notify)
    {
        Assert.True(PresenceDocument.TryRead(Body(notify), out PresenceDocument? presence), notify.Text);
        return presence.IsOpen ? "open" : "closed";
    }

    private static Received Subscribe(Peer peer, string uri, string package)
    {
        peer.SendAuthorized(peer.Request("SUBSCRIBE", uri, headers: $"Event: {package}\r\nExpires: 3600\r\n"));
        Received accepted = peer.ReceiveStatus(200);
        Assert.Equal("3600", accepted.Header("Expires"));
        return TakeNotify(peer, TimeSpan.FromSeconds(1));
    }

    private static Received TakeNotify(Peer peer, TimeSpan limit)
    {
        Received notify = peer.ReceiveNew("NOTIFY", limit);
        Assert.StartsWith("active;expires=", notify.Header("Subscription-State"), StringComparison.Ordinal);
        peer.Answer(notify, 200);
        return notify;
    }

    private static Received Publish(Peer peer, string uri, string body, string? tag = null, int expires = 3600, string package = "presence", string type = "application/pidf+xml")
    {
        string condition = tag is null ? "" : $"SIP-If-Match: {tag}\r\n";
        string content = body.Length == 0 ? "" : $"Content-Type: {type}\r\n";
        peer.SendAuthorized(peer.Request("PUBLISH", uri, headers: $"Event: {package}\r\nExpires: {expires}\r\n{condition}{content}", body: body));
        return peer.ReceiveNew("SIP/2.0 200");
    }

    private void RegisterBob()
    {
        string callId = _bob.CallId;
        _bob.CallId = "register-bob";
        _bob.SendAuthorized(_bob.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: {_bob.Contact}\r\nExpires: 60\r\n"));
        _bob.ReceiveStatus(200);
        _bob.CallId = callId;
    }
}
