using System.Text;
using Parley.Media.Codecs;
using Parley.Net.Virtual;
using Parley.Server.Configuration;
using Parley.Server.Tests.Roles;
using Parley.Sip.Events.Documents;
using Parley.UserAgent;
using Parley.UserAgent.Infos;

namespace Parley.Server.Tests.Conferences;

/// <summary>Rooms that users call: <c>sip:conference-NAME@DOMAIN</c>.</summary>
public sealed class ConferenceTests : IDisposable
{
    private const string Room = "sip:conference-team@example.com";
    private const double Spoken = 5100;     // the amplitude of a tone that a phone says, at the least

    private readonly TestServer _server;
    private readonly List<TalkingPhone> _phones = [];

    public ConferenceTests() => _server = new TestServer(
        configuration => configuration with
        {
            Domains = [new DomainOptions(TestServer.Domain), new DomainOptions("example.org")],
            Conferences = new ConferenceOptions { MaxRooms = 2, MaxParties = 3 },
        },
        lanes: 3);

    public void Dispose()
    {
        foreach (TalkingPhone phone in _phones) phone.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void Each_hears_the_others_and_not_itself_at_8_16_and_48_kHz()
    {
        (TalkingPhone Phone, double Hertz)[] parties =
        [
            (Phone("alice"), 400), (Phone("bob", new G722Codec()), 1000), (Phone("carol", OpusCodec.IsAvailable ? new OpusCodec() : null), 2500),
        ];
        foreach ((TalkingPhone phone, double hertz) in parties) phone.Dial(Room, hertz);
        RunFor(3);
        foreach ((TalkingPhone phone, double own) in parties)
        {
            foreach ((TalkingPhone _, double hertz) in parties)
            {
                double level = phone.Level(hertz);
                if (hertz == own) Assert.True(level < 40, $"{phone.SampleRate} Hz hears itself: {level:0}");
                else Assert.True(level > Spoken * 0.9, $"{phone.SampleRate} Hz hears of {hertz} Hz {level:0}");
            }
        }

        // Somebody puts the room on hold, and comes back.
        TalkingPhone bob = parties[1].Phone;
        Assert.True(bob.Call!.Hold(isHolding: true));
        RunFor(2);
        Assert.True(parties[0].Phone.Level(1000) < 5);
        Assert.True(bob.Call.Hold(isHolding: false));
        RunFor(2);
        Assert.True(parties[0].Phone.Level(1000) > Spoken * 0.9);
        Assert.True(bob.Level(400) > Spoken * 0.9);
        AssertNothingLeft();
    }

    [Fact]
    public void Who_comes_and_goes_is_heard()
    {
        TalkingPhone alice = Phone("alice"), bob = Phone("bob");
        alice.Dial(Room);
        RunFor(3);
        Assert.True(alice.Level(523.25) < 5);
        bob.Dial(Room);
        RunFor(0.4);        // the tone is then in the middle of the half second that is looked at, whose ends count little
        Assert.InRange(alice.Level(523.25), 50, 2000);
        RunFor(3);
        Assert.True(alice.Level(783.99) < 5);
        bob.HangUp();
        RunFor(0.4);
        Assert.InRange(alice.Level(783.99), 50, 2000);
        AssertNothingLeft();
    }

    [Theory]
    [InlineData(KeyTransport.Rtp)]
    [InlineData(KeyTransport.InfoRelay)]
    public void Star_six_mutes_oneself_and_star_six_again_unmutes(KeyTransport by)
    {
        TalkingPhone alice = Phone("alice"), bob = Phone("bob");
        alice.Dial(Room, 400);
        bob.Dial(Room);
        RunFor(2);
        Assert.True(bob.Level(400) > Spoken);
        Press(alice, "6", by);      // no command without the star
        RunFor(2);
        Assert.True(bob.Level(400) > Spoken);
        Press(alice, "*6", by);
        RunFor(2);
        Assert.True(bob.Level(400) < 5, $"{bob.Level(400)}");
        Press(alice, "*", by);
        RunFor(5);                  // too long
        Press(alice, "6", by);
        RunFor(2);
        Assert.True(bob.Level(400) < 5);
        Press(alice, "*6", by);
        RunFor(2);
        Assert.True(bob.Level(400) > Spoken);
        AssertNothingLeft();
    }

    [Fact]
    public void Star_seven_locks_the_room_for_who_has_been_there_longest()
    {
        TalkingPhone alice = Phone("alice"), bob = Phone("bob"), carol = Phone("carol");
        alice.Dial(Room);
        bob.Dial(Room);
        Press(bob, "*7", KeyTransport.Rtp);
        RunFor(1);
        carol.Dial(Room);
        carol.HangUp();
        Press(alice, "*7", KeyTransport.Rtp);
        RunFor(1);
        CallEnd end = carol.Fail(Room);
        Assert.Equal((480, "The Room Is Locked"), (end.StatusCode, end.ReasonPhrase));
        alice.HangUp();
        Press(bob, "*7", KeyTransport.Rtp);
        RunFor(1);
        carol.Dial(Room);
        AssertNothingLeft();
    }

    [Fact]
    public void There_are_no_more_rooms_and_no_more_in_a_room_than_may_be()
    {
        TalkingPhone alice = Phone("alice"), bob = Phone("bob"), carol = Phone("carol"), dave = Phone("dave");
        alice.Dial(Room);
        bob.Dial(Room);
        carol.Dial(Room);
        CallEnd full = dave.Fail(Room);
        Assert.Equal((486, "The Room Is Full"), (full.StatusCode, full.ReasonPhrase));
        carol.HangUp();
        carol.Dial("sip:conference-two@example.com");
        CallEnd tooMany = dave.Fail("sip:conference-three@example.com");
        Assert.Equal((480, "Too Many Rooms"), (tooMany.StatusCode, tooMany.ReasonPhrase));
        Assert.Equal(2, _server.State.Conferences.Count);

        // The refusal says it to programs too.
        var peer = new Peer(_server, "192.0.2.77:5060", "dave");
        peer.SendAuthorized(peer.Request("INVITE", "sip:conference-three@example.com", headers: "Content-Type: application/sdp\r\n"));
        Assert.Equal("399 parley \"Too Many Rooms\"", peer.ReceiveStatus(480).Header("Warning"));

        carol.HangUp();
        RunFor(1);                  // what she said last is played
        dave.Dial("sip:conference-three@example.com");
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("INVITE", "Content-Type: application/sdp\r\n")]
    [InlineData("SUBSCRIBE", "Event: conference\r\n")]
    [InlineData("OPTIONS", "")]
    public void Strangers_and_users_of_other_domains_are_refused_whether_there_is_the_room_or_not(string method, string headers)
    {
        _server.AddUsers("eve@example.org");
        Phone("alice").Dial(Room);
        var stranger = new Peer(_server, "203.0.113.1:5060", "mallory");
        foreach (string room in (string[])[Room, "sip:conference-none@example.com"])
        {
            stranger.Send(stranger.Request(method, room, from: "<sip:mallory@elsewhere.example>;tag=1", headers: headers));
            stranger.ReceiveStatus(403);
        }

        var eve = new Peer(_server, "203.0.113.2:5060", "eve");
        string request = eve.Request(method, Room, from: "<sip:eve@example.org>;tag=1", headers: headers);
        eve.Send(request);
        eve.Send(eve.Authorize(request, eve.ReceiveStatus(407)));
        eve.ReceiveStatus(403);
        AssertNothingLeft();
    }

    [Fact]
    public void Strangers_may_come_in_where_that_is_set()
    {
        _server.State.Configuration = _server.State.Configuration with { Conferences = new ConferenceOptions { Strangers = true } };
        TalkingPhone mallory = Phone("mallory", identity: "sip:mallory@elsewhere.example", hasPassword: false);
        mallory.Dial(Room);
        AssertNothingLeft();
    }

    [Fact]
    public void Without_rooms_the_names_are_nobodys()
    {
        _server.State.Configuration = _server.State.Configuration with { Conferences = new ConferenceOptions { MaxRooms = 0 } };
        Assert.Equal(404, Phone("alice").Fail(Room).StatusCode);
        AssertNothingLeft();
    }

    [Fact]
    public void Who_watches_a_room_is_told_who_is_there()
    {
        var watcher = new Peer(_server, "192.0.2.77:5060", "dave");
        watcher.SendAuthorized(watcher.Request("SUBSCRIBE", Room, headers: "Event: conference\r\nExpires: 600\r\n"));
        Received accepted = watcher.ReceiveNew("SIP/2.0 200");
        Assert.EndsWith(";isfocus", accepted.Header("Contact"), StringComparison.Ordinal);
        ConferenceInfo info = Told(watcher);
        Assert.Equal((0u, ConferenceElementState.Full, false, 0u, 3u), (info.Version, info.State, info.IsActive, info.UserCount, info.MaximumUserCount));
        Assert.Equal(Room, info.Entity);

        TalkingPhone alice = Phone("alice"), bob = Phone("bob"), second = Phone("bob");
        alice.Dial(Room);
        info = Told(watcher);
        Assert.Equal((1u, ConferenceElementState.Partial, true, 1u), (info.Version, info.State, info.IsActive, info.UserCount));
        ConferenceUser user = Assert.Single(info.Users);
        Assert.Equal(("sip:alice@example.com", "alice"), (user.Entity, user.DisplayText));
        ConferenceEndpoint endpoint = Assert.Single(user.Endpoints);
        Assert.Equal(("connected", "dialed-in", new ConferenceMedia("1", "audio", "sendrecv")), (endpoint.Status, endpoint.JoiningMethod, Assert.Single(endpoint.Media)));

        // Two phones of one user are one user; what happens at once is told at once.
        bob.Dial(Room);
        second.Dial(Room);
        info = Told(watcher);
        Assert.Equal((2u, 2u), (info.Version, info.UserCount));
        Assert.Equal(2, Assert.Single(info.Users).Endpoints.Count);

        Press(alice, "*6", KeyTransport.Rtp);
        info = Told(watcher);
        Assert.Equal("recvonly", Assert.Single(Assert.Single(info.Users).Endpoints).Media[0].Direction);
        Assert.True(bob.Call!.Hold(isHolding: true));
        info = Told(watcher);
        Assert.Contains(Assert.Single(info.Users).Endpoints, one => one.Status == "on-hold");
        Press(alice, "*7", KeyTransport.Rtp);
        info = Told(watcher);
        Assert.Equal(true, info.IsLocked);
        Assert.Empty(info.Users);

        alice.HangUp();
        info = Told(watcher);
        Assert.Equal(("sip:alice@example.com", ConferenceElementState.Deleted), (info.Users[0].Entity, info.Users[0].State));
        bob.HangUp();
        second.HangUp();
        info = Told(watcher);
        Assert.Equal((false, 0u), (info.IsActive, info.UserCount));
        Assert.Equal(0, _server.State.Conferences.Count);
        Assert.Equal(7u, info.Version);

        _server.Roles.EndCalls(alsoRinging: false);
        Received last = watcher.ReceiveNew("NOTIFY", TimeSpan.FromSeconds(10));
        Assert.Equal("terminated;reason=probation;retry-after=30", last.Header("Subscription-State"));
        watcher.Answer(last, 200);
        AssertNothingLeft();
    }

    [Fact]
    public void A_focus_says_that_it_is_one_and_knows_no_other_event()
    {
        var peer = new Peer(_server, "192.0.2.77:5060", "dave");
        peer.SendAuthorized(peer.Request("OPTIONS", Room));
        Received options = peer.ReceiveStatus(200);
        Assert.Contains("<sip:conference-team@", options.Header("Contact"), StringComparison.Ordinal);
        Assert.EndsWith(";isfocus", options.Header("Contact"), StringComparison.Ordinal);
        Assert.Equal("conference", options.Header("Allow-Events"));
        peer.SendAuthorized(peer.Request("SUBSCRIBE", Room, headers: "Event: refer\r\n"));
        Assert.Equal("conference", peer.ReceiveStatus(489).Header("Allow-Events"));
        peer.SendAuthorized(peer.Request("SUBSCRIBE", Room, headers: "Event: conference\r\nAccept: text/plain\r\n"));
        Assert.Equal("application/conference-info+xml", peer.ReceiveStatus(406).Header("Accept"));
        AssertNothingLeft();
    }

    [Fact]
    public void When_the_server_stops_all_are_sent_home()
    {
        TalkingPhone alice = Phone("alice"), bob = Phone("bob");
        alice.Dial(Room);
        bob.Dial(Room);
        _server.Roles.EndCalls(alsoRinging: false);
        Assert.True(_server.Network.Run(() => alice.Ended is not null && bob.Ended is not null, TimeSpan.FromSeconds(5)));
        Assert.Equal(CallEndReason.HungUpByPeer, alice.Ended!.Reason);
        AssertNothingLeft();
    }

    private TalkingPhone Phone(string user, IAudioCodec? codec = null, string? identity = null, bool hasPassword = true)
    {
        var phone = new TalkingPhone(_server, $"192.0.2.{100 + _phones.Count}", user, codec, identity, hasPassword);
        _phones.Add(phone);
        return phone;
    }

    private void Press(TalkingPhone phone, string keys, KeyTransport by)
    {
        Assert.True(phone.Call!.SendDigits(keys, by));
        RunFor(0.5);
    }

    private void RunFor(double seconds) => _server.Network.RunFor(TimeSpan.FromSeconds(seconds));

    private static ConferenceInfo Told(Peer watcher)
    {
        Received notify = watcher.ReceiveNew("NOTIFY", TimeSpan.FromSeconds(12));
        watcher.Answer(notify, 200);
        Assert.StartsWith("active", notify.Header("Subscription-State"), StringComparison.Ordinal);
        Assert.True(ConferenceInfo.TryRead(Encoding.UTF8.GetBytes(notify.Text.Split("\r\n\r\n")[1]), out ConferenceInfo? info), notify.Text);
        return info;
    }

    private void AssertNothingLeft()
    {
        foreach (TalkingPhone phone in _phones.Where(phone => phone.Ended is null && phone.Call is not null)) phone.HangUp();
        _server.IsPumping = false;
        VirtualNetwork network = _server.Network;
        Assert.True(network.RunUntilIdle(TimeSpan.FromHours(2)), network.ToString());
        Assert.All(_server.Roles.Lanes, lane => Assert.Equal(0, lane.OpenWork));
        Assert.Equal(0, _server.State.Conferences.Count);
        Assert.Equal(0, _server.MediaPorts.Rented);
        _server.AssertNothingLeft();
    }
}
