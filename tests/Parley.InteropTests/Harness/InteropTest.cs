namespace Parley.InteropTests.Harness;

/// <summary>A test with programs of other people: gives it a <see cref="Bench"/> and clears it away.</summary>
public abstract class InteropTest(ITestOutputHelper output) : IAsyncLifetime
{
    private Bench? _bench;

    private protected ITestOutputHelper Output => output;

    private protected Bench Bench => _bench ??= new Bench(GetType().Name, output);

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public virtual async Task DisposeAsync()
    {
        if (_bench is not null) await _bench.DisposeAsync();
    }
}
