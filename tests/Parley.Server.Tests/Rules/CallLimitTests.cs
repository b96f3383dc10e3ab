using Parley.Server.Configuration;
using Parley.Server.Tests.Roles;

namespace Parley.Server.Tests.Rules;

/// <summary>How many calls a user may have, as caller and as callee.</summary>
public sealed class CallLimitTests : IDisposable
{
    private readonly Dictionary<string, Peer> _phones = [];
    private TestServer? _server;

    private TestServer Server => _server!;

    public void Dispose() => _server?.Dispose();

    private void Start(string rules)
    {
        DomainOptions domain = ForwardingTests.Read(rules);
        _server = new TestServer(configuration => configuration with { Domains = [domain] });
        int host = 1;
        foreach (string user in (string[])["alice", "bob", "carol", "dave"])
        {
            _phones[user] = new Peer(Server, $"192.0.2.{host}:5060", user);
            Server.Bind($"{user}@example.com", $"sip:{user}@192.0.2.{host}:5060");
            host++;
        }
    }

    private Attempt Call(string caller, string callee)
    {
        Peer phone = _phones[caller];
        phone.CallId = Guid.NewGuid().ToString("N");
        return new Attempt(this, phone, phone.SendAuthorized(phone.Request("INVITE", $"sip:{callee}@example.com", headers: "Supported: timer\r\n")), phone.CallId);
    }

    private void IsRefused(Attempt call, string line)
    {
        Received end = call.Caller.Receive();
        while (end.Status < 200) end = call.Caller.Receive();
        Assert.Equal(line, end.FirstLine);
        call.Caller.Send(Peer.AckOf(call.Invite, end));
    }

    [Fact]
    public void A_callee_with_as_many_calls_as_he_may_have_is_busy()
    {
        Start("""
            "users": { "bob": { "maxCalls": 1 } }
            """);
        Attempt first = Call("alice", "bob");
        first.Answer("bob");
        IsRefused(Call("carol", "bob"), "SIP/2.0 486 Busy Here");

        first.HangUp();
        Attempt next = Call("carol", "bob");
        next.Answer("bob");
        next.HangUp();
        Assert.Equal(0, Server.State.Limits.Count);
        Server.AssertNothingLeft();
    }

    [Fact]
    public void A_call_that_rings_counts_and_one_that_failed_does_not()
    {
        Start("""
            "users": { "bob": { "maxCalls": 1, "forward": { "busy": "dave" } } }
            """);
        Attempt first = Call("alice", "bob");
        Received atBob = _phones["bob"].Receive();
        _phones["bob"].Answer(atBob, 180);
        first.Caller.ReceiveStatus(180);
        Attempt second = Call("carol", "bob");
        second.Answer("dave");
        second.HangUp();

        _phones["bob"].Answer(atBob, 603);
        IsRefused(first, "SIP/2.0 603 Answer");
        Assert.Equal("ACK", _phones["bob"].ReceiveNewAfterInvites().Method);
        Assert.Equal(0, Server.State.Limits.Count);
        Server.AssertNothingLeft();
    }

    [Fact]
    public void A_caller_with_as_many_calls_as_he_may_have_is_told_so()
    {
        Start("""
            "maxCalls": 1
            """);
        Attempt first = Call("alice", "bob");
        first.Answer("bob");
        IsRefused(Call("alice", "carol"), "SIP/2.0 403 Too Many Calls");
        IsRefused(Call("bob", "carol"), "SIP/2.0 403 Too Many Calls");
        IsRefused(Call("carol", "alice"), "SIP/2.0 486 Busy Here");
        first.HangUp();
        Attempt next = Call("bob", "carol");
        next.Answer("carol");
        next.HangUp();
        Assert.Equal(0, Server.State.Limits.Count);
    }

    [Fact]
    public void In_a_group_a_call_counts_for_who_answers()
    {
        Start("""
            "users": { "bob": { "maxCalls": 1 }, "carol": { "maxCalls": 1 } }, "groups": { "sales": { "members": ["bob", "carol"] } }
            """);
        Attempt first = Call("alice", "sales");
        Received atBob = _phones["bob"].Receive();
        _phones["bob"].Answer(atBob, 180);
        first.Answer("carol");
        Received cancel = _phones["bob"].ReceiveNewAfterInvites();
        Assert.Equal("CANCEL", cancel.Method);
        _phones["bob"].Answer(cancel, 200);
        _phones["bob"].Answer(atBob, 487);
        Assert.Equal("ACK", _phones["bob"].Receive().Method);

        Attempt second = Call("dave", "sales");
        second.Answer("bob");
        Assert.Equal(0, _phones["carol"].Waiting);
        IsRefused(Call("alice", "sales"), "SIP/2.0 486 Busy Here");
        first.HangUp();
        second.HangUp();
        Assert.Equal(0, Server.State.Limits.Count);
    }

    [Fact]
    public void A_call_whose_phones_have_gone_ends_with_its_session_timer()
    {
        Start("""
            "users": { "bob": { "maxCalls": 1 } }
            """);
        Attempt first = Call("alice", "bob");
        Received atBob = _phones["bob"].Receive();
        Assert.Equal("1800", atBob.Header("Session-Expires"));
        first.Answer("bob", atBob, "Session-Expires: 100;refresher=uac\r\nRequire: timer\r\n");
        Server.Network.RunFor(TimeSpan.FromSeconds(90));
        Assert.Equal(1, Server.State.Limits.Count);
        first.Refresh("bob", 200);
        Server.Network.RunFor(TimeSpan.FromSeconds(200));
        Assert.Equal(1, Server.State.Limits.Count);
        Server.Network.RunFor(TimeSpan.FromSeconds(40));
        Assert.Equal(0, Server.State.Limits.Count);
        Server.AssertNothingLeft();
    }

    [Fact]
    public void A_server_s_own_service_does_not_hold_a_caller_s_place()
    {
        Start("""
            "maxCalls": 1, "users": { "bob": { "forward": { "busy": "music" } } }
            """);
        Attempt first = Call("alice", "bob");
        _phones["bob"].Answer(_phones["bob"].Receive(), 486);
        Received answer = first.Caller.ReceiveNew("SIP/2.0 200");
        first.Caller.Send(first.Caller.InDialog("ACK", answer));
        Assert.Equal(0, Server.State.Limits.Count);
    }

    private sealed class Attempt(CallLimitTests test, Peer caller, string invite, string callId)
    {
        private Received? _answer;

        public Peer Caller => caller;

        public string Invite => invite;

        public void Answer(string callee, Received? atCallee = null, string headers = "")
        {
            Peer phone = test._phones[callee];
            atCallee ??= phone.Receive();
            phone.Answer(atCallee, 200, headers: headers);
            _answer = caller.ReceiveNew("SIP/2.0 200");
            int cseq = int.Parse(invite.Split("CSeq: ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
            Send(caller.InDialog("ACK", _answer, cseq: cseq));
            Assert.Equal("ACK", phone.ReceiveNewAfterInvites().Method);
        }

        public void Refresh(string callee, int interval)
        {
            Send(caller.InDialog("UPDATE", _answer!).Replace("Content-Length", $"Supported: timer\r\nSession-Expires: {interval};refresher=uac\r\nContent-Length", StringComparison.Ordinal));
            Received update = test._phones[callee].Receive();
            Assert.Equal("UPDATE", update.Method);
            test._phones[callee].Answer(update, 200, headers: $"Session-Expires: {interval};refresher=uac\r\nRequire: timer\r\n");
            caller.ReceiveStatus(200);
        }

        public void HangUp()
        {
            Send(caller.InDialog("BYE", _answer!));
            Peer phone = test._phones.Values.Single(peer => _answer!.Uri("Contact") == $"sip:{peer.User}@{peer.Address}");
            Received bye = phone.Receive();
            Assert.Equal("BYE", bye.Method);
            phone.Answer(bye, 200);
            caller.ReceiveStatus(200);
        }

        private void Send(string request) => caller.Send(request.Replace($"Call-ID: {caller.CallId}", $"Call-ID: {callId}", StringComparison.Ordinal));
    }
}
