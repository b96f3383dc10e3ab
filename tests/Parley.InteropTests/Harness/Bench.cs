namespace Parley.InteropTests.Harness;

/// <summary>What one test works on: its own addresses, a folder for its files, and the programs it started, which end with it.</summary>
internal sealed class Bench : IAsyncDisposable
{
    private static readonly string Results = Path.Combine(Repository.Root, "artifacts", "test-results", "interop");
    private static int _count;

    private readonly ITestOutputHelper _output;
    private readonly List<IAsyncDisposable> _owned = [];

    public Bench(string name, ITestOutputHelper output)
    {
        _output = output;
        Folder = Path.Combine(Results, $"{Environment.ProcessId}-{Interlocked.Increment(ref _count):000}-{name}");
        Directory.CreateDirectory(Folder);
    }

    public Loopback Network { get; } = new();

    /// <summary>Holds logs, recordings and captures; stays for who looks why a test failed.</summary>
    public string Folder { get; }

    /// <summary>Where a file of this test is.</summary>
    public string PathOf(string file) => Path.Combine(Folder, file);

    /// <summary>Makes a folder for one peer.</summary>
    public string NewFolder(string name) => Directory.CreateDirectory(PathOf(name)).FullName;

    /// <summary>Starts a program that ends with the test at the latest.</summary>
    public ChildProcess Start(string name, string program, IEnumerable<string> arguments, string? folder = null, TimeSpan? lifetime = null)
    {
        return Own(ChildProcess.Start(name, program, arguments, folder ?? Folder, lifetime));
    }

    /// <summary>Disposes something when the test ends, the last first.</summary>
    public T Own<T>(T item)
        where T : IAsyncDisposable
    {
        _owned.Add(item);
        return item;
    }

    /// <summary>Runs a program to its end.</summary>
    public async Task<ExitedProcess> RunAsync(string name, string program, IEnumerable<string> arguments, TimeSpan? lifetime = null)
    {
        ExitedProcess exited = await ChildProcess.RunAsync(name, program, arguments, Folder, lifetime);
        _output.WriteLine(exited.Log);
        return exited;
    }

    public async ValueTask DisposeAsync()
    {
        _output.WriteLine($"Files: {Folder}");
        foreach (IAsyncDisposable item in Enumerable.Reverse(_owned))
        {
            await item.DisposeAsync();
            if (item is ChildProcess process) _output.WriteLine(process.Log());
        }
    }
}
