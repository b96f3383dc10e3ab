using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;

namespace Parley.Server.Registrar;

/// <summary>The REGISTERs that a lane took in one round of its loop: applied together, so that they share one write to the disk.</summary>
/// <remarks>The first one asks for a turn behind everything that the round received; their answers leave with the same round.</remarks>
internal sealed class LaneRegistrations(SipLane lane, LocationService location) : ILoopWork
{
    private readonly BindingBatch _waiting = new();

    /// <summary>Has an update applied before the round ends.</summary>
    public void Add(BindingUpdate update)
    {
        _waiting.Add(update);
        if (_waiting.Count > 1) return;
        if (!lane.Post(this)) Run(lane.Now);    // the inbox is full
    }

    /// <inheritdoc/>
    public void Run(Instant now) => location.Apply(_waiting);
}
