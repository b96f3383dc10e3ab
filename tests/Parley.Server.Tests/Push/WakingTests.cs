using Parley.Core;
using Parley.Server.Configuration;
using Parley.Server.Push;
using Parley.Server.Tests.Roles;

namespace Parley.Server.Tests.Push;

/// <summary>Calls and other requests for phones that sleep (RFC 8599 5.2, 5.6.2).</summary>
public sealed class WakingTests : IDisposable
{
    private const string BobUri = "sip:bob@example.com";
    private const string Push = ";pn-provider=acme;pn-param=app;pn-prid=00fc%2F1";

    private readonly RecordingPush _push = new();
    private readonly TestServer _server;
    private readonly Peer _alice;

    public WakingTests()
    {
        _server = new TestServer(configuration => configuration with { Push = Options, Messages = new MessageOptions { Store = false } }, push: _push);
        _alice = new Peer(_server, "192.0.2.1:5060");
    }

    private static PushOptions Options => new() { Url = new Uri("http://192.0.2.99/"), Providers = ["acme"], Wait = TimeSpan.FromSeconds(20) };

    public void Dispose() => _server.Dispose();

    [Fact]
    public void A_call_waits_for_a_phone_that_sleeps_and_follows_it_to_where_it_wakes()
    {
        Asleep("192.0.2.2:5060");
        Instant start = _server.Network.Now;
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        Assert.True(_alice.ReceiveStatus(100).At - start < TimeSpan.FromMilliseconds(100));
        PushRequest push = Assert.Single(_push.Requests);
        Assert.Equal(("acme", "app", "00fc/1"), (push.Phone.Provider, push.Phone.Parameter, push.Phone.Prid));
        Assert.Equal(new PushCause("INVITE", "sip:alice@example.com", "", _alice.CallId), push.Cause);

        _server.Network.RunFor(TimeSpan.FromSeconds(3));
        using var bob = new Peer(_server, "192.0.2.3:5099", "bob");
        Register(bob);
        Received call = bob.ReceiveNew("INVITE");
        Assert.Equal($"sip:bob@192.0.2.3:5099{Push}", call.RequestUri);
        bob.Answer(call, 180);
        _alice.ReceiveStatus(180);
        bob.Answer(call, 200);
        Received answer = _alice.ReceiveStatus(200);
        _alice.Send(_alice.InDialog("ACK", answer));
        bob.ReceiveNew("ACK");
        Assert.Single(_push.Requests);
        Assert.NotEmpty(invite);
        _server.AssertNothingLeft();
    }

    /// <summary>Whatever lane the phone registers on.</summary>
    [Fact]
    public void A_phone_wakes_calls_of_other_lanes()
    {
        using var server = new TestServer(configuration => configuration with { Push = Options }, lanes: 4, push: _push);
        using var alice = new Peer(server, "192.0.2.1:5060");
        using var bob = new Peer(server, "192.0.2.2:5060", "bob");
        Register(bob);
        for (int i = 0; i < 12; i++)
        {
            server.Network.RunFor(TimeSpan.FromMinutes(1));
            (alice.CallId, bob.CallId) = ($"call-{i}", $"register-{i}");
            string invite = alice.SendAuthorized(alice.Request("INVITE", BobUri));
            alice.ReceiveStatus(100);
            Register(bob);
            bob.Answer(bob.ReceiveNew("INVITE"), 486);
            bob.ReceiveNew("ACK");
            alice.Send(Peer.AckOf(invite, alice.ReceiveStatus(486)));
        }

        Assert.Equal(12, _push.Requests.Count(push => push.Cause is not null));
    }

    [Theory]
    [InlineData("INVITE", 20)]
    [InlineData("MESSAGE", 10)]
    [InlineData("OPTIONS", 10)]
    public void A_phone_that_does_not_come_is_not_reachable(string method, int seconds)
    {
        Asleep("192.0.2.2:5060");
        string request = _alice.SendAuthorized(_alice.Request(method, BobUri));
        Instant start = _server.Network.Now;
        Received answer = _alice.ReceiveNew("SIP/2.0 480", TimeSpan.FromSeconds(seconds + 1));
        Assert.InRange((answer.At - start).TotalSeconds, seconds - 0.1, seconds + 0.1);
        if (method == "INVITE") _alice.Send(Peer.AckOf(request, answer));
        Assert.Single(_push.Requests);
        _server.AssertNothingLeft();
    }

    /// <summary>The time for its coming is not the time for its answer.</summary>
    [Theory]
    [InlineData("MESSAGE")]
    [InlineData("INVITE")]
    public void A_phone_that_comes_late_has_the_time_that_others_have(string method)
    {
        Asleep("192.0.2.2:5060");
        string request = _alice.SendAuthorized(_alice.Request(method, BobUri));
        _server.Network.RunFor(TimeSpan.FromSeconds(9));
        using var bob = new Peer(_server, "192.0.2.3:5060", "bob");
        Register(bob);
        Received came = bob.ReceiveNew(method);
        _server.Network.RunFor(TimeSpan.FromSeconds(12));
        bob.Answer(came, method == "INVITE" ? 486 : 200);
        Received answer = _alice.ReceiveNew(method == "INVITE" ? "SIP/2.0 486" : "SIP/2.0 200");
        if (method == "INVITE") _alice.Send(Peer.AckOf(request, answer));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void A_caller_who_gives_up_ends_the_wait()
    {
        Asleep("192.0.2.2:5060");
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        _alice.ReceiveStatus(100);
        _alice.Send(Peer.CancelOf(invite));
        Received[] answers = [_alice.Receive(), _alice.Receive()];
        Assert.Equal([200, 487], answers.Select(answer => answer.Status).Order());
        _alice.Send(Peer.AckOf(invite, answers.Single(answer => answer.Status == 487)));
        using var bob = new Peer(_server, "192.0.2.3:5060", "bob");
        Register(bob);
        bob.ReceiveNothing(TimeSpan.FromSeconds(5));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void The_server_ends_the_wait_when_it_stops()
    {
        Asleep("192.0.2.2:5060");
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        _alice.ReceiveStatus(100);
        _server.Roles.EndCalls(alsoRinging: true);
        _alice.Send(Peer.AckOf(invite, _alice.ReceiveStatus(503)));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void Phones_that_are_awake_ring_meanwhile()
    {
        Asleep("192.0.2.2:5060");
        using var desk = new Peer(_server, "192.0.2.4:5060", "bob");
        _server.Bind("bob@example.com", "sip:bob@192.0.2.4:5060");
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        _alice.ReceiveStatus(100);
        Received atDesk = desk.Receive();
        desk.Answer(atDesk, 180);
        _alice.ReceiveStatus(180);
        using var mobile = new Peer(_server, "192.0.2.2:5060", "bob");
        Register(mobile);
        Received atMobile = mobile.ReceiveNew("INVITE");
        mobile.Answer(atMobile, 200);
        _alice.ReceiveStatus(200);
        desk.Answer(desk.ReceiveNew("CANCEL"), 200);
        desk.Answer(atDesk, 487);
        _server.AssertNothingLeft();
    }

    [Fact]
    public void An_answer_at_another_phone_ends_the_wait()
    {
        Asleep("192.0.2.2:5060");
        using var desk = new Peer(_server, "192.0.2.4:5060", "bob");
        _server.Bind("bob@example.com", "sip:bob@192.0.2.4:5060");
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        desk.Answer(desk.Receive(), 200);
        _alice.ReceiveNew("SIP/2.0 200");
        using var mobile = new Peer(_server, "192.0.2.2:5060", "bob");
        Register(mobile);
        mobile.ReceiveNothing(TimeSpan.FromSeconds(5));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void One_push_serves_all_that_waits_for_a_phone()
    {
        Asleep("192.0.2.2:5060");
        using var carol = new Peer(_server, "192.0.2.5:5060", "carol");
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        carol.SendAuthorized(carol.Request("MESSAGE", BobUri));
        _server.Network.RunFor(TimeSpan.FromSeconds(1));
        Assert.Single(_push.Requests);
        Assert.Equal(2, _server.State.Push!.Waiting);
        using var bob = new Peer(_server, "192.0.2.2:5060", "bob");
        Register(bob);
        Received[] came = [bob.Receive(), bob.Receive()];
        Assert.Equal(["INVITE", "MESSAGE"], came.Select(request => request.Method).Order());
        foreach (Received request in came) bob.Answer(request, request.Method == "INVITE" ? 603 : 200);
        carol.ReceiveStatus(200);
    }

    /// <summary>RFC 8599 5.6.2: a push that fails ends the wait.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_phone_that_cannot_be_woken_is_not_reachable(bool isFull)
    {
        (_push.IsTaking, _push.IsFull) = (false, isFull);
        Asleep("192.0.2.2:5060");
        string invite = _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        Received answer = _alice.ReceiveNew("SIP/2.0 480", TimeSpan.FromSeconds(1));
        _alice.Send(Peer.AckOf(invite, answer));
        _server.AssertNothingLeft();
    }

    [Fact]
    public void No_more_requests_wait_than_may()
    {
        _server.State.Configuration = _server.State.Configuration with { Push = Options with { MaxWaiting = 1 } };
        Asleep("192.0.2.2:5060");
        _alice.SendAuthorized(_alice.Request("MESSAGE", BobUri));
        using var carol = new Peer(_server, "192.0.2.5:5060", "carol");
        carol.SendAuthorized(carol.Request("MESSAGE", BobUri));
        carol.ReceiveStatus(480, TimeSpan.FromSeconds(1));
        Assert.Equal(1, _server.State.Push!.Refused);
    }

    [Fact]
    public void One_phone_does_not_take_all_places()
    {
        Asleep("192.0.2.2:5060");
        for (int i = 0; i <= PushBucket.MaxWaitingPerPhone; i++)
        {
            _alice.CallId = $"call-{i}";
            _alice.SendAuthorized(_alice.Request("MESSAGE", BobUri));
        }

        _alice.ReceiveNew("SIP/2.0 480", TimeSpan.FromSeconds(1));
        Assert.Equal(PushBucket.MaxWaitingPerPhone, _server.State.Push!.Waiting);
    }

    [Fact]
    public void A_phone_is_not_woken_again_and_again()
    {
        Asleep("192.0.2.2:5060");
        for (int i = 0; i < PushBucket.Burst + 5; i++)
        {
            _alice.CallId = $"call-{i}";
            _alice.SendAuthorized(_alice.Request("MESSAGE", BobUri));
            _alice.ReceiveNew("SIP/2.0 480", TimeSpan.FromSeconds(11));
        }

        // Each of them waited for 10 s, so a push or two came back with the minutes.
        Assert.InRange(_push.Requests.Count, PushBucket.Burst, PushBucket.Burst + 2);
    }

    /// <summary>docs/protection.md: who is offline and who is not there look alike, and nobody unknown sends pushes.</summary>
    [Theory]
    [InlineData(false, "INVITE", false)]
    [InlineData(true, "INVITE", true)]
    [InlineData(true, "MESSAGE", false)]
    [InlineData(true, "OPTIONS", false)]
    public void Strangers_wake_nobody_unless_they_may(bool mayCall, string method, bool isWoken)
    {
        _server.State.Configuration = _server.State.Configuration with { Push = Options with { Strangers = mayCall } };
        Asleep("192.0.2.2:5060");
        foreach (string uri in (string[])[BobUri, "sip:nobody@example.com"])
        {
            _alice.CallId = uri;
            string request = _alice.Request(method, uri, from: "<sip:eve@example.net>;tag=1");
            _alice.Send(request);
            bool waits = isWoken && uri == BobUri;
            Received answer = _alice.ReceiveStatus(waits ? 100 : 480, TimeSpan.FromMilliseconds(200));
            if (waits) answer = _alice.ReceiveStatus(480, TimeSpan.FromSeconds(21));
            if (method == "INVITE") _alice.Send(Peer.AckOf(request, answer));
        }

        Assert.Equal(isWoken ? 1 : 0, _push.Requests.Count);
        _server.AssertNothingLeft();
    }

    [Fact]
    public void Strangers_leave_pushes_to_others()
    {
        _server.State.Configuration = _server.State.Configuration with { Push = Options with { Strangers = true, Wait = TimeSpan.FromSeconds(1) } };
        Asleep("192.0.2.2:5060");
        for (int i = 0; i < PushBucket.Burst; i++)
        {
            _alice.CallId = $"call-{i}";
            string invite = _alice.Request("INVITE", BobUri, from: "<sip:eve@example.net>;tag=1");
            _alice.Send(invite);
            _alice.Send(Peer.AckOf(invite, _alice.ReceiveNew("SIP/2.0 480")));
            _server.Network.RunFor(TimeSpan.FromSeconds(5));
        }

        Assert.InRange(_push.Requests.Count, PushBucket.Burst / 2, (PushBucket.Burst / 2) + 1);
        _alice.CallId = "known";
        int before = _push.Requests.Count;
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        _alice.ReceiveStatus(100);
        Assert.Equal(before + 1, _push.Requests.Count);
    }

    [Fact]
    public void A_phone_that_has_just_registered_is_awake()
    {
        using var bob = new Peer(_server, "192.0.2.2:5060", "bob");
        Register(bob);
        _alice.SendAuthorized(_alice.Request("MESSAGE", BobUri));
        bob.Answer(bob.ReceiveNew("MESSAGE"), 200);
        _alice.ReceiveStatus(200);
        Assert.Empty(_push.Requests);
    }

    [Fact]
    public void Two_bindings_of_a_phone_are_woken_and_called_once()
    {
        Asleep("192.0.2.2:5060");
        Asleep("192.0.2.3:5060");
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        _alice.ReceiveStatus(100);
        using var bob = new Peer(_server, "192.0.2.4:5060", "bob");
        Register(bob);
        bob.Answer(bob.ReceiveNew("INVITE"), 486);
        bob.ReceiveNew("ACK");
        _alice.ReceiveStatus(486);
        Assert.Single(_push.Requests);
    }

    /// <summary>RFC 8599 4.1.3: the push service may know the phone by something else meanwhile.</summary>
    [Fact]
    public void A_phone_with_an_instance_may_come_with_another_prid()
    {
        const string instance = ";+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"";
        using (var before = new Peer(_server, "192.0.2.2:5060", "bob")) Register(before, parameters: instance);
        _server.Network.RunFor(TimeSpan.FromMinutes(1));
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        _alice.ReceiveStatus(100);
        using var bob = new Peer(_server, "192.0.2.2:5060", "bob") { CallId = "restarted" };
        Register(bob, ";pn-provider=acme;pn-prid=new", instance);
        Assert.Equal("sip:bob@192.0.2.2:5060;pn-provider=acme;pn-prid=new", bob.ReceiveNew("INVITE").RequestUri);
    }

    [Fact]
    public void Another_phone_of_the_user_wakes_no_call_for_this_one()
    {
        Asleep("192.0.2.2:5060");
        _alice.SendAuthorized(_alice.Request("MESSAGE", BobUri));
        using var other = new Peer(_server, "192.0.2.6:5060", "bob");
        Register(other, ";pn-provider=acme;pn-prid=other");
        other.ReceiveNothing(TimeSpan.FromSeconds(5));
        Assert.Equal(1, _server.State.Push!.Waiting);
    }

    [Fact]
    public void What_redirects_callers_does_not_tell_how_phones_are_woken()
    {
        Asleep("192.0.2.2:5060");
        _server.State.Configuration = _server.State.Configuration with { Domains = [new DomainOptions("example.com", DomainRole.Redirect)] };
        _alice.SendAuthorized(_alice.Request("INVITE", BobUri));
        Assert.StartsWith("<sip:bob@192.0.2.2:5060>", _alice.ReceiveStatus(302).Header("Contact"), StringComparison.Ordinal);
        Assert.Empty(_push.Requests);
    }

    [Fact]
    public void Phones_that_other_servers_wake_are_called_as_they_are()
    {
        using var bob = new Peer(_server, "192.0.2.2:5060", "bob");
        string register = bob.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: <sip:bob@{bob.Address}{Push}>\r\nFeature-Caps: *;+sip.pns=\"acme\"\r\n");
        bob.SendAuthorized(register.Replace("Max-Forwards", "Via: SIP/2.0/UDP 192.0.2.77;branch=z9hG4bKx\r\nMax-Forwards", StringComparison.Ordinal));
        bob.ReceiveStatus(200);
        _server.Network.RunFor(TimeSpan.FromMinutes(1));
        _alice.SendAuthorized(_alice.Request("MESSAGE", BobUri));
        bob.ReceiveNew("MESSAGE");
        Assert.Empty(_push.Requests);
    }

    /// <summary>Registers a phone and takes it away, until it does not count as awake any more.</summary>
    private void Asleep(string address)
    {
        using (var bob = new Peer(_server, address, "bob") { CallId = "before-" + address }) Register(bob);
        _server.Network.RunFor(TimeSpan.FromMinutes(1));
    }

    private static void Register(Peer phone, string push = Push, string parameters = "")
    {
        phone.SendAuthorized(phone.Request("REGISTER", "sip:example.com", "<sip:bob@example.com>", $"Contact: <sip:bob@{phone.Address}{push}>{parameters};expires=7200\r\n"));
        phone.ReceiveStatus(200);
    }
}
