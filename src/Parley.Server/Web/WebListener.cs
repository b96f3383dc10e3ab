using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Parley.Core;
using Parley.Net;
using Parley.Net.WebSockets;
using Parley.Server.Hosting;
using Parley.Server.Protection;
using Parley.Server.Tls;
using Parley.Sip.Messages;

namespace Parley.Server.Web;

/// <summary>A web server on one address, of which this version has SIP over WebSocket at <c>/sip</c>.</summary>
/// <remarks>Speaks HTTP/1.1 alone, so that each WebSocket has a connection, and with it an address, of its own. Source: RFC 7118 4.</remarks>
internal sealed class WebListener : IStreamListener
{
    private const string SipPath = "/sip";
    private const string SubProtocol = "sip";
    private const int MaxWebSockets = 65_536;

    private static readonly TimeSpan HeaderTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MessageTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(2);

    private readonly WebApplication _application;

    private WebListener(WebApplication application, NetworkAddress local) => (_application, LocalAddress) = (application, local);

    /// <inheritdoc/>
    public NetworkAddress LocalAddress { get; }

    /// <summary>Starts listening.</summary>
    /// <param name="local">Address and port.</param>
    /// <param name="tls">Does the handshakes; null for http.</param>
    /// <param name="handler">Serves the WebSockets.</param>
    /// <param name="origins">The pages whose scripts may connect; all when empty.</param>
    /// <param name="connections">Bounds the connections of each source; null bounds none.</param>
    /// <param name="logging">Where the log goes.</param>
    /// <exception cref="SocketException">The address is not this machine's, the port is taken or not allowed.</exception>
    public static WebListener Start(NetworkAddress local, TlsAcceptor? tls, SipConnectionHandler handler, IReadOnlyList<string> origins, SourceConnections? connections, ILoggerFactory logging)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logging);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<WebSocketOptions>(options => SetWebSockets(options, origins));
        builder.Services.Configure<SocketTransportOptions>(options => options.CreateBoundListenSocket = KestrelListener.Bind);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(options => SetKestrel(options, local, tls, connections));
        WebApplication application = builder.Build();
        application.UseWebSockets();
        application.Run(context => ServeAsync(context, handler, tls is not null));
        try
        {
            // Binding is all that it does, and that is done at once.
            application.StartAsync().GetAwaiter().GetResult();
        }
        catch (IOException problem) when (problem.InnerException is AddressInUseException)
        {
            throw new SocketException((int)SocketError.AddressAlreadyInUse);
        }

        string address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new WebListener(application, local.WithPort((ushort)BindingAddress.Parse(address).Port));
    }

    /// <summary>Stops listening. Connections are ended by their owner; what is still under way then is cut.</summary>
    public void Dispose()
    {
        using var limit = new CancellationTokenSource(StopTimeout);
        _application.StopAsync(limit.Token).GetAwaiter().GetResult();
        _application.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private static void SetKestrel(KestrelServerOptions options, NetworkAddress local, TlsAcceptor? tls, SourceConnections? connections)
    {
        options.AddServerHeader = false;
        options.Limits.RequestHeadersTimeout = HeaderTimeout;
        options.Limits.MaxRequestBodySize = 0;
        options.Limits.MaxConcurrentConnections = MaxWebSockets;
        options.Limits.MaxConcurrentUpgradedConnections = MaxWebSockets;
        options.Listen(local.ToIPEndPoint(), listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            if (connections is not null) listen.Use(next => connection => CountAsync(connection, next, connections));
            if (tls is null) return;
            listen.UseHttps(new TlsHandshakeCallbackOptions
            {
                HandshakeTimeout = tls.Timeout,
                OnConnection = handshake => ValueTask.FromResult(tls.NewOptions(handshake.Connection.RemoteEndPoint)),
            });
        });
    }

    /// <summary>Before the handshake: a connection counts from its first moment.</summary>
    private static async Task CountAsync(ConnectionContext connection, ConnectionDelegate next, SourceConnections connections)
    {
        NetworkAddress remote = connection.RemoteEndPoint is IPEndPoint address ? NetworkAddress.From(address) : default;
        if (!connections.TryOpen(remote))
        {
            connection.Abort();
            return;
        }

        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            connections.Close(remote);
        }
    }

    /// <summary>A peer that answers no ping is gone (RFC 7118 6).</summary>
    private static void SetWebSockets(WebSocketOptions options, IReadOnlyList<string> origins)
    {
        options.KeepAliveInterval = KeepAlive;
        options.KeepAliveTimeout = KeepAlive;
        foreach (string origin in origins) options.AllowedOrigins.Add(origin);
    }

    private static async Task ServeAsync(HttpContext context, SipConnectionHandler handler, bool isSecure)
    {
        if (context.Request.Path != SipPath || !context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        ConnectionInfo connection = context.Connection;
        if (!context.WebSockets.WebSocketRequestedProtocols.Contains(SubProtocol) || connection is not { LocalIpAddress: { } local, RemoteIpAddress: { } remote })
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;      // RFC 7118 4.1
            return;
        }

        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync(SubProtocol).ConfigureAwait(false);
        var pipe = new WebSocketPipe(socket, SipLimits.LargestMessageBytes, MessageTimeout, TimeProvider.System);
        await using (pipe.ConfigureAwait(false))
        {
            await handler.ServeAsync(pipe, NetworkAddress.From(local, connection.LocalPort), NetworkAddress.From(remote, connection.RemotePort), provedHosts: []).ConfigureAwait(false);
        }
    }

    /// <summary>The program ends this server; signals are the program's.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
