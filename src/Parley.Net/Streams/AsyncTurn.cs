using System.Threading.Tasks.Sources;

namespace Parley.Net.Streams;

/// <summary>Lets one task wait until somebody gives it a turn; a turn given while it does not wait is kept. Waiting allocates nothing.</summary>
internal sealed class AsyncTurn : IValueTaskSource, IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Given = 1;
    private const int Waiting = 2;

    private ManualResetValueTaskSourceCore<bool> _source;
    private int _state;

    /// <summary>Waits for a turn. One task at a time.</summary>
    public ValueTask WaitAsync()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Given) == Given) return ValueTask.CompletedTask;
        _source.Reset();
        if (Interlocked.CompareExchange(ref _state, Waiting, Idle) == Idle) return new ValueTask(this, _source.Version);
        Volatile.Write(ref _state, Idle);
        return ValueTask.CompletedTask;
    }

    /// <summary>Gives a turn; who waits goes on in the thread pool. May be called on any thread.</summary>
    public void Give()
    {
        if (Interlocked.CompareExchange(ref _state, Given, Idle) != Waiting) return;
        if (Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        else Give();
    }

    void IThreadPoolWorkItem.Execute() => _source.SetResult(true);

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
