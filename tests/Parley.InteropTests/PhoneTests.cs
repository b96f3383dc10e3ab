using System.Net;
using System.Text.Json;
using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary><c>parley phone</c>: on a terminal against a server, and by lines with others and with baresip.</summary>
public sealed class PhoneTests(ITestOutputHelper output) : InteropTest(output)
{
    [PeerFact(Programs.Tshark, Programs.Script)]
    public async Task On_a_terminal_it_registers_calls_presses_keys_hangs_up_and_gives_the_terminal_back()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        TerminalPhone phone = await TerminalPhone.StartAsync(Bench, server, "alice", $$"""{ "name": "Ëcho", "uri": "sip:echo@{{server.Name}}" }""");
        await phone.ShowsAsync("alice@example.test  registered");
        await phone.ShowsAsync("no calls; d dials");

        await phone.PressAsync("decho");
        await phone.ShowsAsync("Dial: echo");
        await phone.PressAsync("\r");
        await phone.ShowsAsync("talking        to Ëcho <echo@example.test>");
        await phone.PressAsync("12#");
        await phone.ShowsAsync("heard 12#");
        await phone.ShowsAsync("round trip", Limit.Call);
        await phone.ResizeAsync(rows: 30, columns: 100);
        await Limit.UntilAsync("the phone to follow", () => phone.Screen.LastRow >= 28 || phone.Screen.Text.TrimEnd('\n').Split('\n')[^1].Length > 80);
        await phone.PressAsync("h");
        await phone.ShowsAsync("on hold");
        await phone.PressAsync("h");
        await phone.ShowsAsync("talking");
        await phone.PressAsync("x");
        await phone.ShowsAsync("no calls; d dials");
        await phone.PressAsync("q");

        Assert.Equal(0, await phone.ExitAsync());
        Assert.Equal("", phone.Errors());
        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Tshark, Programs.Script)]
    [InlineData("Ctrl-C")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task However_it_is_ended_the_call_is_ended_too_and_the_terminal_given_back(string how)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        TerminalPhone phone = await TerminalPhone.StartAsync(Bench, server, "alice");
        await phone.ShowsAsync("alice@example.test  registered");
        await phone.PressAsync("dmusic\r");
        await phone.ShowsAsync("talking");

        if (how == "Ctrl-C") await phone.PressAsync("\x03");
        else await phone.SignalAsync(how);

        Assert.Equal(130, await phone.ExitAsync());
        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.Contains(traffic.Sip, message => message.Method == "BYE");
    }

    [PeerFact(Programs.Tshark)]
    public async Task Two_phones_see_each_other_write_hold_and_are_connected_with_a_third()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyProcess alice = await StartAsync(server, "alice", """{ "name": "Bob", "uri": "sip:bob@example.test" }""");
        Assert.False((await alice.EventAsync("presence")).GetProperty("open").GetBoolean());
        ParleyProcess bob = await StartAsync(server, "bob", ""), carol = await StartAsync(server, "carol", "");
        await alice.EventAsync("presence", told => told.GetProperty("open").GetBoolean());

        await alice.Process.WriteAsync("message Bob Grüße \u001b[2J\n");
        Assert.Equal("Grüße \u001b[2J", (await bob.EventAsync("message")).GetProperty("text").GetString());
        await bob.Process.LineAsync("the text in words", line => line.EndsWith("Grüße \uFFFD[2J", StringComparison.Ordinal));
        await alice.EventAsync("sent", told => told.GetProperty("delivered").GetBoolean());

        await alice.Process.WriteAsync("dial Bob\n");
        await bob.EventAsync("incoming");
        await alice.EventAsync("progress", told => told.GetProperty("status").GetInt32() == 180);
        await bob.Process.WriteAsync("answer\n");
        await alice.EventAsync("answered");
        await alice.EventAsync("lamp", told => told.GetProperty("lamp").GetString() == "busy");
        await alice.EventAsync("presence", told => told.GetProperty("words").GetString() == "on the phone");

        await carol.Process.WriteAsync("dial alice\n");
        await alice.EventAsync("incoming");
        await alice.Process.WriteAsync("answer\n");
        await bob.EventAsync("held", told => told.GetProperty("held").GetBoolean());
        await alice.EventAsync("answered", told => told.GetProperty("number").GetInt32() == 2);
        await alice.Process.WriteAsync("connect 1 2\n");
        await bob.EventAsync("transfer");
        await bob.Process.WriteAsync("accept\n");
        await carol.EventAsync("incoming", told => told.GetProperty("replaces").GetInt32() == 1);
        await bob.EventAsync("answered", told => told.GetProperty("number").GetInt32() == 2);
        await alice.EventAsync("ended", told => told.GetProperty("number").GetInt32() == 1);
        await alice.EventAsync("ended", told => told.GetProperty("number").GetInt32() == 2);

        await bob.Process.WriteAsync("digits 5\n");
        await carol.EventAsync("dtmf", told => told.GetProperty("digit").GetString() == "5");
        foreach (ParleyProcess phone in new[] { carol, bob, alice })
        {
            await phone.Process.WriteAsync("quit\n");
            await phone.SucceededAsync();
        }

        await bob.EventAsync("ended", told => told.GetProperty("number").GetInt32() == 2);
        (await capture.StopAsync()).AssertClean();
    }

    [PeerFact(Programs.Baresip, Programs.Tshark, Programs.EspeakNg, Programs.Sox)]
    public async Task A_baresip_is_called_held_and_transferred()
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyProcess alice = await StartAsync(server, "alice", "");
        ParleyPhone carol = await ParleyPhone.AnswerAsync(Bench, server, "carol", Transport.Udp, "--count", "1", "--duration", "1s");
        await Baresip.StartAsync(Bench, new BaresipSettings("bob")
        {
            Domain = ParleyServer.Domain, Password = ParleyServer.PasswordOf("bob"), Server = server.EndPoint, Answers = true, Play = await Speech.WithSilenceAfterAsync(await Speech.OfCalleeAsync()),
        });

        await alice.Process.WriteAsync("dial bob\n");
        await alice.EventAsync("answered");
        await alice.Process.WriteAsync("digits 12#\nhold\n");
        await alice.EventAsync("digits");
        await alice.EventAsync("hold", told => told.GetProperty("holding").GetBoolean());
        await alice.Process.WriteAsync("resume\n");
        await alice.EventAsync("hold", told => !told.GetProperty("holding").GetBoolean());
        await alice.Process.WriteAsync("transfer carol\n");
        await carol.Process.EventAsync("answered");
        await alice.EventAsync("ended");
        await carol.Process.SucceededAsync();
        await alice.Process.WriteAsync("quit\n");
        await alice.SucceededAsync();
        (await capture.StopAsync()).AssertClean();
    }

    private async Task<ParleyProcess> StartAsync(ParleyServer server, string user, string contacts)
    {
        IPAddress address = Bench.Network.NewAddress();
        string file = Bench.PathOf($"phone-{user}.json");
        await File.WriteAllTextAsync(file, $$"""{ "contacts": [ {{contacts}} ] }""");
        ParleyProcess phone = ParleyProgram.Start(Bench, $"parley phone ({user})",
        [
            "phone", "--accounts", file, "--as", $"sip:{user}@{server.Name}", "--password", ParleyServer.PasswordOf(user), "--proxy", $"sip:{server.EndPoint}", "--local", $"{address}:5060", "--echo",
        ]);
        JsonElement registered = await phone.EventAsync("registered");
        Assert.Equal($"{user}@{server.Name}", registered.GetProperty("account").GetString());
        await phone.EventAsync("ready");
        return phone;
    }
}
