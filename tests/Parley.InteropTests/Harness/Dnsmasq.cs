using System.Net;
using System.Net.Sockets;

namespace Parley.InteropTests.Harness;

/// <summary>Debian's dnsmasq with a zone of the test's, and nothing but it.</summary>
internal static class Dnsmasq
{
    /// <summary>Where it listens, so that nobody takes it for a DNS server of this machine.</summary>
    public const int Port = 5353;

    /// <summary>Starts one and waits until it can be asked.</summary>
    /// <param name="bench">The test's.</param>
    /// <param name="records">Lines of its configuration: host-record, srv-host, naptr-record.</param>
    /// <returns>Where it is asked.</returns>
    public static async Task<IPEndPoint> StartAsync(Bench bench, params IEnumerable<string> records)
    {
        var address = new IPEndPoint(bench.Network.NewAddress(), Port);
        string file = bench.PathOf("dnsmasq.conf");
        await File.WriteAllLinesAsync(file,
        [
            $"port={address.Port}", $"listen-address={address.Address}", "bind-interfaces", "no-resolv", "no-hosts", "no-poll", "keep-in-foreground", "log-facility=-", "log-queries",
            "pid-file=", "user=", "group=", "local=/test/", "local-ttl=60", "neg-ttl=1", .. records,
        ]);
        bench.Start("dnsmasq", Programs.Dnsmasq, ["-C", file]);
        await Loopback.BoundAsync(address, ProtocolType.Udp);
        return address;
    }
}
