using System.IO.Pipelines;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;

namespace Parley.Server.Hosting;

/// <summary>Puts a connection of Kestrel's on the loop of a lane, the lanes taking turns, and keeps it until it is over.</summary>
internal sealed class SipConnectionHandler(IReadOnlyList<SipLane> lanes, Func<SipLane, IStreamConnection, IStreamHandler?> accept)
{
    private uint _next;

    /// <summary>Serves a connection.</summary>
    /// <returns>A task that completes when it is over; it never fails.</returns>
    public async Task ServeAsync(IDuplexPipe transport, NetworkAddress local, NetworkAddress remote)
    {
        SipLane lane = lanes[(int)(Interlocked.Increment(ref _next) % (uint)lanes.Count)];
        try
        {
            await ((NetworkLoop)lane.Loop).AdoptStreamAsync(transport, local, remote, stream => accept(lane, stream)).ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The loop has ended: the server stops.
        }
    }
}
