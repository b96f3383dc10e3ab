using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Sip;

/// <summary>The way a message came, or the way it is to go: a transport, the other side's address and, for a stream, the connection.</summary>
/// <remarks>
/// A value that may be kept: a flow over a connection that has ended opens a new one to the same address when it is sent
/// on. Source: RFC 3261 18 and, for the word, RFC 5626 3.1.
/// </remarks>
public readonly record struct SipFlow
{
    /// <summary>A flow that is yet to be opened: a connection to the address is used again or made.</summary>
    public SipFlow(SipTransport transport, NetworkAddress remote)
        : this(transport, remote, connection: null, listenPoint: -1)
    {
    }

    internal SipFlow(SipTransport transport, NetworkAddress remote, SipConnection? connection, int listenPoint)
    {
        (Transport, Remote, Connection, ListenPoint) = (transport, remote, connection, listenPoint);
    }

    /// <summary>The transport protocol.</summary>
    public SipTransport Transport { get; }

    /// <summary>The other side.</summary>
    public NetworkAddress Remote { get; }

    /// <summary>True for the transports that deliver reliably and in order: all but UDP.</summary>
    public bool IsReliable => Transport != SipTransport.Udp;

    /// <summary>True for WebSockets: nobody but the other side can open their connections (RFC 7118 4).</summary>
    public bool IsWebSocket => Transport is SipTransport.Ws or SipTransport.Wss;

    /// <summary>True while the connection that this flow names stands; false for UDP and for flows that name none.</summary>
    public bool IsConnected => Connection is { IsOpen: true };

    /// <summary>The host that the server of a TLS connection has to prove to be: a domain or an address, in lower case; null for whoever it is that the connection stands to.</summary>
    /// <remarks>A connection that stands is only used for the host that it was made for. Source: RFC 5922 7.3.</remarks>
    public string? ServerName { get; private init; }

    internal SipConnection? Connection { get; }

    /// <summary>True when a stream takes the place of a datagram only for the length of the message.</summary>
    internal bool IsForLength { get; private init; }

    /// <summary>Index of the endpoint's listen point whose socket the flow uses, -1 for whichever fits.</summary>
    internal int ListenPoint { get; }

    /// <summary>How many networks a datagram to a multicast group may pass.</summary>
    /// <value>0 means 1, as RFC 3261 18.1.1 wants it.</value>
    public byte TimeToLive { get; init; }

    /// <summary>The same flow to the server of a host; that counts for TLS alone.</summary>
    public SipFlow To(string host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return Transport == SipTransport.Tls ? this with { ServerName = HostKey(host) } : this;
    }

    /// <summary>The stream to where a datagram flow leads.</summary>
    internal static SipFlow ForLength(in SipFlow datagrams) => new(SipTransport.Tcp, datagrams.Remote) { IsForLength = true };

    /// <summary>The same flow to another port; a stream's connection stays, and the port counts should it be over (RFC 3261 18.2.2).</summary>
    internal SipFlow WithPort(ushort port) => new(Transport, Remote.WithPort(port), Connection, ListenPoint) { ServerName = ServerName };

    /// <summary>For example <c>udp:192.0.2.1:5060</c>.</summary>
    public override string ToString() => $"{Transport.ToString().ToLowerInvariant()}:{Remote}";

    /// <summary>A host as <see cref="ServerName"/> has it.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Globalization", "CA1308", Justification = "Host names are compared in ASCII, and shown in lower case.")]
    internal static string HostKey(string host) => host.ToLowerInvariant();
}
