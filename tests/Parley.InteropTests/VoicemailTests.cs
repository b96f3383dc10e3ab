using System.Globalization;
using System.Text.Json;
using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>A baresip calls somebody who does not answer; another one is told of the message, and its user hears and deletes it.</summary>
public sealed class VoicemailTests(ITestOutputHelper output) : InteropTest(output)
{
    private const string Bob = "bob@example.test";

    [PeerTheory(Programs.Baresip, Programs.Tshark, Programs.EspeakNg, Programs.Sox)]
    [InlineData("PCMU", false)]
    [InlineData("opus/48000/2", true)]
    public async Task A_call_that_is_not_answered_leaves_a_message(string codec, bool isOpus)
    {
        string callerSays = await Speech.OfCallerAsync();
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench, forward: new Dictionary<string, object> { ["noAnswer"] = "voicemail", ["offline"] = "voicemail", ["after"] = 2 });
        Baresip bob = await Baresip.StartAsync(Bench, Account(server, "bob") with { Codec = codec, Watches = $"sip:{Bob}" });
        await bob.SaysAsync("that nothing waits", "Messages-Waiting: no");
        Baresip alice = await Baresip.StartAsync(Bench, Account(server, "alice") with { Codec = codec, Play = await Speech.WithSilenceAfterAsync(await AfterGreetingAsync(callerSays)) });

        await alice.DialAsync($"sip:{Bob}");
        await bob.EventAsync("CALL_INCOMING");
        await alice.EventAsync("CALL_ESTABLISHED");
        await alice.EventAsync("CALL_CLOSED", Limit.Call);        // ten seconds after the last word
        await bob.SaysAsync("a message", "Voice-Message: 1/0");

        JsonElement message = Assert.Single(await ListAsync(server));
        Assert.Equal((Bob, "sip:alice@example.test", false), (message.GetProperty("user").GetString(), message.GetProperty("from").GetString(), message.GetProperty("heard").GetBoolean()));
        string exported = Bench.PathOf("message.wav");
        await ParleyProgram.SucceedAsync(Bench, "voicemail", "export", message.GetProperty("id").GetString()!, exported, "--data", server.Data);
        await AssertIsAsync(callerSays, exported, isOpus);

        // Bob hears it, keeps it, hears it again and deletes it.
        string heard = Bench.PathOf("heard.wav");
        double seconds = message.GetProperty("seconds").GetDouble() + 1;
        await ParleyPhone.Call(Bench, server, "bob", "voicemail", Transport.Udp, "--record", heard, "--duration", string.Create(CultureInfo.InvariantCulture, $"{seconds:0}s")).Process.SucceededAsync();
        await AssertIsAsync(callerSays, heard, isOpus);
        Assert.False(Assert.Single(await ListAsync(server)).GetProperty("heard").GetBoolean());
        ParleyPhone phone = ParleyPhone.Call(Bench, server, "bob", "voicemail", Transport.Udp, "--dtmf", "2");
        await bob.SaysAsync("that it was kept", "Voice-Message: 0/1");
        await phone.Process.SucceededAsync();
        phone = ParleyPhone.Call(Bench, server, "bob", "voicemail", Transport.Udp, "--dtmf", "3");
        await Limit.UntilAsync("the message to be deleted", () => Directory.GetFiles(Path.Combine(server.Data, "voicemail"), "*.wav", SearchOption.AllDirectories).Length == 0);
        await phone.Process.SucceededAsync();
        Assert.Empty(await ListAsync(server));
        (await capture.StopAsync()).AssertClean();
    }

    private static BaresipSettings Account(ParleyServer server, string user) =>
        new(user) { Domain = ParleyServer.Domain, Password = ParleyServer.PasswordOf(user), Server = server.EndPoint };

    private Task AssertIsAsync(string speech, string recording, bool isOpus) =>
        isOpus ? Sound.AssertAlikeAsync(Output, speech, recording, 3) : Sound.AssertHeardByParleyAsync(Output, speech, recording);

    /// <summary>The speech, as who waits for the tone before he speaks.</summary>
    private async Task<string> AfterGreetingAsync(string speech)
    {
        string later = Bench.PathOf("later.wav");
        ExitedProcess made = await Bench.RunAsync("sox", Programs.Sox, ["-D", speech, later, "pad", "2.5", "0"], Limit.Call);
        Assert.True(made.ExitCode == 0, made.Log);
        return later;
    }

    private async Task<IReadOnlyList<JsonElement>> ListAsync(ParleyServer server)
    {
        ExitedProcess list = await ParleyProgram.SucceedAsync(Bench, "voicemail", "list", Bob, "--data", server.Data, "--json");
        return [.. ParleyProgram.Events(list.Output)];
    }
}
