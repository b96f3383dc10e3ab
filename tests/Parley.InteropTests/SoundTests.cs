using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>What one Parley phone plays, another one records: the same speech, whole.</summary>
public sealed class SoundTests(ITestOutputHelper output) : InteropTest(output)
{
    [PeerTheory(Programs.EspeakNg, Programs.Sox, Programs.Tshark)]
    [InlineData(Transport.Udp, "pcmu")]
    [InlineData(Transport.Tcp, "pcma")]
    public async Task Two_phones_hear_each_other_through_the_server(Transport transport, string codec)
    {
        (string callerSays, string calleeSays) = (await Speech.OfCallerAsync(), await Speech.OfCalleeAsync());
        (string heardByAlice, string heardByBob) = (Bench.PathOf("alice.wav"), Bench.PathOf("bob.wav"));
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport, "--count", "1", "--play", calleeSays, "--record", heardByBob);
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", transport, "--play", callerSays, "--record", heardByAlice, "--codec", codec, "--duration", "7s");

        await alice.Process.SucceededAsync();
        await bob.Process.SucceededAsync();

        await Sound.AssertHeardByParleyAsync(Output, callerSays, heardByBob, codec.ToUpperInvariant());
        await Sound.AssertHeardByParleyAsync(Output, calleeSays, heardByAlice, codec.ToUpperInvariant());
        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.All(traffic.Rtp, packet => Assert.Equal(codec == "pcmu" ? 0 : 8, packet.PayloadType));
    }

    [PeerFact(Programs.EspeakNg, Programs.Sox)]
    public async Task A_call_without_a_duration_lasts_as_long_as_its_file_and_nothing_of_it_is_missing()
    {
        string callerSays = await Speech.OfCallerAsync();
        string heardByBob = Bench.PathOf("bob.wav");
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", Transport.Udp, "--count", "1", "--record", heardByBob);

        await ParleyPhone.Call(Bench, server, "alice", "bob", Transport.Udp, "--play", callerSays).Process.SucceededAsync();

        await bob.Process.SucceededAsync();
        await Sound.AssertHeardByParleyAsync(Output, callerSays, heardByBob);
    }

    [PeerFact(Programs.EspeakNg, Programs.Sox)]
    public async Task Two_phones_hear_each_other_with_no_server()
    {
        string callerSays = await Speech.OfCallerAsync();
        string heardByBob = Bench.PathOf("bob.wav");
        ParleyPhone bob = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "1", "--record", heardByBob);

        await ParleyPhone.CallDirectly(Bench, bob.Address, Transport.Udp, "--play", callerSays).Process.SucceededAsync();

        await bob.Process.SucceededAsync();
        await Sound.AssertHeardByParleyAsync(Output, callerSays, heardByBob);
    }

    [PeerTheory(Programs.EspeakNg, Programs.Sox, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task The_server_s_echo_says_what_it_hears(Transport transport)
    {
        string callerSays = await Speech.OfCallerAsync();
        string heard = Bench.PathOf("echo.wav");
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);

        await ParleyPhone.Call(Bench, server, "alice", "echo", transport, "--play", callerSays, "--record", heard, "--duration", "8s").Process.SucceededAsync();

        await Sound.AssertHeardByParleyAsync(Output, callerSays, heard);
        (await capture.StopAsync()).AssertClean();
    }

    [PeerFact(Programs.Tshark)]
    public async Task The_server_plays_music()
    {
        string heard = Bench.PathOf("music.wav");
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);

        await ParleyPhone.Call(Bench, server, "alice", "music", Transport.Udp, "--record", heard, "--duration", "3s").Process.SucceededAsync();

        (short[] samples, int sampleRate) = Wav.Read(heard);
        Assert.InRange((double)samples.Length / sampleRate, 2, 5);
        Assert.Contains(samples, sample => Math.Abs((int)sample) > 1000);
        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.EspeakNg, Programs.Sox)]
    [InlineData("-r", "16000")]
    [InlineData("-r", "44100")]
    [InlineData("-c", "2")]
    public async Task Other_sample_rates_and_two_channels_are_converted(string option, string value)
    {
        string callerSays = await Speech.OfCallerAsync();
        string converted = Bench.PathOf("converted.wav");
        ExitedProcess sox = await Bench.RunAsync("sox", Programs.Sox, ["-D", callerSays, option, value, converted]);
        Assert.True(sox.ExitCode == 0, sox.Log);
        string heardByBob = Bench.PathOf("bob.wav");
        ParleyPhone bob = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "1", "--record", heardByBob);

        await ParleyPhone.CallDirectly(Bench, bob.Address, Transport.Udp, "--play", converted).Process.SucceededAsync();

        await bob.Process.SucceededAsync();
        // A converter's filter delays by fractions of a sample, so the samples themselves may differ: the speech must be whole and in its place.
        TimeSpan played = Wav.Duration(callerSays);
        Assert.InRange(Wav.Duration(heardByBob), played - TimeSpan.FromMilliseconds(50), played + TimeSpan.FromSeconds(1));
        await Sound.AssertRecognisedAsync(Output, callerSays, heardByBob);
    }
}
