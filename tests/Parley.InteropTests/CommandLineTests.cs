using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Xml.Linq;
using Parley.InteropTests.Harness;

namespace Parley.InteropTests;

/// <summary>The command as people and scripts meet it: help, exit codes, one clear line when something is wrong.</summary>
public sealed class CommandLineTests(ITestOutputHelper output) : InteropTest(output)
{
    [Theory]
    [InlineData("")]
    [InlineData("serve")]
    [InlineData("demo")]
    [InlineData("user")]
    [InlineData("user add")]
    [InlineData("user passwd")]
    [InlineData("user remove")]
    [InlineData("user list")]
    [InlineData("user import")]
    [InlineData("call")]
    [InlineData("answer")]
    [InlineData("options")]
    [InlineData("locate")]
    [InlineData("message")]
    [InlineData("refer")]
    public async Task Every_command_explains_itself(string command)
    {
        ExitedProcess help = await ParleyProgram.SucceedAsync(Bench, [.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);

        string text = string.Join('\n', help.Output);
        Assert.Contains("Usage:", text, StringComparison.Ordinal);
        Assert.Contains("parley " + command, text, StringComparison.Ordinal);
        Assert.Contains("--help", text, StringComparison.Ordinal);
        Assert.Empty(help.Errors);
    }

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("serve --frobnicate")]
    [InlineData("call")]
    [InlineData("call not:a:uri")]
    [InlineData("call sip:bob@example.test --duration soon")]
    [InlineData("call sip:bob@example.test --codec g999")]
    [InlineData("call sip:bob@example.test --hold 0s")]
    [InlineData("call sip:bob@example.test --after 1s")]
    [InlineData("refer sip:bob@example.test")]
    [InlineData("locate")]
    [InlineData("locate sip:example.test --dns nonsense")]
    [InlineData("answer --reject 200")]
    [InlineData("answer --register")]
    [InlineData("user add alice")]
    [InlineData("serve --listen nonsense")]
    [InlineData("serve --listen udp://127.0.0.1:99999")]
    [InlineData("serve --config no-such-file.json")]
    public async Task What_is_not_understood_is_named_in_a_line_with_exit_code_2(string arguments)
    {
        ExitedProcess exited = await ParleyProgram.RunAsync(Bench, arguments.Split(' '));

        Assert.True(exited.ExitCode == 2, exited.Log);
        AssertClear(exited);
    }

    [Theory]
    [InlineData("""{ "domians": ["example.test"] }""", "domians", "domains")]
    [InlineData("""{ "listen": ["udp://127.0.0.1:5060", "ftp://127.0.0.1"] }""", "ftp://127.0.0.1", "udp")]
    [InlineData("""{ "media": { "ports": "many" } }""", "media.ports", "20000-29999")]
    [InlineData("""{ "domains": [ """, "parley.json", "1")]
    public async Task A_wrong_configuration_stops_the_start_with_the_key_and_what_is_allowed(string configuration, string named, string allowed)
    {
        await File.WriteAllTextAsync(Bench.PathOf("parley.json"), configuration);

        ExitedProcess exited = await ParleyProgram.RunAsync(Bench, "serve", "--config", Bench.PathOf("parley.json"), "--data", Bench.PathOf("data"));

        Assert.True(exited.ExitCode == 2, exited.Log);
        string line = AssertClear(exited);
        Assert.Contains(named, line, StringComparison.Ordinal);
        Assert.Contains(allowed, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ProtocolType.Udp)]
    [InlineData(ProtocolType.Tcp)]
    public async Task A_port_that_is_taken_stops_the_start(ProtocolType protocol)
    {
        using var taken = new Socket(AddressFamily.InterNetwork, protocol == ProtocolType.Udp ? SocketType.Dgram : SocketType.Stream, protocol);
        taken.Bind(new IPEndPoint(Bench.Network.NewAddress(), 5060));
        if (protocol == ProtocolType.Tcp) taken.Listen();
        string uri = $"{(protocol == ProtocolType.Udp ? "udp" : "tcp")}://{taken.LocalEndPoint}";

        ExitedProcess exited = await ParleyProgram.RunAsync(Bench, "serve", "--listen", uri, "--data", Bench.PathOf("data"));

        Assert.True(exited.ExitCode == 1, exited.Log);
        Assert.Contains($"{taken.LocalEndPoint}", AssertClear(exited), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_written_stops_the_start()
    {
        await File.WriteAllTextAsync(Bench.PathOf("file"), "no folder");

        ExitedProcess exited = await ParleyProgram.RunAsync(Bench, "serve", "--listen", $"udp://{Bench.Network.NewAddress()}:5060", "--data", Bench.PathOf("file/data"));

        Assert.True(exited.ExitCode is 1 or 2, exited.Log);
        Assert.Contains("file/data", AssertClear(exited), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wav_file_that_cannot_be_read_is_refused_before_anything_is_sent()
    {
        await File.WriteAllTextAsync(Bench.PathOf("speech.wav"), "this is no sound");
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(Bench.Network.NewAddress(), 5060));

        ExitedProcess exited = await ParleyProgram.RunAsync(Bench, "call", $"sip:{silent.LocalEndPoint}", "--play", Bench.PathOf("speech.wav"));

        Assert.True(exited.ExitCode == 1, exited.Log);
        Assert.Contains("speech.wav", AssertClear(exited), StringComparison.Ordinal);
        Assert.Equal(0, silent.Available);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_recording_is_a_valid_file_however_the_call_ends(bool isAnswered)
    {
        string recording = Bench.PathOf("heard.wav");
        ParleyPhone bob = await ParleyPhone.AnswerDirectlyAsync(Bench, "--echo", "--after", isAnswered ? "0s" : "1m");
        ParleyPhone alice = ParleyPhone.CallDirectly(Bench, bob.Address, Transport.Udp, "--record", recording);
        await alice.Process.EventAsync(isAnswered ? "answered" : "progress");

        alice.Process.Process.Interrupt();

        Assert.Equal(130, await alice.Process.ExitAsync());
        Wav.Read(recording);
    }

    [Fact]
    public async Task Who_is_asked_to_call_somebody_tells_how_far_that_comes()
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", Transport.Udp, "--allow-transfer");
        ParleyPhone carol = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "2", "--duration", "200ms");
        string[] direct = ["refer", $"sip:bob@{bob.Address}", $"sip:carol@{carol.Address}", "--local", $"{Bench.Network.NewAddress()}:5060"];
        string[] account = ["--as", $"sip:alice@{server.Name}", "--password", ParleyServer.PasswordOf("alice"), "--proxy", $"sip:{server.EndPoint}"];

        ExitedProcess spoken = await ParleyProgram.SucceedAsync(Bench, direct);
        await bob.Process.EventAsync("ended");
        ExitedProcess through = await ParleyProgram.SucceedAsync(
            Bench, ["refer", $"sip:bob@{ParleyServer.Domain}", $"sip:carol@{carol.Address}", "--local", $"{Bench.Network.NewAddress()}:5060", "--json", .. account]);

        // Who is answered at once may not be told that it rings: only the last status is, once the one before has arrived.
        Assert.Equal(["100 Trying", "200 OK"], spoken.Output.Where(line => line != "180 Ringing"));
        string[] told = [.. ParleyProgram.Events(through.Output).Select(happened => $"{happened.GetProperty("event").GetString()} {happened.GetProperty("status").GetInt32()}")];
        Assert.Equal(["transferring 100", "referred 200"], told.Where(line => line != "transferring 180"));
        await carol.Process.SucceededAsync();
        ExitedProcess refused = await ParleyProgram.RunAsync(Bench, ["refer", $"sip:bob@{bob.Address}", "sip:carol@localhost:1", "--local", $"{Bench.Network.NewAddress()}:5060"]);
        Assert.Equal(1, refused.ExitCode);
        AssertClear(refused);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_hold_is_told_to_who_is_held(bool isJson)
    {
        ParleyPhone bob = await ParleyPhone.AnswerDirectlyAsync(Bench, "--count", "1");

        ExitedProcess call = await ParleyProgram.SucceedAsync(
            Bench, ["call", $"sip:bob@{bob.Address}", "--hold", "200ms", "--duration", "100ms", "--local", $"{Bench.Network.NewAddress()}:5060", .. isJson ? ["--json"] : Array.Empty<string>()]);

        await bob.Process.SucceededAsync();
        Assert.Equal([true, false], bob.Process.Events.Where(happened => happened.GetProperty("event").GetString() == "held").Select(happened => happened.GetProperty("held").GetBoolean()));
        Assert.Single(call.Output, line => line.Contains("HungUp", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Users_come_and_go_while_the_server_runs()
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench);
        string[] data = ["--data", server.Data];

        await ParleyProgram.SucceedAsync(Bench, ["user", "add", "dave@example.test", "--password", ParleyServer.PasswordOf("dave"), .. data]);
        Assert.Equal(1, (await ParleyProgram.RunAsync(Bench, ["user", "add", "dave@example.test", "--password", "x", .. data])).ExitCode);
        ExitedProcess list = await ParleyProgram.SucceedAsync(Bench, ["user", "list", "--json", .. data]);
        Assert.Equal(["alice", "alice", "bob", "carol", "dave"], ParleyProgram.Events(list.Output).Select(user => user.GetProperty("name").GetString()!.Split('@')[0]).Order(StringComparer.Ordinal));
        ParleyPhone dave = await ParleyPhone.AnswerAsync(Bench, server, "dave", Transport.Udp);
        dave.Process.Process.Interrupt();
        await dave.Process.ExitAsync();
        await ParleyProgram.SucceedAsync(Bench, ["user", "passwd", "dave@example.test", "--password", "other", .. data]);
        await ParleyProgram.SucceedAsync(Bench, ["user", "remove", "dave@example.test", .. data]);
        Assert.Equal(1, (await ParleyProgram.RunAsync(Bench, ["user", "remove", "dave@example.test", .. data])).ExitCode);
    }

    [Fact]
    public async Task A_hundred_thousand_users_are_imported_in_10_seconds()
    {
        await File.WriteAllLinesAsync(Bench.PathOf("users.csv"), Enumerable.Range(0, 100_000).Select(number => $"user{number},pass{number}"));

        ExitedProcess import = await ParleyProgram.SucceedAsync(Bench, "user", "import", Bench.PathOf("users.csv"), "--domain", "example.test", "--data", Bench.PathOf("data"), "--json");

        JsonElement imported = Assert.Single(ParleyProgram.Events(import.Output));
        Assert.Equal(100_000, imported.GetProperty("count").GetInt32());
        Assert.InRange(imported.GetProperty("seconds").GetDouble(), 0, 10);
    }

    [Fact]
    public async Task The_demo_makes_a_call_and_draws_it()
    {
        string picture = Bench.PathOf("call.svg");

        ExitedProcess demo = await ParleyProgram.SucceedAsync(Bench, "demo", "--duration", "2s", "--ladder", picture);
        ExitedProcess json = await ParleyProgram.SucceedAsync(Bench, "demo", "--duration", "1s", "--json");

        Assert.Contains(demo.Output, line => line.Contains("INVITE", StringComparison.Ordinal));
        Assert.Contains(demo.Output, line => line.Contains("200 OK", StringComparison.Ordinal));
        Assert.Equal("svg", XDocument.Load(picture).Root!.Name.LocalName);
        JsonElement[] audio = [.. ParleyProgram.Events(json.Output).Where(happened => happened.GetProperty("event").GetString() == "audio")];
        Assert.Equal(2, audio.Length);
        Assert.All(audio, way => Assert.Equal(0, way.GetProperty("lost").GetInt64()));
        Assert.All(audio, way => Assert.InRange(way.GetProperty("received").GetInt64(), 25, 200));
    }

    [Fact]
    public async Task A_server_needs_no_file_and_takes_free_ports()
    {
        ParleyProcess server = ParleyProgram.Start(Bench, "parley serve", ["serve", "--data", Bench.PathOf("data"), "--listen", "udp://127.0.0.1:0", "--listen", "tcp://127.0.0.1:0"]);
        await server.EventAsync("ready");
        string[] uris = [.. server.Events.Where(happened => happened.GetProperty("event").GetString() == "listening").Select(happened => happened.GetProperty("uri").GetString()!)];

        Assert.Equal(2, uris.Length);
        Assert.All(uris, uri => Assert.Matches(@"^(udp|tcp)://127\.0\.0\.1:[1-9]\d*$", uri));
        server.Process.Terminate();
        Assert.Equal(0, await server.ExitAsync());
    }

    [Fact]
    public async Task A_changed_file_leaves_what_the_command_line_says()
    {
        string file = Bench.PathOf("parley.json");
        await File.WriteAllTextAsync(file, """{ "domains": ["one.test"] }""");
        ParleyProcess server = ParleyProgram.Start(Bench, "parley serve", ["serve", "--config", file, "--data", Bench.PathOf("data"), "--listen", $"udp://{Bench.Network.NewAddress()}:5060"]);
        await server.EventAsync("ready");

        await File.WriteAllTextAsync(file, """{ "domains": ["two.test"] }""");

        await Limit.UntilAsync("the change is taken", () => server.Process.Errors.Any(line => line.EndsWith("The configuration has changed: domains", StringComparison.Ordinal)));
        Assert.DoesNotContain(server.Process.Errors, line => line.Contains("wait for a restart", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_trace_shows_every_message_and_no_secret()
    {
        ParleyServer server = await ParleyServer.StartAsync(Bench);

        ParleyPhone bob = await ParleyPhone.AnswerAsync(Bench, server, "bob", Transport.Udp, "--trace");
        bob.Process.Process.Interrupt();
        await bob.Process.ExitAsync();

        string[] messages = [.. bob.Process.Events.Where(happened => happened.GetProperty("event").GetString() == "message").Select(happened => happened.GetProperty("text").GetString()!)];
        Assert.Contains(messages, text => text.StartsWith("SIP/2.0 401", StringComparison.Ordinal));
        Assert.Contains(messages, text => text.Contains("Authorization:", StringComparison.Ordinal));
        Assert.DoesNotMatch("response=\"?[0-9a-f]{32}", string.Concat(messages));
    }

    // One line for a person, perhaps a hint after it, and never a stack trace.
    private static string AssertClear(ExitedProcess exited)
    {
        Assert.StartsWith("parley: ", exited.Errors[0], StringComparison.Ordinal);
        Assert.InRange(exited.Errors.Count, 1, 2);
        Assert.DoesNotContain(exited.Errors.Concat(exited.Output), line => line.StartsWith("   at ", StringComparison.Ordinal) || line.Contains("Exception", StringComparison.Ordinal));
        return exited.Errors[0];
    }
}
