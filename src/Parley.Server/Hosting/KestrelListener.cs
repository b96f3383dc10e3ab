using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;

namespace Parley.Server.Hosting;

/// <summary>Takes the server's stream connections from Kestrel's socket transport, and spreads them over the lanes.</summary>
/// <remarks>What Kestrel can put between a socket and its handler (TLS, limits, logs) is thereby open to SIP.</remarks>
internal sealed class KestrelListener(ILoggerFactory logging) : ISipStreamListener
{
    /// <inheritdoc/>
    public IStreamListener Listen(NetworkAddress local, IReadOnlyList<SipLane> lanes, Func<SipLane, IStreamConnection, IStreamHandler?> accept)
    {
        var options = new SocketTransportOptions { CreateBoundListenSocket = Bind };
        var factory = new SocketTransportFactory(Options.Create(options), logging);
        try
        {
            // The socket transport binds at once: nothing is waited for here.
            IConnectionListener listener = factory.BindAsync(local.ToIPEndPoint()).AsTask().GetAwaiter().GetResult();
            return new Listener(listener, new SipConnectionHandler(lanes, accept));
        }
        catch (AddressInUseException)
        {
            throw new SocketException((int)SocketError.AddressAlreadyInUse);
        }
    }

    /// <summary>Binds to the address as it is given: [::] is not all of IPv4 too, which has a listen point of its own.</summary>
    private static Socket Bind(EndPoint address)
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

        public Listener(IConnectionListener listener, SipConnectionHandler handler)
        {
            (_listener, _handler) = (listener, handler);
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
            await using (connection.ConfigureAwait(false)) await _handler.OnConnectedAsync(connection).ConfigureAwait(false);
        }
    }
}
