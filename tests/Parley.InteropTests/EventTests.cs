using System.Text.Json;
using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>Presence, waiting messages and publications through the server: RFC 6665, 3856, 3842, 3903.</summary>
public sealed class EventTests(ITestOutputHelper output) : InteropTest(output)
{
    [PeerTheory(Programs.Baresip, Programs.Sipp, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_baresip_sees_a_phone_come_and_go_and_messages_wait(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        Baresip alice = await Baresip.StartAsync(Bench, new BaresipSettings("alice")
        {
            Domain = ParleyServer.Domain, Password = ParleyServer.PasswordOf("alice"), Server = server.EndPoint, Transport = transport, Watches = $"sip:bob@{ParleyServer.Domain}",
        });
        await alice.SaysAsync("the first NOTIFY", "<basic>closed</basic>");

        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport);
        await alice.SeesAsync(isOnline: true);
        bob.Process.Process.Interrupt();
        Assert.Equal(130, await bob.Process.ExitAsync());
        await alice.SeesAsync(isOnline: false);

        var mailbox = new SippSettings("alice", Bench.Network.NewAddress()) { Password = ParleyServer.PasswordOf("alice") };
        ExitedProcess published = await Sipp.RunAsync(Bench, "publish", server.EndPoint, mailbox);
        Assert.True(published.ExitCode == 0, published.Log);
        await alice.SaysAsync("messages to wait", "Messages-Waiting: yes");

        await alice.QuitAsync();
        CapturedTraffic traffic = await capture.StopAsync();
        traffic.AssertClean();
        Assert.DoesNotContain(traffic.Sip, message => message.Status is >= 500);
    }

    [PeerTheory(Programs.Sipp, Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_sipp_subscribes_and_publishes(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        var bob = new SippSettings("bob", Bench.Network.NewAddress()) { Password = ParleyServer.PasswordOf("bob"), Transport = transport };

        ExitedProcess published = await Sipp.RunAsync(Bench, "publish", server.EndPoint, bob);
        Assert.True(published.ExitCode == 0, published.Log);
        ExitedProcess subscribed = await Sipp.RunAsync(Bench, "subscribe", server.EndPoint, bob, ("to", $"bob@{ParleyServer.Domain}"), ("event", "message-summary"), ("words", "Messages-Waiting: yes"));
        Assert.True(subscribed.ExitCode == 0, subscribed.Log);
        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Tshark)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task The_command_line_shows_presence_as_it_changes(Transport transport)
    {
        Capture capture = await Capture.StartAsync(Bench);
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyProcess watcher = ParleyProgram.Start(Bench, "parley subscribe",
        [
            "subscribe", $"sip:bob@{ParleyServer.Domain}", "presence", "--as", $"sip:alice@{ParleyServer.Domain}", "--password", ParleyServer.PasswordOf("alice"),
            "--proxy", $"sip:{server.EndPoint}{transport.Parameter()}", "--local", $"{Bench.Network.NewAddress()}:5060", "--count", "2",
        ]);
        Assert.Equal("closed", (await watcher.EventAsync("notification")).GetProperty("summary")[0].GetString());
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport);
        await watcher.EventAsync("notification", told => told.GetProperty("summary")[0].GetString() == "open");
        Assert.Equal(0, await watcher.ExitAsync());
        bob.Process.Process.Interrupt();
        Assert.Equal(130, await bob.Process.ExitAsync());
        (await capture.StopAsync()).AssertClean();
    }

    [PeerTheory(Programs.Sipp)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_busy_lamp_shows_a_call_of_a_colleague(Transport transport)
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyProcess watcher = StartWatcher(server, transport, "bob", "dialog");
        Assert.Equal("no calls", (await watcher.EventAsync("notification")).GetProperty("summary")[0].GetString());
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport, "--count", "1");
        ParleyPhone carol = ParleyPhone.Call(Bench, server, "carol", "bob", transport, "--duration", "6s");
        await watcher.EventAsync("notification", told => told.GetProperty("summary")[0].GetString() == "confirmed from somebody");

        // A lamp that is lit late sees the call at once.
        ExitedProcess late = await SubscribeAsync(server, transport, "bob", "dialog", "<state>confirmed</state>");
        Assert.True(late.ExitCode == 0, late.Log);
        await carol.Process.SucceededAsync();
        await bob.Process.SucceededAsync();
        await watcher.EventAsync("notification", told => told.GetProperty("summary")[0].GetString() == "terminated from somebody");
        watcher.Process.Interrupt();
        Assert.Equal(130, await watcher.ExitAsync());
    }

    [PeerTheory(Programs.Sipp)]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_group_is_watched_in_one_subscription(Transport transport)
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench, team: ["bob", "carol", "nobody"]);
        ParleyProcess watcher = StartWatcher(server, transport, "team", "presence");
        JsonElement first = await watcher.EventAsync("notification");
        Assert.Equal(["sip:bob@example.test: closed", "sip:carol@example.test: closed", "sip:nobody@example.test: terminated (noresource)"], first.GetProperty("summary").EnumerateArray().Select(word => word.GetString()));
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", transport);
        await watcher.EventAsync("notification", told => told.GetProperty("summary").EnumerateArray().Select(word => word.GetString()).SequenceEqual(["sip:bob@example.test: open"]));

        ExitedProcess sipp = await SubscribeAsync(server, transport, "team", "presence\n    Supported: eventlist", "fullState=\"true\"");
        Assert.True(sipp.ExitCode == 0, sipp.Log);
        watcher.Process.Interrupt();
        Assert.Equal(130, await watcher.ExitAsync());
        bob.Process.Process.Interrupt();
        Assert.Equal(130, await bob.Process.ExitAsync());
    }

    [Theory]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task What_the_command_line_publishes_stands_until_it_ends(Transport transport)
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyProcess watcher = StartWatcher(server, transport, "bob", "presence");
        await watcher.EventAsync("notification");
        ParleyProcess publisher = ParleyProgram.Start(Bench, "parley publish",
        [
            "publish", "presence", "--note", "At lunch", "--as", $"sip:bob@{ParleyServer.Domain}", "--password", ParleyServer.PasswordOf("bob"),
            "--proxy", $"sip:{server.EndPoint}{transport.Parameter()}", "--local", $"{Bench.Network.NewAddress()}:5060",
        ]);
        await publisher.EventAsync("published");
        await watcher.EventAsync("notification", told => told.GetProperty("body").GetString()!.Contains("At lunch", StringComparison.Ordinal));
        publisher.Process.Interrupt();
        Assert.Equal(130, await publisher.ExitAsync());
        await watcher.EventAsync("notification", told => told.GetProperty("summary")[0].GetString() == "closed");
        watcher.Process.Interrupt();
        Assert.Equal(130, await watcher.ExitAsync());
    }

    private ParleyProcess StartWatcher(ParleyServer server, Transport transport, string whom, string package) => ParleyProgram.Start(Bench, "parley subscribe",
    [
        "subscribe", $"sip:{whom}@{ParleyServer.Domain}", package, "--as", $"sip:alice@{ParleyServer.Domain}", "--password", ParleyServer.PasswordOf("alice"),
        "--proxy", $"sip:{server.EndPoint}{transport.Parameter()}", "--local", $"{Bench.Network.NewAddress()}:5060",
    ]);

    private Task<ExitedProcess> SubscribeAsync(ParleyServer server, Transport transport, string whom, string package, string words)
    {
        var alice = new SippSettings("alice", Bench.Network.NewAddress()) { Password = ParleyServer.PasswordOf("alice"), Transport = transport };
        return Sipp.RunAsync(Bench, "subscribe", server.EndPoint, alice, ("to", $"{whom}@{ParleyServer.Domain}"), ("event", package), ("words", words.Replace("\"", "&quot;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(Transport.Udp)]
    [InlineData(Transport.Tcp)]
    public async Task A_server_that_stops_says_when_to_come_back(Transport transport)
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyProcess watcher = ParleyProgram.Start(Bench, "parley subscribe",
        [
            "subscribe", $"sip:bob@{ParleyServer.Domain}", "presence", "--as", $"sip:alice@{ParleyServer.Domain}", "--password", ParleyServer.PasswordOf("alice"),
            "--proxy", $"sip:{server.EndPoint}{transport.Parameter()}", "--local", $"{Bench.Network.NewAddress()}:5060", "--count", "2",
        ]);
        Assert.Equal("active", (await watcher.EventAsync("notification")).GetProperty("state").GetString());
        server.Process.Process.Terminate();
        await watcher.EventAsync("notification", told => told.GetProperty("state").GetString() == "terminated" && told.GetProperty("reason").GetString() == "probation");
        Assert.Equal(0, await watcher.ExitAsync());
        Assert.Equal(0, await server.Process.ExitAsync());
    }
}
