using BenchmarkDotNet.Attributes;
using Parley.Operations.Sip;

namespace Parley.Benchmarks.Sip;

[MemoryDiagnoser]
public class DigestBenchmarks
{
    private readonly DigestOperations _operations = new();

    [Benchmark]
    public int Parse() => _operations.Parse();

    [Benchmark]
    public int VerifyMd5() => _operations.VerifyMd5();

    [Benchmark]
    public int VerifySha256() => _operations.VerifySha256();

    [Benchmark]
    public int VerifySha512Truncated256() => _operations.VerifySha512Truncated256();

    [Benchmark]
    public int WriteChallenges() => _operations.WriteChallenges();

    [Benchmark]
    public int ComputeSecret() => _operations.ComputeSecret();
}
