using BenchmarkDotNet.Attributes;
using Parley.Operations.Sip;

namespace Parley.Benchmarks.Sip;

[MemoryDiagnoser]
public class MessageBenchmarks : IDisposable
{
    private readonly MessageOperations _operations = new();

    [GlobalCleanup]
    public void Dispose()
    {
        _operations.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public int Index() => _operations.Index();

    [Benchmark]
    public int ReadForRouting() => _operations.ReadForRouting();

    [Benchmark]
    public int Validate() => _operations.Validate();

    [Benchmark]
    public int WriteResponse() => _operations.WriteResponse();

    [Benchmark]
    public int WriteCancel() => _operations.WriteCancel();

    [Benchmark]
    public int EditAndForward() => _operations.EditAndForward();

    [Benchmark]
    public int ParseEditAndForward() => _operations.ParseEditAndForward();

    [Benchmark]
    public int CopyAndRelease() => _operations.CopyAndRelease();

    [Benchmark]
    public int FrameInTwoPieces() => _operations.FrameInTwoPieces();
}
