namespace Parley.Net;

/// <summary>Whether a datagram socket's address and port may be bound again by other loops of this program.</summary>
/// <remarks>
/// The system spreads what arrives over the sockets that share a port, by the peers' addresses. The first socket is
/// bound alone, so that a port that another program uses is still refused. See <see cref="IDatagramSocket.TrySteer"/>
/// for sharing by what is in the datagrams.
/// </remarks>
public enum DatagramSharing
{
    /// <summary>Nobody else binds it.</summary>
    Exclusive,

    /// <summary>Bound alone, and open for others to join from then on.</summary>
    Leads,

    /// <summary>Joins a socket that leads.</summary>
    Joins,
}
