using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Parley.Tests.Commands;

/// <summary>What the command says and the exit code it gives, run in this process.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("parley-command-");

    private string Data => Path.Combine(_folder.FullName, "data");

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        int code = await CommandLine.RunAsync(args, output, error);
        return (code, output.ToString(), error.ToString());
    }

    private string Write(string name, string content)
    {
        string path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, content);
        return path;
    }

    private static void AssertOneLine(string error, string start)
    {
        Assert.StartsWith("parley: " + start, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'), line => !line.Contains(" --help", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData]
    [InlineData("serve")]
    [InlineData("demo")]
    [InlineData("user")]
    [InlineData("user", "add")]
    [InlineData("user", "passwd")]
    [InlineData("user", "remove")]
    [InlineData("user", "list")]
    [InlineData("user", "import")]
    [InlineData("call")]
    [InlineData("answer")]
    [InlineData("options")]
    public async Task Every_command_has_help(params string[] command)
    {
        (int code, string output, string error) = await RunAsync([.. command, "--help"]);
        Assert.Equal(0, code);
        Assert.Empty(error);
        Assert.Contains("Usage:", output, StringComparison.Ordinal);
        if (command is not ["user"]) Assert.Contains("--json", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'tango' was not matched", "serve", "tango")]
    [InlineData("--duration: 'soon' is not allowed; allowed is a time such as 10s, 500ms or 2m", "call", "sip:a@b", "--duration", "soon")]
    [InlineData("--duration: '2000h' is not allowed; allowed is a time such as 10s, 500ms or 2m, at most 30 days", "call", "sip:a@b", "--duration", "2000h")]
    [InlineData("--after: '2000h' is not allowed", "answer", "--after", "2000h")]
    [InlineData("--ring-timeout: '0' is not allowed; allowed is a time such as 10s, 500ms or 2m, more than 0, at most 30 days", "call", "sip:a@b", "--ring-timeout", "0")]
    [InlineData("--codec: 'g999' is not allowed; allowed is a list of these: ", "call", "sip:a@b", "--codec", "g999")]
    [InlineData("--local: 'here' is not allowed; allowed is an address such as 127.0.0.1, 0.0.0.0:5070 or [::1]:5070", "answer", "--local", "here")]
    [InlineData("URI: 'sip:' is not allowed; allowed is a SIP URI such as sip:bob@example.com", "call", "sip:")]
    [InlineData("--reject: '200' is not allowed; allowed is a number from 300 to 699", "answer", "--reject", "200")]
    [InlineData("--register needs --as", "answer", "--register")]
    [InlineData("--push needs --as", "answer", "--push", "fcm,p,t")]
    [InlineData("--push: 'fcm,t' is no PROVIDER,PARAM,PRID", "answer", "--as", "sip:a@b", "--register", "--push", "fcm,t")]
    [InlineData("--password needs --as", "call", "sip:a@b", "--password", "x")]
    [InlineData("--dtmf: 'x' is no key", "call", "sip:a@b", "--dtmf", "12x")]
    [InlineData("publish needs --as: whose state is it?", "publish", "presence")]
    [InlineData("EVENT: 'dialog' is not allowed", "publish", "dialog", "--as", "sip:a@b")]
    [InlineData("--closed and --note are for presence", "publish", "presence", "--new", "1", "--as", "sip:a@b")]
    [InlineData("--redundancy: 'perhaps' is not allowed; allowed is auto or off", "call", "sip:a@b", "--redundancy", "perhaps")]
    [InlineData("--dtmf-by: 'voice' is not allowed; allowed is rtp, tones, relay or info", "call", "sip:a@b", "--dtmf", "1", "--dtmf-by", "voice")]
    [InlineData("--echo and --play do not go together", "answer", "--echo", "--play", "x.wav")]
    public async Task Bad_usage_is_one_line_and_exit_code_2(string start, params string[] args)
    {
        (int code, string output, string error) = await RunAsync(args);
        Assert.Equal(2, code);
        Assert.Empty(output);
        if (start.StartsWith('\'')) Assert.Contains(start[1..6], error, StringComparison.Ordinal);
        else AssertOneLine(error, start);
    }

    [Fact]
    public async Task With_json_a_failure_is_an_event_too()
    {
        (int code, string output, string error) = await RunAsync("call", "sip:a@b", "--duration", "soon", "--json");
        Assert.Equal(2, code);
        JsonElement failed = JsonDocument.Parse(output).RootElement;
        Assert.Equal("failed", failed.GetProperty("event").GetString());
        Assert.StartsWith("--duration", failed.GetProperty("reason").GetString(), StringComparison.Ordinal);
        AssertOneLine(error, "--duration");
    }

    [Fact]
    public async Task Users_are_added_changed_listed_and_removed()
    {
        Assert.Equal(0, (await RunAsync("user", "add", "alice@localhost", "--password", "a", "--data", Data)).Code);
        (int code, _, string error) = await RunAsync("user", "add", "alice@localhost", "--password", "b", "--data", Data);
        Assert.Equal(1, code);
        AssertOneLine(error, "alice@localhost is there already");
        Assert.Equal(0, (await RunAsync("user", "passwd", "alice@localhost", "--password", "c", "--data", Data)).Code);
        (_, string output, _) = await RunAsync("user", "list", "--json", "--data", Data);
        Assert.Equal("""{"event":"user","name":"alice@localhost","realm":"localhost"}""", output.TrimEnd());
        Assert.Equal(0, (await RunAsync("user", "remove", "alice@localhost", "--data", Data)).Code);
        (code, _, error) = await RunAsync("user", "remove", "alice@localhost", "--data", Data);
        Assert.Equal(1, code);
        AssertOneLine(error, "there is no user alice@localhost");
    }

    [Fact]
    public async Task An_import_with_a_bad_line_imports_nothing_and_names_the_line()
    {
        string file = Write("users.csv", "alice,a\nbob\ncarol,c\n");
        (int code, _, string error) = await RunAsync("user", "import", file, "--domain", "localhost", "--data", Data);
        Assert.Equal(1, code);
        Assert.Contains($"{file} line 2: ", error, StringComparison.Ordinal);
        Assert.Contains("nothing was imported", error, StringComparison.Ordinal);
        Assert.Empty((await RunAsync("user", "list", "--data", Data)).Output);
    }

    [Fact]
    public async Task A_user_without_a_domain_is_refused()
    {
        (int code, _, string error) = await RunAsync("user", "add", "alice", "--password", "a", "--data", Data);
        Assert.Equal(2, code);
        AssertOneLine(error, "");
    }

    [Fact]
    public async Task A_port_in_use_is_told_with_what_to_do()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        string uri = $"udp://{other.LocalEndPoint}";
        (int code, _, string error) = await RunAsync("serve", "--listen", uri, "--data", Data);
        Assert.Equal(1, code);
        AssertOneLine(error, $"Cannot listen on {uri}: another program uses this port; end it, or choose another port with --listen");
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("udp://somewhere")]
    [InlineData("gopher://127.0.0.1:5060")]
    public async Task A_bad_listening_uri_is_told(string uri)
    {
        (int code, _, string error) = await RunAsync("serve", "--listen", uri, "--data", Data);
        Assert.Equal(2, code);
        Assert.Contains(uri, error, StringComparison.Ordinal);
        AssertOneLine(error, "");
    }

    [Fact]
    public async Task An_unknown_key_is_told_with_its_line()
    {
        string file = Write("parley.json", "{\n  \"domians\": [\"a.example\"]\n}\n");
        (int code, _, string error) = await RunAsync("serve", "--config", file, "--data", Data);
        Assert.Equal(2, code);
        AssertOneLine(error, "");
        Assert.Contains("line 2", error, StringComparison.Ordinal);
        Assert.Contains("domians", error, StringComparison.Ordinal);
        Assert.Contains("domains", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configuration_that_is_not_there_is_told()
    {
        (int code, _, string error) = await RunAsync("serve", "--config", Path.Combine(_folder.FullName, "no.json"), "--data", Data);
        Assert.Equal(2, code);
        AssertOneLine(error, "");
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_written_is_told()
    {
        string file = Write("file", "no folder");
        (int code, _, string error) = await RunAsync("serve", "--listen", "udp://127.0.0.1:0", "--data", Path.Combine(file, "data"));
        Assert.Equal(1, code);
        AssertOneLine(error, "");
        Assert.Contains(file, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RIFF", "")]
    [InlineData("no WAV at all", "")]
    public async Task A_wav_that_cannot_be_read_is_refused_before_anything_is_sent(string content, string reason)
    {
        string file = Write("bad.wav", content);
        using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        peer.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        (int code, _, string error) = await RunAsync("call", $"sip:{peer.LocalEndPoint}", "--play", file);
        Assert.Equal(1, code);
        AssertOneLine(error, $"--play: {file}: {reason}");
        Assert.Equal(0, peer.Available);
    }

    [Fact]
    public async Task A_recording_that_cannot_be_written_is_refused_before_anything_is_sent()
    {
        (int code, _, string error) = await RunAsync("call", "sip:127.0.0.1:9", "--record", Path.Combine(_folder.FullName, "no", "r.wav"));
        Assert.Equal(1, code);
        AssertOneLine(error, "--record: ");
    }

    [Fact]
    public async Task The_demo_makes_a_call_and_draws_it()
    {
        string picture = Path.Combine(_folder.FullName, "demo.svg");
        (int code, string output, string error) = await RunAsync("demo", "--duration", "500ms", "--ladder", picture, "--json");
        Assert.True(code == 0, error);
        List<JsonElement> events = [.. output.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        List<string?> labels = [.. events.Where(e => e.GetProperty("event").GetString() == "step").Select(e => e.GetProperty("label").GetString())];
        Assert.Contains("407 Proxy Authentication Required (INVITE)", labels);
        Assert.Contains("180 Ringing (INVITE)", labels);
        Assert.Equal(2, labels.Count(label => label == "200 OK (BYE)"));
        foreach (JsonElement audio in events.Where(e => e.GetProperty("event").GetString() == "audio"))
        {
            Assert.True(audio.GetProperty("sent").GetInt64() > 20);
            Assert.Equal(0, audio.GetProperty("lost").GetInt64());
        }

        Assert.StartsWith("<svg", await File.ReadAllTextAsync(picture), StringComparison.Ordinal);
    }
}
