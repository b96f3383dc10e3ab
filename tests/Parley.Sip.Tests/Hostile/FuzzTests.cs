using System.Globalization;
using System.Text;
using Parley.TestSupport;
using Xunit.Abstractions;

namespace Parley.Sip.Tests.Hostile;

/// <summary>Inputs that nobody meant, given to everything that reads what a stranger sends: nothing throws, and what is accepted holds together.</summary>
/// <remarks>
/// The same inputs on every run: their number and the seed are fixed. <c>PARLEY_FUZZ_INPUTS</c> sets how many each target gets,
/// <c>PARLEY_FUZZ_SEED</c> another seed. An input that shows something new is kept and changed further. What is found to go
/// wrong is mended, and its input becomes a file in <c>vectors</c>, which <see cref="What_once_went_wrong_is_fine"/> reads from then on.
/// </remarks>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int MostKept = 4000;

    private static readonly Dictionary<string, Func<byte[], ulong>> Targets = new(StringComparer.Ordinal)
    {
        ["message"] = MessageTarget.Run,
        ["stream"] = StreamTarget.Run,
        ["sdp"] = SdpTarget.Run,
        ["credentials"] = CredentialsTarget.Run,
        ["address"] = AddressTarget.Run,
    };

    public static TheoryData<string> Regressions => [.. Seeds.Regressions];

    [Theory]
    [InlineData("message", 20_000)]
    [InlineData("stream", 6000)]
    [InlineData("sdp", 20_000)]
    [InlineData("credentials", 20_000)]
    [InlineData("address", 30_000)]
    public void Nothing_that_comes_makes_it_stumble(string target, int inputs)
    {
        inputs = Setting("PARLEY_FUZZ_INPUTS", inputs);
        var random = new Random(Setting("PARLEY_FUZZ_SEED", 1));
        var mutator = new Mutator(random);
        List<byte[]> kept = Seeds.All();
        var seen = new HashSet<ulong>();
        using var thrown = new ThrownExceptions();
        foreach (byte[] seed in kept) seen.Add(Run(target, seed, thrown));
        for (int i = 0; i < inputs; i++)
        {
            byte[] input = mutator.Mutate(kept[random.Next(kept.Count)], kept[random.Next(kept.Count)]);
            if (seen.Add(Run(target, input, thrown)) && kept.Count < MostKept) kept.Add(input);
        }

        output.WriteLine($"{inputs} inputs, {seen.Count} of them showed something new");
        Assert.True(seen.Count > 20, "The inputs show nothing");
    }

    [Theory, MemberData(nameof(Regressions))]
    public void What_once_went_wrong_is_fine(string name)
    {
        byte[] input = Seeds.Regression(name);
        using var thrown = new ThrownExceptions();
        foreach (string target in Targets.Keys) Run(target, input, thrown);
    }

    [Fact]
    public void An_exception_is_seen_even_if_it_is_caught()
    {
        using var thrown = new ThrownExceptions();
        Assert.Throws<FormatException>(() => int.Parse("x", CultureInfo.InvariantCulture));
        Assert.Equal(1, thrown.Count);
    }

    private static ulong Run(string target, byte[] input, ThrownExceptions thrown)
    {
        ulong seen = 0;
        Exception? failure = null;
        try
        {
            seen = Targets[target](input);
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        if (failure is null && thrown.Count == 0) return seen;
        string what = failure is Xunit.Sdk.XunitException ? failure.Message : thrown.First ?? "";
        throw new Xunit.Sdk.XunitException($"{target}: {what}\n{Encoding.Latin1.GetString(input)}\n{Convert.ToBase64String(input)}");
    }

    private static int Setting(string name, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : usual;
}
