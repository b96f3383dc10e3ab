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
