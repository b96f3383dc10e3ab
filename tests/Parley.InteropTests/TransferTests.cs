using Parley.Core;
using Parley.InteropTests.Harness;
using Parley.Sip.Messages;
using Parley.UserAgent;

namespace Parley.InteropTests;

/// <summary>Transfers with baresip and between programs of ours, and what sipp says of glare, reliable provisional responses, offers in them, UPDATE and session timers.</summary>
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

    [PeerFact(Programs.Sipp, Programs.Tshark)]
    public async Task A_hold_that_meets_another_is_asked_for_again_and_its_reliable_answer_is_acknowledged()
    {
        Capture capture = await Capture.StartAsync(Bench);
        var bob = new SippSettings("bob", Bench.Network.NewAddress());
        ChildProcess answering = await Sipp.StartServerAsync(Bench, "answer-after-glare", bob);

        ParleyPhone alice = ParleyPhone.CallDirectly(Bench, $"sip:bob@{bob.Address}", "--hold", "500ms", "--duration", "500ms");

        await alice.Process.SucceededAsync();
        await Sipp.SucceededAsync(Bench, answering);
        (await capture.StopAsync()).AssertClean();
    }

    [PeerFact(Programs.Tshark)]
    public async Task Two_phones_that_somebody_has_spoken_with_are_connected_with_each_other()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "1", "--allow-transfer");
        ParleyPhone carol = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "2", "--duration", "2s");
        Assert.True(NetworkAddress.TryParse($"{Bench.Network.NewAddress()}:5060", out NetworkAddress address));
        await using SipUserAgent alice = await SipUserAgent.StartAsync(new SipUserAgentOptions { Listen = SipUserAgentOptions.ListenOn(address) });

        Call toBob = await alice.CallAsync(SipUri.Parse($"sip:bob@{bob.Address}"));
        await toBob.HoldAsync();
        Call toCarol = await alice.CallAsync(SipUri.Parse($"sip:carol@{carol.Address}"));
        await toBob.TransferAsync(toCarol).WaitAsync(Limit.Call);

        await toCarol.Ended.WaitAsync(Limit.Call);
        await bob.Process.EventAsync("transfer");
        await carol.Process.EventAsync("replaced");
        await bob.Process.SucceededAsync();
        await carol.Process.SucceededAsync();
        (await capture.StopAsync()).AssertClean();
    }
}
