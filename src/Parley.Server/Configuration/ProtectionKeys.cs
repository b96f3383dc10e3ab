using System.Collections.Immutable;
using System.Globalization;

namespace Parley.Server.Configuration;

/// <summary>The keys of <see cref="ProtectionOptions"/>.</summary>
internal static class ProtectionKeys
{
    private const int Day = 86_400;
    private const int Month = 30 * Day;

    /// <summary>All of them.</summary>
    public static readonly ImmutableArray<ConfigurationKey> All =
    [
        new("protection.failures", "3 to 1000", true, c => Shown(c.Protection.Failures),
            (v, ref c, ref _) => v.TryGetInteger(3, 1000, out int n) && Take(ref c, c.Protection with { Failures = n })),
        new("protection.window", "1 to 86400 (seconds)", true, c => Shown(c.Protection.Window),
            (v, ref c, ref _) => v.TryGetSeconds(1, Day, out TimeSpan t) && Take(ref c, c.Protection with { Window = t })),
        new("protection.banTime", "1 to 86400 (seconds)", true, c => Shown(c.Protection.BanTime),
            (v, ref c, ref _) => v.TryGetSeconds(1, Day, out TimeSpan t) && Take(ref c, c.Protection with { BanTime = t })),
        new("protection.maxBanTime", "1 to 2592000 (seconds)", true, c => Shown(c.Protection.MaxBanTime),
            (v, ref c, ref _) => v.TryGetSeconds(1, Month, out TimeSpan t) && Take(ref c, c.Protection with { MaxBanTime = t })),
        new("protection.exempt", "a list of networks such as \"192.0.2.0/24\" or \"2001:db8::/32\"", true, c => string.Join(' ', c.Protection.Exempt), SetExempt),
        new("protection.connectionsPerSource", "1 to 65536", true, c => Shown(c.Protection.ConnectionsPerSource),
            (v, ref c, ref _) => v.TryGetInteger(1, 65_536, out int n) && Take(ref c, c.Protection with { ConnectionsPerSource = n })),
    ];

    private static bool SetExempt(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason)
    {
        if (!value.TryGetList(out IReadOnlyList<ConfigurationNode> items)) return false;
        var networks = ImmutableArray.CreateBuilder<NetworkPrefix>(items.Count);
        foreach (ConfigurationNode item in items)
        {
            if (item.Kind != NodeKind.Text || !NetworkPrefix.TryParse(item.Text, out NetworkPrefix prefix))
            {
                reason = $"has {item}, which is no network";
                return false;
            }

            networks.Add(prefix);
        }

        return Take(ref configuration, configuration.Protection with { Exempt = networks.ToImmutable() });
    }

    private static bool Take(ref ParleyConfiguration configuration, ProtectionOptions changed)
    {
        configuration = configuration with { Protection = changed };
        return true;
    }

    private static string Shown(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Shown(TimeSpan value) => Shown((int)value.TotalSeconds);
}
