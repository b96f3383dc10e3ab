using System.Globalization;
using System.Text.Json;
using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>How good calls are: with baresip, in reports that tshark reads, and in the server's records.</summary>
public sealed class QualityTests(ITestOutputHelper output) : InteropTest(output)
{
    [PeerFact(Programs.Baresip, Programs.Tshark, Programs.EspeakNg, Programs.Sox)]
    public async Task A_call_with_baresip_has_a_plausible_quality_both_ways()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        var account = new BaresipSettings("bob") { Domain = ParleyServer.Domain, Password = ParleyServer.PasswordOf("bob"), Server = server.EndPoint, Transport = Transport.Udp };
        await Baresip.StartAsync(Bench, account with { Answers = true, Codec = "PCMU", Play = await Speech.WithSilenceAfterAsync(await Speech.OfCalleeAsync()) });
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", Transport.Udp, "--play", await Speech.OfCallerAsync(), "--duration", "13s");
        await alice.Process.SucceededAsync();

        foreach (string direction in new[] { "receiving", "sending" })
        {
            JsonElement[] told = [.. alice.Process.Events.Where(happened => IsOf(happened, direction))];
            Assert.True(told.Length >= 2, $"{direction} is told {told.Length} times");
            JsonElement whole = told[^1];
            Assert.True(whole.GetProperty("whole").GetBoolean());
            Assert.Equal("PCMU", whole.GetProperty("codec").GetString());
            Assert.Equal("narrow", whole.GetProperty("band").GetString());
            Assert.InRange(whole.GetProperty("r").GetDouble(), 60, 93.3);
            Assert.InRange(whole.GetProperty("mos").GetDouble(), 3, 4.42);
            Assert.InRange(whole.GetProperty("lossPercent").GetDouble(), 0, 5);
            Assert.InRange(whole.GetProperty("delayMilliseconds").GetDouble(), 20, 500);
            Assert.True(whole.GetProperty("delayIsKnown").GetBoolean());
        }

        (await capture.StopAsync()).AssertClean();
    }

    [PeerFact(Programs.Tshark)]
    public async Task Extended_reports_have_R_and_scores_and_a_collector_has_them_too()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench, recordsCalls: true);
        string collector = $"sip:collector@{ParleyServer.Domain}";
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", Transport.Udp, "--count", "1", "--echo", "--quality-report", collector);
        ParleyPhone alice = ParleyPhone.Call(Bench, server, "alice", "bob", Transport.Udp, "--duration", "13s", "--quality-report", collector);
        await alice.Process.SucceededAsync();
        await bob.Process.SucceededAsync();
        Assert.Contains(alice.Process.Events, happened => Name(happened) == "reported");
        Assert.Contains(bob.Process.Events, happened => Name(happened) == "reported");
        JsonElement whole = alice.Process.Events.Last(happened => IsOf(happened, "sending"));
        Assert.InRange(whole.GetProperty("reportedR").GetDouble(), 60, 93.3);
        Assert.InRange(whole.GetProperty("reportedMos").GetDouble(), 3, 4.5);

        (await capture.StopAsync()).AssertClean();
        string[][] metrics = await capture.FieldsAsync("rtcp.xr.voipmetrics.rfactor", "rtcp.xr.voipmetrics.rfactor", "rtcp.xr.voipmetrics.moslq", "rtcp.xr.voipmetrics.moscq");
        Assert.NotEmpty(metrics);
        foreach (string[] row in metrics)
        {
            Assert.InRange(Number(row[0]), 60, 94);
            Assert.InRange(Number(row[1]), Number(row[2]), 4.5);
            Assert.InRange(Number(row[2]), 3, 4.5);
        }

        // The server writes what comes in a moment at once.
        string callId = alice.Process.Events.First(happened => Name(happened) == "answered").GetProperty("call").GetString()!;
        JsonElement[] shown = await ShowAsync(server, callId);
        for (int attempt = 0; attempt < 20 && shown.Count(happened => Name(happened) == "callQuality") < 2; attempt++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
            shown = await ShowAsync(server, callId);
        }

        JsonElement call = shown.Single(happened => Name(happened) == "call");
        Assert.Equal((200, "alice@example.test", "caller"), (call.GetProperty("status").GetInt32(), call.GetProperty("user").GetString(), call.GetProperty("endedBy").GetString()));
        Assert.InRange(call.GetProperty("seconds").GetDouble(), 10, 60);
        Assert.Equal(["alice@example.test", "bob@example.test"], shown.Where(happened => Name(happened) == "callQuality").Select(quality => quality.GetProperty("reporter").GetString()));
        Assert.All(shown.Where(happened => Name(happened) == "callQuality"), quality => Assert.InRange(quality.GetProperty("mos").GetDouble(), 3, 4.5));
    }

    private async Task<JsonElement[]> ShowAsync(ParleyServer server, string callId)
    {
        ExitedProcess shown = await ParleyProgram.RunAsync(Bench, "calls", "show", callId, "--data", server.Data, "--json");
        return shown.ExitCode == 0 ? [.. ParleyProgram.Events(shown.Output)] : [];
    }

    private static bool IsOf(JsonElement happened, string direction) => Name(happened) == "quality" && happened.GetProperty("direction").GetString() == direction;

    private static string? Name(JsonElement happened) => happened.GetProperty("event").GetString();

    private static double Number(string text) => double.Parse(text.Split(',')[0], CultureInfo.InvariantCulture);
}
