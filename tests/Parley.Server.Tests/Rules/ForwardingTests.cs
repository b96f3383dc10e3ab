using Parley.Core;
using Parley.Server.Configuration;
using Parley.Server.Tests.Roles;

namespace Parley.Server.Tests.Rules;

/// <summary>What an administrator sets for calls without a line of code: forwarding, do not disturb, groups, short codes.</summary>
public sealed class ForwardingTests : IDisposable
{
    private static readonly TimeSpan AfterRinging = TimeSpan.FromSeconds(6);

    private TestServer? _server;
    private Peer? _alice;
    private Peer? _bob;
    private Peer? _carol;

    private TestServer Server => _server!;

    private Peer Alice => _alice!;

    private Peer Bob => _bob!;

    private Peer Carol => _carol!;

    public void Dispose() => _server?.Dispose();

    /// <summary>A server whose domain has rules, with bob and carol at their phones.</summary>
    private void Start(string rules, bool bobIsThere = true, bool carolIsThere = true)
    {
        DomainOptions domain = Read(rules);
        _server = new TestServer(configuration => configuration with { Domains = [domain] });
        _alice = new Peer(Server, "192.0.2.1:5060");
        _bob = new Peer(Server, "192.0.2.2:5060", "bob");
        _carol = new Peer(Server, "192.0.2.3:5060", "carol");
        if (bobIsThere) Server.Bind("bob@example.com", "sip:bob@192.0.2.2:5060");
        if (carolIsThere) Server.Bind("carol@example.com", "sip:carol@192.0.2.3:5060");
    }

    internal static DomainOptions Read(string rules)
    {
        using var file = new TestFile($$"""{ "domains": [{ "name": "example.com", {{rules}} }] }""");
        Assert.True(ParleyConfiguration.TryLoad(new ConfigurationSources { File = file.Path }, out ParleyConfiguration? configuration, out ConfigurationError? error), error?.Message);
        return configuration.Domains[0];
    }

    private string Call(string user = "bob", string? headers = null)
    {
        string invite = Alice.SendAuthorized(Alice.Request("INVITE", $"sip:{user}@example.com", headers: headers));
        return invite;
    }

    private void IsAnswered(string invite, Peer phone, Received at)
    {
        phone.Answer(at, 200);
        Received answer = Alice.ReceiveNew("SIP/2.0 200");
        Alice.Send(Alice.InDialog("ACK", answer, cseq: CSeqOf(invite)));
        Assert.Equal("ACK", phone.ReceiveNewAfterInvites().Method);
        Server.AssertNothingLeft();
    }

    private void IsRefused(string invite, int status)
    {
        Received end = Alice.ReceiveNew($"SIP/2.0 {status}", TimeSpan.FromSeconds(40));
        Alice.Send(Peer.AckOf(invite, end));
        Server.AssertNothingLeft();
    }

    private static int CSeqOf(string invite) => int.Parse(invite.Split("CSeq: ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public void All_calls_go_elsewhere()
    {
        Start("""
            "users": { "bob": { "forward": { "always": "carol" } } }
            """);
        string invite = Call();
        Received atCarol = Carol.Receive();
        Assert.Equal("sip:carol@192.0.2.3:5060", atCarol.RequestUri);
        Assert.Equal("<sip:bob@example.com>", atCarol.Header("To"));
        Assert.Equal(
            ["<sip:bob@example.com>;index=1", "<sip:carol@example.com>;index=1.1;mp=1", "<sip:carol@192.0.2.3:5060>;index=1.1.1;rc=1.1"],
            atCarol.Headers("History-Info"));
        Assert.Equal(["<sip:bob@example.com>;reason=unconditional;counter=1"], atCarol.Headers("Diversion"));
        Bob.ReceiveNothing(TimeSpan.FromMilliseconds(100));
        IsAnswered(invite, Carol, atCarol);
    }

    [Fact]
    public void A_call_for_who_is_busy_goes_elsewhere()
    {
        Start("""
            "users": { "bob": { "forward": { "busy": "carol" } } }
            """);
        string invite = Call();
        Received atBob = Bob.Receive();
        Bob.Answer(atBob, 486);
        Assert.Equal("ACK", Bob.Receive().Method);
        Received atCarol = Carol.Receive();
        Assert.Equal(
            ["<sip:bob@example.com>;index=1", "<sip:bob@192.0.2.2:5060?Reason=SIP%3Bcause%3D486>;index=1.1;rc=1", "<sip:carol@example.com>;index=1.2;mp=1", "<sip:carol@192.0.2.3:5060>;index=1.2.1;rc=1.2"],
            atCarol.Headers("History-Info"));
        Assert.Equal(["<sip:bob@example.com>;reason=user-busy;counter=1"], atCarol.Headers("Diversion"));
        Assert.Equal("69", atCarol.Header("Max-Forwards"));
        IsAnswered(invite, Carol, atCarol);
    }

    [Theory]
    [InlineData(603)]
    [InlineData(600)]
    [InlineData(403)]
    public void A_callee_who_declines_has_the_last_word(int status)
    {
        Start("""
            "users": { "bob": { "forward": { "busy": "carol", "noAnswer": "carol", "offline": "carol" } } }
            """);
        string invite = Call();
        Bob.Answer(Bob.Receive(), status);
        IsRefused(invite, status);
        Assert.Equal(0, Carol.Waiting);
    }

    [Fact]
    public void A_call_that_is_not_answered_in_time_goes_elsewhere()
    {
        Start("""
            "users": { "bob": { "forward": { "noAnswer": "carol", "after": 5 } } }
            """);
        string invite = Call();
        Received atBob = Bob.Receive();
        Bob.Answer(atBob, 180);
        Instant since = Server.Network.Now;
        Alice.ReceiveStatus(180);
        Received cancel = Bob.Receive(AfterRinging);
        Assert.Equal("CANCEL", cancel.Method);
        Assert.InRange((cancel.At - since).TotalSeconds, 4.9, 5.1);
        Bob.Answer(cancel, 200);
        Assert.Equal(0, Carol.Waiting);         // until bob's phone has stopped: it might have been answered at this moment
        Bob.Answer(atBob, 487);
        Assert.Equal("ACK", Bob.Receive().Method);
        Received atCarol = Carol.Receive();
        Assert.Contains("<sip:bob@192.0.2.2:5060?Reason=SIP%3Bcause%3D408>;index=1.1;rc=1", atCarol.Headers("History-Info"));
        IsAnswered(invite, Carol, atCarol);
    }

    [Fact]
    public void An_answer_that_crosses_the_end_of_ringing_counts()
    {
        Start("""
            "users": { "bob": { "forward": { "noAnswer": "carol", "after": 5 } } }
            """);
        string invite = Call();
        Received atBob = Bob.Receive();
        Bob.Answer(atBob, 180);
        Alice.ReceiveStatus(180);
        Received cancel = Bob.Receive(AfterRinging);
        Bob.Answer(cancel, 200);
        IsAnswered(invite, Bob, atBob);
        Assert.Equal(0, Carol.Waiting);
    }

    [Fact]
    public void A_phone_that_answers_nothing_any_more_holds_no_call_up()
    {
        Start("""
            "users": { "bob": { "forward": { "noAnswer": "carol", "after": 5 } } }
            """);
        string invite = Call();
        Bob.Answer(Bob.Receive(), 180);
        Alice.ReceiveStatus(180);
        Received atCarol = Carol.Receive(TimeSpan.FromSeconds(11));
        Carol.Answer(atCarol, 200);
        Received answer = Alice.ReceiveNew("SIP/2.0 200");
        Alice.Send(Alice.InDialog("ACK", answer, cseq: CSeqOf(invite)));
        Server.AssertNothingLeft();
    }

    [Fact]
    public void A_phone_that_rings_out_by_itself_was_not_answered()
    {
        Start("""
            "users": { "bob": { "forward": { "noAnswer": "carol", "offline": "dave" } } }
            """);
        string invite = Call();
        Received atBob = Bob.Receive();
        Bob.Answer(atBob, 180);
        Bob.Answer(atBob, 480);
        IsAnswered(invite, Carol, Carol.Receive());
    }

    [Fact]
    public void A_call_for_who_is_nowhere_goes_elsewhere()
    {
        Start("""
            "users": { "bob": { "forward": { "offline": "carol", "noAnswer": "dave" } } }
            """, bobIsThere: false);
        string invite = Call();
        Received atCarol = Carol.Receive();
        Assert.Equal(["<sip:bob@example.com>;reason=unavailable;counter=1"], atCarol.Headers("Diversion"));
        IsAnswered(invite, Carol, atCarol);
    }

    [Fact]
    public void A_call_for_a_phone_that_is_dead_goes_elsewhere()
    {
        Start("""
            "users": { "bob": { "forward": { "offline": "carol" } } }
            """);
        string invite = Call();
        IsAnswered(invite, Carol, Carol.Receive(TimeSpan.FromSeconds(40)));     // Timer B: nothing came back
    }

    [Fact]
    public void What_is_set_for_the_domain_counts_for_who_has_nothing_else()
    {
        Start("""
            "forward": { "offline": "carol", "busy": "dave" }, "users": { "bob": { "forward": { "busy": "carol" } } }
            """, bobIsThere: true);
        string invite = Call("dave");
        Received atCarol = Carol.Receive();
        Carol.Answer(atCarol, 486);
        Assert.Equal("ACK", Carol.Receive().Method);
        IsRefused(invite, 486);         // the domain's word for the busy is dave, where the call has been
    }

    [Fact]
    public void A_name_that_nobody_has_can_be_answered_by_somebody()
    {
        Start("""
            "forward": { "offline": "carol" }
            """);
        string invite = Call("nobody");
        IsAnswered(invite, Carol, Carol.Receive());
    }

    [Fact]
    public void Who_forward_to_each_other_end_the_call()
    {
        Start("""
            "users": { "bob": { "forward": { "always": "carol" } }, "carol": { "forward": { "always": "bob" } } }
            """);
        IsRefused(Call(), 482);
        Assert.Equal(0, Bob.Waiting + Carol.Waiting);
    }

    [Fact]
    public void A_call_can_leave_the_domain()
    {
        Start("""
            "users": { "bob": { "forward": { "always": "sip:carol@192.0.2.3:5060;x=1" } } }
            """);
        string invite = Call();
        Received atCarol = Carol.Receive();
        Assert.Equal("sip:carol@192.0.2.3:5060;x=1", atCarol.RequestUri);
        IsAnswered(invite, Carol, atCarol);
    }

    [Fact]
    public void A_caller_who_gives_up_ends_the_second_phone_too()
    {
        Start("""
            "users": { "bob": { "forward": { "busy": "carol" } } }
            """);
        string invite = Call();
        Bob.Answer(Bob.Receive(), 486);
        Received atCarol = Carol.Receive();
        Carol.Answer(atCarol, 180);
        Alice.ReceiveStatus(180);
        Alice.Send(Peer.CancelOf(invite));
        Alice.ReceiveStatus(200);
        Received cancel = Carol.Receive();
        Assert.Equal("CANCEL", cancel.Method);
        Carol.Answer(cancel, 200);
        Carol.Answer(atCarol, 487);
        IsRefused(invite, 487);
    }

    [Fact]
    public void Do_not_disturb_keeps_phones_quiet()
    {
        Start("""
            "users": { "bob": { "doNotDisturb": true } }
            """);
        string invite = Call();
        Assert.Equal("SIP/2.0 480 Do Not Disturb", Refusal(invite).FirstLine);
        Assert.Equal(0, Bob.Waiting);

        var stranger = new Peer(Server, "192.0.2.9:5060", "mallory");
        stranger.Send(stranger.Request("INVITE", "sip:bob@example.com", from: "<sip:m@example.net>;tag=1"));
        Assert.Equal("SIP/2.0 480 Temporarily Unavailable", stranger.Receive().FirstLine);
        stranger.Send(stranger.Request("INVITE", "sip:nobody@example.com", from: "<sip:m@example.net>;tag=1"));
        Assert.Equal("SIP/2.0 480 Temporarily Unavailable", stranger.ReceiveNew("SIP/2.0").FirstLine);
    }

    [Fact]
    public void Who_wants_no_calls_can_have_them_elsewhere()
    {
        Start("""
            "users": { "bob": { "doNotDisturb": true, "forward": { "busy": "carol" } } }
            """);
        string invite = Call();
        Received atCarol = Carol.Receive();
        Assert.Equal(["<sip:bob@example.com>;reason=do-not-disturb;counter=1"], atCarol.Headers("Diversion"));
        IsAnswered(invite, Carol, atCarol);
    }

    [Fact]
    public void A_short_code_stands_for_somebody()
    {
        Start("""
            "shortCodes": { "*1": "carol", "2": "echo" }
            """);
        string invite = Call("*1");
        Received atCarol = Carol.Receive();
        Assert.False(atCarol.Has("Diversion"));
        IsAnswered(invite, Carol, atCarol);
    }

    [Fact]
    public void A_group_rings_at_all_its_members()
    {
        Start("""
            "groups": { "sales": { "members": ["bob", "carol", "dave", "sip:eve@192.0.2.5"] } }
            """);
        var eve = new Peer(Server, "192.0.2.5:5060", "eve");
        string invite = Call("sales");
        Received atBob = Bob.Receive(), atCarol = Carol.Receive(), atEve = eve.Receive();
        Assert.Equal("<sip:carol@192.0.2.3:5060>;index=1.2;mp=1", atCarol.Headers("History-Info").Last());
        Bob.Answer(atBob, 486);
        eve.Answer(atEve, 404);
        IsAnswered(invite, Carol, atCarol);
    }

    [Fact]
    public void A_group_that_rings_in_turn_goes_on_after_a_while()
    {
        Start("""
            "groups": { "sales": { "members": ["bob", "carol"], "ring": "inTurn", "after": 5, "otherwise": "*9" } }, "shortCodes": { "*9": "sip:eve@192.0.2.5" }
            """);
        var eve = new Peer(Server, "192.0.2.5:5060", "eve");
        string invite = Call("sales");
        RingOut(Bob);
        RingOut(Carol);
        Received atEve = eve.Receive();
        Assert.Equal(["<sip:sales@example.com>;reason=no-answer;counter=1"], atEve.Headers("Diversion"));
        IsAnswered(invite, eve, atEve);
    }

    [Fact]
    public void A_round_robin_begins_with_another_member_each_time()
    {
        Start("""
            "groups": { "sales": { "members": ["bob", "carol"], "ring": "roundRobin" } }
            """);
        foreach (Peer first in (Peer[])[Bob, Carol, Bob])
        {
            Alice.CallId = Guid.NewGuid().ToString("N");
            string invite = Call("sales");
            Received call = first.Receive();
            Assert.Equal(0, Bob.Waiting + Carol.Waiting);
            first.Answer(call, 603);
            Assert.Equal("ACK", first.Receive().Method);
            Refusal(invite);
        }
    }

    [Fact]
    public void Members_who_want_no_calls_are_passed_over()
    {
        Start("""
            "groups": { "sales": { "members": ["bob", "carol"] } }, "users": { "bob": { "doNotDisturb": true }, "carol": { "forward": { "always": "dave" } } }
            """);
        string invite = Call("sales");
        Received atCarol = Carol.Receive();
        Assert.Equal(0, Bob.Waiting);
        IsAnswered(invite, Carol, atCarol);
    }

    [Fact]
    public void A_group_of_whom_nobody_is_there_says_so()
    {
        Start("""
            "groups": { "sales": { "members": ["dave"] } }
            """);
        IsRefused(Call("sales"), 480);
    }

    [Fact]
    public void What_came_as_history_is_kept_and_goes_on()
    {
        Start("""
            "users": { "bob": { "forward": { "always": "carol" } } }
            """);
        string invite = Call(headers: "History-Info: <sip:b@example.net>;index=1, <sip:bob@example.com>;index=1.1;mp=1\r\nDiversion: <sip:b@example.net>;reason=away\r\n");
        Received atCarol = Carol.Receive();
        Assert.Equal(
            ["<sip:b@example.net>;index=1, <sip:bob@example.com>;index=1.1;mp=1", "<sip:carol@example.com>;index=1.1.1;mp=1.1", "<sip:carol@192.0.2.3:5060>;index=1.1.1.1;rc=1.1.1"],
            atCarol.Headers("History-Info"));
        Assert.Equal(["<sip:bob@example.com>;reason=unconditional;counter=1", "<sip:b@example.net>;reason=away"], atCarol.Headers("Diversion"));
        IsAnswered(invite, Carol, atCarol);
    }

    [Fact]
    public void A_gap_in_the_history_is_marked()
    {
        Start("""
            "shortCodes": { "2": "echo" }
            """);
        string invite = Call(headers: "History-Info: <sip:b@example.net>;index=1.1\r\n");
        Received atBob = Bob.Receive();
        Assert.Equal(
            ["<sip:b@example.net>;index=1.1", "<sip:bob@example.com>;index=1.1.0", "<sip:bob@192.0.2.2:5060>;index=1.1.0.1;rc=1.1.0"],
            atBob.Headers("History-Info"));
        IsAnswered(invite, Bob, atBob);
    }

    [Fact]
    public void Who_wants_no_history_gets_an_anonymous_one()
    {
        Start("""
            "users": { "bob": { "forward": { "busy": "carol" } } }
            """);
        string invite = Call(headers: "Privacy: history\r\n");
        Bob.Answer(Bob.Receive(), 486);
        Received atCarol = Carol.Receive();
        Assert.All(atCarol.Headers("History-Info"), entry => Assert.StartsWith("<sip:anonymous@anonymous.invalid", entry, StringComparison.Ordinal));
        Assert.Equal(["<sip:bob@example.com>;reason=user-busy;counter=1;privacy=full"], atCarol.Headers("Diversion"));
        IsAnswered(invite, Carol, atCarol);
    }

    private void RingOut(Peer phone)
    {
        Received invite = phone.Receive();
        phone.Answer(invite, 180);
        Received cancel = phone.Receive(AfterRinging);
        Assert.Equal("CANCEL", cancel.Method);
        phone.Answer(cancel, 200);
        phone.Answer(invite, 487);
        Assert.Equal("ACK", phone.Receive().Method);
    }

    private Received Refusal(string invite)
    {
        Received end = Alice.Receive();
        while (end.Status < 300) end = Alice.Receive();
        Alice.Send(Peer.AckOf(invite, end));
        return end;
    }
}
