using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>baresip and Parley's phones hear each other with each codec that both have.</summary>
public sealed class CodecTests(ITestOutputHelper output) : InteropTest(output)
{
    [PeerTheory(Programs.Baresip, Programs.Tshark, Programs.EspeakNg, Programs.Sox)]
    [InlineData("opus", "opus/48000/2", 3)]
    [InlineData("g722", "G722/16000/1", 12)]
    [InlineData("l16/16000", "L16/16000/1", 20)]
    public async Task A_parley_phone_calls_a_baresip_and_each_hears_the_other(string codec, string theirs, double signalToNoise)
    {
        (string callerSays, string calleeSays) = (await Speech.OfCallerAsync(), await Speech.OfCalleeAsync());
        string heardByAlice = Bench.PathOf("alice.wav");
        Baresip bob = await Baresip.StartAsync(Bench, new BaresipSettings("bob") { Answers = true, Codec = theirs, Play = await Speech.WithSilenceAfterAsync(calleeSays) });
        ParleyPhone alice = ParleyPhone.CallDirectly(Bench, $"sip:bob@{bob.Address}", "--play", callerSays, "--record", heardByAlice, "--codec", codec, "--duration", "8s");

        await alice.Process.SucceededAsync();
        await bob.EventAsync("CALL_CLOSED");

        await Sound.AssertAlikeAsync(Output, callerSays, await bob.HeardAsync(), signalToNoise);
        // baresip raises the rate of its file by a coarse filter: 8.5 dB are left where nothing is coded (L16).
        await Sound.AssertAlikeAsync(Output, calleeSays, heardByAlice, Math.Min(signalToNoise, 6));
    }

    [PeerTheory(Programs.EspeakNg, Programs.Sox, Programs.Tshark)]
    [InlineData("opus", "opus", 111, 3)]
    [InlineData("g729", "g729", 18, 0)]
    [InlineData("opus,g722,pcmu", "g722,pcmu,opus", 111, 3)]
    [InlineData("opus,g722,pcmu", "pcmu,g722", 9, 12)]
    public async Task Two_parley_phones_use_the_first_codec_of_the_caller_that_both_have(string caller, string callee, int payloadType, double signalToNoise)
    {
        string callerSays = await Speech.OfCallerAsync();
        string heardByBob = Bench.PathOf("bob.wav");
        Capture capture = await Capture.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "1", "--codec", callee, "--record", heardByBob);

        await ParleyPhone.CallDirectly(Bench, bob.Address, Transport.Udp, "--play", callerSays, "--codec", caller).Process.SucceededAsync();

        await bob.Process.SucceededAsync();
        await Sound.AssertAlikeAsync(Output, callerSays, heardByBob, signalToNoise);
        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.All(traffic.Rtp, packet => Assert.Equal(payloadType, packet.PayloadType));
    }
}
