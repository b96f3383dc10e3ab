using Parley.Net.Dns;

namespace Parley.Net.Tests.Dns;

public sealed class DnsConfigurationTests
{
    [Fact]
    public void The_systems_file_is_read()
    {
        DnsConfiguration read = DnsConfiguration.Parse(
            """
            # nameserver 192.0.2.99
            domain example.com
            nameserver 192.0.2.1
            nameserver 2001:db8::53   ; the other one
            nameserver nonsense
            options rotate timeout:3 attempts:4
            nameserver 192.0.2.3
            nameserver 192.0.2.4
            """);

        Assert.Equal(["192.0.2.1:53", "[2001:db8::53]:53", "192.0.2.3:53"], read.Servers.Select(server => server.ToString()));
        Assert.Equal((TimeSpan.FromSeconds(3), 4), (read.Timeout, read.Attempts));
    }

    [Theory]
    [InlineData("")]
    [InlineData("options timeout:0 attempts:x\nnameserver\n")]
    public void Without_a_server_it_is_this_machine(string text)
    {
        DnsConfiguration read = DnsConfiguration.Parse(text);

        Assert.Equal(["127.0.0.1:53"], read.Servers.Select(server => server.ToString()));
        Assert.Equal((TimeSpan.FromSeconds(2), 2), (read.Timeout, read.Attempts));
    }

    [Theory]
    [InlineData("192.0.2.53", "192.0.2.53:53")]
    [InlineData("192.0.2.53:5353", "192.0.2.53:5353")]
    [InlineData("[2001:db8::53]:5353", "[2001:db8::53]:5353")]
    [InlineData("2001:db8::53", "[2001:db8::53]:53")]
    [InlineData("dns.example.com", null)]
    [InlineData("192.0.2.53:0", null)]
    public void A_server_has_an_address_and_perhaps_a_port(string text, string? expected) =>
        Assert.Equal(expected, DnsConfiguration.TryParseServer(text, out var server) ? server.ToString() : null);

    [Fact]
    public void The_hosts_file_is_read_again_when_it_changes()
    {
        string path = Path.GetTempFileName();
        try
        {
            var time = new StillTime();
            var hosts = new HostsFile(path, time);
            File.WriteAllText(path, "192.0.2.7  Pbx pbx.example.com # ours\n2001:db8::7\tpbx\nbroken line\n");
            File.SetLastWriteTimeUtc(path, new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
            Assert.Equal(["192.0.2.7", "[2001:db8::7]"], hosts.Find("PBX.").Select(address => address.HostToString()));
            Assert.Equal(["192.0.2.7"], hosts.Find("pbx.example.com").Select(address => address.HostToString()));
            Assert.Empty(hosts.Find("other"));
            Assert.Equal(["127.0.0.1", "[::1]"], hosts.Find("phone.localhost").Select(address => address.HostToString()));

            File.WriteAllText(path, "192.0.2.8 other\n");
            time.Advance();
            Assert.Equal(["192.0.2.8"], hosts.Find("other").Select(address => address.HostToString()));
            Assert.Empty(hosts.Find("pbx"));

            File.Delete(path);
            time.Advance();
            Assert.Empty(hosts.Find("other"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private sealed class StillTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance() => _ticks += 2 * TimeSpan.TicksPerSecond;
    }
}
