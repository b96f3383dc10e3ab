using System.Collections.Immutable;
using Parley.Server.Accounts;

namespace Parley.Server.Configuration;

/// <remarks>The keys of the event server.</remarks>
internal static partial class ConfigurationKeys
{
    private static ImmutableArray<ConfigurationKey> EventKeys =>
    [
        new("events.maxSubscriptions", "1 to 1000000", false, c => Shown(c.Events.MaxSubscriptions),
            (v, ref c, ref _) => v.TryGetInteger(1, 1_000_000, out int n) && Take(ref c, c with { Events = c.Events with { MaxSubscriptions = n } })),
        new("events.maxSubscriptionsPerUser", "1 to 10000", true, c => Shown(c.Events.MaxSubscriptionsPerUser),
            (v, ref c, ref _) => v.TryGetInteger(1, 10_000, out int n) && Take(ref c, c with { Events = c.Events with { MaxSubscriptionsPerUser = n } })),
        new("events.maxPublications", "1 to 1000000", true, c => Shown(c.Events.MaxPublications),
            (v, ref c, ref _) => v.TryGetInteger(1, 1_000_000, out int n) && Take(ref c, c with { Events = c.Events with { MaxPublications = n } })),
        new("presence.watchers", "\"owner\", \"domain\" or \"everyone\"", true, c => Shown(c.Presence.Watchers), SetWatchers),
        new("presence.allow", "a list of objects with \"user\" and \"watchers\", addresses such as \"alice@example.com\", or of \"USER:WATCHER\"", true, c => Shown(c.Presence.Allow), SetAllow),
    ];

    private static bool SetWatchers(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason)
    {
        if (!value.TryGetText(out string text)) return false;
        foreach (PresenceWatchers who in Enum.GetValues<PresenceWatchers>())
        {
            if (!Shown(who).Equals(text, StringComparison.OrdinalIgnoreCase)) continue;
            configuration = configuration with { Presence = configuration.Presence with { Watchers = who } };
            return true;
        }

        return false;
    }

    private static bool SetAllow(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason)
    {
        if (!value.TryGetList(out IReadOnlyList<ConfigurationNode> items)) return false;
        var allow = ImmutableDictionary.CreateBuilder<string, ImmutableArray<string>>(StringComparer.Ordinal);
        foreach (ConfigurationNode item in items)
        {
            if (item.Kind == NodeKind.Text)
            {
                // One pair, for where no objects can be written.
                string[] pair = item.Text.Split(':');
                if (pair.Length != 2 || !TryGetAddress(pair[0], out string one) || !TryGetAddress(pair[1], out string other)) return false;
                allow[one] = allow.TryGetValue(one, out ImmutableArray<string> before) ? before.Add(other) : [other];
                continue;
            }

            var reader = new ObjectReader(item, "an item of presence.allow");
            ConfigurationNode? user = reader.Find("user"), watchers = reader.Find("watchers");
            if (!reader.IsGood(ref reason)) return false;
            if (user is null || watchers is null || !TryGetAddress(user, out string owner) || !watchers.TryGetList(out IReadOnlyList<ConfigurationNode> listed)) return false;
            var addresses = ImmutableArray.CreateBuilder<string>(listed.Count);
            foreach (ConfigurationNode watcher in listed)
            {
                if (!TryGetAddress(watcher, out string address)) return false;
                addresses.Add(address);
            }

            allow[owner] = addresses.ToImmutable();
        }

        configuration = configuration with { Presence = configuration.Presence with { Allow = allow.ToImmutable() } };
        return true;
    }

    private static bool TryGetAddress(ConfigurationNode node, out string address)
    {
        address = "";
        return node.TryGetText(out string text) && TryGetAddress(text, out address);
    }

    private static bool TryGetAddress(string text, out string address)
    {
        bool isAddress = AccountName.TryParse(text, out AccountName name, out string _);
        address = isAddress ? name.ToString() : "";
        return isAddress;
    }

    private static string Shown(PresenceWatchers who) => who switch
    {
        PresenceWatchers.Owner => "owner",
        PresenceWatchers.Everyone => "everyone",
        _ => "domain",
    };

    private static string Shown(ImmutableDictionary<string, ImmutableArray<string>> allow) =>
        string.Join(' ', allow.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}: {string.Join(',', entry.Value)}"));
}
