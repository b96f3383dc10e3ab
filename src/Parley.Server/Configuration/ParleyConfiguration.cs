using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Parley.Core;
using Parley.Server.Rules;

namespace Parley.Server.Configuration;

/// <summary>What a server was told to be: an immutable snapshot, swapped as a whole when it is reloaded.</summary>
/// <remarks>docs/configuration.md describes each key.</remarks>
public sealed record ParleyConfiguration
{
    /// <summary>The domains that this server is responsible for, the first one being the main one; at least one.</summary>
    /// <value>Default: <c>localhost</c> and the machine's name.</value>
    public ImmutableArray<DomainOptions> Domains
    {
        get;
        init => (field, HasEdge) = (value, value.Any(domain => domain.Role == DomainRole.Edge));
    } = [new("localhost")];

    /// <summary>True when one of them is passed on to somewhere else.</summary>
    internal bool HasEdge { get; private init; }

    /// <summary>Where to listen; at least one.</summary>
    /// <value>Default: UDP and TCP port 5060 (RFC 3261 19.1.2) of all addresses.</value>
    public ImmutableArray<ListenUri> Listen { get; init; } = [];

    /// <summary>The folder of accounts, bindings and keys.</summary>
    /// <value>Default <c>./parley-data</c>.</value>
    public string DataFolder { get; init; } = "./parley-data";

    /// <summary>The public address or name that is written into Via, Record-Route and Contact; null writes the local address.</summary>
    public string? Advertise { get; init; }

    /// <summary>The DNS servers that names are asked for at; none, the default, are those of the system.</summary>
    public ImmutableArray<NetworkAddress> Dns { get; init; } = [];

    /// <summary>Networks whose calls need no authentication and may be relayed onwards; none by default.</summary>
    public ImmutableArray<NetworkPrefix> Trusted { get; init; } = [];

    /// <summary>The realm of digest challenges; null takes the domain's name (RFC 3261 22.1).</summary>
    public string? Realm { get; init; }

    /// <summary>How users prove who they are.</summary>
    public AuthenticationOptions Authentication { get; init; } = new();

    /// <summary>How TLS is spoken.</summary>
    public TlsOptions Tls { get; init; } = new();

    /// <summary>What web pages may do.</summary>
    public WebOptions Web { get; init; } = new();

    /// <summary>Who may use the server, and for whom.</summary>
    public AccessRules Access { get; init; } = new();

    /// <summary>How bindings are kept.</summary>
    public LocationOptions Location { get; init; } = new();

    /// <summary>What the registrar grants.</summary>
    public RegistrarOptions Registrar { get; init; } = new();

    /// <summary>What the server does against those who guess passwords or take more than their share.</summary>
    public ProtectionOptions Protection { get; init; } = new();

    /// <summary>Limits of the proxy.</summary>
    public ProxyOptions Proxy { get; init; } = new();

    /// <summary>Limits of the event server.</summary>
    public EventOptions Events { get; init; } = new();

    /// <summary>Who may watch users' presence.</summary>
    public PresenceOptions Presence { get; init; } = new();

    /// <summary>How texts wait for users who are not there.</summary>
    public MessageOptions Messages { get; init; } = new();

    /// <summary>Whether calls are recorded, and how long that is kept.</summary>
    public CallRecordOptions Calls { get; init; } = new();

    /// <summary>How phones that sleep are woken.</summary>
    public PushOptions Push { get; init; } = new();

    /// <summary>The conference rooms.</summary>
    public ConferenceOptions Conferences { get; init; } = new();

    /// <summary>The mailboxes of users.</summary>
    public VoicemailOptions Voicemail { get; init; } = new();

    /// <summary>The server's own media.</summary>
    public MediaOptions Media { get; init; } = new();

    /// <summary>How many lanes run side by side.</summary>
    /// <value>1 to 256; 0, the default, is one per processor core.</value>
    public int Lanes { get; init; }

    /// <summary>Reads a configuration from its sources.</summary>
    /// <param name="sources">Where it comes from.</param>
    /// <param name="configuration">The configuration; defined when true is returned.</param>
    /// <param name="error">Why there is none; null when true is returned.</param>
    /// <returns>False when a source has an unknown key, a bad value or cannot be read.</returns>
    public static bool TryLoad(
        ConfigurationSources sources, [NotNullWhen(true)] out ParleyConfiguration? configuration, [NotNullWhen(false)] out ConfigurationError? error) =>
        ConfigurationLoader.TryLoad(sources, out configuration, out error);

    /// <summary>The domain that a host names; null when it is none of ours.</summary>
    /// <param name="host">The host of a URI, any letter case.</param>
    public DomainOptions? FindDomain(ReadOnlySpan<byte> host)
    {
        foreach (DomainOptions domain in Domains)
        {
            if (domain.IsNamed(host)) return domain;
        }

        return null;
    }

    /// <summary>True when an address lies in one of <see cref="Trusted"/>.</summary>
    public bool IsTrusted(NetworkAddress address)
    {
        foreach (NetworkPrefix network in Trusted)
        {
            if (network.Contains(address)) return true;
        }

        return false;
    }

    /// <summary>The realm of a domain's digest challenges and stored secrets.</summary>
    public string RealmOf(string domain) => Realm ?? domain;
}
