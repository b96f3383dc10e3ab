using System.Collections.Immutable;
using System.Globalization;

namespace Parley.Server.Configuration;

/// <remarks>The keys of call records.</remarks>
internal static partial class ConfigurationKeys
{
    private static ImmutableArray<ConfigurationKey> CallKeys =>
    [
        new("calls.record", "true or false", false, c => c.Calls.Record ? "true" : "false",
            (v, ref c, ref _) => v.TryGetBoolean(out bool b) && Take(ref c, c with { Calls = c.Calls with { Record = b } })),
        new("calls.retention", "1 to 3650 (days)", false, c => c.Calls.Retention.TotalDays.ToString(CultureInfo.InvariantCulture),
            (v, ref c, ref _) => v.TryGetInteger(1, 3650, out int n) && Take(ref c, c with { Calls = c.Calls with { Retention = TimeSpan.FromDays(n) } })),
        new("calls.maxRows", "100 to 100000000", false, c => Shown(c.Calls.MaxRows),
            (v, ref c, ref _) => v.TryGetInteger(100, 100_000_000, out int n) && Take(ref c, c with { Calls = c.Calls with { MaxRows = n } })),
    ];
}
