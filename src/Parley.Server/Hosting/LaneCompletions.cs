using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Net;

namespace Parley.Server.Hosting;

/// <summary>What other threads have finished for a lane: any number of them take one place in its loop's inbox.</summary>
/// <remarks>
/// Items come from any thread; the lane runs them in order. Should the inbox be full at that moment, the lane finds them
/// with its next request (<see cref="IsWaiting"/>): nothing is lost.
/// </remarks>
internal sealed class LaneCompletions(SipLane lane) : ILoopWork
{
    private ILaneCompletion? _newest;

    /// <summary>True when something waits.</summary>
    public bool IsWaiting => Volatile.Read(ref _newest) is not null;

    /// <summary>Adds an item. Any thread.</summary>
    public void Add(ILaneCompletion item)
    {
        ILaneCompletion? newest = Volatile.Read(ref _newest);
        while (true)
        {
            item.NextCompletion = newest;
            ILaneCompletion? seen = Interlocked.CompareExchange(ref _newest, item, newest);
            if (seen == newest) break;
            newest = seen;
        }

        if (newest is null) lane.Post(this);
    }

    /// <inheritdoc/>
    public void Run(Instant now)
    {
        ILaneCompletion? newest = Interlocked.Exchange(ref _newest, null);
        ILaneCompletion? oldest = null;
        while (newest is not null)
        {
            (ILaneCompletion? older, newest.NextCompletion) = (newest.NextCompletion, oldest);
            oldest = newest;
            newest = older;
        }

        while (oldest is not null)
        {
            ILaneCompletion item = oldest;
            oldest = item.NextCompletion;
            item.NextCompletion = null;
            item.Complete();
        }
    }
}

/// <summary>Something that another thread has finished for a lane.</summary>
internal interface ILaneCompletion
{
    /// <summary>The link of <see cref="LaneCompletions"/>, which nobody else touches.</summary>
    ILaneCompletion? NextCompletion { get; set; }

    /// <summary>Goes on with it, on the lane.</summary>
    void Complete();
}
