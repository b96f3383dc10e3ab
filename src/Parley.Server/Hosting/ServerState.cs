using System.Text;
using Microsoft.Extensions.Logging;
using Parley.Server.Accounts;
using Parley.Server.CallRecords;
using Parley.Server.Calls;
using Parley.Server.Conferences;
using Parley.Server.Configuration;
using Parley.Server.Events;
using Parley.Server.Events.Dialogs;
using Parley.Server.Messages;
using Parley.Server.Protection;
using Parley.Server.Proxy;
using Parley.Server.Push;
using Parley.Server.Registrar;
using Parley.Server.Voicemail;
using Parley.Sip.Messages;

namespace Parley.Server.Hosting;

/// <summary>What the lanes of a server share: read by all of them without locks, replaced as a whole where it changes.</summary>
internal sealed class ServerState
{
    private ParleyConfiguration _configuration;
    private byte[]? _realm;
    private OwnAddresses? _own;
    private volatile bool _isStopping;

    /// <summary>The state of a server that does not listen yet.</summary>
    public ServerState(ParleyConfiguration configuration, AccountDirectory accounts, LocationService location, ServerKeys keys, ILogger logger)
    {
        (_configuration, Accounts, Location, Keys, Logger) = (configuration, accounts, location, keys, logger);
        _realm = Utf8OrNull(configuration.Realm);
        Guard = new SourceGuard(logger);
    }

    /// <summary>What the server is configured to be; may be replaced by any thread.</summary>
    public ParleyConfiguration Configuration
    {
        get => Volatile.Read(ref _configuration);
        set
        {
            Volatile.Write(ref _realm, Utf8OrNull(value.Realm));
            Volatile.Write(ref _configuration, value);
        }
    }

    /// <summary>Who may register and call.</summary>
    public AccountDirectory Accounts { get; }

    /// <summary>Where users are.</summary>
    public LocationService Location { get; }

    /// <summary>What the server proves things to itself with.</summary>
    public ServerKeys Keys { get; }

    /// <summary>How many calls users have whose calls are limited.</summary>
    public CallLimits Limits { get; } = new();

    /// <summary>The conference rooms.</summary>
    public ConferenceRooms Conferences { get; } = new();

    /// <summary>The mailboxes; null where there are none.</summary>
    public Mailboxes? Voicemail { get; init; }

    /// <summary>What is watched and published.</summary>
    public EventStates Events { get; } = new();

    /// <summary>The calls of those whose calls somebody watches.</summary>
    public DialogStates Dialogs => Events.Dialogs;

    /// <summary>The texts that wait; null where none do.</summary>
    public MessageStore? Messages { get; init; }

    /// <summary>Where calls are recorded; null where they are not.</summary>
    public CallRecordStore? CallRecords { get; init; }

    /// <summary>What waits for phones that are woken; null where none are.</summary>
    public PushBucket? Push { get; init; }

    /// <summary>Who failed to authenticate, and who is shut out for it.</summary>
    public SourceGuard Guard { get; }

    /// <summary>The log.</summary>
    public ILogger Logger { get; }

    /// <summary>True once the server knows its addresses.</summary>
    public bool IsListening => Volatile.Read(ref _own) is not null;

    /// <summary>True once new calls are refused.</summary>
    public bool IsStopping
    {
        get => _isStopping;
        set => _isStopping = value;
    }

    /// <summary>The server's addresses; set once it listens.</summary>
    public OwnAddresses Own
    {
        get => Volatile.Read(ref _own) ?? throw new InvalidOperationException("The server does not listen yet.");
        set => Volatile.Write(ref _own, value);
    }

    /// <summary>The realm of a domain's challenges.</summary>
    public ReadOnlySpan<byte> RealmOf(DomainOptions domain) => Volatile.Read(ref _realm) is { } realm ? realm : domain.NameUtf8.AsSpan();

    /// <summary>True when this server challenges in a realm.</summary>
    public bool IsOwnRealm(ReadOnlySpan<byte> realm) =>
        Volatile.Read(ref _realm) is { } own ? realm.SequenceEqual(own) : Configuration.FindDomain(realm) is { Role: not DomainRole.Edge };

    /// <summary>The domain of ours that a URI is in: by its name, or the main domain where it has an address of the server.</summary>
    /// <returns>Null for other domains, and for ports that this server does not listen on.</returns>
    public DomainOptions? FindDomain(scoped in SipUriView uri)
    {
        if (!uri.IsSip || (uri.Port != 0 && !Own.IsOwnPort(uri.Port))) return null;
        ParleyConfiguration configuration = Configuration;
        return configuration.FindDomain(uri.Host) ?? (Own.IsOwn(uri) ? configuration.Domains[0] : null);
    }

    /// <summary>The domain of ours that somebody claims to be a user of: a name counts whatever port stands behind it, as nobody looks at that to see who calls.</summary>
    /// <returns>Null for other domains.</returns>
    public DomainOptions? FindDomainOfUser(scoped in SipUriView uri) =>
        uri.IsSip && Configuration.FindDomain(uri.Host) is { } domain ? domain : FindDomain(uri);

    /// <summary>True when a URI leads to this server.</summary>
    public bool IsOwn(scoped in SipUriView uri) => FindDomain(uri) is not null;

    private static byte[]? Utf8OrNull(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);
}
