using System.Net;
using Microsoft.AspNetCore.Connections;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;

namespace Parley.Server.Hosting;

/// <summary>Puts a connection of Kestrel's on the loop of a lane, the lanes taking turns, and keeps it until it is over.</summary>
internal sealed class SipConnectionHandler(IReadOnlyList<SipLane> lanes, Func<SipLane, IStreamConnection, IStreamHandler?> accept) : ConnectionHandler
{
    private uint _next;

    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        if (connection is not { LocalEndPoint: IPEndPoint local, RemoteEndPoint: IPEndPoint remote }) return;
        SipLane lane = lanes[(int)(Interlocked.Increment(ref _next) % (uint)lanes.Count)];
        try
        {
            await ((NetworkLoop)lane.Loop).AdoptStreamAsync(connection.Transport, NetworkAddress.From(local), NetworkAddress.From(remote), stream => accept(lane, stream))
                .ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The loop has ended: the server stops.
        }
    }
}
