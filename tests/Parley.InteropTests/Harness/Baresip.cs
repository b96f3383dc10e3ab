using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Parley.InteropTests.Harness;

/// <summary>How a baresip is set up.</summary>
/// <param name="Name">Its user's name, and that of its folder.</param>
internal sealed record BaresipSettings(string Name)
{
    /// <summary>The domain of its address; its own address when it registers nowhere.</summary>
    public string? Domain { get; init; }

    public string? Password { get; init; }

    /// <summary>Where it registers and sends its requests.</summary>
    public IPEndPoint? Server { get; init; }

    public Transport Transport { get; init; }

    /// <summary>The WAV file that it plays into its calls: 8 kHz. A call ends with its file.</summary>
    public string? Play { get; init; }

    /// <summary>Answers at once, or waits for <see cref="Baresip.AcceptAsync"/>.</summary>
    public bool Answers { get; init; }

    /// <summary>The one codec that it has: a name for 8 kHz, or all that baresip wants to know, such as opus/48000/2.</summary>
    public string Codec { get; init; } = "PCMU";

    /// <summary>What protects its sound: <c>srtp</c> where the other side can do it too, <c>srtp-mand</c> in any case; null for nothing.</summary>
    public string? MediaEncryption { get; init; }

    /// <summary>Whose presence it watches; it then also asks for messages that wait.</summary>
    public string? Watches { get; init; }

    /// <summary>Binds its registration to the flow that it goes over (RFC 5626).</summary>
    public bool IsOutbound { get; init; }

    /// <summary>The PEM file of whom it trusts over TLS.</summary>
    public string? Authorities { get; init; }
}

/// <summary>baresip (Debian 12 has 1.0.0): a telephone without sound hardware that plays a WAV file and writes down what it hears.</summary>
/// <remarks>Commands and events go over its ctrl_tcp module: JSON objects in netstrings.</remarks>
internal sealed class Baresip : IAsyncDisposable
{
    public const int ControlPort = 4444;
    private const int FirstMediaPort = 10000;
    private const int LastMediaPort = 10099;

    private readonly ChildProcess _process;
    private readonly string _folder;
    private readonly NetworkStream _control;
    private readonly List<JsonElement> _events = [];
    private readonly HashSet<int> _taken = [];
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Baresip(ChildProcess process, IPAddress address, string folder, Socket control)
    {
        (_process, Address, _folder) = (process, address, folder);
        _control = new NetworkStream(control, ownsSocket: true);
        _ = ReadEventsAsync();
    }

    /// <summary>Where it sends and receives SIP (port 5060) and sound.</summary>
    public IPAddress Address { get; }

    /// <summary>Starts one and waits until it is ready and, with a server, registered.</summary>
    public static async Task<Baresip> StartAsync(Bench bench, BaresipSettings settings)
    {
        IPAddress address = bench.Network.NewAddress();
        string folder = bench.NewFolder(settings.Name);
        await File.WriteAllTextAsync(Path.Combine(folder, "config"), Config(settings, address, folder));
        await File.WriteAllTextAsync(Path.Combine(folder, "accounts"), Account(settings, address));
        await File.WriteAllTextAsync(Path.Combine(folder, "contacts"), settings.Watches is null ? "" : $"\"Watched\" <{settings.Watches}>;presence=p2p\n");

        // Its output is no terminal: without stdbuf its lines would come when it ends.
        ChildProcess process = bench.Start($"baresip {settings.Name}", "/usr/bin/stdbuf", ["-oL", Programs.PathOf(Programs.Baresip), "-f", folder, "-s", "-v"], folder);
        await process.LineAsync("it to be ready", line => line.Contains("baresip is ready", StringComparison.Ordinal));
        if (settings.Server is not null)
        {
            await process.LineAsync("its registration", line => line.Contains("200 OK", StringComparison.Ordinal) && line.Contains("binding", StringComparison.Ordinal));
        }

        var control = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await control.ConnectAsync(address, ControlPort);
        return bench.Own(new Baresip(process, address, folder, control));
    }

    /// <summary>Waits until it writes a line with these words.</summary>
    public Task SaysAsync(string what, string words) => _process.LineAsync(what, line => line.Contains(words, StringComparison.Ordinal));

    /// <summary>Waits until it writes that somebody whom it watches is there, or is not any more.</summary>
    public Task SeesAsync(bool isOnline) => _process.LineAsync(
        isOnline ? "somebody to come" : "somebody to go",
        line => line.Contains("changed status", StringComparison.Ordinal) && line.LastIndexOf("Online", StringComparison.Ordinal) > line.LastIndexOf("Offline", StringComparison.Ordinal) == isOnline);

    /// <summary>Calls a URI; wait for CALL_ESTABLISHED or CALL_CLOSED.</summary>
    public Task DialAsync(string uri) => CommandAsync("dial", uri);

    /// <summary>Answers the call that rings.</summary>
    public Task AcceptAsync() => CommandAsync("accept");

    /// <summary>Ends the call in any state; one that rings here is answered 486.</summary>
    public Task HangUpAsync() => CommandAsync("hangup");

    /// <summary>Sends one DTMF digit in the call (RFC 4733).</summary>
    public Task SendDigitAsync(char digit) => CommandAsync("sndcode", digit.ToString());

    /// <summary>Has the other side of the call call somebody else; it hangs up once it is told that they answer.</summary>
    public Task TransferAsync(string uri) => CommandAsync("transfer", uri);

    /// <summary>Waits for the next event of a type that no one has waited for yet: CALL_INCOMING, CALL_RINGING, CALL_ESTABLISHED, CALL_CLOSED, CALL_DTMF_START and others.</summary>
    public async Task<BaresipEvent> EventAsync(string type, TimeSpan? limit = null)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                changed = _changed.Task;
                int index = _events.FindIndex(e => e.GetProperty("type").GetString() == type);
                while (index >= 0 && _taken.Contains(index)) index = _events.FindIndex(index + 1, e => e.GetProperty("type").GetString() == type);
                if (index >= 0)
                {
                    _taken.Add(index);
                    return new BaresipEvent(type, Text(_events[index], "param"), Text(_events[index], "peeruri"));
                }
            }

            TimeSpan left = (limit ?? Limit.Soon) - TimeProvider.System.GetElapsedTime(start);
            if (left <= TimeSpan.Zero) throw new TimeoutException($"{_process.Name}: no {type} in {(limit ?? Limit.Soon).TotalSeconds:0} s.{Environment.NewLine}{_process.Log()}");
            await Task.WhenAny(changed, Task.Delay(left, TimeProvider.System));
        }
    }

    /// <summary>Waits until as much has come in the call as a speech is long, and a little more for what is under way.</summary>
    public Task HearsAsync(string speech)
    {
        // A file that is being written has 44 bytes of head and 16-bit samples, 8000 a second.
        TimeSpan duration = Wav.Duration(speech) + TimeSpan.FromMilliseconds(500);
        return Limit.UntilAsync($"{_process.Name} to hear {duration.TotalSeconds:0.0} s", () => Heard() is { } file && new FileInfo(file).Length >= 44 + (duration.TotalSeconds * 16000), Limit.Call);
    }

    /// <summary>Waits until what the last call's other side said is written down (after CALL_CLOSED).</summary>
    /// <returns>A WAV file.</returns>
    public async Task<string> HeardAsync()
    {
        string? file = null;
        await Limit.UntilAsync($"{_process.Name} to write down what it heard", () =>
        {
            file = Heard();
            return file is not null && IsFinished(file);
        });
        return file!;
    }

    /// <summary>Unregisters and ends.</summary>
    public async Task QuitAsync()
    {
        await CommandAsync("quit");
        await _process.ExitAsync();
    }

    public ValueTask DisposeAsync() => _control.DisposeAsync();

    private static string Config(BaresipSettings settings, IPAddress address, string folder) => $"""
        sip_listen {address}:5060
        net_interface {address}
        {(settings.Authorities is null ? "" : $"sip_cafile {settings.Authorities}")}
        rtp_ports {FirstMediaPort}-{LastMediaPort}
        call_local_timeout 120
        call_max_calls 4
        {(settings.Play is null ? "" : $"audio_source aufile,{settings.Play}")}
        ausrc_srate 8000
        auplay_srate 8000
        ausrc_channels 1
        auplay_channels 1
        ausrc_format s16
        auplay_format s16
        auenc_format s16
        audec_format s16
        jitter_buffer_delay 5-10
        statmode_default off
        module_path {ModuleFolder()}
        module g711.so
        module g722.so
        module l16.so
        module opus.so
        module aufile.so
        module sndfile.so
        {(settings.MediaEncryption is null ? "" : "module srtp.so")}
        snd_path {folder}
        {(settings.IsOutbound ? "module_tmp uuid.so" : "")}
        module_tmp account.so
        module_app menu.so
        module_app ctrl_tcp.so
        {(settings.Watches is null ? "" : "module_app contact.so\nmodule_app presence.so\nmodule_app mwi.so")}
        ctrl_tcp_listen {address}:{ControlPort}

        """;

    private static string ModuleFolder() =>
        new[] { "/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules", "/usr/lib/aarch64-linux-gnu/baresip/modules" }.FirstOrDefault(Directory.Exists)
        ?? throw new InvalidOperationException("baresip's modules are not where Debian puts them.");

    private static string Account(BaresipSettings settings, IPAddress address)
    {
        string parameters = string.Create(CultureInfo.InvariantCulture, $";audio_codecs={settings.Codec}{(settings.Codec.Contains('/', StringComparison.Ordinal) ? "" : "/8000/1")};answermode={(settings.Answers ? "auto" : "manual")}{(settings.IsOutbound ? ";sipnat=outbound" : "")}{(settings.MediaEncryption is null ? "" : $";mediaenc={settings.MediaEncryption}")}");
        return settings.Server is null
            ? $"<sip:{settings.Name}@{settings.Domain ?? address.ToString()}{settings.Transport.Parameter()}>;regint=0{parameters}\n"
            : $"<sip:{settings.Name}@{settings.Domain}{settings.Transport.Parameter()}>;regint=600{parameters}"
                + $";auth_user={settings.Name};auth_pass={settings.Password};outbound=\"sip:{settings.Server}{settings.Transport.Parameter()}\"\n";
    }

    private static string? Text(JsonElement element, string property) =>
        element.TryGetProperty(property, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private string? Heard() => Directory.EnumerateFiles(_folder, "dump-*-dec.wav").Order(StringComparer.Ordinal).LastOrDefault();

    // The size in the header of a WAV file is set when the file is closed.
    private static bool IsFinished(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        Span<byte> head = stackalloc byte[8];
        return stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length
            && stream.Length > 44 && BitConverter.ToUInt32(head[4..]) == stream.Length - 8;
    }

    private async Task CommandAsync(string command, string parameters = "")
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(new { command, @params = parameters });
        await _control.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes($"{json.Length}:"), .. json, (byte)',']);
    }

    private async Task ReadEventsAsync()
    {
        var buffer = new List<byte>();
        byte[] piece = new byte[4096];
        try
        {
            while (await _control.ReadAsync(piece) is var length && length > 0)
            {
                buffer.AddRange(piece.AsSpan(0, length));
                while (TakeNetstring(buffer) is { } json) OnMessage(JsonDocument.Parse(json).RootElement);
            }
        }
        catch (IOException)
        {
            // It ended; who waits for an event hears that none came.
        }
    }

    private void OnMessage(JsonElement message)
    {
        if (!message.TryGetProperty("event", out _)) return;
        TaskCompletionSource changed;
        lock (_gate)
        {
            _events.Add(message.Clone());
            (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        changed.TrySetResult();
    }

    // length ":" bytes ","
    private static byte[]? TakeNetstring(List<byte> buffer)
    {
        int colon = buffer.IndexOf((byte)':');
        if (colon < 0) return null;
        int length = int.Parse(Encoding.ASCII.GetString([.. buffer[..colon]]), CultureInfo.InvariantCulture);
        if (buffer.Count < colon + length + 2) return null;
        byte[] content = [.. buffer.GetRange(colon + 1, length)];
        buffer.RemoveRange(0, colon + length + 2);
        return content;
    }
}

/// <summary>Something that baresip told.</summary>
/// <param name="Type">CALL_CLOSED and the like.</param>
/// <param name="Parameter">What it says beside: the reason, or the digit.</param>
/// <param name="Peer">The URI of the other side.</param>
internal sealed record BaresipEvent(string Type, string? Parameter, string? Peer);
