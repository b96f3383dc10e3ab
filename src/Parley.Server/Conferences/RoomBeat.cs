using Parley.Core;
using Parley.Media.Mixing;
using Parley.Net;

namespace Parley.Server.Conferences;

/// <summary>Has a room's mixer mix every 20 ms, for as long as somebody is there.</summary>
internal sealed class RoomBeat(INetworkLoop loop, Mixer mixer) : LoopTimer
{
    private static readonly TimeSpan MaxCatchUp = TimeSpan.FromMilliseconds(500);

    private Instant _next;

    /// <summary>Begins, on the loop.</summary>
    public void Start()
    {
        _next = loop.Now + Mixer.Beat;
        loop.Schedule(this, _next);
    }

    /// <inheritdoc/>
    public override void OnDeadline(Instant now)
    {
        if (mixer.Parties.Count == 0) return;
        // As calls do after a pause of the whole process: what is short is made up for, what is long is lost time.
        if (now - _next > MaxCatchUp) _next = now;
        while (_next <= now)
        {
            mixer.Mix();
            _next += Mixer.Beat;
        }

        loop.Schedule(this, _next);
    }
}
