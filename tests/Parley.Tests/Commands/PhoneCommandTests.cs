using System.Diagnostics;
using System.Net;
using Parley.Endpoint.Media;
using Parley.Media.Files;

namespace Parley.Tests.Commands;

/// <summary>What <c>parley call</c> and <c>parley answer</c> do with phones that do not do what is hoped for.</summary>
public sealed class PhoneCommandTests : IDisposable
{
    private static int _hosts;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("parley-phone-");

    public void Dispose() => _folder.Delete(recursive: true);

    private string PathOf(string file) => Path.Combine(_folder.FullName, file);

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        int code = await CommandLine.RunAsync(args, output, error).WaitAsync(TimeSpan.FromSeconds(60));
        return (code, output.ToString(), error.ToString());
    }

    /// <summary>An address that nobody else has: a host of the loopback network for each phone.</summary>
    private static IPEndPoint FreeAddress()
    {
        int host = Interlocked.Increment(ref _hosts);
        return new IPEndPoint(new IPAddress([127, (byte)(100 + (Environment.ProcessId % 100)), (byte)(Environment.ProcessId / 100 % 256), (byte)host]), 5060);
    }

    /// <summary>Waits until a phone that is only just starting answers.</summary>
    private static async Task OptionsAnsweredAsync(ScriptedPhone asker, EndPoint phone)
    {
        for (int attempt = 1; attempt < 400 && asker.Available == 0; attempt++)
        {
            await asker.RequestAsync(phone, "OPTIONS", $"ready{attempt}", 1);
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }

        await asker.ReceiveAsync("SIP/2.0 200");
        while (asker.Available > 0) await asker.ReceiveAsync("SIP/2.0 200");
    }

    [Fact]
    public async Task Keys_go_as_tones_to_who_knows_nothing_else()
    {
        using var callee = new ScriptedPhone();
        Task<(int Code, string Output, string Error)> call = RunAsync("call", $"sip:{callee.Address}", "--local", "127.0.0.1", "--dtmf", "12#", "--dtmf-by", "tones", "--duration", "1");
        await callee.ReplyAsync(await callee.ReceiveAsync("INVITE"), "200 OK", ScriptedPhone.Description());
        await callee.ReceiveAsync("ACK");
        await callee.ReplyAsync(await callee.ReceiveAsync("BYE"), "200 OK");

        (int code, _, string error) = await call;
        Assert.Equal((0, ""), (code, error));
    }

    [Theory]
    [InlineData("auto", true)]
    [InlineData("off", false)]
    public async Task Redundancy_is_offered_unless_it_is_off(string use, bool isOffered)
    {
        using var callee = new ScriptedPhone();
        Task<(int Code, string Output, string Error)> call = RunAsync("call", $"sip:{callee.Address}", "--local", "127.0.0.1", "--codec", "pcmu", "--redundancy", use, "--duration", "1");
        string invite = await callee.ReceiveAsync("INVITE");
        await callee.ReplyAsync(invite, "486 Busy Here");
        await callee.ReceiveAsync("ACK");

        Assert.Equal(isOffered, invite.Contains("red/8000", StringComparison.Ordinal));
        Assert.Equal(1, (await call).Code);
    }

    [Fact]
    public async Task Keys_for_a_phone_that_takes_none_fail_the_call_in_one_line()
    {
        using var callee = new ScriptedPhone();
        Task<(int Code, string Output, string Error)> call = RunAsync("call", $"sip:{callee.Address}", "--local", "127.0.0.1", "--dtmf", "12#");
        await callee.ReplyAsync(await callee.ReceiveAsync("INVITE"), "200 OK", ScriptedPhone.Description());
        await callee.ReceiveAsync("ACK");
        await callee.ReplyAsync(await callee.ReceiveAsync("BYE"), "200 OK");

        (int code, _, string error) = await call;
        Assert.Equal(1, code);
        Assert.Equal($"parley: --dtmf: sip:{callee.Address} takes no keys (RFC 4733 telephone-event); --dtmf-by tones sends them as sound", error.TrimEnd());
    }

    [Fact]
    public async Task What_is_played_does_not_cut_off_the_keys()
    {
        using (var file = new WavWriter(File.Create(PathOf("short.wav")), 8000)) file.Write(new short[800]);
        using var callee = new ScriptedPhone();
        Task<(int Code, string Output, string Error)> call = RunAsync("call", $"sip:{callee.Address}", "--local", "127.0.0.1", "--play", PathOf("short.wav"), "--dtmf", "12345", "--json");
        await callee.ReplyAsync(await callee.ReceiveAsync("INVITE"), "200 OK", ScriptedPhone.Description(takesKeys: true));
        await callee.ReceiveAsync("ACK");
        var answered = Stopwatch.StartNew();
        await callee.ReplyAsync(await callee.ReceiveAsync("BYE"), "200 OK");

        Assert.True(answered.Elapsed >= TimeSpan.FromMilliseconds(900), $"{answered.Elapsed}");       // five keys and the pauses between them
        Assert.Equal(0, (await call).Code);
    }

    [Fact]
    public async Task An_end_that_the_other_side_does_not_confirm_at_once_is_told()
    {
        using var callee = new ScriptedPhone();
        Task<(int Code, string Output, string Error)> call = RunAsync("call", $"sip:{callee.Address}", "--local", "127.0.0.1", "--duration", "0s");
        await callee.ReplyAsync(await callee.ReceiveAsync("INVITE"), "200 OK", ScriptedPhone.Description());
        await callee.ReceiveAsync("ACK");
        // The first BYE and its copies after 0.5 and 1.5 s are lost.
        for (int i = 0; i < 3; i++) await callee.ReceiveAsync("BYE");
        await callee.ReplyAsync(await callee.ReceiveAsync("BYE"), "200 OK");

        (int code, _, string error) = await call;
        Assert.Equal(0, code);
        Assert.StartsWith("parley: waiting for the other side to confirm the end", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_cannot_be_handled_as_asked_is_told_and_the_next_one_is_taken()
    {
        IPEndPoint callee = FreeAddress();
        using var caller = new ScriptedPhone();
        Task<(int Code, string Output, string Error)> answering = RunAsync("answer", "--local", callee.ToString(), "--dtmf", "1", "--count", "2");
        await OptionsAnsweredAsync(caller, callee);
        (string first, _) = await caller.CallAsync(callee, "deaf", ScriptedPhone.Description());
        await caller.ReplyAsync(await caller.ReceiveAsync("BYE"), "200 OK");
        (string second, string tag) = await caller.CallAsync(callee, "able", ScriptedPhone.Description(takesKeys: true));
        await caller.RequestAsync(callee, "BYE", "able", 2, tag);

        (int code, _, string error) = await answering;
        Assert.Equal(("SIP/2.0 200 OK", "SIP/2.0 200 OK"), (first, second));
        Assert.Equal(1, code);
        Assert.Equal($"parley: --dtmf: sip:{caller.Address} takes no keys (RFC 4733 telephone-event); --dtmf-by tones sends them as sound", error.TrimEnd());
    }

    [Fact]
    public async Task A_line_is_free_as_soon_as_its_call_is_over()
    {
        IPEndPoint callee = FreeAddress();
        using var caller = new ScriptedPhone();
        Task<(int Code, string Output, string Error)> answering = RunAsync("answer", "--local", callee.ToString(), "--count", "3");
        await OptionsAnsweredAsync(caller, callee);
        for (int i = 0; i < 3; i++)
        {
            (string statusLine, string tag) = await caller.CallAsync(callee, $"call{i}", ScriptedPhone.Description());
            Assert.Equal("SIP/2.0 200 OK", statusLine);
            await caller.SpeakAsync(packets: 5);        // its last sound is still played when the next call comes
            await caller.RequestAsync(callee, "BYE", $"call{i}", 2, tag);
            await caller.ReceiveAsync("SIP/2.0 200", $"call{i}");
        }

        Assert.Equal(0, (await answering).Code);
    }

    [Theory]
    [InlineData("standard input and output are no terminal; use --lines for commands by lines, or --json for programs", "phone")]
    [InlineData("--echo and --play do not go together", "phone", "--lines", "--echo", "--play", "x.wav")]
    [InlineData("--password needs --as: whose password is it?", "phone", "--lines", "--password", "x")]
    public async Task A_phone_that_cannot_be_shown_or_makes_no_sense_says_so(string reason, params string[] args)
    {
        if (!Console.IsInputRedirected) return;
        Assert.Equal((2, "", $"parley: {reason}"), await RunAsync(args) is var (code, output, error) ? (code, output, error.TrimEnd()) : default);
    }

    [Fact]
    public async Task A_phone_says_what_is_wrong_with_its_file()
    {
        await File.WriteAllTextAsync(PathOf("phone.json"), """{ "accounts": [ { "uri": "bob" } ] }""");
        (int code, _, string error) = await RunAsync("phone", "--json", "--accounts", PathOf("phone.json"));
        Assert.Equal((2, $"parley: {PathOf("phone.json")} cannot be used: \"uri\" of an account is \"bob\" ({PathOf("phone.json")} line 1); allowed: a SIP URI with a user, such as \"sip:alice@example.com\""), (code, error.TrimEnd()));
        Assert.Equal(2, (await RunAsync("phone", "--json", "--accounts", PathOf("none.json"))).Code);
    }

    [Theory]
    [InlineData("no/r.wav", "There is no folder for")]
    [InlineData("", "' is a folder.")]
    public async Task An_answering_phone_that_cannot_record_does_not_begin_to_listen(string file, string reason)
    {
        (int code, string output, string error) = await RunAsync("answer", "--local", "127.0.0.1:0", "--record", PathOf(file));
        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.StartsWith("parley: --record: ", error, StringComparison.Ordinal);
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_is_refused_is_drawn()
    {
        using var callee = new ScriptedPhone();
        Task<(int Code, string Output, string Error)> call = RunAsync("call", $"sip:{callee.Address}", "--local", "127.0.0.1", "--ladder", PathOf("refused.svg"));
        await callee.ReplyAsync(await callee.ReceiveAsync("INVITE"), "486 Busy Here");
        await callee.ReceiveAsync("ACK");

        Assert.Equal(1, (await call).Code);
        Assert.Contains("486 Busy Here", await File.ReadAllTextAsync(PathOf("refused.svg")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_picture_that_cannot_be_written_is_refused_before_anything_is_sent()
    {
        using var callee = new ScriptedPhone();
        (int code, _, string error) = await RunAsync("call", $"sip:{callee.Address}", "--ladder", PathOf("no/call.svg"));
        Assert.Equal(1, code);
        Assert.StartsWith("parley: --ladder: ", error, StringComparison.Ordinal);
        Assert.Equal(0, callee.Available);
    }

    [Fact]
    public async Task What_is_echoed_is_recorded_too()
    {
        var speech = new short[8000];
        for (int i = 0; i < speech.Length; i++) speech[i] = (short)(10_000 * Math.Sin(i / 5.0));
        using (var file = new WavWriter(File.Create(PathOf("speech.wav")), 8000)) file.Write(speech);
        IPEndPoint callee = FreeAddress();
        using (var caller = new ScriptedPhone())
        {
            Task<(int Code, string Output, string Error)> answering = RunAsync("answer", "--local", callee.ToString(), "--echo", "--record", PathOf("heard.wav"), "--count", "1");
            await OptionsAnsweredAsync(caller, callee);
            (int code, _, string error) = await RunAsync("call", $"sip:{callee}", "--local", "127.0.0.1", "--play", PathOf("speech.wav"), "--record", PathOf("back.wav"));
            Assert.True(code == 0, error);
            Assert.Equal(0, (await answering).Code);
        }

        foreach (string file in new[] { "heard.wav", "back.wav" })
        {
            Assert.True(AudioFile.TryRead(PathOf(file), out PcmAudio? heard, out AudioFileError wrong), $"{file}: {wrong}");
            Assert.True(heard!.Samples.Span.ToArray().Count(sample => Math.Abs((int)sample) > 5000) > 4000, file);
        }
    }
}
