using BenchmarkDotNet.Attributes;
using Parley.Operations.Sip;

namespace Parley.Benchmarks.Sip;

[MemoryDiagnoser]
public class TransactionBenchmarks
{
    private readonly TransactionOperations _operations = new();

    [Benchmark]
    public int MakeKey() => _operations.MakeKey();

    [Benchmark]
    public int AddFindAndRemove() => _operations.AddFindAndRemove();

    [Benchmark]
    public int AcceptedInvite() => _operations.AcceptedInvite();

    [Benchmark]
    public int RefusedInvite() => _operations.RefusedInvite();

    [Benchmark]
    public int NonInvite() => _operations.NonInvite();
}
