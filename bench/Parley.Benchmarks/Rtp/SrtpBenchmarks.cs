using BenchmarkDotNet.Attributes;
using Parley.Operations.Rtp;

namespace Parley.Benchmarks.Rtp;

[MemoryDiagnoser]
public class SrtpBenchmarks : IDisposable
{
    private readonly SrtpOperations _operations = new();

    [GlobalCleanup]
    public void Dispose()
    {
        _operations.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public int ProtectByCounterMode() => _operations.ProtectByCounterMode();

    [Benchmark]
    public int ProtectAndUnprotectByCounterMode() => _operations.ProtectAndUnprotectByCounterMode();

    [Benchmark]
    public int ProtectByGcm() => _operations.ProtectByGcm();

    [Benchmark]
    public int ProtectAndUnprotectByGcm() => _operations.ProtectAndUnprotectByGcm();
}
