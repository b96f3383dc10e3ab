using System.Text;
using Parley.Endpoint.Sip;
using Parley.Net.Virtual;
using Parley.Sip.Events.Documents;
using Parley.UserAgent.Subscriptions;
using static Parley.Endpoint.Tests.UserAgent.ScriptedPeer;

namespace Parley.Endpoint.Tests.UserAgent;

/// <summary>A focus tells a watcher of its conference (RFC 4575), message by message.</summary>
public sealed class ConferenceSourceTests
{
    private const string Conference = "sip:conf@example.com";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly ConferenceUser Alice = new("sip:alice@example.com", []) { DisplayText = "Alice" };
    private static readonly ConferenceUser Bob = new("sip:bob@example.com", []);

    private readonly VirtualNetwork _network = new(1);
    private readonly ScriptedPeer _peer;
    private readonly ConferenceSource _source;

    public ConferenceSourceTests()
    {
        var phone = new VirtualPhone(_network.AddHost("focus", "192.0.2.1"), "192.0.2.1:5060");
        _peer = new ScriptedPeer(_network, _network.AddHost("peer", "192.0.2.9"), "192.0.2.9:5060", phone.Address);
        _source = new ConferenceSource(phone.Core, new ConferenceInfo(Conference, [Alice]) { UserCount = 1 });
        phone.Core.SubscribeHandler = new Focus(_source);
    }

    private ConferenceInfo Told(string status = "200 OK", string state = "active")
    {
        string notify = _peer.TakeRequest("NOTIFY");
        _peer.Answer(notify, status, hasContact: false);
        Assert.StartsWith(state, Header(notify, "Subscription-State"), StringComparison.Ordinal);
        Assert.Equal("application/conference-info+xml", Header(notify, "Content-Type"));
        Assert.True(ConferenceInfo.TryRead(Encoding.UTF8.GetBytes(Body(notify)), out ConferenceInfo? info), notify);
        return info;
    }

    [Fact]
    public void A_watcher_is_told_the_whole_then_the_changes_and_then_the_end()
    {
        _peer.Send("SUBSCRIBE", 1, headers: "Event: conference\r\nExpires: 600\r\n");
        _peer.TakeResponse(200);
        ConferenceInfo whole = Told();
        Assert.Equal((0u, ConferenceElementState.Full, 1u), (whole.Version, whole.State, whole.UserCount));
        Assert.Equal([Alice], whole.Users);

        _source.Change(new ConferenceInfo(Conference, [Alice, Bob]) { UserCount = 2 });
        ConferenceInfo changes = Told("500 Busy");
        Assert.Equal((1u, ConferenceElementState.Partial, 2u), (changes.Version, changes.State, changes.UserCount));
        Assert.Equal([Bob], changes.Users);

        // What was not heard is told whole.
        Assert.Equal(ConferenceElementState.Full, Told().State);
        _source.Change(new ConferenceInfo(Conference, [Bob]) { UserCount = 2 });
        ConferenceInfo left = Told();
        Assert.Equal((3u, ConferenceElementState.Deleted, null), (left.Version, Assert.Single(left.Users).State, left.UserCount));

        _source.End();
        Assert.Equal(ConferenceElementState.Deleted, Told(state: "terminated;reason=noresource").State);
        Assert.True(_network.Run(() => _source.Watchers == 0, Limit));
    }

    [Fact]
    public void A_refresh_is_told_the_whole()
    {
        _peer.Send("SUBSCRIBE", 1, headers: "Event: conference\r\nExpires: 600\r\n");
        _peer.TakeResponse(200);
        Told();
        _peer.Send("SUBSCRIBE", 2, headers: "Event: conference\r\nExpires: 600\r\n");
        _peer.TakeResponse(200);
        ConferenceInfo again = Told();
        Assert.Equal((1u, ConferenceElementState.Full), (again.Version, again.State));
    }

    private sealed class Focus(ConferenceSource source) : ISubscribeHandler
    {
        public IReadOnlyList<string> EventTypes { get; } = ["conference"];

        public void OnSubscribe(in SipIncomingRequest request) => source.Accept(request);
    }
}
