using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;
using Parley.Net.Tls;
using Parley.Server.Protection;
using Parley.Server.Tls;
using Parley.Server.Web;
using Parley.Sip.Messages;

namespace Parley.Server.Hosting;

/// <summary>Takes the server's stream connections from Kestrel's socket transport, and spreads them over the lanes.</summary>
/// <param name="logging">Where Kestrel's log goes.</param>
/// <param name="tls">Does the handshakes of TLS listen points; null where there are none.</param>
/// <param name="origins">The pages whose scripts may connect by WebSocket; all when absent or empty.</param>
/// <param name="connections">Bounds the connections of each source; null bounds none.</param>
internal sealed class KestrelListener(ILoggerFactory logging, TlsAcceptor? tls = null, IReadOnlyList<string>? origins = null, SourceConnections? connections = null) : ISipStreamListener
{
    /// <inheritdoc/>
    public IStreamListener Listen(SipTransport transport, NetworkAddress local, IReadOnlyList<SipLane> lanes, SipStreamAcceptor accept)
    {
        if (transport.IsSecure && tls is null) throw new NotSupportedException("There is no certificate to listen with.");
        var handler = new SipConnectionHandler(lanes, accept);
        if (transport is SipTransport.Ws or SipTransport.Wss) return WebListener.Start(local, transport.IsSecure ? tls : null, handler, origins ?? [], connections, logging);
        var options = new SocketTransportOptions { CreateBoundListenSocket = Bind };
        var factory = new SocketTransportFactory(Options.Create(options), logging);
        try
        {
            // The socket transport binds at once: nothing is waited for here.
            IConnectionListener listener = factory.BindAsync(local.ToIPEndPoint()).AsTask().GetAwaiter().GetResult();
            return new Listener(listener, handler, transport == SipTransport.Tls ? tls : null, connections);
        }
        catch (AddressInUseException)
        {
            throw new SocketException((int)SocketError.AddressAlreadyInUse);
        }
    }

    /// <summary>Binds to the address as it is given: [::] is not all of IPv4 too, which has a listen point of its own.</summary>
    public static Socket Bind(EndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = false;
            socket.Bind(address);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Hands each connection to the handler until it is disposed.</summary>
    private sealed class Listener : IStreamListener
    {
        private readonly IConnectionListener _listener;
        private readonly SipConnectionHandler _handler;
        private readonly TlsAcceptor? _tls;
        private readonly SourceConnections? _connections;

        public Listener(IConnectionListener listener, SipConnectionHandler handler, TlsAcceptor? tls, SourceConnections? connections)
        {
            (_listener, _handler, _tls, _connections) = (listener, handler, tls, connections);
            LocalAddress = NetworkAddress.From((IPEndPoint)listener.EndPoint);
            _ = AcceptAsync();
        }

        public NetworkAddress LocalAddress { get; }

        public void Dispose() => _listener.DisposeAsync().AsTask().GetAwaiter().GetResult();

        private async Task AcceptAsync()
        {
            while (await _listener.AcceptAsync().ConfigureAwait(false) is { } connection) _ = ServeAsync(connection);
        }

        private async Task ServeAsync(ConnectionContext connection)
        {
            await using (connection.ConfigureAwait(false))
            {
                if (connection is not { LocalEndPoint: IPEndPoint local, RemoteEndPoint: IPEndPoint remote }) return;
                NetworkAddress peer = NetworkAddress.From(remote);
                if (_connections?.TryOpen(peer) == false)
                {
                    connection.Abort();
                    return;
                }

                try
                {
                    if (_tls is null) await _handler.ServeAsync(connection.Transport, NetworkAddress.From(local), peer, provedHosts: []).ConfigureAwait(false);
                    else await ServeTlsAsync(connection, _tls, NetworkAddress.From(local), peer).ConfigureAwait(false);
                }
                finally
                {
                    _connections?.Close(peer);
                }
            }
        }

        private async Task ServeTlsAsync(ConnectionContext connection, TlsAcceptor tls, NetworkAddress local, NetworkAddress remote)
        {
            if (await HandshakeAsync(connection, tls, remote).ConfigureAwait(false) is not { } pipe)
            {
                connection.Abort();
                return;
            }

            IReadOnlyList<string> provedHosts = pipe.PeerCertificate is { } certificate ? SipPeerName.HostsServedBy(certificate) : [];
            await using (pipe.ConfigureAwait(false)) await _handler.ServeAsync(pipe, local, remote, provedHosts).ConfigureAwait(false);
            if (pipe.IsAborted) connection.Abort();     // what it still has to send, nobody reads
        }

        private async Task<TlsPipe?> HandshakeAsync(ConnectionContext connection, TlsAcceptor tls, NetworkAddress remote)
        {
            if (_connections?.TryBeginHandshake(remote) == false) return null;
            try
            {
                return await tls.AcceptAsync(connection.Transport, remote).ConfigureAwait(false);
            }
            finally
            {
                _connections?.EndHandshake(remote);
            }
        }
    }
}
