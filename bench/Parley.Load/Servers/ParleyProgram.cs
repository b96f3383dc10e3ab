using System.Text.Json;
using Parley.Core;

namespace Parley.Load.Servers;

/// <summary>How Parley is started to be measured.</summary>
internal sealed record ParleySettings
{
    /// <summary>Whether bindings are on disk before they are answered.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>How many lanes work side by side; 0 for one per core.</summary>
    public int Lanes { get; init; } = 1;

    /// <summary>The processor cores that it may use; none for all.</summary>
    public int[] Cores { get; init; } = [];
}

/// <summary>The <c>parley</c> command that is measured.</summary>
/// <param name="path">The file.</param>
internal sealed class ParleyProgram(string path)
{
    private static readonly TimeSpan TimeToStart = TimeSpan.FromMinutes(2);

    /// <summary>Finds the program.</summary>
    /// <param name="path">Where it is; null for the one that was built with this tool.</param>
    /// <exception cref="LoadException">It is not there.</exception>
    public static ParleyProgram Find(string? path)
    {
        path ??= BuiltWithThisTool();
        return File.Exists(path) ? new ParleyProgram(Path.GetFullPath(path)) : throw new LoadException($"there is no {path}; build it (dotnet build -c Release) or name it with --parley");
    }

    /// <summary>Gives a data folder users: user0, user1 and so on.</summary>
    /// <exception cref="LoadException">It did not work.</exception>
    public async Task ImportUsersAsync(string data, int users, CancellationToken cancellationToken)
    {
        string list = Path.Combine(data, "users.csv");
        await File.WriteAllLinesAsync(list, Enumerable.Range(0, users).Select(i => $"user{i},pass{i}"), cancellationToken);
        await ServerProcess.RunAsync("parley user import", path, ["user", "import", list, "--domain", ServerUnderTest.Domain, "--data", data], data, cancellationToken);
        File.Delete(list);
    }

    /// <summary>Starts a server on a free port and waits until it is ready.</summary>
    /// <param name="data">Its data folder, which also gets its configuration.</param>
    /// <param name="settings">How.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LoadException">It did not start.</exception>
    public async Task<ServerUnderTest> StartAsync(string data, ParleySettings settings, CancellationToken cancellationToken)
    {
        string configuration = Path.Combine(data, "parley.json");
        await File.WriteAllTextAsync(configuration, JsonSerializer.Serialize(new
        {
            domains = new[] { ServerUnderTest.Domain },
            listen = new[] { "udp://127.0.0.1:0" },
            trusted = new[] { "127.0.0.1/32" },
            data,
            lanes = settings.Lanes,
            location = new { durable = settings.Durable },
        }), cancellationToken);
        ServerProcess process = ServerProcess.Start("parley serve", path, ["serve", "--config", configuration, "--json"], data, settings.Cores);
        try
        {
            (_, TimeSpan after) = await process.LineAsync(line => line.Contains("\"event\":\"ready\"", StringComparison.Ordinal), TimeToStart, cancellationToken);
            (string listening, _) = await process.LineAsync(line => line.Contains("\"event\":\"listening\"", StringComparison.Ordinal), TimeToStart, cancellationToken);
            return new ServerUnderTest("parley", process, AddressIn(listening)) { ReadyAfter = after };
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    // {"event":"listening","uri":"udp://127.0.0.1:5060"}
    private static NetworkAddress AddressIn(string listening)
    {
        using JsonDocument json = JsonDocument.Parse(listening);
        string uri = json.RootElement.GetProperty("uri").GetString() ?? "";
        return NetworkAddress.TryParse(uri.AsSpan(uri.IndexOf("//", StringComparison.Ordinal) + 2), out NetworkAddress address)
            ? address
            : throw new LoadException($"parley serve listens on {uri}, which is no address");
    }

    // bench/Parley.Load/bin/Release/net10.0 -> src/Parley/bin/Release/net10.0
    private static string BuiltWithThisTool()
    {
        string built = new DirectoryInfo(AppContext.BaseDirectory).Parent?.Name ?? "Release";
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Parley.slnx"))) return Path.Combine(folder.FullName, "src", "Parley", "bin", built, "net10.0", "parley");
        }

        return "parley";
    }
}
