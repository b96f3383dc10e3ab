using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>
/// The peers call each other, with no Parley between: what a capture, a scenario and a recording look like when all is well.
/// A test that fails beside a failing one here says something about the machine, not about Parley.
/// </summary>
public sealed class PeersTests(ITestOutputHelper output) : InteropTest(output)
{
    [PeerTheory(Programs.Sipp, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_sipp_calls_a_sipp_and_hangs_up(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        SippSettings callee = User("bob", transport);
        ChildProcess answering = await Sipp.StartServerAsync(Bench, "answer", callee, ("ring", "100"));
        SippSettings caller = User("alice", transport);

        ExitedProcess calling = await Sipp.RunAsync(Bench, "call-directly", callee.EndPoint, caller, ("to", UriOf(callee)), ("hold", "200"));

        Assert.True(calling.ExitCode == 0, calling.Log);
        await Sipp.SucceededAsync(Bench, answering);
        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Equal(["INVITE", "ACK", "BYE"], traffic.Ladder(caller.Address, callee.Address));
        Assert.Equal(["180 INVITE", "200 INVITE", "200 BYE"], traffic.Ladder(callee.Address, caller.Address));
    }

    [PeerTheory(Programs.Sipp, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_sipp_calls_a_sipp_that_hangs_up(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        SippSettings callee = User("bob", transport);
        ChildProcess answering = await Sipp.StartServerAsync(Bench, "answer-and-hang-up", callee, ("ring", "100"), ("hold", "200"));
        SippSettings caller = User("alice", transport);

        ExitedProcess calling = await Sipp.RunAsync(Bench, "call-until-bye-directly", callee.EndPoint, caller, ("to", UriOf(callee)));

        Assert.True(calling.ExitCode == 0, calling.Log);
        await Sipp.SucceededAsync(Bench, answering);
        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Equal(["180 INVITE", "200 INVITE", "BYE"], traffic.Ladder(callee.Address, caller.Address));
    }

    [PeerTheory(Programs.Sipp, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_sipp_gives_up_while_a_sipp_rings(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        SippSettings callee = User("bob", transport);
        ChildProcess ringing = await Sipp.StartServerAsync(Bench, "ring", callee);
        SippSettings caller = User("alice", transport);

        ExitedProcess calling = await Sipp.RunAsync(Bench, "cancel-directly", callee.EndPoint, caller, ("to", UriOf(callee)), ("hold", "200"));

        Assert.True(calling.ExitCode == 0, calling.Log);
        await Sipp.SucceededAsync(Bench, ringing);
        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Equal(["INVITE", "CANCEL", "ACK"], traffic.Ladder(caller.Address, callee.Address));
    }

    [PeerTheory(Programs.Sipp, Programs.Tshark)]
    [InlineData("603 Decline", Transport.Udp)]
    [InlineData("486 Busy Here", Transport.Tcp)]
    public async Task A_sipp_rejects_a_sipp(string status, Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        SippSettings callee = User("bob", transport);
        ChildProcess rejecting = await Sipp.StartServerAsync(Bench, "reject", callee, ("ring", "100"), ("status", status), ("header", "Allow: INVITE, ACK, BYE, CANCEL"));
        SippSettings caller = User("alice", transport);

        ExitedProcess calling = await Sipp.RunAsync(Bench, "call-fails-directly", callee.EndPoint, caller, ("to", UriOf(callee)), ("status", status[..3]));

        Assert.True(calling.ExitCode == 0, calling.Log);
        await Sipp.SucceededAsync(Bench, rejecting);
        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Baresip, Programs.Tshark, Programs.EspeakNg, Programs.Sox)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_baresip_calls_a_baresip_and_each_hears_the_other(Transport transport)
    {
        string callerSays = await Speech.OfCallerAsync();
        string calleeSays = await Speech.OfCalleeAsync();
        Capture capture = await Capture.StartAsync(Bench);
        Baresip bob = await Baresip.StartAsync(Bench, new BaresipSettings("bob") { Answers = true, Play = await Speech.WithSilenceAfterAsync(calleeSays) });
        Baresip alice = await Baresip.StartAsync(Bench, new BaresipSettings("alice") { Play = await Speech.WithSilenceAfterAsync(callerSays) });

        await alice.DialAsync($"sip:bob@{bob.Address}{transport.Parameter()}");
        await alice.EventAsync("CALL_ESTABLISHED");
        await bob.EventAsync("CALL_ESTABLISHED");
        await alice.SendDigitAsync('5');
        Assert.Equal("5", (await bob.EventAsync("CALL_DTMF_START")).Parameter);
        await bob.SendDigitAsync('#');
        Assert.Equal("#", (await alice.EventAsync("CALL_DTMF_START")).Parameter);
        await alice.HearsAsync(calleeSays);
        await bob.HearsAsync(callerSays);
        await alice.HangUpAsync();
        await bob.EventAsync("CALL_CLOSED");

        string heardByBob = await bob.HeardAsync();
        string heardByAlice = await alice.HeardAsync();
        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.NotEmpty(traffic.Rtp);
        await Sound.AssertHeardAsync(Output, callerSays, heardByBob);
        await Sound.AssertHeardAsync(Output, calleeSays, heardByAlice);
    }

    private SippSettings User(string name, Transport transport) => new(name, Bench.Network.NewAddress()) { Transport = transport };

    private static string UriOf(SippSettings user) => $"{user.User}@{user.Address}";
}
