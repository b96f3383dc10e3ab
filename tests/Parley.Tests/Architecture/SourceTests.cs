using System.Text.RegularExpressions;

namespace Parley.Tests.Architecture;

/// <summary>What holds for every C# file, and no analyzer checks.</summary>
public sealed partial class SourceTests
{
    private const int LongestFileLines = 700;

    // Each with a benchmark or a foreign function behind it.
    private static readonly HashSet<string> Unsafe = new(StringComparer.Ordinal)
    {
        // The system's batched calls take arrays of structures that point into pooled memory.
        "src/Parley.Net/Linux/Bpf.cs",
        "src/Parley.Net/Linux/DatagramBatch.cs",
        "src/Parley.Net/Linux/Epoll.cs",
        "src/Parley.Net/Linux/EpollAlarm.cs",
        "src/Parley.Net/Linux/EpollDatagramSocket.cs",
        "src/Parley.Net/Linux/EpollStreamConnection.cs",
        "src/Parley.Net/Linux/EpollWakeUp.cs",
        "src/Parley.Net/Linux/ErrorQueue.cs",
        "src/Parley.Net/Linux/LibC.cs",
        "src/Parley.Net/Linux/SocketAddress.cs",
        "src/Parley.Net/Linux/FieldProgram.cs",

        // Memory that no collection sees, for transactions that only wait for their time to end (docs/performance.md).
        "src/Parley.Core/NativeBlock.cs",

        // The same calls, for who measures a server: the tool may not cost more than what it measures.
        "bench/Parley.Load/Network/BatchSocket.cs",

        // The library's hash states live on the stack, and its functions take their addresses (DigestBenchmarks).
        "src/Parley.Core/Hashing/LibCrypto.cs",
    };

    [Fact]
    public void No_file_is_so_long_that_it_hides_something()
    {
        Assert.NotEmpty(Repository.Sources);
        Assert.Empty(Repository.Sources.Where(file => file.Lines.Length > LongestFileLines).Select(file => $"{file.Path}: {file.Lines.Length} lines"));
    }

    [Fact]
    public void Unsafe_code_stays_in_the_files_named_for_it()
    {
        var found = Repository.Sources.Where(file => file.Lines.Any(line => UnsafeKeyword().IsMatch(CodeOf(line)))).Select(file => file.Path);
        Assert.Equal(Unsafe.Order(StringComparer.Ordinal), found);
    }

    [Fact]
    public void No_test_is_switched_off()
    {
        Assert.Empty(Repository.Sources
            .SelectMany(file => file.Lines.Where(line => SwitchedOff().IsMatch(line)).Select(line => $"{file.Path}: {line.Trim()}")));
    }

    [Fact]
    public void A_warning_is_switched_off_only_with_its_reason()
    {
        Assert.Empty(Repository.Sources
            .SelectMany(file => file.Lines.Where(line => WarningOffWithoutReason().IsMatch(line)).Select(line => $"{file.Path}: {line.Trim()}")));
    }

    // Without its comment and, roughly, its strings.
    private static string CodeOf(string line) => Strings().Replace(line, "\"\"").Split("//")[0];

    [GeneratedRegex(@"\bunsafe\b")]
    private static partial Regex UnsafeKeyword();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Strings();

    [GeneratedRegex(@"\[(Fact|Theory)\(.*\bSkip\s*=")]
    private static partial Regex SwitchedOff();

    [GeneratedRegex(@"^\s*#pragma warning disable [A-Z0-9, ]*$")]
    private static partial Regex WarningOffWithoutReason();
}
