using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Parley.Core;
using Parley.Net.Dns;
using Parley.Server.Accounts;
using Parley.Sip.Authentication;

namespace Parley.Server.Configuration;

/// <summary>Every key: its name, what is allowed, whether a running server takes it, and how it gets into the configuration.</summary>
/// <remarks>docs/configuration.md describes each; a test compares the two.</remarks>
internal static partial class ConfigurationKeys
{
    private const string DomainValues = "names such as \"example.com\", or objects with \"name\", \"role\" (\"proxy\", \"redirect\" or \"edge\") and rules for calls";
    private const string ListenValues = "URIs such as \"udp://0.0.0.0:5060\", \"tcp://[::]:5060\", \"tls://0.0.0.0:5061\" or \"https://0.0.0.0:8443\"";

    // RFC 7616 6.1 names them.
    private static readonly List<(string Name, DigestAlgorithm Algorithm)> AlgorithmNames =
        [("MD5", DigestAlgorithm.Md5), ("SHA-256", DigestAlgorithm.Sha256), ("SHA-512-256", DigestAlgorithm.Sha512Truncated256)];

    /// <summary>All keys, those of a section together.</summary>
    public static readonly ImmutableArray<ConfigurationKey> All =
    [
        new("domains", $"a list of {DomainValues}", true, c => string.Join(' ', c.Domains.Select(Shown)), SetDomains),
        new("listen", $"a list of {ListenValues}", false, c => string.Join(' ', c.Listen), SetListen),
        new("data", "a folder", false, c => c.DataFolder, (v, ref c, ref _) => v.TryGetText(out string text) && Take(ref c, c with { DataFolder = text })),
        new("database", "nothing in this version", false, _ => "", RefuseDatabase),
        new("advertise", "an IP address or a host name", false, c => c.Advertise ?? "",
            (v, ref c, ref _) => v.TryGetText(out string text) && AccountName.TryCheckDomain(text, out string host, out string _) && Take(ref c, c with { Advertise = host })),
        new("trusted", "a list of networks such as \"192.0.2.0/24\" or \"2001:db8::/32\"", true, c => string.Join(' ', c.Trusted), SetTrusted),
        new("realm", "a text without quotes", false, c => c.Realm ?? "",
            (v, ref c, ref _) => v.TryGetText(out string text) && text.AsSpan().IndexOfAny("\"\\\r\n") < 0 && Take(ref c, c with { Realm = text })),
        new("dns", "a list of DNS servers such as \"192.0.2.53\" or \"[2001:db8::53]:5353\"", false, c => string.Join(' ', c.Dns), SetDns),
        new("lanes", "0 to 256 (0 is one per processor core)", false, c => Shown(c.Lanes),
            (v, ref c, ref _) => v.TryGetInteger(0, 256, out int n) && Take(ref c, c with { Lanes = n })),

        new("authentication.algorithms", "a list of \"MD5\", \"SHA-256\" and \"SHA-512-256\", each once", false,
            c => string.Join(' ', c.Authentication.Algorithms.Select(algorithm => AlgorithmNames.Single(named => named.Algorithm == algorithm).Name)), SetAlgorithms),

        new("tls.certificate", "a PEM or PKCS#12 file", false, c => c.Tls.Certificate ?? "",
            (v, ref c, ref _) => v.TryGetText(out string text) && Take(ref c, c with { Tls = c.Tls with { Certificate = text } })),
        new("tls.key", "a PEM file, beside \"tls.certificate\"", false, c => c.Tls.Key ?? "",
            (v, ref c, ref _) => v.TryGetText(out string text) && Take(ref c, c with { Tls = c.Tls with { Key = text } })),
        new("tls.clientCertificates", "\"none\", \"optional\" or \"required\"", false, c => Shown(c.Tls.ClientCertificates), SetClientCertificates),
        new("tls.authorities", "a PEM file", false, c => c.Tls.Authorities ?? "",
            (v, ref c, ref _) => v.TryGetText(out string text) && Take(ref c, c with { Tls = c.Tls with { Authorities = text } })),

        new("web.origins", "a list of origins such as \"https://example.com\"", false, c => string.Join(' ', c.Web.Origins), SetOrigins),

        .. AccessKeys,

        new("location.durable", "true or false", false, c => c.Location.Durable ? "true" : "false",
            (v, ref c, ref _) => v.TryGetBoolean(out bool b) && Take(ref c, c with { Location = c.Location with { Durable = b } })),
        new("location.maxAddressesOfRecord", "1 to 10000000", false, c => Shown(c.Location.MaxAddressesOfRecord),
            (v, ref c, ref _) => v.TryGetInteger(1, 10_000_000, out int n) && Take(ref c, c with { Location = c.Location with { MaxAddressesOfRecord = n } })),

        new("registrar.minExpires", "1 to 3600 (seconds)", true, c => Shown(c.Registrar.MinExpires),
            (v, ref c, ref _) => v.TryGetSeconds(1, 3600, out TimeSpan t) && Take(ref c, c with { Registrar = c.Registrar with { MinExpires = t } })),
        new("registrar.maxExpires", "1 to 31536000 (seconds)", true, c => Shown(c.Registrar.MaxExpires),
            (v, ref c, ref _) => v.TryGetSeconds(1, 31_536_000, out TimeSpan t) && Take(ref c, c with { Registrar = c.Registrar with { MaxExpires = t } })),
        new("registrar.defaultExpires", "1 to 31536000 (seconds)", true, c => Shown(c.Registrar.DefaultExpires),
            (v, ref c, ref _) => v.TryGetSeconds(1, 31_536_000, out TimeSpan t) && Take(ref c, c with { Registrar = c.Registrar with { DefaultExpires = t } })),
        new("registrar.maxContacts", "1 to 100", true, c => Shown(c.Registrar.MaxContacts),
            (v, ref c, ref _) => v.TryGetInteger(1, 100, out int n) && Take(ref c, c with { Registrar = c.Registrar with { MaxContacts = n } })),
        new("registrar.maxBindingBytes", "256 to 16384", true, c => Shown(c.Registrar.MaxBindingBytes),
            (v, ref c, ref _) => v.TryGetInteger(256, 16384, out int n) && Take(ref c, c with { Registrar = c.Registrar with { MaxBindingBytes = n } })),

        .. EdgeKeys,

        new("proxy.timerC", "181 to 86400 (seconds; RFC 3261 wants more than 3 minutes)", true, c => Shown(c.Proxy.TimerC),
            (v, ref c, ref _) => v.TryGetSeconds(181, 86400, out TimeSpan t) && Take(ref c, c with { Proxy = c.Proxy with { TimerC = t } })),
        new("proxy.maxBranches", "1 to 100", true, c => Shown(c.Proxy.MaxBranches),
            (v, ref c, ref _) => v.TryGetInteger(1, 100, out int n) && Take(ref c, c with { Proxy = c.Proxy with { MaxBranches = n } })),
        new("proxy.sessionExpires", "0, or 90 to 86400 (seconds; RFC 4028 has at least 90)", true, c => Shown(c.Proxy.SessionExpires),
            (v, ref c, ref _) => v.TryGetSeconds(0, 86400, out TimeSpan t) && (t == TimeSpan.Zero || t.TotalSeconds >= 90) && Take(ref c, c with { Proxy = c.Proxy with { SessionExpires = t } })),
        new("proxy.assertIdentity", "\"trusted\", \"always\" or \"never\"", true, c => Shown(c.Proxy.AssertIdentity), SetAssertIdentity),
        new("proxy.recurse", "true or false", true, c => c.Proxy.Recurse ? "true" : "false",
            (v, ref c, ref _) => v.TryGetBoolean(out bool b) && Take(ref c, c with { Proxy = c.Proxy with { Recurse = b } })),

        .. ProtectionKeys.All,

        .. EventKeys, .. DialogKeys,

        .. MessageKeys,
        .. CallKeys,

        .. PushKeys,

        .. ConferenceKeys,

        .. VoicemailKeys,

        new("media.address", "an IP address", false, c => c.Media.Address ?? "",
            (v, ref c, ref _) => v.TryGetText(out string text) && IPAddress.TryParse(text, out IPAddress? address)
                && Take(ref c, c with { Media = c.Media with { Address = address.ToString() } })),
        new("media.ports", "a range of ports such as \"20000-29999\"", false, c => c.Media.Ports.ToString(),
            (v, ref c, ref _) => v.TryGetText(out string text) && PortRange.TryParse(text, out PortRange ports) && ports.Count >= 2
                && Take(ref c, c with { Media = c.Media with { Ports = ports } })),
    ];

    /// <summary>Finds a key by its name with its section.</summary>
    public static ConfigurationKey? Find(string name, StringComparison comparison) => All.FirstOrDefault(key => key.Name.Equals(name, comparison));

    /// <summary>What may stand in a section ("" is the top): its keys, and at the top the sections.</summary>
    public static IEnumerable<string> NamesIn(string section) => section.Length > 0
        ? All.Where(key => key.Section == section).Select(key => key.Leaf)
        : All.Select(key => key.Section.Length > 0 ? key.Section : key.Name).Distinct();

    /// <summary>True for a name that keys are in.</summary>
    public static bool IsSection(string name) => All.Any(key => key.Section.Length > 0 && key.Section == name);

    /// <summary>The section that a key, known or not, names in any letter case; empty for none.</summary>
    public static string SectionOf(string name) =>
        All.FirstOrDefault(key => key.Section.Length > 0 && name.StartsWith(key.Section + '.', StringComparison.OrdinalIgnoreCase))?.Section ?? "";

    private static bool SetDomains(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason)
    {
        if (!value.TryGetList(out IReadOnlyList<ConfigurationNode> items) || items.Count == 0) return false;
        var domains = ImmutableArray.CreateBuilder<DomainOptions>(items.Count);
        foreach (ConfigurationNode item in items)
        {
            if (!DomainReader.TryRead(item, out DomainOptions? domain, ref reason)) return false;
            if (domains.Any(other => other.Name == domain.Name))
            {
                reason = $"has \"{domain.Name}\" twice";
                return false;
            }

            domains.Add(domain);
        }

        configuration = configuration with { Domains = domains.ToImmutable() };
        return true;
    }

    private static bool SetListen(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason)
    {
        if (!value.TryGetList(out IReadOnlyList<ConfigurationNode> items) || items.Count == 0) return false;
        var listen = ImmutableArray.CreateBuilder<ListenUri>(items.Count);
        foreach (ConfigurationNode item in items)
        {
            if (!item.TryGetText(out string text)) return false;
            if (!ListenUri.TryParse(text, out ListenUri uri, out string why))
            {
                reason = $"has \"{ConfigurationNode.Shown(text)}\", which {why}";
                return false;
            }

            if (uri.Address.Port != 0 && listen.Contains(uri))
            {
                reason = $"has \"{uri}\" twice";
                return false;
            }

            listen.Add(uri);
        }

        configuration = configuration with { Listen = listen.ToImmutable() };
        return true;
    }

    private static bool SetAlgorithms(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason)
    {
        if (!value.TryGetList(out IReadOnlyList<ConfigurationNode> items) || items.Count == 0) return false;
        var algorithms = ImmutableArray.CreateBuilder<DigestAlgorithm>(items.Count);
        foreach (ConfigurationNode item in items)
        {
            int index = AlgorithmNames.FindIndex(named => item.Kind == NodeKind.Text && named.Name.Equals(item.Text.Trim(), StringComparison.OrdinalIgnoreCase));
            if (index < 0 || algorithms.Contains(AlgorithmNames[index].Algorithm))
            {
                reason = index < 0 ? $"has {item}, which is no algorithm" : $"has {item} twice";
                return false;
            }

            algorithms.Add(AlgorithmNames[index].Algorithm);
        }

        configuration = configuration with { Authentication = configuration.Authentication with { Algorithms = algorithms.ToImmutable() } };
        return true;
    }

    private static bool SetClientCertificates(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason)
    {
        if (!value.TryGetText(out string text)) return false;
        foreach (ClientCertificates kind in Enum.GetValues<ClientCertificates>())
        {
            if (!Shown(kind).Equals(text, StringComparison.OrdinalIgnoreCase)) continue;
            configuration = configuration with { Tls = configuration.Tls with { ClientCertificates = kind } };
            return true;
        }

        return false;
    }

    private static bool SetOrigins(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason)
    {
        if (!value.TryGetList(out IReadOnlyList<ConfigurationNode> items)) return false;
        var origins = ImmutableArray.CreateBuilder<string>(items.Count);
        foreach (ConfigurationNode item in items)
        {
            // RFC 6454 6.2: scheme, host and port, as browsers write them.
            if (!item.TryGetText(out string text) || !Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/")
            {
                reason = $"has {item}, which is no origin";
                return false;
            }

            origins.Add(uri.GetLeftPart(UriPartial.Authority));
        }

        configuration = configuration with { Web = new WebOptions { Origins = origins.ToImmutable() } };
        return true;
    }

    private static bool SetTrusted(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason) =>
        TryReadNetworks(value, ref reason, out ImmutableArray<NetworkPrefix> networks) && Take(ref configuration, configuration with { Trusted = networks });

    private static bool TryReadNetworks(ConfigurationNode value, ref string? reason, out ImmutableArray<NetworkPrefix> networks)
    {
        networks = [];
        if (!value.TryGetList(out IReadOnlyList<ConfigurationNode> items)) return false;
        var read = ImmutableArray.CreateBuilder<NetworkPrefix>(items.Count);
        foreach (ConfigurationNode item in items)
        {
            if (item.Kind != NodeKind.Text || !NetworkPrefix.TryParse(item.Text, out NetworkPrefix prefix))
            {
                reason = $"has {item}, which is no network";
                return false;
            }

            read.Add(prefix);
        }

        networks = read.ToImmutable();
        return true;
    }

    private static bool SetDns(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason)
    {
        if (!value.TryGetList(out IReadOnlyList<ConfigurationNode> items) || items.Count == 0) return false;
        var servers = ImmutableArray.CreateBuilder<NetworkAddress>(items.Count);
        foreach (ConfigurationNode item in items)
        {
            if (!item.TryGetText(out string text) || !DnsConfiguration.TryParseServer(text, out NetworkAddress server))
            {
                reason = $"has {item}, which is no address";
                return false;
            }

            servers.Add(server);
        }

        configuration = configuration with { Dns = servers.ToImmutable() };
        return true;
    }

    private static bool RefuseDatabase(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason)
    {
        reason = "is not supported in this version, which keeps its data in the folder that \"data\" names; remove the key";
        return false;
    }

    private static bool Take(ref ParleyConfiguration configuration, ParleyConfiguration changed)
    {
        configuration = changed;
        return true;
    }

    private static string Shown(DomainOptions domain) => (domain.Role switch
    {
        DomainRole.Redirect => $"{domain.Name} (redirect)",
        DomainRole.Edge => $"{domain.Name} (edge of {domain.Registrar})",
        _ => domain.Name,
    }) + (domain.ServiceRoute.IsEmpty ? "" : $" (by {string.Join(", ", domain.ServiceRoute)})") + domain.RulesText;

    private static bool SetAssertIdentity(ConfigurationNode value, ref ParleyConfiguration configuration, ref string? reason)
    {
        if (!value.TryGetText(out string text)) return false;
        foreach (IdentityAssertion kind in Enum.GetValues<IdentityAssertion>())
        {
            if (Shown(kind).Equals(text, StringComparison.OrdinalIgnoreCase)) return Take(ref configuration, configuration with { Proxy = configuration.Proxy with { AssertIdentity = kind } });
        }

        return false;
    }

    private static string Shown(IdentityAssertion kind) => kind switch
    {
        IdentityAssertion.Always => "always",
        IdentityAssertion.Never => "never",
        _ => "trusted",
    };

    private static string Shown(ClientCertificates kind) => kind switch
    {
        ClientCertificates.Optional => "optional",
        ClientCertificates.Required => "required",
        _ => "none",
    };

    private static string Shown(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Shown(TimeSpan value) => Shown((int)value.TotalSeconds);
}
