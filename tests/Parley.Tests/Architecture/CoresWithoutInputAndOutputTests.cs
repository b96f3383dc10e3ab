using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Parley.Tests.Architecture;

/// <summary>Protocol cores know no socket, clock, lock, task, logger or database: ARCHITECTURE.md, "Cores and shells".</summary>
public sealed class CoresWithoutInputAndOutputTests
{
    // A whole namespace, or a type.
    private static readonly string[] Banned =
    [
        "System.Net.Sockets", "System.Net.Http", "System.Net.Dns", "System.Net.NetworkInformation", "System.Net.Security",
        "System.Threading.Tasks", "System.Threading.Channels", "System.Threading.Thread", "System.Threading.ThreadPool",
        "System.Threading.Timer", "System.Threading.PeriodicTimer", "System.Threading.ITimer", "System.Threading.CancellationToken",
        "System.Threading.CancellationTokenSource", "System.Threading.SynchronizationContext",
        "System.Threading.Lock", "System.Threading.Monitor", "System.Threading.Mutex", "System.Threading.SpinLock",
        "System.Threading.Semaphore", "System.Threading.SemaphoreSlim", "System.Threading.ReaderWriterLockSlim",
        "System.Threading.ManualResetEvent", "System.Threading.ManualResetEventSlim", "System.Threading.AutoResetEvent",
        "System.TimeProvider", "System.Diagnostics.Stopwatch", "System.Timers", "System.Environment", "System.Console",
        "System.IO.File", "System.IO.FileStream", "System.IO.Directory", "System.Diagnostics.Process",
        "Microsoft.Extensions", "System.Data", "System.Reflection.Emit",
    ];

    // What a project may use all the same, and why. An entry that is not needed any more fails.
    private static readonly Dictionary<string, string[]> Excepted = new(StringComparer.Ordinal)
    {
        ["Parley.Core"] =
        [
            "System.Threading.Lock",            // BufferPool is shared by all threads
            "System.TimeProvider",              // MonotonicClock turns it into an Instant, for shells
            "System.Net.Sockets.AddressFamily", // NetworkAddress: IPv4 or IPv6, a value
        ],
    };

    public static TheoryData<string> Cores => ["Parley.Core", "Parley.Sdp", "Parley.Sip", "Parley.Rtp", "Parley.Media", "Parley.Ice"];

    [Theory, MemberData(nameof(Cores))]
    public void A_core_uses_no_socket_clock_lock_task_or_logger(string name)
    {
        string[] banned = [.. ReferencedTypes(Assemblies.PathOf(name)).Where(IsBanned).Order(StringComparer.Ordinal)];
        string[] excepted = Excepted.GetValueOrDefault(name, []);

        Assert.Equal(excepted.Order(StringComparer.Ordinal), banned);
    }

    [Fact]
    public void The_check_sees_what_a_shell_uses()
    {
        Assert.Contains("System.Threading.Tasks.Task", ReferencedTypes(typeof(CoresWithoutInputAndOutputTests).Assembly.Location));
        Assert.True(IsBanned("System.Threading.Tasks.Task"));
        Assert.True(IsBanned("System.Net.Dns"));
        Assert.False(IsBanned("System.Threading.Interlocked"));
        Assert.False(IsBanned("System.Threading.TimerCallbackOfAnotherName"));
    }

    // Makes this assembly use a task, for the test above.
    [Fact]
    public async Task A_shell_may_wait() => await Task.CompletedTask;

    private static bool IsBanned(string type) =>
        Array.Exists(Banned, banned => type == banned || type.StartsWith(banned + ".", StringComparison.Ordinal));

    private static IEnumerable<string> ReferencedTypes(string path)
    {
        using var assembly = new PEReader(File.OpenRead(path));
        MetadataReader metadata = assembly.GetMetadataReader();
        foreach (TypeReferenceHandle handle in metadata.TypeReferences)
        {
            TypeReference type = metadata.GetTypeReference(handle);
            if (type.ResolutionScope.Kind != HandleKind.AssemblyReference) continue;    // a nested type: its outer type is there too
            yield return metadata.GetString(type.Namespace) + "." + metadata.GetString(type.Name);
        }
    }
}
