using System.Text.Json;
using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>baresip and Parley's phones call each other through Parley's server; each hears the other's speech and keys.</summary>
public sealed class BaresipCallTests(ITestOutputHelper output) : InteropTest(output)
{
    [PeerTheory(Programs.Baresip, Programs.Tshark, Programs.EspeakNg, Programs.Sox)]
    [InlineData(Transport.Udp, "PCMU")]
    [InlineData(Transport.Tcp, "PCMU")]
    [InlineData(Transport.Udp, "PCMA")]
    public async Task A_parley_phone_calls_a_baresip_and_each_hears_the_other(Transport transport, string codec)
    {
        (string callerSays, string calleeSays) = (await Speech.OfCallerAsync(), await Speech.OfCalleeAsync());
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        Baresip bob = await Baresip.StartAsync(Bench, Account(server, "bob", transport) with { Answers = true, Codec = codec, Play = await Speech.WithSilenceAfterAsync(calleeSays) });
        string heardByAlice = Bench.PathOf("alice.wav");
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", transport, "--play", callerSays, "--record", heardByAlice, "--dtmf", "1#", "--duration", "8s");

        Assert.Equal("1", (await bob.EventAsync("CALL_DTMF_START")).Parameter);
        Assert.Equal("#", (await bob.EventAsync("CALL_DTMF_START")).Parameter);
        await bob.SendDigitAsync('7');
        await alice.Process.EventAsync("dtmf", key => key.GetProperty("digit").GetString() == "7");
        await alice.Process.SucceededAsync();
        await bob.EventAsync("CALL_CLOSED");

        await Sound.AssertHeardAsync(Output, callerSays, await bob.HeardAsync(), codec);
        await Sound.AssertHeardByParleyAsync(Output, calleeSays, heardByAlice, codec);
        Assert.Equal("7", alice.Process.Keys);
        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Baresip, Programs.Tshark, Programs.EspeakNg, Programs.Sox)]
    [InlineData(Transport.Udp, "PCMU")]
    [InlineData(Transport.Tcp, "PCMU")]
    [InlineData(Transport.Udp, "PCMA")]
    public async Task A_baresip_calls_a_parley_phone_and_each_hears_the_other(Transport transport, string codec)
    {
        (string callerSays, string calleeSays) = (await Speech.OfCallerAsync(), await Speech.OfCalleeAsync());
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        string heardByBob = Bench.PathOf("bob.wav");
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport, "--count", "1", "--play", calleeSays, "--record", heardByBob, "--dtmf", "42");
        Baresip alice = await Baresip.StartAsync(Bench, Account(server, "alice", transport) with { Codec = codec, Play = await Speech.WithSilenceAfterAsync(callerSays) });

        await alice.DialAsync("sip:bob@example.test");
        await alice.EventAsync("CALL_ESTABLISHED");
        await alice.SendDigitAsync('9');
        await bob.Process.EventAsync("dtmf");
        Assert.Equal("4", (await alice.EventAsync("CALL_DTMF_START")).Parameter);
        Assert.Equal("2", (await alice.EventAsync("CALL_DTMF_START")).Parameter);
        await bob.Process.EventAsync("played", limit: Limit.Call);
        await alice.HearsAsync(calleeSays);
        await alice.HangUpAsync();
        await bob.Process.SucceededAsync();

        await Sound.AssertHeardAsync(Output, calleeSays, await alice.HeardAsync(), codec);
        await Sound.AssertHeardByParleyAsync(Output, callerSays, heardByBob, codec);
        Assert.Equal("9", bob.Process.Keys);
        (await capture.StopAsync()).AssertClean();
    }

    [PeerFact(Programs.Baresip, Programs.Tshark)]
    public async Task A_baresip_that_is_hung_up_while_it_rings_is_busy()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        Baresip bob = await Baresip.StartAsync(Bench, Account(server, "bob", Transport.Udp));
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", Transport.Udp);

        await alice.Process.EventAsync("progress", progress => Status(progress) == 180);
        await bob.HangUpAsync();

        Assert.Equal(486, Status(await alice.Process.FailedAsync()));
        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Baresip, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_baresip_gives_up_while_a_parley_phone_rings(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport, "--count", "1", "--after", "1m");
        Baresip alice = await Baresip.StartAsync(Bench, Account(server, "alice", transport));

        await alice.DialAsync("sip:bob@example.test");
        await alice.EventAsync("CALL_RINGING");
        await alice.HangUpAsync();

        await bob.Process.SucceededAsync();
        Assert.Equal(487, Status(await bob.Process.EventAsync("ended")));
        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Baresip, Programs.Tshark)]
    [InlineData(603, "603")]
    [InlineData(486, "486")]
    public async Task A_parley_phone_refuses_a_baresip(int status, string told)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        await ParleyPhone.AnswerAsync(Bench, server, "bob", Transport.Udp, "--reject", $"{status}");
        Baresip alice = await Baresip.StartAsync(Bench, Account(server, "alice", Transport.Udp));

        await alice.DialAsync("sip:bob@example.test");

        Assert.Contains(told, (await alice.EventAsync("CALL_CLOSED")).Parameter, StringComparison.Ordinal);
        (await capture.StopAsync()).AssertClean();
    }

    [PeerFact(Programs.Baresip, Programs.Tshark)]
    public async Task A_baresip_and_a_parley_phone_ring_and_the_one_that_answers_has_the_call()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        Baresip ringing = await Baresip.StartAsync(Bench, Account(server, "bob", Transport.Udp));
        ParleyPhone answering = await ParleyPhone.AnswerAsync(Bench, server, "bob", Transport.Tcp, "--count", "1", "--after", "1s");
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", Transport.Udp, "--duration", "1s");

        await ringing.EventAsync("CALL_INCOMING");
        await ringing.EventAsync("CALL_CLOSED");
        await alice.Process.SucceededAsync();
        await answering.Process.SucceededAsync();
        (await capture.StopAsync()).AssertClean();
    }

    private static int? Status(JsonElement happened) => happened.TryGetProperty("status", out JsonElement status) ? status.GetInt32() : null;

    private static BaresipSettings Account(ParleyServer server, string user, Transport transport) => new(user)
    {
        Domain = ParleyServer.Domain, Password = ParleyServer.PasswordOf(user), Server = server.EndPoint, Transport = transport,
    };
}
