using System.Text;
using Parley.Endpoint.Sip;
using Parley.Net.Virtual;
using Parley.Sip.Events;
using Parley.Sip.Messages;
using Parley.UserAgent.Publications;
using Parley.UserAgent.Requests;
using Parley.UserAgent.Subscriptions;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>A user agent that is subscribed to (RFC 6665 4.2), and one that publishes (RFC 3903 4), message by message.</summary>
public sealed class NotifierTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly VirtualNetwork _network = new(1);
    private readonly ScriptedPeer _peer;
    private readonly VirtualPhone _phone;
    private readonly Lamp _lamp;

    public NotifierTests()
    {
        _phone = new VirtualPhone(_network.AddHost("alice", "192.0.2.1"), "192.0.2.1:5060");
        _peer = new ScriptedPeer(_network, _network.AddHost("peer", "192.0.2.9"), "192.0.2.9:5060", _phone.Address);
        _phone.Core.SubscribeHandler = _lamp = new Lamp(_phone);
    }

    [Fact]
    public void A_subscriber_is_told_at_once_and_of_each_change_and_of_the_end()
    {
        _peer.Send("SUBSCRIBE", 1, headers: "Event: dialog\r\nExpires: 600\r\n");
        string accepted = _peer.TakeResponse(200);
        Assert.Equal("600", ScriptedPeer.Header(accepted, "Expires"));
        Assert.Equal("dialog", ScriptedPeer.Header(accepted, "Allow-Events"));
        string notify = _peer.TakeRequest("NOTIFY");
        Assert.Equal("active;expires=600", ScriptedPeer.Header(notify, "Subscription-State"));
        Assert.Equal("dialog", ScriptedPeer.Header(notify, "Event"));
        Assert.Equal("off", ScriptedPeer.Body(notify));
        Assert.NotEqual("", ScriptedPeer.Header(notify, "Contact"));
        _peer.Answer(notify, "200 OK");

        _lamp.Set("on");
        notify = _peer.TakeRequest("NOTIFY");
        Assert.Equal("on", ScriptedPeer.Body(notify));
        _peer.Answer(notify, "200 OK");

        _peer.Send("SUBSCRIBE", 2, headers: "Event: dialog\r\nExpires: 0\r\n");
        _peer.TakeResponse(200);
        notify = _peer.TakeRequest("NOTIFY");
        Assert.Equal("terminated;reason=timeout", ScriptedPeer.Header(notify, "Subscription-State"));
        _peer.Answer(notify, "200 OK");
        Assert.True(_network.Run(() => _lamp.Ended == 1, Limit));
        _peer.Send("SUBSCRIBE", 3, headers: "Event: dialog\r\nExpires: 600\r\n");
        _peer.TakeResponse(481);
        AssertNothingLeft();
    }

    [Fact]
    public void A_subscription_that_nobody_refreshes_ends_with_a_notify()
    {
        _peer.Send("SUBSCRIBE", 1, headers: "Event: dialog\r\nExpires: 60\r\n");
        _peer.TakeResponse(200);
        _peer.Answer(_peer.TakeRequest("NOTIFY"), "200 OK");
        string last = _peer.TakeRequest("NOTIFY");
        Assert.Equal("terminated;reason=timeout", ScriptedPeer.Header(last, "Subscription-State"));
        _peer.Answer(last, "200 OK");
        AssertNothingLeft();
    }

    [Fact]
    public void A_subscriber_that_says_481_or_nothing_is_forgotten()
    {
        _peer.Send("SUBSCRIBE", 1, headers: "Event: dialog\r\nExpires: 600\r\n");
        _peer.TakeResponse(200);
        _peer.Answer(_peer.TakeRequest("NOTIFY"), "481 Gone");
        Assert.True(_network.Run(() => _lamp.Ended == 1, Limit));

        (_peer.CallId, _peer.ToTag) = ("second", null);
        _peer.Send("SUBSCRIBE", 1, headers: "Event: dialog\r\nExpires: 600\r\n");
        _peer.TakeResponse(200);
        Assert.True(_network.Run(() => _lamp.Ended == 2, Limit));
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("Event: unheard-of\r\n", 489)]
    [InlineData("", 489)]
    [InlineData("Event: dialog\r\nExpires: 5\r\n", 423)]
    [InlineData("Event: dialog\r\nExpires: x\r\n", 400)]
    [InlineData("Event: dialog\r\nRequire: nothing-known\r\n", 420)]
    public void What_cannot_be_subscribed_to_is_refused(string headers, int expected)
    {
        _peer.Send("SUBSCRIBE", 1, headers: headers);
        _peer.TakeResponse(expected);
        AssertNothingLeft();
    }

    [Fact]
    public void There_are_as_many_subscriptions_as_there_may_be()
    {
        var phone = new VirtualPhone(_network.AddHost("carol", "192.0.2.3"), "192.0.2.3:5060", options => options with { MaxSubscriptions = 1 });
        phone.Core.SubscribeHandler = new Lamp(phone);
        var peer = new ScriptedPeer(_network, _network.AddHost("other", "192.0.2.8"), "192.0.2.8:5060", phone.Address);
        peer.Send("SUBSCRIBE", 1, headers: "Event: dialog\r\n");
        peer.TakeResponse(200);
        (peer.CallId, peer.ToTag) = ("second", null);
        peer.Send("SUBSCRIBE", 1, headers: "Event: dialog\r\n");
        peer.TakeResponse(503);
    }

    [Fact]
    public void Two_agents_understand_each_other()
    {
        var watcher = new VirtualPhone(_network.AddHost("bob", "192.0.2.2"), "192.0.2.2:5060");
        var heard = new List<string>();
        Subscription subscription = watcher.Core.Subscribe(_phone.Uri, "dialog", new SubscribeOptions(), new Listener(heard));
        Assert.True(_network.Run(() => heard.Count == 1, Limit));
        _lamp.Set("on");
        Assert.True(_network.Run(() => heard.Count == 2, Limit));
        subscription.Unsubscribe();
        Assert.True(_network.Run(() => heard[^1] == "ended", Limit));
        Assert.Equal(["off", "on", "on", "ended"], heard);
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(2)));
        watcher.AssertNothingLeft();
        AssertNothingLeft();
    }

    [Fact]
    public void A_state_is_published_refreshed_told_anew_when_forgotten_and_removed()
    {
        var said = new List<string>();
        Publication publication = _phone.Core.CreatePublication(_peer.Uri, "presence", TimeSpan.FromSeconds(600), new Publisher(said));
        publication.Publish("application/pidf+xml", "<presence/>"u8);
        string first = _peer.TakeRequest("PUBLISH");
        Assert.Equal("presence", ScriptedPeer.Header(first, "Event"));
        Assert.Equal("", ScriptedPeer.Header(first, "SIP-If-Match"));
        Assert.Equal("", ScriptedPeer.Header(first, "Contact"));
        _peer.Answer(first, "200 OK", headers: "SIP-ETag: a1\r\nExpires: 600\r\n");

        string refresh = _peer.TakeRequest("PUBLISH");
        Assert.Equal("a1", ScriptedPeer.Header(refresh, "SIP-If-Match"));
        Assert.Equal("", ScriptedPeer.Body(refresh));
        _peer.Answer(refresh, "412 Conditional Request Failed");

        string anew = _peer.TakeRequest("PUBLISH");
        Assert.Equal("", ScriptedPeer.Header(anew, "SIP-If-Match"));
        Assert.Equal("<presence/>", ScriptedPeer.Body(anew));
        _peer.Answer(anew, "200 OK", headers: "SIP-ETag: b1\r\nExpires: 600\r\n");
        Assert.True(_network.Run(() => said.Count == 2, Limit));

        publication.Publish("application/pidf+xml", "<other/>"u8);
        string modified = _peer.TakeRequest("PUBLISH");
        Assert.Equal("b1", ScriptedPeer.Header(modified, "SIP-If-Match"));
        Assert.Equal("<other/>", ScriptedPeer.Body(modified));
        publication.Remove();
        _peer.Answer(modified, "200 OK", headers: "SIP-ETag: b2\r\nExpires: 600\r\n");
        string removed = _peer.TakeRequest("PUBLISH");
        Assert.Equal(("b2", "0"), (ScriptedPeer.Header(removed, "SIP-If-Match"), ScriptedPeer.Header(removed, "Expires")));
        _peer.Answer(removed, "200 OK", headers: "SIP-ETag: b3\r\nExpires: 0\r\n");
        Assert.True(_network.Run(() => said[^1] == "removed", Limit));
        AssertNothingLeft();
    }

    private void AssertNothingLeft()
    {
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(2)), _network.ToString());
        Assert.Equal(0, _phone.Core.SubscriptionCount);
        _phone.AssertNothingLeft();
    }

    /// <summary>A busy lamp that the test switches.</summary>
    private sealed class Lamp(VirtualPhone phone) : ISubscribeHandler, INotifierSource
    {
        private readonly List<Notifier> _notifiers = [];
        private string _state = "off";

        public IReadOnlyList<string> EventTypes { get; } = ["dialog"];

        public int Ended { get; private set; }

        public void OnSubscribe(in SipIncomingRequest request)
        {
            if (request.Message.TryGetParameterized(HeaderId.Event, out ParameterizedValueView value) != HeaderStatus.Ok || !value.Value.SequenceEqual("dialog"u8)) request.Reply(new SipReply(489));
            else if (phone.Core.AcceptSubscription(request, EventPackages.Dialog, SubscriptionLimits.Usual(TimeSpan.FromHours(1)), this) is { } notifier) _notifiers.Add(notifier);
        }

        public void Set(string state)
        {
            _state = state;
            foreach (Notifier notifier in _notifiers) notifier.OnChanged();
        }

        public NotifyBody Write(Notifier notifier, in SubscriptionStatus status) => new(Encoding.ASCII.GetBytes("text/plain"), Encoding.ASCII.GetBytes(_state));

        public void OnEnded(Notifier notifier)
        {
            _notifiers.Remove(notifier);
            Ended++;
        }
    }

    private sealed class Listener(List<string> heard) : ISubscriptionObserver
    {
        public void OnNotified(Subscription subscription, Notification notification) => heard.Add(Encoding.UTF8.GetString(notification.Body.Span));

        public void OnEnded(Subscription subscription, SubscriptionEnd end, TimeSpan? retryIn) => heard.Add("ended");
    }

    private sealed class Publisher(List<string> said) : IPublicationObserver
    {
        public void OnPublished(Publication publication, TimeSpan lifetime) => said.Add($"{lifetime.TotalSeconds}");

        public void OnFailed(Publication publication, int statusCode, string reasonPhrase, RequestFailure? failure, TimeSpan? retryIn) => said.Add($"failed {statusCode}");

        public void OnRemoved(Publication publication) => said.Add("removed");
    }
}
