using Parley.Core;
using Parley.Net;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Sip;

/// <summary>Finds the servers of a destination that names a host.</summary>
public interface ISipResolver
{
    /// <summary>Looks a destination up and completes the request with its flows, in order of preference; with none when it leads nowhere.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="lane">Who asks.</param>
    /// <param name="request">Told once, on the lane.</param>
    void Resolve(in SipDestination destination, SipLane lane, SipLocateRequest request);
}

/// <summary>What of a URI says where a request goes.</summary>
/// <param name="Host">The host, or what <c>maddr</c> has in its place: a name, or an address (IPv6 in brackets).</param>
/// <param name="Port">The port; 0 when the URI has none.</param>
/// <param name="Transport">What the URI asks for, TLS for <c>sips</c>; unknown when it asks for nothing.</param>
/// <remarks>Source: RFC 3263 4 (TARGET), RFC 3261 19.1.1.</remarks>
public readonly record struct SipDestination(string Host, ushort Port, SipTransport Transport)
{
    /// <summary>The port that is meant where a URI has none.</summary>
    public const ushort DefaultPort = 5060, DefaultSecurePort = 5061;

    /// <summary>The port that a transport has where nothing else is said.</summary>
    /// <remarks>Source: RFC 3261 19.1.2; RFC 7118 8 (WebSocket: HTTP's).</remarks>
    public static ushort PortOf(SipTransport transport) => transport switch
    {
        SipTransport.Tls or SipTransport.TlsSctp => DefaultSecurePort,
        SipTransport.Ws => 80,
        SipTransport.Wss => 443,
        _ => DefaultPort,
    };

    /// <summary>Takes it from a URI.</summary>
    /// <param name="uri">The URI.</param>
    /// <param name="destination">The destination.</param>
    /// <param name="isSecure">True to take a <c>sip</c> URI as if it were a <c>sips</c> one: on the way of a request for such a one (RFC 3261 16.6 step 7).</param>
    /// <returns>False when the URI is no SIP URI, or asks for a transport that nobody knows or that its scheme does not allow.</returns>
    public static bool TryFrom(in SipUriView uri, out SipDestination destination, bool isSecure = false)
    {
        destination = default;
        if (!TryGetTransport(uri, isSecure, out SipTransport transport)) return false;
        destination = new SipDestination(System.Text.Encoding.ASCII.GetString(HostOf(uri)), uri.Port, transport);
        return true;
    }

    internal static ReadOnlySpan<byte> HostOf(in SipUriView uri) => uri.MulticastAddress.IsEmpty ? uri.Host : uri.MulticastAddress;

    internal static bool TryGetTransport(in SipUriView uri, bool isSecure, out SipTransport transport)
    {
        transport = uri.Transport;
        if (!uri.IsSip) return false;
        if (transport == SipTransport.Unknown && uri.Parameters.TryGet("transport"u8, out _)) return false;
        if (uri.Scheme != SipUriScheme.Sips && !isSecure) return true;
        transport = transport switch
        {
            SipTransport.Unknown or SipTransport.Tcp or SipTransport.Tls => SipTransport.Tls,       // RFC 3261 26.2.2: TLS over TCP
            SipTransport.Ws or SipTransport.Wss => SipTransport.Wss,
            _ => SipTransport.Unknown,
        };
        return transport != SipTransport.Unknown;
    }
}

/// <summary>Somebody who waits for the flows to a URI.</summary>
public abstract class SipLocateRequest : ILoopWork
{
    private IReadOnlyList<SipFlow> _flows = [];
    private SipLane _lane = null!;      // set before it runs

    /// <summary>The flows, best first; none when the URI leads nowhere. Called on the lane.</summary>
    public abstract void OnLocated(Instant now, IReadOnlyList<SipFlow> flows);

    /// <summary>Called once by the resolver, on any thread.</summary>
    public void Complete(SipLane lane, IReadOnlyList<SipFlow> flows)
    {
        ArgumentNullException.ThrowIfNull(lane);
        (_flows, _lane) = (flows, lane);
        lane.Post(this);
    }

    /// <inheritdoc/>
    public void Run(Instant now) => OnLocated(now, _lane.Endpoint.Avoided.Order(_flows, now));
}
