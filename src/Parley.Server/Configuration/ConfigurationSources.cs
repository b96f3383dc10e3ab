using System.Collections;
using System.Net.Sockets;

namespace Parley.Server.Configuration;

/// <summary>Where a configuration comes from; each source goes over the one before it: defaults, file, environment, command line.</summary>
public sealed record ConfigurationSources
{
    /// <summary>The file that is read when <see cref="File"/> does not say another and it is there.</summary>
    public const string DefaultFile = "parley.json";

    /// <summary>A file that must be there; null reads <see cref="DefaultFile"/> of the working directory if there is one.</summary>
    public string? File { get; init; }

    /// <summary>The environment's variables; those that begin with <c>PARLEY__</c> count.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>What the command line says.</summary>
    public IReadOnlyList<ConfigurationOverride> CommandLine { get; init; } = [];

    /// <summary>What the defaults depend on.</summary>
    public MachineFacts Machine { get; init; } = new("", false);

    /// <summary>The sources of this process.</summary>
    /// <param name="file">A file that must be there, or null.</param>
    /// <param name="commandLine">What the command line says.</param>
    public static ConfigurationSources OfThisProcess(string? file, IReadOnlyList<ConfigurationOverride> commandLine) => new()
    {
        File = file,
        CommandLine = commandLine,
        Environment = System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "", StringComparer.Ordinal),
        Machine = new MachineFacts(System.Environment.MachineName, Socket.OSSupportsIPv6),
    };
}

/// <summary>A key that the command line sets.</summary>
/// <param name="Key">The key with its section, as <c>listen</c>.</param>
/// <param name="Option">The option, as <c>--listen</c>, for messages.</param>
/// <param name="Values">Its values: one, or for a list one or more.</param>
public sealed record ConfigurationOverride(string Key, string Option, IReadOnlyList<string> Values);

/// <summary>What the defaults depend on.</summary>
/// <param name="HostName">The machine's name, which is a domain by default; empty for none.</param>
/// <param name="HasIPv6">True when it can listen on IPv6.</param>
public sealed record MachineFacts(string HostName, bool HasIPv6);
