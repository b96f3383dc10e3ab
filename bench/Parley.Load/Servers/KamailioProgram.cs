using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Parley.Core;
using Parley.Load.Traffic;

namespace Parley.Load.Servers;

/// <summary>Kamailio, to compare with: as fast as it can be configured for this work.</summary>
/// <remarks>UDP only, two workers, the tlsf allocator (the default one takes two to four times the processor time), bindings and users in memory.</remarks>
internal sealed class KamailioProgram(string path)
{
    private const string Packages = "kamailio";
    private const int Workers = 2;
    private const int SharedMegabytes = 4096;   // an ended call stays for 5 s with some 29 KB

    /// <summary>Finds the program.</summary>
    /// <exception cref="LoadException">It is not here; the message says how to install it.</exception>
    public static KamailioProgram Find()
    {
        string? found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Append("/usr/local/sbin")
            .Select(folder => Path.Combine(folder, "kamailio")).FirstOrDefault(File.Exists);
        return new KamailioProgram(found
            ?? throw new LoadException($"Kamailio is not installed; on Debian or Ubuntu: sudo apt-get install --no-install-recommends {Packages}"));
    }

    /// <summary>Starts a server on a free port.</summary>
    /// <param name="folder">For its configuration and what it writes.</param>
    /// <param name="users">How many users it knows.</param>
    /// <param name="cores">The processor cores that it may use; none for all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LoadException">It did not start.</exception>
    public async Task<ServerUnderTest> StartAsync(string folder, int users, int[] cores, CancellationToken cancellationToken)
    {
        string configuration = Path.Combine(folder, "kamailio.cfg");
        await File.WriteAllTextAsync(configuration, KamailioConfiguration.For(ServerUnderTest.Domain, users), cancellationToken);
        NetworkAddress address = FreeAddress();
        string[] arguments =
        [
            "-DD", "-E", "-f", configuration, "-l", $"udp:{address}", "-n", Text(Workers), "-m", Text(SharedMegabytes), "-M", "16",
            "-x", "tlsf", "-X", "tlsf", "-w", folder, "-Y", folder,
        ];
        ServerProcess process = ServerProcess.Start("kamailio", path, arguments, folder, cores);
        try
        {
            // It does not say when it is ready: it is when it answers, which a first request waits for.
            using var session = new LoadSession(new LoadSessionOptions { Server = address, Domain = ServerUnderTest.Domain, Room = 1, Spins = false });
            LoadResult answer = Measuring.MeasuringThread.Run(() => session.Run(new LoadPlan { Work = WorkKind.Options, Count = 1, Window = 1 }, null, cancellationToken));
            if (answer.Done == 0) throw new LoadException($"kamailio does not answer: {process.LastLine}");
            return new ServerUnderTest("kamailio", process, address);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    private static NetworkAddress FreeAddress()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return NetworkAddress.From((IPEndPoint)socket.LocalEndPoint!);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
