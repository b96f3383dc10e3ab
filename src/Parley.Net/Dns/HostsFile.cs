using Parley.Core;

namespace Parley.Net.Dns;

/// <summary>Names that a file of this machine knows; read again when it changes.</summary>
/// <param name="path">The file; one that is not there knows no name.</param>
/// <param name="time">Says when to look whether it has changed: once a second at most.</param>
public sealed class HostsFile(string path, TimeProvider time)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private Dictionary<string, List<NetworkAddress>> _names = [];
    private DateTime _written = DateTime.MinValue;
    private long _lookedAt;
    private bool _hasLooked;

    /// <summary>The system's file.</summary>
    public static HostsFile System { get; } = new(OperatingSystem.IsWindows()
        ? Path.Combine(Environment.SystemDirectory, "drivers", "etc", "hosts")
        : "/etc/hosts", TimeProvider.System);

    /// <summary>The addresses of a name, with port 0; none when the file does not know it.</summary>
    /// <remarks><c>localhost</c> and what ends in it are this machine wherever they are asked for (RFC 6761 6.3).</remarks>
    public IReadOnlyList<NetworkAddress> Find(string name)
    {
        name = DnsName.Normalize(name);
        lock (_gate)
        {
            Refresh();
            if (_names.TryGetValue(name, out List<NetworkAddress>? addresses)) return addresses;
        }

        if (name != "localhost" && !name.EndsWith(".localhost", StringComparison.Ordinal)) return [];
        return [NetworkAddress.FromIPv4(0x7F000001, 0), NetworkAddress.FromBytes([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 0)];
    }

    private void Refresh()
    {
        long now = time.GetTimestamp();
        if (_hasLooked && time.GetElapsedTime(_lookedAt, now) < Look) return;
        (_lookedAt, _hasLooked) = (now, true);
        DateTime written = File.GetLastWriteTimeUtc(path);
        if (written == _written) return;
        _written = written;
        try
        {
            _names = Parse(File.ReadLines(path));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            _names = [];
        }
    }

    private static Dictionary<string, List<NetworkAddress>> Parse(IEnumerable<string> lines)
    {
        Dictionary<string, List<NetworkAddress>> names = [];
        foreach (string line in lines)
        {
            string[] words = line.Split('#')[0].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || !NetworkAddress.TryParseHost(words[0], 0, out NetworkAddress address)) continue;
            foreach (string name in words[1..])
            {
                if (!names.TryGetValue(DnsName.Normalize(name), out List<NetworkAddress>? addresses)) names[DnsName.Normalize(name)] = addresses = [];
                if (!addresses.Contains(address)) addresses.Add(address);
            }
        }

        return names;
    }
}
