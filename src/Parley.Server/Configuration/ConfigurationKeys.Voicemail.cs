using System.Collections.Immutable;

namespace Parley.Server.Configuration;

/// <remarks>The keys of voicemail.</remarks>
internal static partial class ConfigurationKeys
{
    private static ImmutableArray<ConfigurationKey> VoicemailKeys =>
    [
        new("voicemail.maxLength", "5 to 3600 (seconds)", true, c => Shown(c.Voicemail.MaxLength),
            (v, ref c, ref _) => v.TryGetSeconds(5, 3600, out TimeSpan t) && Take(ref c, c with { Voicemail = c.Voicemail with { MaxLength = t } })),
        new("voicemail.maxPerUser", "0 to 10000", true, c => Shown(c.Voicemail.MaxPerUser),
            (v, ref c, ref _) => v.TryGetInteger(0, 10_000, out int n) && Take(ref c, c with { Voicemail = c.Voicemail with { MaxPerUser = n } })),
        new("voicemail.maxMegabytes", "1 to 1000000", true, c => Shown(c.Voicemail.MaxMegabytes),
            (v, ref c, ref _) => v.TryGetInteger(1, 1_000_000, out int n) && Take(ref c, c with { Voicemail = c.Voicemail with { MaxMegabytes = n } })),
    ];
}
