using Parley.InteropTests.Harness;
using Parley.TestSupport;
using Parley.Voice;

namespace Parley.InteropTests;

/// <summary>Calls in which silence is not sent: what others make of it, and what tshark sees.</summary>
public sealed class SilenceTests(ITestOutputHelper output) : InteropTest(output)
{
    private const int Noise = 13;

    [PeerFact(Programs.EspeakNg, Programs.Sox, Programs.Tshark)]
    public async Task Two_phones_send_noise_for_silence_and_speech_with_markers()
    {
        string callerSays = await Speech.OfCallerAsync(), said = await Speech.WithSilenceAfterAsync(callerSays);
        string heardByBob = Bench.PathOf("bob.wav");
        Capture capture = await Capture.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "1", "--record", heardByBob);
        ParleyPhone alice = ParleyPhone.CallDirectly(Bench, bob.Address, Transport.Udp, "--play", said, "--silence", "suppress", "--duration", "10s");

        await alice.Process.SucceededAsync();
        await bob.Process.SucceededAsync();

        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        CapturedSip invite = traffic.Sip.First(message => message.IsRequest("INVITE")), answer = traffic.Sip.First(message => message.IsResponse("INVITE") && message.IsFinal);
        Assert.Contains("a=rtpmap:13 CN/8000", invite.Body, StringComparison.Ordinal);
        Assert.Contains("a=rtpmap:13 CN/8000", answer.Body, StringComparison.Ordinal);
        // The callee says nothing and the caller little: of ten seconds, 500 packets each.
        foreach (IGrouping<string, CapturedRtp> stream in traffic.Rtp.GroupBy(packet => packet.Ssrc))
        {
            bool isCaller = stream.Count() > 60;
            Assert.InRange(stream.Count(), 12, isCaller ? 260 : 30);
            AssertTalkSpurts([.. stream]);
            if (isCaller) Assert.Contains(stream, packet => packet is { PayloadType: 0, IsMarked: true });
        }

        Assert.Equal(2, traffic.Rtp.Select(packet => packet.Ssrc).Distinct().Count());
        // Each talk spurt may be played a little sooner or later than the one before it: that is when playout changes its delay.
        (short[] spoken, int sampleRate) = Wav.Read(callerSays);
        double understood = Intelligibility.Of(spoken, sampleRate, Wav.Read(heardByBob).Samples, sampleRate).Score;
        Output.WriteLine($"intelligibility {understood:0.000}");
        Assert.True(understood >= 0.9, $"{heardByBob} beside {callerSays}: intelligibility {understood:0.000}");
    }

    [PeerFact(Programs.Baresip, Programs.Tshark, Programs.EspeakNg, Programs.Sox)]
    public async Task A_baresip_hears_a_phone_that_sends_no_silence()
    {
        (string callerSays, string calleeSays) = (await Speech.OfCallerAsync(), await Speech.OfCalleeAsync());
        Capture capture = await Capture.StartAsync(Bench);
        Baresip bob = await Baresip.StartAsync(Bench, new BaresipSettings("bob") { Answers = true, Play = await Speech.WithSilenceAfterAsync(calleeSays) });
        ParleyPhone alice = ParleyPhone.CallDirectly(Bench, $"sip:bob@{bob.Address}", "--play", callerSays, "--silence", "suppress", "--duration", "8s");

        await alice.Process.SucceededAsync();
        await bob.EventAsync("CALL_CLOSED");

        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        CapturedRtp[] sent = [.. traffic.Rtp.Where(packet => packet.Source.StartsWith($"{alice.Address}:", StringComparison.Ordinal))];
        Assert.InRange(sent.Length, 100, 300);      // of 400
        Assert.All(sent, packet => Assert.Equal(0, packet.PayloadType));    // baresip has no comfort noise
        AssertTalkSpurts(sent);
        // It writes down what it decodes, one packet behind the other: that is the speech without what was not sent.
        (short[] said, int sampleRate) = Wav.Read(await Speech.CodedAsync(callerSays, "PCMU"));
        short[] wanted = [.. sent.SelectMany(packet => said.Skip((int)(packet.Timestamp - sent[0].Timestamp)).Take(160))];
        (short[] written, _) = Wav.Read(await bob.HeardAsync());
        AudioComparison heard = AudioComparison.Compare(wanted, written, sampleRate);
        Assert.True(heard is { SignalToNoise: >= 30, MissingSamples: 0, LargestShiftSamples: 0 }, $"{heard}");
        Assert.InRange((double)wanted.Length / said.Length, 0.5, 0.95);
    }

    // RFC 3551 4.1: the marker is on the first packet of a talk spurt and on no other; RFC 3389 4: noise has none.
    private static void AssertTalkSpurts(CapturedRtp[] sent)
    {
        for (int i = 1; i < sent.Length; i++)
        {
            (CapturedRtp before, CapturedRtp packet) = (sent[i - 1], sent[i]);
            Assert.Equal((ushort)(before.Sequence + 1), packet.Sequence);
            Assert.Equal(packet.PayloadType != Noise && (before.PayloadType == Noise || packet.Timestamp - before.Timestamp > 160), packet.IsMarked);
            if (packet.PayloadType == Noise) Assert.InRange(packet.PayloadLengthBytes, 1, 13);
        }
    }
}
