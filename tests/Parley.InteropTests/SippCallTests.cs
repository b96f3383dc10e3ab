using System.Net;
using System.Text.Json;
using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>sipp calls Parley's phones and is called by them, through Parley's server and without one.</summary>
public sealed class SippCallTests(ITestOutputHelper output) : InteropTest(output)
{
    [PeerTheory(Programs.Sipp, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_sipp_calls_a_parley_phone_and_hangs_up(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport, "--count", "1", "--after", "200ms");
        SippSettings alice = User("alice", transport);

        ExitedProcess calling = await Sipp.RunAsync(Bench, "call", server.EndPoint, alice, ("to", "bob@example.test"), ("hold", "500"));

        Assert.True(calling.ExitCode == 0, calling.Log);
        await bob.Process.SucceededAsync();
        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Equal(["INVITE", "ACK", "INVITE", "ACK", "BYE"], traffic.Ladder(alice.Address, server.Address));
        Assert.Equal(["407 INVITE", "180 INVITE", "200 INVITE", "200 BYE"], traffic.Ladder(server.Address, alice.Address).Where(line => line != "100 INVITE"));
    }

    [PeerTheory(Programs.Sipp, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_sipp_calls_a_parley_phone_that_hangs_up(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport, "--count", "1", "--duration", "1s");

        ExitedProcess calling = await Sipp.RunAsync(Bench, "call-until-bye", server.EndPoint, User("alice", transport), ("to", "bob@example.test"));

        Assert.True(calling.ExitCode == 0, calling.Log);
        await bob.Process.SucceededAsync();
        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Sipp, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_sipp_gives_up_while_a_parley_phone_rings(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport, "--count", "1", "--after", "1m");

        ExitedProcess calling = await Sipp.RunAsync(Bench, "cancel", server.EndPoint, User("alice", transport), ("to", "bob@example.test"), ("hold", "500"));

        Assert.True(calling.ExitCode == 0, calling.Log);
        await bob.Process.SucceededAsync();
        Assert.Equal(487, Status(await bob.Process.EventAsync("ended")));
        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Sipp, Programs.Tshark)]
    [InlineData("603", Transport.Udp)]
    [InlineData("486", Transport.Tcp)]
    public async Task A_parley_phone_refuses_a_sipp(string status, Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport, "--count", "1", "--reject", status);

        ExitedProcess calling = await Sipp.RunAsync(Bench, "call-fails", server.EndPoint, User("alice", transport), ("to", "bob@example.test"), ("status", status));

        Assert.True(calling.ExitCode == 0, calling.Log);
        await bob.Process.SucceededAsync();
        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Sipp, Programs.Tshark)]
    [InlineData("nobody", "404", Transport.Udp)]
    [InlineData("carol", "480", Transport.Tcp)]
    public async Task A_sipp_learns_that_a_user_is_unknown_or_away(string callee, string status, Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);

        ExitedProcess calling = await Sipp.RunAsync(Bench, "call-fails", server.EndPoint, User("alice", transport), ("to", callee + "@example.test"), ("status", status));

        Assert.True(calling.ExitCode == 0, calling.Log);
        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Sipp, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_parley_phone_calls_a_sipp_and_hangs_up(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        SippSettings bob = await RegisteredAsync(server, "bob", transport);
        ChildProcess answering = await Sipp.StartServerAsync(Bench, "answer", bob, ("ring", "200"));
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", transport, "--duration", "1s");

        await alice.Process.SucceededAsync();
        await Sipp.SucceededAsync(Bench, answering);

        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Equal(["401 REGISTER", "200 REGISTER", "INVITE", "ACK", "BYE"], traffic.Ladder(server.Address, bob.Address));
    }

    [PeerTheory(Programs.Sipp, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_parley_phone_calls_a_sipp_that_hangs_up(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        SippSettings bob = await RegisteredAsync(server, "bob", transport);
        ChildProcess answering = await Sipp.StartServerAsync(Bench, "answer-and-hang-up", bob, ("ring", "200"), ("hold", "500"));
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", transport);

        await alice.Process.SucceededAsync();
        await Sipp.SucceededAsync(Bench, answering);

        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Sipp, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_parley_phone_gives_up_while_a_sipp_rings(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        SippSettings bob = await RegisteredAsync(server, "bob", transport);
        ChildProcess ringing = await Sipp.StartServerAsync(Bench, "ring", bob);
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", transport, "--ring-timeout", "2s");

        await alice.Process.FailedAsync();
        await Sipp.SucceededAsync(Bench, ringing);

        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Sipp, Programs.Tshark)]
    [InlineData("603 Decline", Transport.Udp)]
    [InlineData("603 Decline", Transport.Tcp)]
    [InlineData("486 Busy Here", Transport.Udp)]
    [InlineData("486 Busy Here", Transport.Tcp)]
    public async Task A_sipp_refuses_a_parley_phone(string status, Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        SippSettings bob = await RegisteredAsync(server, "bob", transport);
        ChildProcess refusing = await Sipp.StartServerAsync(Bench, "reject", bob, ("ring", "200"), ("status", status), ("header", "Allow: INVITE, ACK, BYE, CANCEL"));
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", transport);

        Assert.Equal(status[..3], $"{Status(await alice.Process.FailedAsync())}");
        await Sipp.SucceededAsync(Bench, refusing);
        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Sipp, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_parley_phone_follows_a_sipp_s_redirection(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone carol = await ParleyPhone.AnswerAsync(Bench, server, "carol", transport, "--count", "1");
        SippSettings bob = await RegisteredAsync(server, "bob", transport);
        ChildProcess redirecting = await Sipp.StartServerAsync(Bench, "reject", bob, ("ring", "0"), ("status", "302 Moved Temporarily"), ("header", "Contact: <sip:carol@example.test>"));
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", transport, "--duration", "1s", "--redirects", "1");

        await alice.Process.SucceededAsync();
        await carol.Process.SucceededAsync();
        await Sipp.SucceededAsync(Bench, redirecting);
        (await capture.StopAsync()).AssertClean();
    }

    [PeerFact(Programs.Sipp, Programs.Tshark)]
    public async Task A_call_to_a_phone_that_is_gone_ends_with_408()
    {
        // Nothing answers at this address: Timer B (32 s) of the proxy's branch ends the call, RFC 3261 17.1.1.2.
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        using var silent = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Dgram, System.Net.Sockets.ProtocolType.Udp);
        SippSettings bob = await RegisteredAsync(server, "bob", Transport.Udp);
        silent.Bind(bob.EndPoint);
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", Transport.Udp);

        Assert.Equal(408, Status(await alice.Process.FailedAsync()));

        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Equal(["407 INVITE", "100 INVITE", "408 INVITE"], traffic.Ladder(server.Address, alice.Address));
        Assert.Equal(7, traffic.Sip.Count(message => message.IsRequest("INVITE") && message.Destination.Equals(bob.EndPoint)));    // at 0, 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s
    }

    [PeerTheory(Programs.Sipp, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_sipp_and_a_parley_phone_call_each_other_with_no_server(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyPhone parley = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "1");
        ExitedProcess calling = await Sipp.RunAsync(Bench, "call-directly", new IPEndPoint(parley.Address, 5060), User("alice", transport), ("to", $"bob@{parley.Address}"), ("hold", "500"));
        Assert.True(calling.ExitCode == 0, calling.Log);
        await parley.Process.SucceededAsync();

        SippSettings sipp = User("bob", transport);
        ChildProcess answering = await Sipp.StartServerAsync(Bench, "answer", sipp, ("ring", "200"));
        await ParleyPhone.CallDirectly(Bench, sipp.Address, transport, "--duration", "1s").Process.SucceededAsync();
        await Sipp.SucceededAsync(Bench, answering);

        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Sipp, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task Keys_go_by_info_both_ways_and_other_infos_are_refused(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyPhone parley = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "1", "--echo");
        ExitedProcess calling = await Sipp.RunAsync(Bench, "call-and-press", new IPEndPoint(parley.Address, 5060), User("alice", transport), ("to", $"bob@{parley.Address}"));
        Assert.True(calling.ExitCode == 0, calling.Log);
        await parley.Process.SucceededAsync();
        Assert.Equal("5", parley.Process.Keys);

        SippSettings sipp = User("bob", transport);
        ChildProcess answering = await Sipp.StartServerAsync(Bench, "answer-keys", sipp);
        ParleyPhone refused = ParleyPhone.CallDirectly(Bench, sipp.Address, transport, "--dtmf", "1#D", "--dtmf-by", "relay");
        Assert.Equal(415, Status(await refused.Process.FailedAsync()));
        await Sipp.SucceededAsync(Bench, answering);

        (await capture.StopAsync()).AssertClean();
    }

    private static int? Status(JsonElement happened) => happened.TryGetProperty("status", out JsonElement status) ? status.GetInt32() : null;

    private SippSettings User(string name, Transport transport) =>
        new(name, Bench.Network.NewAddress()) { Transport = transport, Password = ParleyServer.PasswordOf(name) };

    private async Task<SippSettings> RegisteredAsync(ParleyServer server, string name, Transport transport)
    {
        SippSettings user = User(name, transport);
        ExitedProcess registering = await Sipp.RunAsync(Bench, "register", server.EndPoint, user,
            ("contact", $"sip:{name}@{user.EndPoint}{transport.Parameter()}"), ("expires", "600"), ("status", "200"));
        Assert.True(registering.ExitCode == 0, registering.Log);
        return user;
    }
}
