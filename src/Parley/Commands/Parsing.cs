using System.Buffers;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Codecs;
using Parley.Media.Streams;

using Parley.Media.Recording;
using Parley.Net.Dns;
using Parley.Sdp;
using Parley.Sip.Messages;
using Parley.UserAgent.Infos;

namespace Parley.Commands;

/// <summary>Options whose values are more than words, each refused with what is allowed.</summary>
internal static class Parsing
{
    // Timers of the platform end at 49 days.
    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(30);
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    /// <summary>A time such as <c>10s</c>, <c>500ms</c>, <c>2m</c>, <c>1h</c> or <c>10</c> (seconds).</summary>
    public static Option<TimeSpan?> Time(string name, string description, bool allowsZero = true) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result => TryParseTime(result.Tokens[0].Value, out TimeSpan time) && (allowsZero || time > TimeSpan.Zero)
            ? time
            : Refuse<TimeSpan?>(result, name, $"a time such as 10s, 500ms or 2m{(allowsZero ? "" : ", more than 0")}, at most {LongestTime.TotalDays:0} days"),
    };

    /// <summary>A SIP URI; one without a scheme is taken for <c>sip:</c>.</summary>
    public static Argument<SipUri> Uri(string description) => NamedUri("URI", description);

    /// <summary>As <see cref="Uri(string)"/>, of another name.</summary>
    public static Argument<SipUri> NamedUri(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = result => ParseUri(result.Tokens[0].Value) ?? Refuse<SipUri>(result, name, "a SIP URI such as sip:bob@example.com"),
    };

    /// <summary>A SIP URI; one without a scheme is taken for <c>sip:</c>.</summary>
    public static Option<SipUri?> Uri(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "URI",
        CustomParser = result => ParseUri(result.Tokens[0].Value) ?? Refuse<SipUri?>(result, name, "a SIP URI such as sip:alice@example.com"),
    };

    /// <summary>An address with or without a port.</summary>
    public static Option<NetworkAddress?> Address(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "ADDRESS[:PORT]",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (NetworkAddress.TryParse(text, out NetworkAddress address) || NetworkAddress.TryParseHost(text, 0, out address)) return address;
            return Refuse<NetworkAddress?>(result, name, "an address such as 127.0.0.1, 0.0.0.0:5070 or [::1]:5070");
        },
    };

    /// <summary>A DNS server.</summary>
    public static Option<NetworkAddress?> Dns() => new("--dns")
    {
        Description = "The DNS server to ask; the system's when none is given",
        HelpName = "HOST[:PORT]",
        CustomParser = result => DnsConfiguration.TryParseServer(result.Tokens[0].Value, out NetworkAddress server)
            ? server
            : Refuse<NetworkAddress?>(result, "--dns", "an address such as 192.0.2.53 or 127.0.0.1:5353"),
    };

    /// <summary>A list of codecs.</summary>
    public static Option<AudioCodecs?> Codecs() => new("--codec")
    {
        Description = $"Codecs in order of preference, separated by commas: {Known}; {string.Join(',', Names(AudioCodecs.Default))} when none is given",
        HelpName = "LIST",
        CustomParser = result => AudioCodecs.All.Select(result.Tokens[0].Value, out string? unknown) ?? Refuse<AudioCodecs?>(
            result, "--codec", unknown is not null && AudioCodecs.Missing.TryGetValue(unknown, out string? file) ? $"{unknown} where {file} is installed" : $"a list of these: {Known}"),
    };

    /// <summary>How keys travel.</summary>
    public static Option<KeyTransport?> KeyTransport() => new("--dtmf-by")
    {
        Description = "How the keys of --dtmf travel: rtp (RFC 4733, as a rule), tones (as sound), relay (INFO with application/dtmf-relay) or info (INFO with application/dtmf)",
        HelpName = "WAY",
        CustomParser = result => result.Tokens[0].Value switch
        {
            "rtp" => UserAgent.Infos.KeyTransport.Rtp,
            "tones" => UserAgent.Infos.KeyTransport.Tones,
            "relay" => UserAgent.Infos.KeyTransport.InfoRelay,
            "info" => UserAgent.Infos.KeyTransport.Info,
            _ => Refuse<KeyTransport?>(result, "--dtmf-by", "rtp, tones, relay or info"),
        },
    };

    /// <summary>Whether sound goes more than once when packets get lost.</summary>
    public static Option<RedundancyUse?> Redundancy() => new("--redundancy")
    {
        Description = "Send sound again with later packets (RED): auto (as a rule: where the other side takes it, as much as the losses it reports call for) or off",
        HelpName = "USE",
        CustomParser = result => result.Tokens[0].Value switch
        {
            "auto" => RedundancyUse.Auto,
            "off" => RedundancyUse.Off,
            _ => Refuse<RedundancyUse?>(result, "--redundancy", "auto or off"),
        },
    };

    /// <summary>Whether silence is sent.</summary>
    public static Option<SilenceSuppression?> Silence() => new("--silence")
    {
        Description = "Packets while nobody speaks: auto (as a rule: none where the other side asks for comfort noise), send, or suppress (this side asks for comfort noise, and sends none in any case)",
        HelpName = "USE",
        CustomParser = result => TryReadSilence(result.Tokens[0].Value, out SilenceSuppression use) ? use : Refuse<SilenceSuppression?>(result, "--silence", SilenceUses),
    };

    /// <summary>The words for whether silence is sent.</summary>
    internal const string SilenceUses = "auto, send or suppress";

    /// <summary>Reads one of them.</summary>
    internal static bool TryReadSilence(string word, out SilenceSuppression use)
    {
        SilenceSuppression? read = word switch { "auto" => SilenceSuppression.WhenAsked, "send" => SilenceSuppression.Never, "suppress" => SilenceSuppression.Always, _ => null };
        use = read ?? default;
        return read is not null;
    }

    /// <summary>Whether sound is protected.</summary>
    public static Option<SrtpUse?> Srtp() => new("--srtp")
    {
        Description = "Protect the sound (SRTP): off (as a rule), offer (where the other side can do it too) or require; the keys go with the call's messages, which transport=tls keeps secret",
        HelpName = "USE",
        CustomParser = result => TryReadSrtp(result.Tokens[0].Value, out SrtpUse use) ? use : Refuse<SrtpUse?>(result, "--srtp", SrtpUses),
    };

    /// <summary>The words for whether sound is protected.</summary>
    internal const string SrtpUses = "off, offer or require";

    /// <summary>Reads one of them.</summary>
    internal static bool TryReadSrtp(string word, out SrtpUse use)
    {
        SrtpUse? read = word switch { "off" => SrtpUse.Off, "offer" => SrtpUse.Offer, "require" => SrtpUse.Require, _ => null };
        use = read ?? default;
        return read is not null;
    }

    /// <summary>Who is told how good calls were.</summary>
    public static Option<SipUri?> QualityReport() => Uri("--quality-report", "Tell this collector at the end of a call how good it was (RFC 6035): a server's address such as sip:collector@example.com");

    /// <summary>The words for the tones of a call.</summary>
    internal static string TonePlans { get; } = $"off, or one of {string.Join(", ", TonePlan.All.Select(plan => plan.Code))}";

    /// <summary>Reads one of them.</summary>
    internal static bool TryReadTones(string word, out TonePlan? plan)
    {
        plan = TonePlan.Find(word);
        return plan is not null || word == "off";
    }

    /// <summary>Whether calls are to be recorded by others.</summary>
    public static Option<RecordingPreference?> RecordingPreference() => new("--record-preference")
    {
        Description = "Ask the other side to record calls, or not to: none (as a rule), on, off or pause; it does as it likes (RFC 7866)",
        HelpName = "WISH",
        CustomParser = result => result.Tokens[0].Value switch
        {
            "none" => Sdp.RecordingPreference.NoPreference,
            "on" => Sdp.RecordingPreference.On,
            "off" => Sdp.RecordingPreference.Off,
            "pause" => Sdp.RecordingPreference.Pause,
            _ => Refuse<RecordingPreference?>(result, "--record-preference", "none, on, off or pause"),
        },
    };

    /// <summary>What of a call is recorded.</summary>
    public static Option<RecordAs?> RecordedAs() => new("--record-as")
    {
        Description = "What to record: received (the other side, as a rule), sent (this side), both (stereo: left what is heard, right what is said) or mixed (both, mono)",
        HelpName = "WHAT",
        CustomParser = result => result.Tokens[0].Value switch
        {
            "received" => RecordAs.Received,
            "sent" => RecordAs.Sent,
            "both" => RecordAs.Both,
            "mixed" => RecordAs.Mixed,
            _ => Refuse<RecordAs?>(result, "--record-as", "received, sent, both or mixed"),
        },
    };

    /// <summary>A number in a range.</summary>
    public static Option<int?> Number(string name, string helpName, string description, int least, int most) => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result =>
            int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most
                ? number
                : Refuse<int?>(result, name, $"a number from {least} to {most}"),
    };

    internal static bool TryParseTime(string text, out TimeSpan time)
    {
        time = default;
        int digits = text.AsSpan().IndexOfAnyExcept(NumberCharacters);
        ReadOnlySpan<char> number = digits < 0 ? text : text.AsSpan(0, digits);
        double? secondsPerUnit = (digits < 0 ? "s" : text[digits..]) switch { "ms" => 0.001, "s" => 1, "m" => 60, "h" => 3600, _ => null };
        if (secondsPerUnit is null || !double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)) return false;
        if (value * secondsPerUnit > LongestTime.TotalSeconds) return false;
        time = TimeSpan.FromSeconds(value * secondsPerUnit.Value);
        return true;
    }

    private static string Known => string.Join(", ", Names(AudioCodecs.All));

    private static IEnumerable<string> Names(AudioCodecs codecs) => codecs.Span.ToArray().Select(codec => codec.Format.Name.ToLowerInvariant()).Distinct();

    private static SipUri? ParseUri(string text) =>
        SipUri.TryParse(text, out SipUri? uri) && uri.IsSip ? uri
        : !text.StartsWith("sip", StringComparison.OrdinalIgnoreCase) && SipUri.TryParse("sip:" + text, out uri) ? uri
        : null;

    private static T Refuse<T>(ArgumentResult result, string name, string allowed)
    {
        result.AddError($"{name}: '{result.Tokens[0].Value}' is not allowed; allowed is {allowed}");
        return default!;
    }
}
