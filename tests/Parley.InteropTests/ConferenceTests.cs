using Parley.InteropTests.Harness;
using Parley.Media.Files;
using Parley.TestSupport;

namespace Parley.InteropTests;

/// <summary>Three phones in a room of the server, each of which says another tone and has another codec.</summary>
public sealed class ConferenceTests(ITestOutputHelper output) : InteropTest(output)
{
    private const string Room = "sip:conference-team@example.test";
    private const double Said = 6000;       // the amplitude of a tone
    private const double Beside = 30;       // Hz: a tone of a second is not heard so far away
    private static readonly double[] Tones = [350, 1000, 1700];      // none of the room's own

    [PeerFact(Programs.Baresip, Programs.Tshark, Programs.Sox)]
    public async Task Each_hears_the_other_two_and_not_itself()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyProcess watcher = ParleyProgram.Start(Bench, "parley subscribe",
        [
            "subscribe", Room, "conference", "--as", $"sip:alice@{ParleyServer.Domain}", "--password", ParleyServer.PasswordOf("alice"), "--proxy", $"sip:{server.EndPoint}",
            "--local", $"{Bench.Network.NewAddress()}:5060",
        ]);
        Baresip alice = await Baresip.StartAsync(Bench, Account(server, "alice") with { Play = ToneFile(0) });
        Baresip bob = await Baresip.StartAsync(Bench, Account(server, "bob") with { Codec = "opus/48000/2", Play = ToneFile(1) });
        foreach (Baresip phone in (Baresip[])[alice, bob])
        {
            await phone.DialAsync(Room);
            await phone.EventAsync("CALL_ESTABLISHED");
        }

        string heardByCarol = Bench.PathOf("carol.wav");
        ParleyPhone carol = ParleyPhone.Call(Bench, server, "carol", Room, Transport.Udp, "--codec", "g722", "--play", ToneFile(2), "--record", heardByCarol, "--duration", "8s");
        await watcher.EventAsync("notification", notify => Roster(notify, "3 take part"));
        await carol.Process.SucceededAsync();
        await watcher.EventAsync("notification", notify => Roster(notify, "left"));

        // Alice mutes herself: bob, who was talking with her alone, hears nobody any more.
        await alice.SendDigitAsync('*');
        await alice.SendDigitAsync('6');
        await watcher.EventAsync("notification", notify => notify.GetProperty("body").GetString()!.Contains("recvonly", StringComparison.Ordinal));
        await alice.HangUpAsync();
        await bob.HangUpAsync();
        await alice.EventAsync("CALL_CLOSED");
        await bob.EventAsync("CALL_CLOSED");

        AssertHeard(await alice.HeardAsync(), own: 0);
        string heardByBob = await Speech.AtAsync(await bob.HeardAsync(), 8000);      // two channels at 48 kHz
        AssertHeard(heardByBob, own: 1);
        AssertHeard(heardByCarol, own: 2);
        (short[] samples, int sampleRate) = Wav.Read(heardByBob);
        Assert.True(Level(samples.AsSpan(samples.Length - (sampleRate / 2)), sampleRate, Tones[0]) < Said / 50, "bob hears alice, who is muted");
        (await capture.StopAsync()).AssertClean();
    }

    private static bool Roster(System.Text.Json.JsonElement notify, string words) => notify.GetProperty("summary").EnumerateArray().Any(line => line.GetString()!.Contains(words, StringComparison.Ordinal));

    private static BaresipSettings Account(ParleyServer server, string user) =>
        new(user) { Domain = ParleyServer.Domain, Password = ParleyServer.PasswordOf(user), Server = server.EndPoint };

    /// <summary>Both others are in one second of the recording, and one's own tone in none of it: nothing that stands out of what a gap in the others' tones makes at all frequencies.</summary>
    private void AssertHeard(string recording, int own)
    {
        (short[] samples, int sampleRate) = Wav.Read(recording);
        double most = 0, mostOfOwn = 0;
        for (int at = 0; at + sampleRate <= samples.Length; at += sampleRate / 4)
        {
            ReadOnlySpan<short> second = samples.AsSpan(at, sampleRate);
            double least = double.MaxValue;
            foreach ((int i, double hertz) in Tones.Index())
            {
                double level = Level(second, sampleRate, hertz);
                if (i == own && level > 2 * Math.Max(Level(second, sampleRate, hertz - Beside), Level(second, sampleRate, hertz + Beside))) mostOfOwn = Math.Max(mostOfOwn, level);
                else if (i == own) Assert.True(level < Said / 10, $"{recording}: {level:0} around its own tone");
                else least = Math.Min(least, level);
            }

            most = Math.Max(most, least);
        }

        Output.WriteLine($"{Path.GetFileName(recording)}: others {most:0}, itself {mostOfOwn:0}");
        Assert.True(most > Said * 0.6, $"{recording}: of the others, only {most:0} is heard");
        Assert.True(mostOfOwn < Said / 50, $"{recording}: it hears itself, {mostOfOwn:0}");
    }

    private static double Level(ReadOnlySpan<short> samples, int sampleRate, double hertz)
    {
        double re = 0, im = 0;
        for (int i = 0; i < samples.Length; i++)
        {
            double window = 1 - Math.Cos(2 * Math.PI * i / samples.Length);
            (double sin, double cos) = Math.SinCos(2 * Math.PI * hertz * i / sampleRate);
            re += samples[i] * window * cos;
            im += samples[i] * window * sin;
        }

        return 2 * Math.Sqrt((re * re) + (im * im)) / samples.Length;
    }

    private string ToneFile(int i)
    {
        string path = Bench.PathOf($"tone{i}.wav");
        using var file = new FileStream(path, FileMode.Create);
        using var writer = new WavWriter(file, 8000);
        writer.Write(TestSound.Sine(Tones[i], 60, 8000, Said));
        return path;
    }
}
