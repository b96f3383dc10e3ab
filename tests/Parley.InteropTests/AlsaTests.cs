using System.Net;
using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary><c>parley phone</c> with sound devices, which here are files behind ALSA: what is in one is said, and what is heard goes into the other.</summary>
public sealed class AlsaTests(ITestOutputHelper output) : InteropTest(output)
{
    [PeerFact(Programs.Alsa, Programs.EspeakNg, Programs.Sox)]
    public async Task A_call_goes_from_the_microphone_and_to_the_loudspeaker()
    {
        (string callerSays, string calleeSays) = (await Speech.OfCallerAsync(), await Speech.OfCalleeAsync());
        string heardByBob = Bench.PathOf("bob.wav"), spoken = Bench.PathOf("spoken.raw"), heard = Bench.PathOf("heard.raw");
        await SoxAsync(await Speech.WithSilenceAfterAsync(await Speech.AtAsync(callerSays, 48_000)), "-t", "raw", spoken);
        await WriteConfigurationAsync(spoken, heard);
        ParleyPhone bob = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "1", "--after", "1500ms", "--play", calleeSays, "--record", heardByBob, "--duration", "7s");
        ParleyProcess alice = await StartAsync("mic", "speaker", """{ "echoCancellation": false, "noiseReduction": false, "gainControl": false, "tones": "us" }""");

        await alice.Process.WriteAsync($"dial sip:{bob.Address}\n");
        await alice.EventAsync("answered");
        await alice.EventAsync("ended", limit: Limit.Call);
        await bob.Process.SucceededAsync();
        await alice.Process.WriteAsync("quit\n");
        await alice.SucceededAsync();

        string loudspeaker = Bench.PathOf("heard.wav");
        await SoxAsync("-t", "raw", "-r", "48000", "-c", "1", "-e", "signed-integer", "-b", "16", heard, loudspeaker);
        // Both went through 48 kHz.
        await Sound.AssertRecognisedAsync(Output, callerSays, heardByBob);
        await Sound.AssertRecognisedAsync(Output, calleeSays, await Speech.AtAsync(loudspeaker, 8000));

        // While it rang there was the tone of the United States: 440 and 480 Hz.
        short[] ringing = Wav.Read(loudspeaker).Samples[4800..28_800];
        double power = ringing.Average(sample => (double)sample * sample);
        Assert.InRange((Power(ringing, 440) + Power(ringing, 480)) / power, 0.9, 1.1);
        Assert.DoesNotContain(alice.Events, happened => happened.GetProperty("event").GetString() == "problem");
    }

    [PeerFact(Programs.Alsa)]
    public async Task Who_names_a_device_that_is_not_there_is_told_so_and_offered_files()
    {
        await WriteConfigurationAsync(Bench.PathOf("none.raw"), Bench.PathOf("heard.raw"));
        ParleyProcess alice = await StartAsync("nobody", "speaker", "{ }");
        await alice.Process.LineAsync("why there are no devices", line => line.Contains("no sound devices (the microphone \"nobody\": No such file or directory): calls hear silence (--play F.wav", StringComparison.Ordinal));
        await alice.Process.WriteAsync("quit\n");
        await alice.SucceededAsync();
    }

    [PeerFact(Programs.Alsa)]
    public async Task The_devices_are_listed()
    {
        await WriteConfigurationAsync(Bench.PathOf("none.raw"), Bench.PathOf("heard.raw"));
        ExitedProcess listed = await Bench.RunAsync("parley phone --devices", "/usr/bin/env", [Configuration, ParleyProgram.Path, "phone", "--devices", "--json"]);
        Assert.True(listed.ExitCode == 0, listed.Log);
        Assert.Contains(ParleyProgram.Events(listed.Output), device => device.GetProperty("name").GetString() == "speaker" && device.GetProperty("words").GetString() == "A file");
    }

    private string Configuration => $"ALSA_CONFIG_PATH={Bench.PathOf("alsa.conf")}";

    private Task WriteConfigurationAsync(string spoken, string heard) => File.WriteAllTextAsync(Bench.PathOf("alsa.conf"), $$"""
        pcm.nothing { type null }
        pcm.mic { type file slave.pcm nothing file "/dev/null" infile "{{spoken}}" format "raw" hint { show on description "A file" } }
        pcm.speaker { type file slave.pcm nothing file "{{heard}}" format "raw" hint { show on description "A file" } }
        """);

    private async Task<ParleyProcess> StartAsync(string microphone, string speaker, string settings)
    {
        IPAddress address = Bench.Network.NewAddress();
        string file = Bench.PathOf("phone.json");
        await File.WriteAllTextAsync(file, settings);
        var phone = new ParleyProcess(Bench.Start("parley phone", "/usr/bin/env",
        [
            Configuration, ParleyProgram.Path, "phone", "--accounts", file, "--local", $"{address}:5060", "--codec", "pcmu", "--microphone", microphone, "--speaker", speaker, "--json",
        ]));
        await phone.EventAsync("ready");
        return phone;
    }

    private async Task SoxAsync(params string[] arguments)
    {
        ExitedProcess sox = await Bench.RunAsync("sox", Programs.Sox, ["-D", .. arguments]);
        Assert.True(sox.ExitCode == 0, sox.Log);
    }

    private static double Power(short[] sound, double hertz)
    {
        (double sine, double cosine) = (0, 0);
        for (int i = 0; i < sound.Length; i++)
        {
            double angle = 2 * Math.PI * hertz * i / 48_000;
            (sine, cosine) = (sine + (sound[i] * Math.Sin(angle)), cosine + (sound[i] * Math.Cos(angle)));
        }

        return 2 * ((sine * sine) + (cosine * cosine)) / sound.Length / sound.Length;
    }
}
