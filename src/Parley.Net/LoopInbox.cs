namespace Parley.Net;

/// <summary>Work that other threads hand to a loop, in order: two arrays that take turns.</summary>
internal sealed class LoopInbox(int capacity)
{
    private readonly Lock _gate = new();
    private ILoopWork?[] _filling = new ILoopWork?[64];
    private ILoopWork?[] _taken = new ILoopWork?[64];
    private int _count;
    private bool _isClosed;

    public bool IsEmpty => Volatile.Read(ref _count) == 0;

    /// <returns>False when it is full or closed.</returns>
    public bool TryAdd(ILoopWork work)
    {
        lock (_gate)
        {
            if (_isClosed || _count == capacity) return false;
            if (_count == _filling.Length) Array.Resize(ref _filling, Math.Min(capacity, 2 * _count));
            _filling[_count] = work;
            Volatile.Write(ref _count, _count + 1);
            return true;
        }
    }

    /// <summary>Takes all that is there. The loop's; valid until the next call.</summary>
    public Span<ILoopWork?> Take()
    {
        lock (_gate)
        {
            (_filling, _taken) = (_taken, _filling);
            int count = _count;
            Volatile.Write(ref _count, 0);
            return _taken.AsSpan(0, count);
        }
    }

    /// <summary>Accepts nothing any more.</summary>
    public void Close()
    {
        lock (_gate) _isClosed = true;
    }
}
