using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Parley.InteropTests.Harness;

/// <summary>A test's own part of the loopback network: 127.x.y.0/24. Every peer has an address of its own there, so ports never collide.</summary>
internal sealed class Loopback
{
    // Two runs on one machine start at different places.
    private static int _taken = (Environment.ProcessId % 200) * 256;

    private readonly int _second;
    private readonly int _third;
    private int _lastHost;

    public Loopback()
    {
        int number = Interlocked.Increment(ref _taken);
        (_second, _third) = (10 + ((number >> 8) % 240), number & 0xFF);
    }

    /// <summary>Which packets are this test's, as a capture filter; without the commands that peers get and questions to DNS.</summary>
    public string CaptureFilter => $"net 127.{_second}.{_third}.0/24 and not tcp port {Baresip.ControlPort} and not port {Dnsmasq.Port}";

    /// <summary>A remote address to which nobody listens.</summary>
    public IPAddress Nobody => Host(254);

    /// <summary>An address that nobody has had.</summary>
    public IPAddress NewAddress() => Host(Interlocked.Increment(ref _lastHost));

    /// <summary>Waits until a socket is bound (UDP) or listens (TCP) there.</summary>
    public static Task BoundAsync(IPEndPoint endpoint, ProtocolType protocol)
    {
        // /proc/net/udp and /proc/net/tcp: the second word is the local address, in the machine's byte order, and port; the fourth the state.
        byte[] address = endpoint.Address.GetAddressBytes();
        string wanted = string.Create(CultureInfo.InvariantCulture, $"{BitConverter.ToUInt32(address):X8}:{endpoint.Port:X4}");
        (string table, string state) = protocol == ProtocolType.Udp ? ("/proc/net/udp", "07") : ("/proc/net/tcp", "0A");
        return Limit.UntilAsync($"{protocol} {endpoint} to be bound", () => File.ReadLines(table)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Any(words => words.Length > 3 && words[1] == wanted && words[3] == state));
    }

    private IPAddress Host(int host) => new([127, (byte)_second, (byte)_third, checked((byte)host)]);
}
