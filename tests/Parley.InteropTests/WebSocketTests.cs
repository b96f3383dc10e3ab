using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>SIP over WebSocket in TLS with JsSIP, the phone of many web pages, in Node.</summary>
public sealed class WebSocketTests(ITestOutputHelper output) : InteropTest(output)
{
    [PeerFact(Programs.Node, Programs.Npm)]
    public async Task Two_phones_of_pages_register_and_send_a_message_and_leave()
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench, isSecure: true);
        string folder = await InstallAsync();
        ChildProcess bob = Start(folder, server, "bob");
        await bob.LineAsync("its registration", line => line == "registered");

        ChildProcess alice = Start(folder, server, "alice", "message", $"sip:bob@{ParleyServer.Domain}");

        await bob.LineAsync("the message", line => line == "message Grüße aus dem Netz");
        await alice.LineAsync("its answer", line => line == "succeeded 200");
        bob.Interrupt();
        await bob.LineAsync("the end of its registration", line => line == "unregistered");
    }

    [PeerFact(Programs.Node, Programs.Npm)]
    public async Task A_phone_on_UDP_reaches_the_page_by_its_connection()
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench, isSecure: true);
        ChildProcess bob = Start(await InstallAsync(), server, "bob");
        await bob.LineAsync("its registration", line => line == "registered");

        ExitedProcess options = await ParleyProgram.RunAsync(Bench, "options", $"sip:bob@{ParleyServer.Domain}", "--as", $"sip:alice@{ParleyServer.Domain}",
            "--password", ParleyServer.PasswordOf("alice"), "--proxy", $"sip:{server.EndPoint}", "--local", $"{Bench.Network.NewAddress()}:5060");

        Assert.True(options.ExitCode == 0, options.Log);
    }

    private async Task<string> InstallAsync()
    {
        string folder = Bench.NewFolder("jssip");
        foreach (string file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "jssip"))) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        ExitedProcess installed = await Bench.RunAsync("npm ci", Programs.Npm, ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]);
        Assert.True(installed.ExitCode == 0, installed.Log);
        return folder;
    }

    // The page trusts the server's certificate, as a person does who has looked at it.
    private ChildProcess Start(string folder, ParleyServer server, string user, params string[] more) => Bench.Start($"jssip {user}", "/usr/bin/env",
    [
        $"NODE_EXTRA_CA_CERTS={server.Certificate}", Programs.PathOf(Programs.Node), Path.Combine(folder, "phone.js"),
        $"wss://{server.Address}:8443/sip", $"sip:{user}@{ParleyServer.Domain}", ParleyServer.PasswordOf(user), .. more,
    ]);
}
