namespace Parley.Endpoint.Sip;

/// <summary>Objects that wait for their next life. One lane owns it.</summary>
/// <remarks>An object that is given back while callers further up the stack may still look at it rests until they have returned.</remarks>
internal sealed class ObjectPool<T>(int kept)
    where T : class
{
    private readonly Stack<T> _free = new();
    private readonly Stack<T> _resting = new();

    /// <summary>Takes one; null when there is none.</summary>
    public T? TryRent() => _free.TryPop(out T? item) ? item : null;

    /// <summary>Gives one back; beyond as many as are kept it is left to the garbage collector.</summary>
    public void Return(T item, bool isResting)
    {
        if (_free.Count + _resting.Count >= kept) return;
        (isResting ? _resting : _free).Push(item);
    }

    /// <summary>Nobody looks at those that rest any more.</summary>
    public void EndRest()
    {
        while (_resting.TryPop(out T? item)) _free.Push(item);
    }
}
