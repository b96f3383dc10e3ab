using System.IO.Pipelines;
using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;

namespace Parley.Server.Hosting;

/// <summary>Puts a connection of Kestrel's on the loop of a lane, the lanes taking turns, and keeps it until it is over.</summary>
internal sealed class SipConnectionHandler(IReadOnlyList<SipLane> lanes, SipStreamAcceptor accept)
{
    private uint _next;

    /// <summary>Serves a connection.</summary>
    /// <param name="transport">The connection.</param>
    /// <param name="local">This side.</param>
    /// <param name="remote">The other side.</param>
    /// <param name="provedHosts">The hosts that the other side has proved to be (<see cref="SipStreamAcceptor"/>).</param>
    /// <returns>A task that completes when it is over; it never fails.</returns>
    public async Task ServeAsync(IDuplexPipe transport, NetworkAddress local, NetworkAddress remote, IReadOnlyList<string> provedHosts)
    {
        SipLane lane = lanes[(int)(Interlocked.Increment(ref _next) % (uint)lanes.Count)];
        try
        {
            await ((NetworkLoop)lane.Loop).AdoptStreamAsync(transport, local, remote, stream => accept(lane, stream, provedHosts)).ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The loop has ended: the server stops.
        }
    }
}
