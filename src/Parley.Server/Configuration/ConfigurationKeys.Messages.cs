using System.Collections.Immutable;

namespace Parley.Server.Configuration;

/// <remarks>The keys of texts that wait.</remarks>
internal static partial class ConfigurationKeys
{
    private static ImmutableArray<ConfigurationKey> MessageKeys =>
    [
        new("messages.store", "true or false", true, c => c.Messages.Store ? "true" : "false",
            (v, ref c, ref _) => v.TryGetBoolean(out bool b) && Take(ref c, c with { Messages = c.Messages with { Store = b } })),
        new("messages.expires", "1 to 31536000 (seconds)", true, c => Shown(c.Messages.Expires),
            (v, ref c, ref _) => v.TryGetSeconds(1, 31_536_000, out TimeSpan t) && Take(ref c, c with { Messages = c.Messages with { Expires = t } })),
        new("messages.maxPerUser", "1 to 10000", true, c => Shown(c.Messages.MaxPerUser),
            (v, ref c, ref _) => v.TryGetInteger(1, 10_000, out int n) && Take(ref c, c with { Messages = c.Messages with { MaxPerUser = n } })),
        new("messages.maxTotal", "1 to 10000000", true, c => Shown(c.Messages.MaxTotal),
            (v, ref c, ref _) => v.TryGetInteger(1, 10_000_000, out int n) && Take(ref c, c with { Messages = c.Messages with { MaxTotal = n } })),
    ];
}
