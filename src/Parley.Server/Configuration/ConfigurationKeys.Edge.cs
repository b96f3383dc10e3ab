using System.Collections.Immutable;

namespace Parley.Server.Configuration;

/// <remarks>The keys of how phones are reached through edges and flows.</remarks>
internal static partial class ConfigurationKeys
{
    private static ImmutableArray<ConfigurationKey> EdgeKeys =>
    [
        new("registrar.flowTimer", "0, or 30 to 1500 (seconds)", true, c => Shown(c.Registrar.FlowTimer),
            (v, ref c, ref _) => v.TryGetSeconds(0, 1500, out TimeSpan t) && (t == TimeSpan.Zero || t.TotalSeconds >= 30) && Take(ref c, c with { Registrar = c.Registrar with { FlowTimer = t } })),
        new("registrar.requirePath", "true or false", true, c => c.Registrar.RequirePath ? "true" : "false",
            (v, ref c, ref _) => v.TryGetBoolean(out bool b) && Take(ref c, c with { Registrar = c.Registrar with { RequirePath = b } })),
    ];
}
