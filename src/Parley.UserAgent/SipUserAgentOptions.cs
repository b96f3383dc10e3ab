using System.Net;
using System.Net.Sockets;
using Parley.Core;
using Parley.Endpoint.Media;
using Parley.Endpoint.Sip;
using Parley.Endpoint.Sip.Locating;
using Parley.Media.Codecs;
using Parley.Net;
using Parley.Sdp;
using Parley.Sip.Messages;
using Parley.Sip.Transactions;
using Parley.UserAgent.Registrations;

namespace Parley.UserAgent;

/// <summary>How a <see cref="SipUserAgent"/> is set up. Everything has a default: an agent with none of it can make direct calls.</summary>
public sealed record SipUserAgentOptions
{
    /// <inheritdoc cref="UserAgentCoreOptions.Identity"/>
    public SipUri? Identity { get; init; }

    /// <inheritdoc cref="UserAgentCoreOptions.Instance"/>
    public string? Instance { get; init; }

    /// <inheritdoc cref="UserAgentCoreOptions.DisplayName"/>
    public string? DisplayName { get; init; }

    /// <inheritdoc cref="UserAgentCoreOptions.UserName"/>
    public string? UserName { get; init; }

    /// <inheritdoc cref="UserAgentCoreOptions.Password"/>
    public string? Password { get; init; }

    /// <inheritdoc cref="UserAgentCoreOptions.OutboundProxy"/>
    public SipUri? OutboundProxy { get; init; }

    /// <summary>Where it listens.</summary>
    /// <value>UDP and TCP on a free port of every address unless set, by IPv4 and, where the system has it, by IPv6.</value>
    public IReadOnlyList<SipListen> Listen { get; init; } = ListenOnEverything();

    /// <summary>Where the ports of RTP and RTCP come from; agents of one program may share it.</summary>
    /// <value>Null takes 20000 to 29999.</value>
    public MediaPorts? MediaPorts { get; init; }

    /// <inheritdoc cref="UserAgentCoreOptions.Codecs"/>
    public AudioCodecs Codecs { get; init; } = AudioCodecs.Default;

    /// <inheritdoc cref="UserAgentCoreOptions.Redundancy"/>
    public bool Redundancy { get; init; } = true;

    /// <inheritdoc cref="UserAgentCoreOptions.Silence"/>
    public SilenceSuppression Silence { get; init; }

    /// <inheritdoc cref="UserAgentCoreOptions.AudioLevels"/>
    public bool AudioLevels { get; init; }

    /// <inheritdoc cref="UserAgentCoreOptions.Srtp"/>
    public SrtpUse Srtp { get; init; }

    /// <inheritdoc cref="UserAgentCoreOptions.MaxCalls"/>
    public int MaxCalls { get; init; } = 100;

    /// <summary>Incoming calls that may wait to be taken from <see cref="SipUserAgent.IncomingCalls"/>; one more gets 486.</summary>
    /// <value>1 or more; 32 unless set.</value>
    public int MaxWaitingCalls { get; init; } = 32;

    /// <summary>Texts that may wait to be taken from <see cref="SipUserAgent.IncomingMessages"/>; one more is refused with 480. With 0 none is taken (405).</summary>
    /// <value>0 or more; 0 unless set, for nobody is to be told that a text was delivered which no one reads.</value>
    public int MaxWaitingMessages { get; init; }

    /// <summary>Whether others may ask this agent, by REFER, to call somebody: each is decided by who reads <see cref="SipUserAgent.IncomingTransfers"/>.</summary>
    /// <value>False, the default, refuses them all (405).</value>
    public bool TakesTransfers { get; init; }

    /// <inheritdoc cref="UserAgentCoreOptions.SessionExpiry"/>
    public TimeSpan SessionExpiry { get; init; }

    /// <inheritdoc cref="UserAgentCoreOptions.InfoPackages"/>
    public IReadOnlyList<string> InfoPackages { get; init; } = [];

    /// <inheritdoc cref="UserAgentCoreOptions.RecordingPreference"/>
    public RecordingPreference RecordingPreference { get; init; }

    /// <inheritdoc cref="UserAgentCoreOptions.HonorsRecordingPreference"/>
    public bool HonorsRecordingPreference { get; init; } = true;

    /// <inheritdoc cref="UserAgentCoreOptions.Product"/>
    public string Product { get; init; } = "Parley";

    /// <inheritdoc cref="UserAgentCoreOptions.Push"/>
    public PushParameters? Push { get; init; }

    /// <inheritdoc cref="UserAgentCoreOptions.RegistrationExpiry"/>
    public TimeSpan RegistrationExpiry { get; init; } = TimeSpan.FromHours(1);

    /// <summary>T1, T2 and T4 of the transactions.</summary>
    public TransactionTimers Timers { get; init; } = TransactionTimers.Default;

    /// <summary>How long the end of the agent may take: BYE, CANCEL and the removal of the registration, with their answers.</summary>
    /// <value>5 s unless set; 0 or more.</value>
    public TimeSpan EndTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How TLS connections are made.</summary>
    public SipTlsOptions Tls { get; init; } = new();

    /// <summary>Finds the servers of domains.</summary>
    /// <value>Asks the system's DNS servers unless set.</value>
    public ISipResolver Resolver { get; init; } = SipLocator.Default;

    /// <summary>Hears every message that comes and goes; null for none.</summary>
    public ISipTrace? Trace { get; init; }

    /// <summary>The loop that it runs on, shared with others and ended by whoever started it; null runs it on a thread of its own.</summary>
    public INetworkLoop? Loop { get; init; }

    /// <summary>UDP and TCP on one address.</summary>
    /// <param name="address">Address and port; port 0 takes a free one, the same for both.</param>
    public static IReadOnlyList<SipListen> ListenOn(NetworkAddress address) => [new(SipTransport.Udp, address), new(SipTransport.Tcp, address)];

    private static IReadOnlyList<SipListen> ListenOnEverything()
    {
        IReadOnlyList<SipListen> listen = ListenOn(NetworkAddress.From(IPAddress.Any, 0));
        return Socket.OSSupportsIPv6 ? [.. listen, .. ListenOn(NetworkAddress.From(IPAddress.IPv6Any, 0))] : listen;
    }

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">One is not allowed; the message names it and what is.</exception>
    public void Validate()
    {
        if (Listen.Count == 0) throw new ArgumentException($"{nameof(Listen)} must name one address or more.");
        if (MaxWaitingCalls < 1) throw new ArgumentException($"{nameof(MaxWaitingCalls)} must be 1 or more.");
        if (EndTimeout < TimeSpan.Zero) throw new ArgumentException($"{nameof(EndTimeout)} must be 0 or more.");
        ToCoreOptions().Validate();
    }

    internal UserAgentCoreOptions ToCoreOptions() => new()
    {
        Identity = Identity,
        Instance = Instance,
        DisplayName = DisplayName,
        UserName = UserName,
        Password = Password,
        OutboundProxy = OutboundProxy,
        Codecs = Codecs,
        Redundancy = Redundancy,
        Silence = Silence,
        AudioLevels = AudioLevels,
        Srtp = Srtp,
        MaxCalls = MaxCalls,
        Product = Product,
        InfoPackages = InfoPackages,
        SessionExpiry = SessionExpiry,
        IsRecordAware = true,
        RecordingPreference = RecordingPreference,
        HonorsRecordingPreference = HonorsRecordingPreference,
        RegistrationExpiry = RegistrationExpiry,
        Push = Push,
    };
}
