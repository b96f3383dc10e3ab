using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Parley.Core;
using Parley.Server.Accounts;

namespace Parley.Server.Configuration;

/// <summary>Makes a configuration of its sources, or says why they make none.</summary>
internal sealed class ConfigurationLoader
{
    private const string EnvironmentPrefix = "PARLEY__";

    private readonly Dictionary<string, string> _origins = [];     // where each key was set last
    private ParleyConfiguration _configuration;
    private ConfigurationError? _error;

    private ConfigurationLoader(ParleyConfiguration defaults) => _configuration = defaults;

    public static bool TryLoad(
        ConfigurationSources sources, [NotNullWhen(true)] out ParleyConfiguration? configuration, [NotNullWhen(false)] out ConfigurationError? error)
    {
        var loader = new ConfigurationLoader(DefaultsOf(sources.Machine));
        bool isLoaded = loader.ApplyFile(sources.File) && loader.ApplyEnvironment(sources.Environment) && loader.ApplyCommandLine(sources.CommandLine)
            && loader.CheckIntervals();
        configuration = isLoaded ? loader._configuration : null;
        error = loader._error;
        return isLoaded;
    }

    private static ParleyConfiguration DefaultsOf(MachineFacts machine)
    {
        NetworkAddress ipv4 = NetworkAddress.FromIPv4(0, ListenUri.DefaultPort);
        var ipv6 = NetworkAddress.FromBytes(stackalloc byte[16], ListenUri.DefaultPort);
        ImmutableArray<ListenUri> listen = [new(ListenTransport.Udp, ipv4), new(ListenTransport.Tcp, ipv4)];
        if (machine.HasIPv6) listen = [.. listen, new(ListenTransport.Udp, ipv6), new(ListenTransport.Tcp, ipv6)];
        ImmutableArray<DomainOptions> domains = [new("localhost")];
        if (AccountName.TryCheckDomain(machine.HostName, out string name, out _) && name != "localhost") domains = [.. domains, new(name)];
        return new ParleyConfiguration { Domains = domains, Listen = listen };
    }

    private bool ApplyFile(string? file)
    {
        if (file is null && !File.Exists(ConfigurationSources.DefaultFile)) return true;
        file ??= ConfigurationSources.DefaultFile;
        byte[] json;
        try
        {
            json = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Fail($"the configuration file {file} cannot be read: {e.Message}");
        }

        if (!JsonConfigurationReader.TryRead(json, file, out ConfigurationNode root, out _error)) return false;
        return root.Kind == NodeKind.Object ? ApplyObject("", root) : Fail($"{root.Origin}: the configuration must be an object: {{ ... }}");
    }

    private bool ApplyObject(string section, ConfigurationNode node)
    {
        var lines = new Dictionary<string, string>();
        foreach (ConfigurationMember member in node.Members)
        {
            string name = section.Length > 0 ? $"{section}.{member.Name}" : member.Name;
            if (!lines.TryAdd(member.Name, member.Origin)) return Fail($"{member.Origin}: the key \"{name}\" is there twice, first in {lines[member.Name]}", name);
            if (section.Length == 0 && ConfigurationKeys.IsSection(member.Name))
            {
                if (member.Value.Kind != NodeKind.Object)
                    return Fail($"{member.Value.Origin}: \"{name}\" is {member.Value}; allowed: an object with {Names(name)}", name);
                if (!ApplyObject(name, member.Value)) return false;
            }
            else if (!Apply(name, section, member.Value, member.Origin)) return false;
        }

        return true;
    }

    private bool ApplyEnvironment(IReadOnlyDictionary<string, string> variables)
    {
        // In a fixed order, so that of two mistakes the same one is named each time.
        foreach ((string variable, string value) in variables.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (!variable.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase)) continue;
            string name = variable[EnvironmentPrefix.Length..].Replace("__", ".", StringComparison.Ordinal);
            string origin = $"environment variable {variable}";
            ConfigurationKey? key = ConfigurationKeys.Find(name, StringComparison.OrdinalIgnoreCase);
            if (key is null) return FailUnknown(name, ConfigurationKeys.SectionOf(name), origin);
            ConfigurationNode node = ConfigurationNode.Untyped(value, origin);
            if (value.AsSpan().TrimStart() is ['[', ..] && !JsonConfigurationReader.TryRead(Encoding.UTF8.GetBytes(value), origin, out node, out _error)) return false;
            if (!Apply(key.Name, "", node, origin)) return false;
        }

        return true;
    }

    private bool ApplyCommandLine(IReadOnlyList<ConfigurationOverride> overrides)
    {
        foreach (ConfigurationOverride option in overrides)
        {
            string origin = $"option {option.Option}";
            ConfigurationNode node = option.Values is [string single]
                ? ConfigurationNode.Untyped(single, origin)
                : ConfigurationNode.List([.. option.Values.Select(value => ConfigurationNode.Untyped(value, origin))], origin);
            if (!Apply(option.Key, "", node, origin)) return false;
        }

        return true;
    }

    private bool Apply(string name, string section, ConfigurationNode value, string origin)
    {
        ConfigurationKey? key = ConfigurationKeys.Find(name, StringComparison.Ordinal);
        if (key is null) return FailUnknown(name, section, origin);
        string? reason = null;
        if (!key.Set(value, ref _configuration, ref reason))
        {
            bool saysAllowed = key.Name == "database" || reason?.Contains("; allowed: ", StringComparison.Ordinal) == true;
            return Fail($"{value.Origin}: \"{name}\" {reason ?? $"is {value}"}" + (saysAllowed ? "" : $"; allowed: {key.Allowed}"), name);
        }

        _origins[name] = value.Origin;
        return true;
    }

    /// <summary>What two keys say together. A default gives way to what was set.</summary>
    private bool CheckIntervals()
    {
        RegistrarOptions registrar = _configuration.Registrar;
        if (registrar.MaxExpires < registrar.MinExpires)
        {
            string key = _origins.ContainsKey("registrar.maxExpires") ? "registrar.maxExpires" : "registrar.minExpires";
            return Fail(
                string.Create(CultureInfo.InvariantCulture, $"{_origins[key]}: \"registrar.maxExpires\" is {registrar.MaxExpires.TotalSeconds}; allowed: \"registrar.minExpires\" ({registrar.MinExpires.TotalSeconds}) or more"),
                key);
        }

        if (_configuration.Push.IsOn && registrar.MaxExpires < PushOptions.LeastExpires)
        {
            return Fail(
                string.Create(CultureInfo.InvariantCulture, $"{_origins["registrar.maxExpires"]}: \"registrar.maxExpires\" is {registrar.MaxExpires.TotalSeconds}; allowed beside \"push.url\": {PushOptions.LeastExpires.TotalSeconds} or more, so that a phone can be woken before its binding ends"),
                "registrar.maxExpires");
        }

        TimeSpan fitting = TimeSpan.FromTicks(Math.Clamp(registrar.DefaultExpires.Ticks, registrar.MinExpires.Ticks, registrar.MaxExpires.Ticks));
        if (fitting == registrar.DefaultExpires) return true;
        if (_origins.TryGetValue("registrar.defaultExpires", out string? origin))
        {
            return Fail(
                string.Create(CultureInfo.InvariantCulture, $"{origin}: \"registrar.defaultExpires\" is {registrar.DefaultExpires.TotalSeconds}; allowed: {registrar.MinExpires.TotalSeconds} to {registrar.MaxExpires.TotalSeconds}, the values of \"registrar.minExpires\" and \"registrar.maxExpires\""),
                "registrar.defaultExpires");
        }

        _configuration = _configuration with { Registrar = registrar with { DefaultExpires = fitting } };
        return true;
    }

    private bool FailUnknown(string name, string section, string origin)
    {
        string written = ConfigurationNode.Shown(name);
        string prefix = section.Length > 0 ? section + '.' : "";
        string leaf = name[prefix.Length..];
        string? meant = Spelling.Nearest(leaf, ConfigurationKeys.NamesIn(section)) is { } near
            ? prefix + near
            : ConfigurationKeys.All.FirstOrDefault(key => key.Leaf.Equals(leaf, StringComparison.OrdinalIgnoreCase))?.Name;
        string hint = meant is null ? "" : $"did you mean \"{meant}\"? ";
        return Fail($"{origin}: unknown key \"{written}\"; {hint}Allowed: {Names(section)}", name);
    }

    private bool Fail(string message, string? key = null)
    {
        _error = new ConfigurationError(message, key);
        return false;
    }

    private static string Names(string section) => string.Join(", ", ConfigurationKeys.NamesIn(section));
}
