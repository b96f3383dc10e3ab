using System.Runtime.ExceptionServices;

namespace Parley.Load.Measuring;

/// <summary>Runs what measures on a thread of its own, which the thread pool's other work does not share.</summary>
internal static class MeasuringThread
{
    /// <summary>Runs something, and returns when it has ended.</summary>
    public static T Run<T>(Func<T> work)
    {
        T result = default!;
        ExceptionDispatchInfo? problem = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = work();
            }
            catch (Exception e)
            {
                problem = ExceptionDispatchInfo.Capture(e);
            }
        })
        {
            Name = "parley-load",
            IsBackground = true,
        };
        thread.Start();
        thread.Join();
        problem?.Throw();
        return result;
    }
}
