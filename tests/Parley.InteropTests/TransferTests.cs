using Parley.Core;
using Parley.InteropTests.Harness;
using Parley.Sip.Messages;
using Parley.UserAgent;

namespace Parley.InteropTests;

/// <summary>Transfers with baresip, with Linphone and between programs of ours, and what sipp says of glare, reliable provisional responses, offers in them, UPDATE and session timers.</summary>
/// <remarks>baresip 1.0.0 knows the blind transfer alone, as who asks and as who is asked; Linphone knows the attended one too.</remarks>
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

    [PeerFact(Programs.Linphone, Programs.Tshark)]
    public async Task A_linphone_connects_two_phones_that_it_has_spoken_with()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "1", "--allow-transfer");
        ParleyPhone carol = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "2", "--duration", "2s");
        Linphone alice = await Linphone.StartAsync(Bench, "alice");

        await alice.CallAsync(1, $"sip:bob@{bob.Address}");
        await alice.HoldAsync(1);
        await bob.Process.EventAsync("held");
        await alice.CallAsync(2, $"sip:carol@{carol.Address}");
        await alice.TransferAsync(1, to: 2);

        await bob.Process.EventAsync("transfer");
        await carol.Process.EventAsync("replaced");
        await alice.CallIsAsync(1, "ended");
        await alice.CallIsAsync(2, "ended");
        await bob.Process.SucceededAsync();
        await carol.Process.SucceededAsync();
        await alice.QuitAsync();
        (await capture.StopAsync()).AssertClean();
    }

    [PeerFact(Programs.Linphone, Programs.Tshark)]
    public async Task A_linphone_calls_in_the_place_of_who_transfers_it()
    {
        Capture capture = await Capture.StartAsync(Bench);
        Linphone bob = await Linphone.StartAsync(Bench, "bob", answers: true);
        ParleyPhone carol = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "2", "--duration", "2s");

        await TransferAsync($"sip:bob@{bob.Address}", $"sip:carol@{carol.Address}");

        await carol.Process.EventAsync("replaced");
        await carol.Process.SucceededAsync();       // it hangs up
        await bob.CallIsAsync(2, "ended");
        await bob.QuitAsync();
        (await capture.StopAsync()).AssertClean();
    }

    [PeerFact(Programs.Linphone, Programs.Tshark)]
    public async Task A_call_in_the_place_of_another_reaches_a_linphone()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "1", "--allow-transfer");
        Linphone carol = await Linphone.StartAsync(Bench, "carol", answers: true);

        await TransferAsync($"sip:bob@{bob.Address}", $"sip:carol@{carol.Address}");

        await bob.Process.EventAsync("transfer");
        await carol.CallIsAsync(1, "ended");
        await carol.CallIsAsync(2, "connected");
        await carol.QuitAsync();        // it hangs up
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

        await TransferAsync($"sip:bob@{bob.Address}", $"sip:carol@{carol.Address}");

        await bob.Process.EventAsync("transfer");
        await carol.Process.EventAsync("replaced");
        await bob.Process.SucceededAsync();
        await carol.Process.SucceededAsync();
        (await capture.StopAsync()).AssertClean();
    }

    /// <summary>A phone of ours calls both and connects them with each other.</summary>
    private async Task TransferAsync(string bob, string carol)
    {
        Assert.True(NetworkAddress.TryParse($"{Bench.Network.NewAddress()}:5060", out NetworkAddress address));
        await using SipUserAgent alice = await SipUserAgent.StartAsync(new SipUserAgentOptions { Listen = SipUserAgentOptions.ListenOn(address) });

        Call toBob = await alice.CallAsync(SipUri.Parse(bob));
        await toBob.HoldAsync();
        Call toCarol = await alice.CallAsync(SipUri.Parse(carol));
        await toBob.TransferAsync(toCarol).WaitAsync(Limit.Call);

        await toCarol.Ended.WaitAsync(Limit.Call);
    }
}
