using System.Collections.Immutable;

namespace Parley.Server.Configuration;

/// <summary>What a running server takes of a configuration that was read anew.</summary>
/// <param name="Configuration">The old configuration with the new values of the keys that can be reloaded.</param>
/// <param name="Taken">The keys that have a new value now.</param>
/// <param name="NeedRestart">The keys whose new value waits for a restart.</param>
internal sealed record ConfigurationReload(ParleyConfiguration Configuration, ImmutableArray<string> Taken, ImmutableArray<string> NeedRestart)
{
    /// <summary>Compares two configurations key by key.</summary>
    public static ConfigurationReload Between(ParleyConfiguration running, ParleyConfiguration read)
    {
        ILookup<bool, string> changed = ConfigurationKeys.All
            .Where(key => key.Show(running) != key.Show(read))
            .ToLookup(key => key.CanReload, key => key.Name);
        // What has a CanReload of true in ConfigurationKeys.
        ParleyConfiguration taken = running with
        {
            Domains = read.Domains,
            Trusted = read.Trusted,
            Registrar = read.Registrar,
            Proxy = read.Proxy,
            Access = read.Access,
            Protection = read.Protection,
            Events = read.Events with { MaxSubscriptions = running.Events.MaxSubscriptions },
            Presence = read.Presence,
            Messages = read.Messages,
            Conferences = read.Conferences,
            Voicemail = read.Voicemail,
            Push = running.Push with { Wait = read.Push.Wait, MaxWaiting = read.Push.MaxWaiting, Strangers = read.Push.Strangers, MinExpires = read.Push.MinExpires },
        };
        return new ConfigurationReload(taken, [.. changed[true]], [.. changed[false]]);
    }
}
