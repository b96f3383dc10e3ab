using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Parley.Core;
using Parley.Load.Traffic;

namespace Parley.Load.Commands;

/// <summary>Options whose values are more than words, each refused with what is allowed.</summary>
internal static class Options
{
    /// <summary>The most exchanges of a run, users and calls.</summary>
    public const int Most = 10_000_000;

    private static readonly string[] WorkNames = [.. Enum.GetNames<WorkKind>().Select(name => name.ToLowerInvariant())];

    /// <summary>A whole number in a range.</summary>
    public static Option<int> Number(string name, string helpName, string description, int least, int most, int byDefault) => new(name)
    {
        Description = description,
        HelpName = helpName,
        DefaultValueFactory = _ => byDefault,
        CustomParser = result => TryReadNumber(Word(result), least, most, out int number) ? number : Refuse<int>(result, $"a number from {least} to {most}"),
    };

    /// <summary>A whole number in a range, or nothing.</summary>
    public static Option<int?> OptionalNumber(string name, string helpName, string description, int least, int most) => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result => TryReadNumber(Word(result), least, most, out int number) ? number : Refuse<int?>(result, $"a number from {least} to {most}"),
    };

    /// <summary>Whole numbers with commas between them.</summary>
    public static ListOption<int> Numbers(string name, string description, int least, int most, params int[] byDefault) => new(
        name,
        $"{description} ({string.Join(',', byDefault)})",
        result =>
        {
            List<int> numbers = [];
            foreach (string word in Word(result).Split(','))
            {
                if (!TryReadNumber(word, least, most, out int number)) return Refuse<int[]?>(result, $"numbers from {least} to {most} with commas between them");
                numbers.Add(number);
            }

            return [.. numbers];
        },
        byDefault)
    {
        HelpName = "N[,N...]",
    };

    /// <summary>Kinds of work of a report.</summary>
    public static ListOption<Workload> Workloads() => new(
        "--work",
        "What to measure, with commas between (all)",
        result =>
        {
            string[] words = Word(result).Split(',');
            Workload[] found = [.. Workload.All.Where(work => words.Contains(work.Name))];
            return found.Length == words.Length ? found : Refuse<Workload[]?>(result, $"a list of {string.Join(", ", Workload.All.Select(work => work.Name))}");
        },
        [.. Workload.All])
    {
        HelpName = "KIND[,KIND...]",
    };

    /// <summary>The tool's ports.</summary>
    public static Option<int> Ports(int byDefault) =>
        Number("--ports", "N", "How many ports callers and users share: a server with several lanes spreads its peers, and answers to one port leave it together", 1, 256, byDefault);

    /// <summary>Requests per second.</summary>
    public static Option<double?> Rate(string description) => new("--rate")
    {
        Description = description,
        HelpName = "R",
        CustomParser = result =>
            double.TryParse(Word(result), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double rate) && rate is >= 0.1 and <= 1_000_000
                ? rate
                : Refuse<double?>(result, "a number from 0.1 to 1000000"),
    };

    /// <summary>A loopback address and port.</summary>
    public static Option<NetworkAddress> Server() => new("--to")
    {
        Description = "The server's address and port for UDP; a loopback address",
        HelpName = "127.0.0.1:PORT",
        Required = true,
        CustomParser = result => NetworkAddress.TryParse(Word(result), out NetworkAddress address) && address.IsLoopback && address.Port != 0
            ? address
            : Refuse<NetworkAddress>(result, "a loopback address and a port, such as 127.0.0.1:5060"),
    };

    /// <summary>One kind of work.</summary>
    public static Option<WorkKind> Work() => new("--work")
    {
        Description = $"What to do: {string.Join(", ", WorkNames)}",
        HelpName = "KIND",
        Required = true,
        CustomParser = result =>
        {
            int index = Array.IndexOf(WorkNames, Word(result));
            return index >= 0 ? Enum.GetValues<WorkKind>()[index] : Refuse<WorkKind>(result, string.Join(", ", WorkNames));
        },
    };

    /// <summary>One of some words, or nothing.</summary>
    public static Option<string?> OneOf(string name, string description, params string[] words) => new(name)
    {
        Description = $"{description}: {string.Join(", ", words)}",
        HelpName = "NAME",
        CustomParser = result => words.Contains(Word(result)) ? Word(result) : Refuse<string?>(result, string.Join(", ", words)),
    };

    /// <summary>Where the program is that is measured.</summary>
    public static Option<string?> ParleyPath() => new("--parley")
    {
        Description = "The parley program (the one that was built with this tool)",
        HelpName = "PATH",
    };

    /// <summary>A host name.</summary>
    public static Option<string> Domain() => new("--domain")
    {
        Description = "The domain of the users",
        HelpName = "NAME",
        DefaultValueFactory = _ => "peers.test",
        CustomParser = result => Word(result) is { Length: > 0 and <= 253 } name && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-')
            ? name
            : Refuse<string>(result, "a host name"),
    };

    /// <summary>Refuses an option's value.</summary>
    public static T Refuse<T>(ArgumentResult result, string allowed)
    {
        string name = (result.Parent as OptionResult)?.Option.Name ?? result.Argument.Name;
        result.AddError($"{name}: '{Word(result)}' is not allowed; allowed is {allowed}");
        return default!;
    }

    private static string Word(ArgumentResult result) => result.Tokens[0].Value;

    private static bool TryReadNumber(string text, int least, int most, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least && number <= most;
}
