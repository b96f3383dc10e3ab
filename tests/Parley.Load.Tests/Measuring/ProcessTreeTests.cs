using System.Diagnostics;
using Parley.Load.Measuring;

namespace Parley.Load.Tests.Measuring;

public sealed class ProcessTreeTests
{
    [Fact]
    public void This_process_uses_something()
    {
        ProcessUse use = ProcessTree.Read(Environment.ProcessId)!.Value;
        using var self = Process.GetCurrentProcess();

        Assert.True(use.Processor > TimeSpan.Zero);
        Assert.InRange(use.Processor, self.TotalProcessorTime * 0.5, self.TotalProcessorTime + TimeSpan.FromSeconds(10));
        Assert.True(use.ResidentBytes > 1 << 20);
        Assert.True(use.Threads > 1);
    }

    [Fact]
    public void Children_count()
    {
        int alone = ProcessTree.Read(Environment.ProcessId)!.Value.Threads;
        using var child = Process.Start(new ProcessStartInfo("sleep", ["60"]) { UseShellExecute = false })!;
        try
        {
            Assert.Equal(1, ProcessTree.Read(child.Id)!.Value.Threads);
            Assert.True(ProcessTree.Read(Environment.ProcessId)!.Value.Threads > alone - 5);    // threads of the pool come and go
        }
        finally
        {
            child.Kill();
            child.WaitForExit();
        }
    }

    [Fact]
    public void There_is_no_use_of_a_process_that_is_not_there() => Assert.Null(ProcessTree.Read(int.MaxValue));
}
