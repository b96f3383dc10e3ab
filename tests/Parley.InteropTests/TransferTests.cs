using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>Transfers with baresip, and what sipp says of reliable provisional responses, offers in them, UPDATE and session timers.</summary>
/// <remarks>baresip 1.0.0 knows the blind transfer alone, as who asks and as who is asked.</remarks>
public sealed class TransferTests(ITestOutputHelper output) : InteropTest(output)
{
    [PeerFact(Programs.Baresip, Programs.Tshark, Programs.EspeakNg, Programs.Sox)]
    public async Task A_baresip_calls_whom_a_parley_phone_transfers_it_to()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyPhone carol = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "1", "--duration", "1s");
        Baresip bob = await Baresip.StartAsync(Bench, new BaresipSettings("bob") { Answers = true, Play = await Speech.WithSilenceAfterAsync(await Speech.OfCalleeAsync()) });
        ParleyPhone alice = ParleyPhone.CallDirectly(Bench, $"sip:bob@{bob.Address}", "--transfer", $"sip:carol@{carol.Address}", "--after", "500ms");

        await alice.Process.EventAsync("answered");
        await carol.Process.EventAsync("incoming");
        await carol.Process.EventAsync("answered");
        await alice.Process.SucceededAsync();
        await carol.Process.SucceededAsync();
        (await capture.StopAsync()).AssertClean();
    }

    [PeerFact(Programs.Baresip, Programs.Tshark, Programs.EspeakNg, Programs.Sox)]
    public async Task A_parley_phone_calls_whom_a_baresip_transfers_it_to()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyPhone carol = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "1", "--duration", "1s");
        ParleyPhone bob = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "1", "--allow-transfer");
        Baresip alice = await Baresip.StartAsync(Bench, new BaresipSettings("alice") { Play = await Speech.WithSilenceAfterAsync(await Speech.OfCallerAsync()) });

        await alice.DialAsync($"sip:bob@{bob.Address}");
        await alice.EventAsync("CALL_ESTABLISHED");
        await alice.TransferAsync($"sip:carol@{carol.Address}");
        await bob.Process.EventAsync("transfer");
        await carol.Process.EventAsync("incoming");
        await alice.EventAsync("CALL_CLOSED");      // it was told that carol answers
        await carol.Process.SucceededAsync();
        await bob.Process.SucceededAsync();
        (await capture.StopAsync()).AssertClean();
    }

    [PeerFact(Programs.Sipp, Programs.Tshark)]
    public async Task A_sipp_requires_reliability_gets_the_offer_reliably_updates_and_is_told_the_least_interval()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "1", "--after", "500ms");

        ExitedProcess calling = await Sipp.RunAsync(
            Bench, "call-reliably", new System.Net.IPEndPoint(bob.Address, 5060), new SippSettings("alice", Bench.Network.NewAddress()), ("to", $"bob@{bob.Address}"));

        Assert.True(calling.ExitCode == 0, calling.Log);
        await bob.Process.EventAsync("held");
        await bob.Process.SucceededAsync();
        (await capture.StopAsync()).AssertClean();
    }
}
