using System.Globalization;
using Parley.Endpoint.Media;
using Parley.InteropTests.Harness;
using Parley.Media.Files;

namespace Parley.InteropTests;

/// <summary>Files of recordings: as opus-tools and sox read and write them, of both directions, after a kill and on a full disk.</summary>
public sealed class RecordingTests(ITestOutputHelper output) : InteropTest(output)
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(3), MostLost = TimeSpan.FromSeconds(2);

    [PeerTheory(Programs.EspeakNg, Programs.Sox, Programs.OpusInfo, Programs.OpusDec)]
    [InlineData("pcmu", "bob.opus")]
    [InlineData("opus", "bob.ogg")]
    [InlineData("g722", "bob.wav")]
    public async Task Both_sides_of_a_call_are_recorded_each_in_its_channel(string codec, string name)
    {
        (string callerSays, string calleeSays) = (await Speech.OfCallerAsync(), await Speech.OfCalleeAsync());
        string recording = Bench.PathOf(name);
        ParleyPhone bob = await ParleyPhone.AnswerDirectlyAsync(Bench, "--codec", codec, "--count", "1", "--play", calleeSays, "--record", recording, "--record-as", "both");

        await ParleyPhone.CallDirectly(Bench, bob.Address, Transport.Udp, "--codec", codec, "--play", callerSays, "--duration", "6s").Process.SucceededAsync();

        await bob.Process.SucceededAsync();
        string decoded = recording;
        if (AudioFile.IsOpus(recording))
        {
            await AssertFlawlessAsync(recording, channels: 2);
            await RunAsync(Programs.OpusDec, "--rate", "48000", recording, decoded = Bench.PathOf("decoded.wav"));
        }

        (string heard, string said) = (Bench.PathOf("heard.wav"), Bench.PathOf("said.wav"));
        await RunAsync(Programs.Sox, "-D", decoded, heard, "remix", "1");
        await RunAsync(Programs.Sox, "-D", decoded, said, "remix", "2");
        await Sound.AssertAlikeAsync(Output, callerSays, heard, leastSignalToNoise: 3);
        await Sound.AssertAlikeAsync(Output, calleeSays, said, leastSignalToNoise: 3);
    }

    [PeerFact(Programs.EspeakNg, Programs.Sox, Programs.OpusEnc)]
    public async Task What_opusenc_wrote_is_played()
    {
        string callerSays = await Speech.OfCallerAsync();
        (string coded, string heardByBob) = (Bench.PathOf("caller.opus"), Bench.PathOf("bob.wav"));
        await RunAsync(Programs.OpusEnc, "--comment", "TITLE=Good morning", "--padding", "70000", callerSays, coded);
        ParleyPhone bob = await ParleyPhone.AnswerDirectlyAsync(Bench, "--codec", "g722", "--count", "1", "--record", heardByBob);

        await ParleyPhone.CallDirectly(Bench, bob.Address, Transport.Udp, "--codec", "g722", "--play", coded).Process.SucceededAsync();

        await bob.Process.SucceededAsync();
        await Sound.AssertAlikeAsync(Output, callerSays, heardByBob, leastSignalToNoise: 3);
        Assert.True(AudioFile.TryRead(coded, out PcmAudio? read, out AudioFileError error), error.Text);
        Assert.Equal(Wav.Duration(callerSays).TotalSeconds, read!.Duration.TotalSeconds, 3);
    }

    [PeerTheory(Programs.EspeakNg, Programs.Sox, Programs.OpusDec)]
    [InlineData("bob.wav")]
    [InlineData("bob.opus")]
    public async Task A_phone_that_is_killed_leaves_all_but_the_last_moment(string name)
    {
        string recording = Bench.PathOf(name), callerSays = await Speech.WithSilenceAfterAsync(await Speech.OfCallerAsync());
        ParleyPhone bob = await ParleyPhone.AnswerDirectlyAsync(Bench, "--record", recording, "--record-as", "both");
        ParleyPhone alice = ParleyPhone.CallDirectly(Bench, bob.Address, Transport.Udp, "--play", callerSays);
        await bob.Process.EventAsync("answered");
        long start = TimeProvider.System.GetTimestamp();
        await Limit.UntilAsync("a recording of some seconds", () => AudioFile.TryRead(recording, out PcmAudio? grown, out _) && grown!.Duration >= Enough);

        TimeSpan talked = TimeProvider.System.GetElapsedTime(start);
        await bob.Process.Process.KillAsync();

        Assert.True(AudioFile.TryRead(recording, out PcmAudio? audio, out AudioFileError error), error.Text);
        Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{talked.TotalSeconds:0.00} s talked, {audio!.Duration.TotalSeconds:0.00} s in the file"));
        Assert.Equal(2, audio.Channels);
        Assert.True(audio.Duration >= talked - MostLost, $"{audio.Duration} of {talked}");
        if (AudioFile.IsOpus(recording)) await RunAsync(Programs.OpusDec, recording, Bench.PathOf("decoded.wav"));
        await alice.Process.Process.KillAsync();
    }

    [PeerFact(Programs.EspeakNg, Programs.Sox)]
    public async Task A_disk_that_is_full_costs_the_recording_and_not_the_call()
    {
        string callerSays = await Speech.OfCallerAsync(), recording = Bench.PathOf("alice.wav"), heardByBob = Bench.PathOf("bob.wav");
        ParleyPhone bob = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "1", "--record", heardByBob);

        // A file may have 16 blocks of 1 KiB: a second of this call. The runtime has a longer one for its code unless told not to.
        string[] call = ["call", $"sip:{bob.Address}:5060", "--local", Bench.Network.NewAddress().ToString(), "--codec", "pcmu", "--play", callerSays, "--record", recording];
        ExitedProcess alice = await Bench.RunAsync("parley call", "/bin/bash", ["-c", "export DOTNET_EnableWriteXorExecute=0; ulimit -f 16; trap '' XFSZ; exec \"$@\"", "bash", ParleyProgram.Path, .. call], Limit.Call);

        await bob.Process.SucceededAsync();
        Assert.True(alice.ExitCode == 1, alice.Log);
        Assert.Equal("parley: the recording is not whole: the file system takes no longer file", Assert.Single(alice.Errors, line => line.StartsWith("parley:", StringComparison.Ordinal)));
        await Sound.AssertHeardByParleyAsync(Output, callerSays, heardByBob);
        Assert.True(AudioFile.TryRead(recording, out PcmAudio? audio, out AudioFileError error), error.Text);
        Assert.InRange(audio!.Duration.TotalSeconds, 0.5, 1.1);
    }

    /// <summary>opusinfo finds nothing to say of a file but what is in it.</summary>
    private async Task AssertFlawlessAsync(string file, int channels)
    {
        ExitedProcess told = await RunAsync(Programs.OpusInfo, file);
        Assert.DoesNotContain(told.Output.Concat(told.Errors), line => line.Contains("WARNING", StringComparison.OrdinalIgnoreCase) || line.Contains("error", StringComparison.OrdinalIgnoreCase));
        Assert.Contains(told.Output, line => line.Contains("Channels:", StringComparison.Ordinal) && line.Contains(channels.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
        Assert.True(AudioFile.TryRead(file, out PcmAudio? audio, out AudioFileError error), error.Text);
        string length = told.Output.First(line => line.Contains("Playback length:", StringComparison.Ordinal));
        Output.WriteLine($"{length.Trim()}, here {audio!.Duration}");
    }

    private async Task<ExitedProcess> RunAsync(string program, params string[] arguments)
    {
        ExitedProcess exited = await Bench.RunAsync(program, program, arguments);
        Assert.True(exited.ExitCode == 0, exited.Log);
        return exited;
    }
}
