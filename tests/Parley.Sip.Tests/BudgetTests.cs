using System.Runtime.CompilerServices;
using System.Text.Json;
using Parley.Operations;
using Parley.Operations.Rtp;
using Parley.Operations.Sip;

namespace Parley.Sip.Tests;

/// <summary>The operations of the benchmarks allocate no more than bench/budgets.json allows.</summary>
public class BudgetTests
{
    private const int Warmup = 500;
    private const int Runs = 2000;

    private static readonly JsonSerializerOptions WithComments = new() { ReadCommentHandling = JsonCommentHandling.Skip };

    private static readonly Dictionary<string, long> Budgets = JsonSerializer.Deserialize<Dictionary<string, long>>(
        File.ReadAllText(Path.Combine(Folder(), "../../bench/budgets.json")), WithComments)!;

    public static TheoryData<string> Names
    {
        get
        {
            using var messages = new MessageOperations();
            using var srtp = new SrtpOperations();
            return [.. Operations(messages, srtp).Select(operation => operation.Name)];
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void An_operation_allocates_no_more_than_its_budget(string name)
    {
        using var messages = new MessageOperations();
        using var srtp = new SrtpOperations();
        Operation operation = Operations(messages, srtp).Single(candidate => candidate.Name == name);
        Assert.True(Budgets.TryGetValue(name, out long budget), $"{name} has no budget in bench/budgets.json.");
        for (int i = 0; i < Warmup; i++) Assert.NotEqual(0, operation.Run());

        long perRun = AllocatedBytes.Of(() =>
        {
            for (int i = 0; i < Runs; i++) operation.Run();
        }) / Runs;

        Assert.True(perRun <= budget, $"{name} allocated {perRun} bytes per run; its budget is {budget}.");
    }

    private static IEnumerable<Operation> Operations(MessageOperations messages, SrtpOperations srtp) =>
        [.. messages.All, .. new TransactionOperations().All, .. new DigestOperations().All, .. srtp.All];

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
