using Parley.Core;
using Parley.Net;

namespace Parley.UserAgent;

/// <summary>Work that another thread hands to a lane, and whose result it can await.</summary>
internal sealed class LaneWork<T>(Func<T> work) : ILoopWork
{
    // Whoever awaits goes on elsewhere: the lane's thread is not for others' code.
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static Task<T> Run(INetworkLoop loop, Func<T> work)
    {
        var item = new LaneWork<T>(work);
        if (!loop.Post(item)) throw new ObjectDisposedException(nameof(SipUserAgent), "The agent has ended, or more is asked of it than it can do.");
        return item._done.Task;
    }

    public void Run(Instant now)
    {
        try
        {
            _done.SetResult(work());
        }
        catch (Exception problem)
        {
            _done.SetException(problem);
        }
    }
}
