using System.Globalization;
using Parley.Core;

namespace Parley.Net.Dns;

/// <summary>Which servers are asked, and how patiently.</summary>
public sealed record DnsConfiguration
{
    /// <summary>The port of DNS.</summary>
    public const ushort DefaultPort = 53;

    private const string SystemFile = "/etc/resolv.conf";
    private const int MaxServers = 3;       // as in the C library

    /// <summary>The servers, asked in this order.</summary>
    /// <value>One or more.</value>
    public required IReadOnlyList<NetworkAddress> Servers { get; init; }

    /// <summary>How long each is waited for.</summary>
    /// <value>More than zero; 2 s by default.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often all are tried.</summary>
    /// <value>1 or more; 2 by default.</value>
    public int Attempts { get; init; } = 2;

    /// <summary>Names that are known without asking; null for none.</summary>
    public HostsFile? Hosts { get; init; }

    /// <summary>Certain servers, and this machine's own names.</summary>
    /// <param name="servers">One or more.</param>
    public static DnsConfiguration Of(IReadOnlyList<NetworkAddress> servers) => new() { Servers = servers, Hosts = HostsFile.System };

    /// <summary>Reads an address with or without a port, which is 53 then.</summary>
    public static bool TryParseServer(ReadOnlySpan<char> text, out NetworkAddress server) =>
        (NetworkAddress.TryParse(text, out server) && server.Port != 0) || NetworkAddress.TryParseHost(text, DefaultPort, out server);

    /// <summary>What the system is set to: <c>/etc/resolv.conf</c> and the hosts file; a server on this machine when there is none.</summary>
    public static DnsConfiguration FromSystem()
    {
        string text;
        try
        {
            text = File.ReadAllText(SystemFile);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            text = "";
        }

        return Parse(text) with { Hosts = HostsFile.System };
    }

    /// <summary>Reads the text of a resolv.conf: <c>nameserver</c>, and <c>timeout</c> and <c>attempts</c> of <c>options</c>. SIP's names are whole, so nothing is searched in.</summary>
    internal static DnsConfiguration Parse(string text)
    {
        List<NetworkAddress> servers = [];
        var read = new DnsConfiguration { Servers = servers };
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split(['#', ';'])[0].Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words is ["nameserver", var host, ..] && servers.Count < MaxServers && NetworkAddress.TryParseHost(host, DefaultPort, out NetworkAddress server)) servers.Add(server);
            if (words is not ["options", .. var options]) continue;
            foreach (string option in options)
            {
                string[] parts = option.Split(':');
                if (parts.Length != 2 || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int value) || value < 1) continue;
                if (parts[0] == "timeout") read = read with { Timeout = TimeSpan.FromSeconds(Math.Min(value, 30)) };
                if (parts[0] == "attempts") read = read with { Attempts = Math.Min(value, 5) };
            }
        }

        if (servers.Count == 0) servers.Add(NetworkAddress.FromIPv4(0x7F000001, DefaultPort));
        return read;
    }
}
