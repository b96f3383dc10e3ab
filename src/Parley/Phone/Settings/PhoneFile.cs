using Parley.Commands;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Media.Processing;
using Parley.Media.Streams;
using Parley.Output;
using Parley.Sdp;
using Parley.Server.Configuration;
using Parley.Sip.Messages;
using Parley.UserAgent;

namespace Parley.Phone.Settings;

/// <summary>The file with a user's accounts and contacts: <c>phone.json</c>.</summary>
/// <remarks>JSON with comments, as parley.json. It holds passwords, so nobody else may read it; what it says is never shown but for the place of a mistake.</remarks>
internal static class PhoneFile
{
    private const int MaxAccounts = 16;
    private const int MaxContacts = 200;        // two subscriptions each
    private const int MaxBytes = 1 << 20;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>Where it is unless the command line says so: in the user's configuration folder (XDG).</summary>
    public static string? DefaultPath(Func<string, string?> variable)
    {
        if (variable("XDG_CONFIG_HOME") is { Length: > 0 } folder && Path.IsPathRooted(folder)) return Path.Combine(folder, "parley", "phone.json");
        return variable("HOME") is { Length: > 0 } home ? Path.Combine(home, ".config", "parley", "phone.json") : null;
    }

    /// <summary>Reads it.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="common">What all accounts have that the file does not say.</param>
    /// <param name="registers">False keeps all accounts from registering.</param>
    /// <exception cref="CommandException">It cannot be read, may be read by others, or is not right; the message says where and what is allowed.</exception>
    public static PhoneSettings Read(string path, SipUserAgentOptions common, bool registers)
    {
        byte[] json;
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > MaxBytes }) throw CommandException.Usage($"{path} is longer than {MaxBytes} bytes");
            json = File.ReadAllBytes(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw CommandException.Usage($"{path} cannot be read: {problem.Message}");
        }

        PhoneSettings settings = Read(json, path, common, registers);
        if (!OperatingSystem.IsWindows() && settings.Accounts.Any(account => account.Agent.Password is not null) && (File.GetUnixFileMode(path) & Others) != 0)
        {
            throw CommandException.Usage($"{path} has passwords in it, and others may read or change it: chmod 600 {path}");
        }

        return settings;
    }

    /// <summary>Reads its content.</summary>
    internal static PhoneSettings Read(ReadOnlySpan<byte> json, string source, SipUserAgentOptions common, bool registers)
    {
        if (!JsonConfigurationReader.TryRead(json, source, out ConfigurationNode root, out ConfigurationError error)) throw CommandException.Usage(error.Message);
        var reader = new ObjectReader(root, "the file");
        List<AccountSettings> accounts = [.. Items(reader, "accounts", MaxAccounts).Select(item => ReadAccount(reader, item, common, registers)).OfType<AccountSettings>()];
        List<ContactSettings> contacts = [.. Items(reader, "contacts", MaxContacts).Select(item => ReadContact(reader, item, accounts)).OfType<ContactSettings>()];
        bool hasBell = reader.Boolean("bell", absent: true);
        SoundSettings sound = ReadSound(reader);
        string? reason = null;
        return reader.IsGood(ref reason) ? new PhoneSettings(accounts, contacts, hasBell) { Sound = sound } : throw CommandException.Usage($"{source} {reason}");
    }

    private static SoundSettings ReadSound(ObjectReader reader)
    {
        var sound = new SoundSettings(Text(reader, "microphone"), Text(reader, "speaker"));
        SpeechProcessing processing = SpeechProcessing.None;
        if (reader.Boolean("echoCancellation", absent: true)) processing |= SpeechProcessing.EchoCancellation;
        if (reader.Boolean("noiseReduction", absent: true)) processing |= SpeechProcessing.NoiseReduction;
        if (reader.Boolean("gainControl", absent: true)) processing |= SpeechProcessing.GainControl;
        TonePlan? tones = Text(reader, "tones") is not { } word ? sound.Tones
            : Parsing.TryReadTones(word, out TonePlan? plan) ? plan
            : Refuse(reader, "tones", Parsing.TonePlans, sound.Tones);
        return sound with { Processing = processing, Tones = tones };
    }

    private static IReadOnlyList<ConfigurationNode> Items(ObjectReader file, string name, int most)
    {
        if (file.Find(name) is not { } list) return [];
        if (list.Kind == NodeKind.List && list.Items.Count <= most) return list.Items;
        file.FailMember(name, list, $"a list of at most {most} objects");
        return [];
    }

    private static AccountSettings? ReadAccount(ObjectReader file, ConfigurationNode item, SipUserAgentOptions common, bool registers)
    {
        var reader = new ObjectReader(item, "an account");
        SipUri? uri = Uri(reader, "uri", "a SIP URI with a user, such as \"sip:alice@example.com\"", needsUser: true);
        if (uri is null && reader.Reason is null) reader.Fail("an account has no \"uri\"", item.Origin, "\"uri\": \"sip:alice@example.com\"");
        SipUserAgentOptions agent = common with
        {
            Identity = uri,
            DisplayName = Text(reader, "name"),
            UserName = Text(reader, "user"),
            Password = Password(reader),
            Instance = Text(reader, "instance"),
            OutboundProxy = Uri(reader, "proxy", "a SIP URI such as \"sip:192.0.2.1:5060;transport=tcp\"", needsUser: false) ?? common.OutboundProxy,
            Listen = Text(reader, "local") is not { } local ? common.Listen
                : NetworkAddress.TryParse(local, out NetworkAddress address) || NetworkAddress.TryParseHost(local, 0, out address) ? PhoneOptions.ListenOn(address)
                : Refuse(reader, "local", "an address such as \"127.0.0.1\" or \"0.0.0.0:5070\"", common.Listen),
            Srtp = Text(reader, "srtp") is not { } srtp ? common.Srtp
                : Parsing.TryReadSrtp(srtp, out SrtpUse use) ? use
                : Refuse(reader, "srtp", Parsing.SrtpUses, common.Srtp),
            Silence = Text(reader, "silence") is not { } silence ? common.Silence
                : Parsing.TryReadSilence(silence, out SilenceSuppression suppression) ? suppression
                : Refuse(reader, "silence", Parsing.SilenceUses, common.Silence),
        };
        SipUri? report = Uri(reader, "qualityReport", "a SIP URI such as \"sip:collector@example.com\"", needsUser: false);
        registers &= reader.Boolean("register", absent: true);
        string? reason = null;
        if (reader.IsGood(ref reason)) return new AccountSettings(agent, registers, report);
        file.Fail(reader);
        return null;
    }

    private static ContactSettings? ReadContact(ObjectReader file, ConfigurationNode item, List<AccountSettings> accounts)
    {
        var reader = new ObjectReader(item, "a contact");
        string? name = Text(reader, "name");
        SipUri? uri = Uri(reader, "uri", "a SIP URI such as \"sip:bob@example.com\"", needsUser: false);
        SipUri? by = Uri(reader, "account", "the \"uri\" of an account", needsUser: false);
        int account = accounts.FindIndex(known => by is null ? known.Agent.Identity!.Host.Equals(uri?.Host, StringComparison.OrdinalIgnoreCase) : known.Agent.Identity!.IsEquivalentTo(by));
        if (by is not null && account < 0) reader.Fail("the \"account\" of a contact is none", item.Origin, "the \"uri\" of an account");
        if ((name is null || uri is null) && reader.Reason is null) reader.Fail("a contact has no \"name\" or no \"uri\"", item.Origin, "\"name\" and \"uri\"");
        string? reason = null;
        if (reader.IsGood(ref reason)) return new ContactSettings(name!, uri!, Math.Max(account, 0));
        file.Fail(reader);
        return null;
    }

    private static string? Text(ObjectReader reader, string name)
    {
        if (reader.Find(name) is not { } value) return null;
        if (value.TryGetText(out string text) && !text.AsSpan().ContainsAny('\r', '\n')) return text;
        reader.FailMember(name, value, "a text of one line");
        return null;
    }

    /// <summary>As it was written: blanks belong to it, and no message says what it is.</summary>
    private static string? Password(ObjectReader reader)
    {
        if (reader.Find("password") is not { } value) return null;
        if (value is { Kind: NodeKind.Text, Text.Length: > 0 }) return value.Text;
        reader.Fail("\"password\" of an account is no text", value.Origin, "a text in quotes");
        return null;
    }

    private static SipUri? Uri(ObjectReader reader, string name, string allowed, bool needsUser)
    {
        if (reader.Find(name) is not { } value) return null;
        if (value.TryGetText(out string text) && SipUri.TryParse(text, out SipUri? uri) && uri.IsSip && (!needsUser || uri.User is not null)) return uri;
        reader.FailMember(name, value, allowed);
        return null;
    }

    private static T Refuse<T>(ObjectReader reader, string name, string allowed, T absent)
    {
        reader.FailMember(name, reader.Find(name)!, allowed);
        return absent;
    }
}
