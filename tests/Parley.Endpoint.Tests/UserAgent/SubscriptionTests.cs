using System.Text;
using Parley.Net.Virtual;
using Parley.Sip.Events;
using Parley.UserAgent.Subscriptions;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>A user agent that subscribes (RFC 6665 4.1), message by message.</summary>
public sealed class SubscriptionTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly VirtualNetwork _network = new(1);
    private readonly ScriptedPeer _peer;
    private readonly VirtualPhone _phone;
    private readonly Watcher _watcher = new();

    public SubscriptionTests()
    {
        _phone = new VirtualPhone(_network.AddHost("alice", "192.0.2.1"), "192.0.2.1:5060");
        _peer = new ScriptedPeer(_network, _network.AddHost("peer", "192.0.2.9"), "192.0.2.9:5060", _phone.Address);
    }

    [Fact]
    public void A_subscription_is_told_of_refreshed_and_ended()
    {
        Subscription subscription = _phone.Core.Subscribe(_peer.Uri, "presence", new SubscribeOptions(), _watcher);
        string first = _peer.TakeRequest("SUBSCRIBE");
        Assert.Equal("presence", ScriptedPeer.Header(first, "Event"));
        Assert.Equal("3600", ScriptedPeer.Header(first, "Expires"));
        Assert.Equal("application/pidf+xml", ScriptedPeer.Header(first, "Accept"));
        Assert.NotEqual("", ScriptedPeer.Header(first, "Contact"));
        _peer.Answer(first, "200 OK", "n1", headers: "Expires: 600\r\n");
        Enter(first, "n1");
        Notify(1, "active;expires=600", "<presence/>");
        Assert.Equal(["active: application/pidf+xml <presence/>"], _watcher.Heard);

        string refresh = _peer.TakeRequest("SUBSCRIBE");
        Assert.Equal(TimeSpan.FromSeconds(540), TimeSpan.FromSeconds(Math.Round((_network.Now - Parley.Core.Instant.Zero).TotalSeconds)));
        Assert.Equal("2 SUBSCRIBE", ScriptedPeer.Header(refresh, "CSeq"));
        Assert.Contains(";tag=n1", ScriptedPeer.Header(refresh, "To"), StringComparison.Ordinal);
        _peer.Answer(refresh, "200 OK", headers: "Expires: 600\r\n");
        Notify(2, "active;expires=600");

        subscription.Unsubscribe();
        string last = _peer.TakeRequest("SUBSCRIBE");
        Assert.Equal("0", ScriptedPeer.Header(last, "Expires"));
        _peer.Answer(last, "200 OK", headers: "Expires: 0\r\n");
        Assert.Equal(1, _phone.Core.SubscriptionCount);
        Notify(3, "terminated;reason=timeout");
        Assert.Equal("ended 200 Timeout", _watcher.Heard[^1]);
        Assert.Equal(0, _phone.Core.SubscriptionCount);
        AssertNothingLeft();
    }

    [Fact]
    public void A_notify_may_come_before_the_answer_and_answers_a_poll()
    {
        _phone.Core.Subscribe(_peer.Uri, "message-summary", new SubscribeOptions { Expiry = TimeSpan.Zero }, _watcher);
        string subscribe = _peer.TakeRequest("SUBSCRIBE");
        Enter(subscribe, "n1");
        Notify(1, "terminated;reason=timeout", "Messages-Waiting: yes", "message-summary");
        _peer.Answer(subscribe, "200 OK", "n1", headers: "Expires: 0\r\n");
        Assert.Equal(["terminated: application/pidf+xml Messages-Waiting: yes", "ended 200 Timeout"], _watcher.Heard);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("presence", 1)]
    [InlineData("dialog", 2)]
    public void A_fork_is_a_subscription_more_where_the_package_allows_it(string package, int expected)
    {
        _phone.Core.Subscribe(_peer.Uri, package, new SubscribeOptions(), _watcher);
        string subscribe = _peer.TakeRequest("SUBSCRIBE");
        _peer.Answer(subscribe, "200 OK", "n1", headers: "Expires: 600\r\n");
        Enter(subscribe, "n1");
        Notify(1, "active;expires=600", package: package);
        Enter(subscribe, "n2");
        _peer.Send("NOTIFY", 1, headers: $"Event: {package}\r\nSubscription-State: active;expires=600\r\n");
        _peer.TakeResponse(expected == 2 ? 200 : 481);
        Assert.Equal(expected, _watcher.Heard.Count);

        // After timer N nobody is let in any more.
        _network.RunFor(TimeSpan.FromSeconds(33));
        Enter(subscribe, "n3");
        _peer.Send("NOTIFY", 1, headers: $"Event: {package}\r\nSubscription-State: active;expires=600\r\n");
        _peer.TakeResponse(481);
    }

    [Fact]
    public void Without_a_notify_it_fails()
    {
        _phone.Core.Subscribe(_peer.Uri, "presence", new SubscribeOptions(), _watcher);
        _peer.Answer(_peer.TakeRequest("SUBSCRIBE"), "200 OK", headers: "Expires: 600\r\n");
        Assert.True(_network.Run(() => _watcher.Heard.Count > 0, Limit));
        Assert.Equal(["ended 408 None"], _watcher.Heard);
        AssertNothingLeft();
    }

    [Fact]
    public void A_423_is_followed_once_and_a_refusal_is_told()
    {
        _phone.Core.Subscribe(_peer.Uri, "presence", new SubscribeOptions { Expiry = TimeSpan.FromSeconds(10) }, _watcher);
        _peer.Answer(_peer.TakeRequest("SUBSCRIBE"), "423 Interval Too Brief", headers: "Min-Expires: 60\r\n");
        string again = _peer.TakeRequest("SUBSCRIBE");
        Assert.Equal("60", ScriptedPeer.Header(again, "Expires"));
        _peer.Answer(again, "489 Bad Event");
        Assert.True(_network.Run(() => _watcher.Heard.Count > 0, Limit));
        Assert.Equal(["ended 489 None"], _watcher.Heard);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("Event: presence\r\n", 400)]
    [InlineData("Event: presence\r\nSubscription-State: \"x\"\r\n", 400)]
    [InlineData("Event: Presence\r\nSubscription-State: active\r\n", 481)]
    [InlineData("Event: presence;id=1\r\nSubscription-State: active\r\n", 481)]
    [InlineData("Subscription-State: active\r\n", 489)]
    public void A_notify_that_cannot_be_placed_is_refused(string headers, int expected)
    {
        _phone.Core.Subscribe(_peer.Uri, "presence", new SubscribeOptions(), _watcher);
        string subscribe = _peer.TakeRequest("SUBSCRIBE");
        Enter(subscribe, "n1");
        _peer.Send("NOTIFY", 1, headers: headers);
        _peer.TakeResponse(expected);
        Assert.Empty(_watcher.Heard);
    }

    [Fact]
    public void A_subscription_that_stood_is_made_anew_when_its_notifier_says_so()
    {
        _phone.Core.Subscribe(_peer.Uri, "presence", new SubscribeOptions(), _watcher);
        string first = _peer.TakeRequest("SUBSCRIBE");
        _peer.Answer(first, "200 OK", "n1", headers: "Expires: 600\r\n");
        Enter(first, "n1");
        Notify(1, "active;expires=600");
        Notify(2, "terminated;reason=deactivated");
        Assert.StartsWith("ended 200 Deactivated, again in", _watcher.Heard[^1], StringComparison.Ordinal);

        string again = _peer.TakeRequest("SUBSCRIBE");
        Assert.NotEqual(ScriptedPeer.Header(first, "Call-ID"), ScriptedPeer.Header(again, "Call-ID"));
        Assert.DoesNotContain("tag=", ScriptedPeer.Header(again, "To"), StringComparison.Ordinal);
        _peer.Answer(again, "403 Forbidden");
        Assert.True(_network.Run(() => _watcher.Heard[^1] == "ended 403 None", Limit));
        AssertNothingLeft();
    }

    private void Enter(string subscribe, string tag)
    {
        (_peer.CallId, _peer.FromTag, _peer.ToTag) = (ScriptedPeer.Header(subscribe, "Call-ID"), tag, ScriptedPeer.Header(subscribe, "From").Split(";tag=")[1]);
    }

    private void Notify(int sequence, string state, string? body = null, string package = "presence")
    {
        string type = body is null ? "" : "Content-Type: application/pidf+xml\r\n";
        _peer.Send("NOTIFY", sequence, body, $"Event: {package}\r\nSubscription-State: {state}\r\n{type}");
        _peer.TakeResponse(200);
    }

    private void AssertNothingLeft()
    {
        Assert.True(_network.RunUntilIdle(TimeSpan.FromHours(2)), _network.ToString());
        Assert.Equal(0, _phone.Core.SubscriptionCount);
        _phone.AssertNothingLeft();
    }

    private sealed class Watcher : ISubscriptionObserver
    {
        public List<string> Heard { get; } = [];

        public void OnNotified(Subscription subscription, Notification notification) =>
            Heard.Add($"{notification.Status.State.ToString().ToLowerInvariant()}: {notification.ContentType} {Encoding.UTF8.GetString(notification.Body.Span)}".Trim());

        public void OnEnded(Subscription subscription, SubscriptionEnd end, TimeSpan? retryIn) =>
            Heard.Add($"ended {end.StatusCode} {end.Reason}{(retryIn is { } wait ? $", again in {wait}" : "")}");
    }
}
