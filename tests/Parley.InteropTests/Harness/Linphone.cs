using System.Net;

namespace Parley.InteropTests.Harness;

/// <summary>Linphone's phone for a terminal (Debian 12 has 5.1.65), which knows attended transfers and Replaces.</summary>
/// <remarks>Commands are lines on its standard input; the first call that it makes or gets is number 1, and so on.</remarks>
internal sealed class Linphone
{
    private readonly ChildProcess _process;

    private Linphone(ChildProcess process, IPAddress address) => (_process, Address) = (process, address);

    /// <summary>Where it sends and receives SIP (UDP, port 5060) and sound.</summary>
    public IPAddress Address { get; }

    /// <summary>Starts one that registers nowhere, and waits until it can receive.</summary>
    public static async Task<Linphone> StartAsync(Bench bench, string name, bool answers = false)
    {
        IPAddress address = bench.Network.NewAddress();
        string folder = bench.NewFolder(name), file = Path.Combine(folder, "linphonerc");
        await File.WriteAllTextAsync(file, Config(name, address));
        Directory.CreateDirectory(Path.Combine(folder, ".local/share/linphone"));

        // Its output is no terminal: without stdbuf its lines would come when it ends.
        ChildProcess process = bench.Start($"linphonec {name}", "/usr/bin/env",
            [$"HOME={folder}", "stdbuf", "-oL", Programs.PathOf(Programs.Linphone), "-c", file, .. answers ? new[] { "-a" } : []], folder);
        await Loopback.BoundAsync(new IPEndPoint(address, 5060), System.Net.Sockets.ProtocolType.Udp);
        var phone = new Linphone(process, address);
        await phone.CommandAsync("soundcard use files", "Using wav files");
        return phone;
    }

    /// <summary>Calls a URI and waits until it is answered.</summary>
    public async Task CallAsync(int call, string uri)
    {
        await _process.WriteAsync($"call {uri}\n");
        await CallIsAsync(call, "connected");
    }

    /// <summary>Waits until a call is in a state: "connected", "ended", "is now paused".</summary>
    public Task CallIsAsync(int call, string state) => _process.LineAsync(
        $"call {call} to be {state}",
        line => line.Contains($"Call {call} with ", StringComparison.Ordinal) && line.Contains($" {state}", StringComparison.Ordinal));

    /// <summary>Puts the call that it is in on hold.</summary>
    public async Task HoldAsync(int call)
    {
        await _process.WriteAsync("pause\n");
        await CallIsAsync(call, "is now paused");
    }

    /// <summary>Has the other side of a call call that of another one, in the place of this phone (RFC 3515, RFC 3891).</summary>
    public Task TransferAsync(int call, int to) => CommandAsync($"transfer {call} --to-call {to}", "Performing attended transfer");

    /// <summary>Ends all calls and itself.</summary>
    public async Task QuitAsync()
    {
        await _process.WriteAsync("quit\n");
        await _process.ExitAsync();
    }

    // The transports that it is not to have are -2. Its own look at the network finds none without a route to the internet.
    private static string Config(string name, IPAddress address) => $"""
        [sip]
        sip_port=5060
        sip_tcp_port=-2
        sip_tls_port=-2
        bind_address={address}
        contact=sip:{name}@{address}
        guess_hostname=0
        default_proxy=-1
        use_ipv6=0
        auto_net_state_mon=0
        media_encryption=none
        [rtp]
        bind_address={address}
        [net]
        mtu=1300

        """;

    private async Task CommandAsync(string command, string answer)
    {
        await _process.WriteAsync(command + "\n");
        await _process.LineAsync($"the answer to {command}", line => line.Contains(answer, StringComparison.Ordinal));
    }
}
