using System.Collections.Immutable;
using Parley.Server.Rules;

namespace Parley.Server.Configuration;

/// <content>Who may use the server, and for whom.</content>
internal static partial class ConfigurationKeys
{
    private const string NetworkValues = "a list of networks such as \"192.0.2.0/24\" or \"2001:db8::/32\"";
    private const string PatternValues = "a list of users and addresses such as \"+1900*\" or \"*@example.net\"";

    private static ConfigurationKey[] AccessKeys =>
    [
        new("access.allowFrom", NetworkValues, true, c => string.Join(' ', c.Access.AllowFrom), SetAllowFrom),
        new("access.denyFrom", NetworkValues + ", and of callers such as \"*@example.net\"", true, c => string.Join(' ', [.. c.Access.DenyNetworks, .. c.Access.DenyCallers]), SetDenyFrom),
        new("access.allowTo", PatternValues, true, c => string.Join(' ', c.Access.AllowTo),
            (v, ref c, ref reason) => TryReadPatterns(v, ref reason, out ImmutableArray<UriPattern> to) && Take(ref c, c with { Access = c.Access with { AllowTo = to } })),
        new("access.denyTo", PatternValues, true, c => string.Join(' ', c.Access.DenyTo),
            (v, ref c, ref reason) => TryReadPatterns(v, ref reason, out ImmutableArray<UriPattern> to) && Take(ref c, c with { Access = c.Access with { DenyTo = to } })),
    ];

    private static bool SetAllowFrom(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason) =>
        TryReadNetworks(value, ref reason, out ImmutableArray<NetworkPrefix> networks)
        && Take(ref configuration, configuration with { Access = configuration.Access with { AllowFrom = networks } });

    private static bool SetDenyFrom(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason)
    {
        if (!value.TryGetList(out IReadOnlyList<ConfigurationNode> items)) return false;
        var networks = ImmutableArray.CreateBuilder<NetworkPrefix>();
        var callers = ImmutableArray.CreateBuilder<UriPattern>();
        foreach (ConfigurationNode item in items)
        {
            if (item.TryGetText(out string text) && NetworkPrefix.TryParse(text, out NetworkPrefix network)) networks.Add(network);
            else if (text.Length > 0 && UriPattern.Read(text) is { } caller) callers.Add(caller);
            else
            {
                reason = $"has {item}, which is neither";
                return false;
            }
        }

        return Take(ref configuration, configuration with { Access = configuration.Access with { DenyNetworks = networks.ToImmutable(), DenyCallers = callers.ToImmutable() } });
    }

    private static bool TryReadPatterns(ConfigurationNode value, ref string? reason, out ImmutableArray<UriPattern> patterns)
    {
        patterns = [];
        if (!value.TryGetList(out IReadOnlyList<ConfigurationNode> items)) return false;
        var read = ImmutableArray.CreateBuilder<UriPattern>(items.Count);
        foreach (ConfigurationNode item in items)
        {
            if (!item.TryGetText(out string text) || UriPattern.Read(text) is not { } pattern)
            {
                reason = $"has {item}, which is no user or address";
                return false;
            }

            read.Add(pattern);
        }

        patterns = read.ToImmutable();
        return true;
    }
}
