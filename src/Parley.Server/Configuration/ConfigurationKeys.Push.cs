using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Parley.Server.Configuration;

/// <remarks>The keys of phones that are woken.</remarks>
internal static partial class ConfigurationKeys
{
    private const int MaxProviders = 32;        // a bit of a number each

    private static ImmutableArray<ConfigurationKey> PushKeys =>
    [
        new("push.url", "an http or https URL without user, password and fragment", false, c => c.Push.Url?.AbsoluteUri ?? "", SetPushUrl),
        new("push.secret", "a text", false, c => Mark(c.Push.Secret),
            (v, ref c, ref _) => v.TryGetText(out string text) && Take(ref c, c with { Push = c.Push with { Secret = text } })),
        new("push.token", "a text of letters, digits and -._~+/=", false, c => Mark(c.Push.Token),
            SetPushToken),
        new("push.providers", "a list of push services such as \"apns\", each once", false, c => string.Join(' ', c.Push.Providers), SetPushProviders),
        new("push.wait", "1 to 60 (seconds)", true, c => Shown(c.Push.Wait),
            (v, ref c, ref _) => v.TryGetSeconds(1, 60, out TimeSpan t) && Take(ref c, c with { Push = c.Push with { Wait = t } })),
        new("push.maxWaiting", "1 to 1000000", true, c => Shown(c.Push.MaxWaiting),
            (v, ref c, ref _) => v.TryGetInteger(1, 1_000_000, out int n) && Take(ref c, c with { Push = c.Push with { MaxWaiting = n } })),
        new("push.strangers", "true or false", true, c => c.Push.Strangers ? "true" : "false",
            (v, ref c, ref _) => v.TryGetBoolean(out bool b) && Take(ref c, c with { Push = c.Push with { Strangers = b } })),
        new("push.minExpires", "300 to 3600 (seconds)", true, c => Shown(c.Push.MinExpires),
            (v, ref c, ref _) => v.TryGetSeconds((int)PushOptions.LeastExpires.TotalSeconds, 3600, out TimeSpan t) && Take(ref c, c with { Push = c.Push with { MinExpires = t } })),
        new("push.timeout", "1 to 30 (seconds)", false, c => Shown(c.Push.Timeout),
            (v, ref c, ref _) => v.TryGetSeconds(1, 30, out TimeSpan t) && Take(ref c, c with { Push = c.Push with { Timeout = t } })),
        new("push.concurrency", "1 to 256", false, c => Shown(c.Push.Concurrency),
            (v, ref c, ref _) => v.TryGetInteger(1, 256, out int n) && Take(ref c, c with { Push = c.Push with { Concurrency = n } })),
    ];

    private static bool SetPushUrl(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason)
    {
        if (!value.TryGetText(out string text) || !Uri.TryCreate(text, UriKind.Absolute, out Uri? url)) return false;
        if (url.UserInfo.Length > 0) reason = "has a user or a password";     // which are not shown
        if (url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0 || url.Fragment.Length > 0 || url.Host.Length == 0) return false;
        return Take(ref configuration, configuration with { Push = configuration.Push with { Url = url } });
    }

    private static bool SetPushToken(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason)
    {
        if (value.TryGetText(out string text) && text.All(IsTokenCharacter)) return Take(ref configuration, configuration with { Push = configuration.Push with { Token = text } });
        reason = "is none that can be sent";     // and is not shown
        return false;
    }

    private static bool SetPushProviders(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason)
    {
        if (!value.TryGetList(out IReadOnlyList<ConfigurationNode> items) || items.Count is 0 or > MaxProviders) return false;
        var providers = ImmutableArray.CreateBuilder<string>(items.Count);
        foreach (ConfigurationNode item in items)
        {
            // It stands in a quoted string and in a URI parameter: what both have without escapes.
            if (!item.TryGetText(out string text) || !text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_') || providers.Contains(text, StringComparer.OrdinalIgnoreCase))
            {
                reason = $"has {item}, which is no name of a service, or is there twice";
                return false;
            }

            providers.Add(text);
        }

        return Take(ref configuration, configuration with { Push = configuration.Push with { Providers = providers.ToImmutable() } });
    }

    // RFC 6750 2.1, b64token.
    private static bool IsTokenCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~' or '+' or '/' or '=';

    /// <summary>A secret as reloads compare it and nobody can read it.</summary>
    private static string Mark(string? secret) => secret is null ? "" : Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(secret)).AsSpan(0, 4));
}
