using System.Collections.Immutable;

namespace Parley.Server.Configuration;

/// <remarks>The keys of conference rooms.</remarks>
internal static partial class ConfigurationKeys
{
    private static ImmutableArray<ConfigurationKey> ConferenceKeys =>
    [
        new("conferences.maxRooms", "0 to 10000", true, c => Shown(c.Conferences.MaxRooms),
            (v, ref c, ref _) => v.TryGetInteger(0, 10_000, out int n) && Take(ref c, c with { Conferences = c.Conferences with { MaxRooms = n } })),
        new("conferences.maxParties", "2 to 1000", true, c => Shown(c.Conferences.MaxParties),
            (v, ref c, ref _) => v.TryGetInteger(2, 1000, out int n) && Take(ref c, c with { Conferences = c.Conferences with { MaxParties = n } })),
        new("conferences.strangers", "true or false", true, c => c.Conferences.Strangers ? "true" : "false",
            (v, ref c, ref _) => v.TryGetBoolean(out bool b) && Take(ref c, c with { Conferences = c.Conferences with { Strangers = b } })),
    ];
}
