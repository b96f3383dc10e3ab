using System.Net.Sockets;
using Parley.Core;
using Parley.Net;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Sip;

/// <summary>Listens for an endpoint's stream connections in the place of its loops: with a web server's sockets, limits and TLS.</summary>
public interface ISipStreamListener
{
    /// <summary>Starts listening.</summary>
    /// <param name="transport">What is spoken there.</param>
    /// <param name="local">Address and port; port 0 takes a free one.</param>
    /// <param name="lanes">The lanes that connections may be given to.</param>
    /// <param name="accept">Gives the handler of each connection.</param>
    /// <exception cref="SocketException">The address is not this machine's, the port is taken or not allowed.</exception>
    IStreamListener Listen(SipTransport transport, NetworkAddress local, IReadOnlyList<SipLane> lanes, SipStreamAcceptor accept);
}

/// <summary>Gives the handler of a connection that is on the loop of a lane; called on that loop.</summary>
/// <param name="lane">The lane.</param>
/// <param name="connection">The connection.</param>
/// <param name="provedHosts">Domains and addresses, in lower case, that the other side's certificate is for (<see cref="SipPeerName.HostsServedBy"/>); empty when it showed none that is believed.</param>
/// <returns>Null to close the connection.</returns>
public delegate IStreamHandler? SipStreamAcceptor(SipLane lane, IStreamConnection connection, IReadOnlyList<string> provedHosts);
