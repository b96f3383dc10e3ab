using Parley.Core;
using Parley.Endpoint.Sip.Locating;
using Parley.Sip.Messages;
using Parley.Sip.Transactions;

namespace Parley.Endpoint.Sip;

/// <summary>An address that an endpoint listens on.</summary>
/// <param name="Transport">The transport protocol.</param>
/// <param name="Address">Address and port; port 0 takes a free one.</param>
public readonly record struct SipListen(SipTransport Transport, NetworkAddress Address);

/// <summary>How an endpoint listens, and what it bounds.</summary>
public sealed record SipEndpointOptions
{
    /// <summary>Where to listen. A UDP point should have a TCP point at the same port (RFC 3261 18.2.1).</summary>
    public required IReadOnlyList<SipListen> Listen { get; init; }

    /// <summary>Host that others reach this endpoint by, for Via, Record-Route and Contact; null takes the address of the socket, or of the interface towards the other side.</summary>
    public string? AdvertisedHost { get; init; }

    /// <summary>Value of the Server header in responses that the endpoint makes itself, null for none.</summary>
    public string? Server { get; init; }

    /// <summary>Limits of a message.</summary>
    public SipLimits Limits { get; init; } = SipLimits.Default;

    /// <summary>T1, T2, T4.</summary>
    public TransactionTimers Timers { get; init; } = TransactionTimers.Default;

    /// <summary>Transactions of a lane, client and server ones each, beyond which new requests get 503.</summary>
    public int MaxTransactions { get; init; } = 1_000_000;

    /// <summary>Memory of a lane for transactions that are answered and only wait for their request to come again; beyond it the oldest end early.</summary>
    public long MaxSettledBytes { get; init; } = 128 * 1024 * 1024;

    /// <summary>How many times as long as a request by UDP, whose source address may be forged, what is sent back for it may be; 0 for no limit.</summary>
    /// <remarks>Header rows that do not fit are left out, the last ones first; the same holds for all that is sent again in its transaction together (<see cref="SipServerTransaction.TrustSource"/>).</remarks>
    public int MaxAmplification { get; init; }

    /// <summary>Stream connections beyond which no more are accepted.</summary>
    public int MaxConnections { get; init; } = 65_536;

    /// <summary>A message over a stream must be whole after this time, or its connection is closed.</summary>
    public TimeSpan MessageTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>A connection over which nothing came for this long is closed.</summary>
    /// <remarks>RFC 5626 4.4.1 has clients send a keep-alive every 120 s at the latest over TCP; others get the benefit of the doubt.</remarks>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Requests that are longer go by a stream.</summary>
    /// <remarks>Source: RFC 3261 18.1.1: "larger than 1300 bytes".</remarks>
    public int MaxDatagramRequestBytes { get; init; } = 1300;

    /// <summary>Finds the servers of domains.</summary>
    /// <value>Asks the system's DNS servers unless set.</value>
    public ISipResolver Resolver { get; init; } = SipLocator.Default;

    /// <summary>How TLS connections are made.</summary>
    public SipTlsOptions Tls { get; init; } = new();

    /// <summary>Listens for stream connections; null has the first lane's loop do it.</summary>
    public ISipStreamListener? StreamListener { get; init; }

    /// <summary>Refuses messages by where they come from; null lets all in.</summary>
    public ISipSourceFilter? SourceFilter { get; init; }

    /// <summary>Says of a source whether a response to it, whose connection is over, may go to the servers that its Via names.</summary>
    /// <value>Null, as by default, follows no Via: whoever connects could have connections made to hosts of his choice.</value>
    /// <remarks>May be called on any lane. Source: RFC 3263 5.</remarks>
    public Func<NetworkAddress, bool>? FollowsSentBy { get; init; }

    /// <summary>Joins any multicast group that a URI names, to send requests there and hear the answers; else only those in <see cref="Listen"/> are sent to.</summary>
    /// <remarks>For phones: a person says whom to call. Source: RFC 3261 18.1.1.</remarks>
    public bool JoinsGroups { get; init; }

    /// <summary>Hears every message; null for none.</summary>
    public ISipTrace? Trace { get; init; }
}
