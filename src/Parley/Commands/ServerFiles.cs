using System.CommandLine;
using Parley.Output;
using Parley.Server.Configuration;

namespace Parley.Commands;

/// <summary>The options by which a command finds a server's configuration and data, and what they lead to.</summary>
internal sealed class ServerFiles
{
    private readonly Option<string?> _config = new("--config")
    {
        Description = "The configuration file (parley.json when there is one)",
        HelpName = "FILE",
    };

    private readonly Option<string?> _data = new("--data")
    {
        Description = "The folder for accounts and bindings (./parley-data)",
        HelpName = "DIR",
    };

    public ServerFiles(Command command)
    {
        command.Add(_config);
        command.Add(_data);
    }

    /// <summary>The configuration of file, environment and command line.</summary>
    /// <exception cref="CommandException">It is not right.</exception>
    public ParleyConfiguration Load(ParseResult parse, params ConfigurationOverride[] overrides)
    {
        ConfigurationSources sources = Sources(parse, overrides);
        if (!ParleyConfiguration.TryLoad(sources, out ParleyConfiguration? configuration, out ConfigurationError? error)) throw CommandException.Usage(error.Message);
        return configuration;
    }

    /// <summary>Where the configuration comes from, to read it again when it changes.</summary>
    public ConfigurationSources Sources(ParseResult parse, IReadOnlyList<ConfigurationOverride> overrides)
    {
        List<ConfigurationOverride> commandLine = [.. overrides];
        if (parse.GetValue(_data) is { } data) commandLine.Add(new ConfigurationOverride("data", "--data", [data]));
        return ConfigurationSources.OfThisProcess(parse.GetValue(_config), commandLine);
    }
}
