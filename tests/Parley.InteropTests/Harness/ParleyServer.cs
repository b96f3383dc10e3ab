using System.Net;
using System.Text.Json;

namespace Parley.InteropTests.Harness;

/// <summary>A running <c>parley serve</c> with the users alice, bob and carol of example.test, and alice of localhost.</summary>
internal sealed class ParleyServer
{
    public const string Domain = "example.test";

    /// <summary>For peers that want to look the domain up even when they are told where to send.</summary>
    public const string ResolvableDomain = "localhost";

    private readonly Bench _bench;
    private readonly string[] _arguments;

    private ParleyServer(Bench bench, string name, IPAddress address, string data, string[] arguments)
    {
        (_bench, Name, Address, Data, _arguments) = (bench, name, address, data, arguments);
        Process = null!;
    }

    /// <summary>Its main domain.</summary>
    public string Name { get; }

    public IPAddress Address { get; }

    /// <summary>Where it listens, over UDP and TCP.</summary>
    public IPEndPoint EndPoint => new(Address, 5060);

    /// <summary>Where it listens by TLS.</summary>
    public IPEndPoint SecureEndPoint => new(Address, 5061);

    /// <summary>The certificate that it made itself.</summary>
    public string Certificate => Path.Combine(Data, "tls-certificate.pem");

    /// <summary>Its data folder.</summary>
    public string Data { get; }

    public ParleyProcess Process { get; private set; }

    /// <summary>Starts one and waits until it is ready.</summary>
    /// <param name="bench">The test's.</param>
    /// <param name="role">What it does with requests for its users: "proxy" or "redirect".</param>
    /// <param name="moreUsers">Lines of name,password beside the three.</param>
    /// <param name="domain">Its main domain.</param>
    /// <param name="dns">Where it asks for names; the system's servers when null.</param>
    /// <param name="address">Where it listens; a new address when null.</param>
    /// <param name="isSecure">Listens by TLS and on the web too, with a certificate of its own making.</param>
    /// <param name="team">The members of a ring group "team"; none when null.</param>
    /// <param name="forward">Where calls of all users go instead; nowhere when null.</param>
    /// <param name="recordsCalls">Keeps records of calls.</param>
    /// <param name="authorities">A file of the certificates that it believes.</param>
    public static async Task<ParleyServer> StartAsync(
        Bench bench, string role = "proxy", IEnumerable<string>? moreUsers = null, string domain = Domain, IPEndPoint? dns = null, IPAddress? address = null,
        bool isSecure = false, string[]? team = null, string? authorities = null, IReadOnlyDictionary<string, object>? forward = null, bool recordsCalls = false)
    {
        address ??= bench.Network.NewAddress();
        string data = bench.NewFolder($"parley-data-{domain}");
        string users = bench.PathOf($"users-{domain}.csv");
        await File.WriteAllLinesAsync(users, [.. new[] { "alice", "bob", "carol" }.Select(name => $"{name},{PasswordOf(name)}"), .. moreUsers ?? []]);
        string configuration = bench.PathOf($"parley-{domain}.json");
        var keys = new Dictionary<string, object>
        {
            ["domains"] = new object[] { team is null ? new { name = domain, role } : new { name = domain, role, groups = new { team = new { members = team } } }, new { name = ResolvableDomain, role } },
            ["listen"] = new[] { $"udp://{address}:5060", $"tcp://{address}:5060" }.Concat(isSecure ? [$"tls://{address}:5061", $"https://{address}:8443"] : Array.Empty<string>()),
            ["data"] = data,
            ["media"] = new { address = address.ToString() },
        };
        if (forward is not null) keys["domains"] = new object[] { new { name = domain, role, forward }, new { name = ResolvableDomain, role } };
        if (authorities is not null) keys["tls"] = new { authorities };
        if (recordsCalls) keys["calls"] = new { record = true };
        if (dns is not null) keys["dns"] = new[] { dns.ToString() };
        await File.WriteAllTextAsync(configuration, JsonSerializer.Serialize(keys));
        await ParleyProgram.SucceedAsync(bench, "user", "import", users, "--domain", domain, "--config", configuration);
        await ParleyProgram.SucceedAsync(bench, "user", "add", $"alice@{ResolvableDomain}", "--password", PasswordOf("alice"), "--config", configuration);
        var server = new ParleyServer(bench, domain, address, data, ["serve", "--config", configuration]);
        await server.StartAgainAsync();
        return server;
    }

    public static string PasswordOf(string user) => user + "-secret";

    /// <summary>Starts it once more, on the same data.</summary>
    public async Task StartAgainAsync()
    {
        Process = ParleyProgram.Start(_bench, "parley serve", _arguments);
        await Process.EventAsync("ready");
    }
}
