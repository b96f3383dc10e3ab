using System.Text.Json;
using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>Parley's phones call each other through Parley's server: each flow of RFC 3665 3 that a person meets, message by message.</summary>
public sealed class CallTests(ITestOutputHelper output) : InteropTest(output)
{
    [PeerTheory(Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_caller_is_asked_who_calls_is_answered_and_hangs_up(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport, "--count", "1", "--after", "300ms");
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", transport, "--duration", "1s");

        await alice.Process.SucceededAsync();
        await bob.Process.SucceededAsync();

        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Equal(["INVITE", "ACK", "INVITE", "ACK", "BYE"], traffic.Ladder(alice.Address, server.Address));
        Assert.Equal(["407 INVITE", "180 INVITE", "200 INVITE", "200 BYE"], traffic.Ladder(server.Address, alice.Address).Where(IsNoTrying));
        Assert.Equal(["401 REGISTER", "200 REGISTER", "INVITE", "ACK", "BYE", "200 REGISTER"], traffic.Ladder(server.Address, bob.Address));
        Assert.Equal("HungUp", await ReasonAsync(alice));
        Assert.Equal("HungUpByPeer", await ReasonAsync(bob));
    }

    [PeerTheory(Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_callee_hangs_up(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport, "--count", "1", "--duration", "1s");
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", transport);

        await alice.Process.SucceededAsync();
        await bob.Process.SucceededAsync();

        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Equal("BYE", traffic.Ladder(server.Address, alice.Address).Last());
        Assert.Equal("HungUpByPeer", await ReasonAsync(alice));
    }

    [PeerTheory(Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_caller_who_presses_Ctrl_C_cancels_the_call(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport, "--count", "1", "--after", "1m");
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", transport);
        await alice.Process.EventAsync("progress", progress => Status(progress) == 180);

        alice.Process.Process.Interrupt();

        Assert.Equal(130, await alice.Process.ExitAsync());
        await bob.Process.SucceededAsync();
        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Equal(["INVITE", "ACK", "INVITE", "CANCEL", "ACK"], traffic.Ladder(alice.Address, server.Address));
        Assert.Equal(["200 CANCEL", "407 INVITE", "487 INVITE"], traffic.Ladder(server.Address, alice.Address).Where(line => !line.StartsWith('1')).Order(StringComparer.Ordinal));
        Assert.Contains("CANCEL", traffic.Ladder(server.Address, bob.Address));
        Assert.Equal(487, Status(await bob.Process.EventAsync("ended")));
    }

    [PeerTheory(Programs.Tshark)]
    [InlineData(603, Transport.Udp)]
    [InlineData(603, Transport.Tcp)]
    [InlineData(486, Transport.Udp)]
    [InlineData(486, Transport.Tcp)]
    public async Task A_callee_refuses(int status, Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport, "--count", "1", "--reject", $"{status}");
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", transport);

        Assert.Equal(status, Status(await alice.Process.FailedAsync()));
        await bob.Process.SucceededAsync();
        (await capture.StopAsync()).AssertClean();
    }

    [PeerFact(Programs.Tshark)]
    public async Task A_second_caller_finds_a_phone_in_a_call_busy()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", Transport.Udp);
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", Transport.Udp);
        await alice.Process.EventAsync("answered");
        ParleyPhone carol = ParleyPhone.Call(Bench, server, "carol", "bob", Transport.Tcp);

        Assert.Equal(486, Status(await carol.Process.FailedAsync()));

        alice.Process.Process.Interrupt();
        Assert.Equal(130, await alice.Process.ExitAsync());
        await bob.Process.EventAsync("ended");
        bob.Process.Process.Interrupt();
        Assert.Equal(130, await bob.Process.ExitAsync());
        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_caller_gives_up_when_nobody_answers(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport, "--count", "1", "--after", "1m");
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", transport, "--ring-timeout", "2s");

        await alice.Process.FailedAsync();
        await bob.Process.SucceededAsync();

        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Contains("CANCEL", traffic.Ladder(alice.Address, server.Address));
    }

    [PeerFact(Programs.Tshark)]
    public async Task A_caller_learns_that_a_user_is_unknown_or_away()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);

        ParleyPhone toUnknown = ParleyPhone.Call(Bench, server, "alice", "nobody", Transport.Udp);
        Assert.Equal(404, Status(await toUnknown.Process.FailedAsync()));
        ParleyPhone toAway = ParleyPhone.Call(Bench, server, "alice", "carol", Transport.Tcp);
        Assert.Equal(480, Status(await toAway.Process.FailedAsync()));
        (await capture.StopAsync()).AssertClean();
    }

    [PeerFact(Programs.Tshark)]
    public async Task A_caller_with_a_wrong_password_is_refused()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);

        ParleyProcess alice = ParleyProgram.Start(Bench, "parley call (alice)",
            ["call", "sip:bob@example.test", "--as", "sip:alice@example.test", "--password", "wrong", "--proxy", $"sip:{server.EndPoint}", "--local", $"{Bench.Network.NewAddress()}:5060"]);

        Assert.Contains(Status(await alice.FailedAsync()), new int?[] { 403, 407 });
        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task Two_phones_of_a_user_ring_and_the_one_that_answers_has_the_call(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone slow = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport, "--count", "1", "--after", "1m");
        ParleyPhone quick = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport, "--count", "1", "--after", "1s");
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", transport, "--duration", "1s");

        await alice.Process.SucceededAsync();
        await quick.Process.SucceededAsync();
        await slow.Process.SucceededAsync();

        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Contains("CANCEL", traffic.Ladder(server.Address, slow.Address));
        Assert.Contains("487 INVITE", traffic.Ladder(slow.Address, server.Address));
        Assert.DoesNotContain("CANCEL", traffic.Ladder(server.Address, quick.Address));
        Assert.Single(traffic.Ladder(server.Address, alice.Address), "200 INVITE");
    }

    [PeerTheory(Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_redirect_server_tells_the_caller_where_to_go(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench, "redirect");
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport, "--count", "1");

        Assert.Equal(302, Status(await ParleyPhone.Call(Bench, server, "alice", "bob", transport).Process.FailedAsync()));
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", transport, "--duration", "1s", "--redirects", "1");

        await alice.Process.SucceededAsync();
        await bob.Process.SucceededAsync();

        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Contains("302 INVITE", traffic.Ladder(server.Address, alice.Address));
    }

    [PeerTheory(Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task Keys_are_heard_on_both_sides(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport, "--count", "1", "--dtmf", "0987654321#");
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", transport, "--dtmf", "159*D", "--duration", "4s");

        await alice.Process.SucceededAsync();
        await bob.Process.SucceededAsync();

        Assert.Equal("0987654321#", alice.Process.Keys);
        Assert.Equal("159*D", bob.Process.Keys);
        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task Two_phones_call_each_other_with_no_server(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "1");
        ParleyPhone alice = ParleyPhone.CallDirectly(Bench, bob.Address, transport, "--duration", "1s");

        await alice.Process.SucceededAsync();
        await bob.Process.SucceededAsync();

        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Equal(["INVITE", "ACK", "BYE"], traffic.Ladder(alice.Address, bob.Address));
        Assert.All(traffic.Sip, message => Assert.Equal(transport == Transport.Tcp, message.IsTcp));
    }

    // A proxy may leave 100 out when another answer comes within 200 ms: RFC 3261 17.2.1.
    private static bool IsNoTrying(string line) => line != "100 INVITE";

    private static int? Status(JsonElement happened) => happened.TryGetProperty("status", out JsonElement status) ? status.GetInt32() : null;

    private static async Task<string?> ReasonAsync(ParleyPhone phone) => (await phone.Process.EventAsync("ended")).GetProperty("reason").GetString();
}
