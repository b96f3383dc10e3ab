namespace Parley.Server.Storage;

/// <summary>Something that can wait in an <see cref="Inbox{T}"/>: the link lives in the item, so queueing allocates nothing.</summary>
internal abstract class InboxItem
{
    /// <summary>The item that came after this one, in what <see cref="Inbox{T}.TakeAll"/> returned.</summary>
    internal InboxItem? Next { get; set; }
}

/// <summary>A bounded queue from any threads to one: each adds with one exchange, the owner takes everything at once.</summary>
/// <remarks>
/// A linked stack, newest first, that its owner takes whole and turns round. An item is in one inbox at most, and
/// belongs to the inbox from <see cref="TryAdd"/> until its owner is done with it.
/// </remarks>
internal sealed class Inbox<T> : IDisposable
    where T : InboxItem
{
    private readonly AutoResetEvent _arrived = new(false);
    private readonly InboxItem _closed = new ClosedMark();
    private readonly int _capacity;
    private InboxItem? _newest;
    private int _count;

    /// <summary>An empty inbox.</summary>
    /// <param name="capacity">How many items may wait or be worked on at a time.</param>
    public Inbox(int capacity) => _capacity = capacity;

    /// <summary>Adds an item. Any thread.</summary>
    /// <returns>False when the inbox is full or closed.</returns>
    public bool TryAdd(T item)
    {
        if (Interlocked.Increment(ref _count) > _capacity)
        {
            Interlocked.Decrement(ref _count);
            return false;
        }

        InboxItem? newest = Volatile.Read(ref _newest);
        while (newest != _closed)
        {
            item.Next = newest;
            InboxItem? seen = Interlocked.CompareExchange(ref _newest, item, newest);
            if (seen == newest)
            {
                if (newest is null) _arrived.Set();
                return true;
            }

            newest = seen;
        }

        Interlocked.Decrement(ref _count);
        item.Next = null;
        return false;
    }

    /// <summary>Takes everything that waits. Owner only; it says <see cref="Done"/> for each item.</summary>
    /// <returns>The oldest item, linked to the younger ones; null when nothing waits.</returns>
    public T? TakeAll() => OldestFirst(Interlocked.Exchange(ref _newest, null));

    /// <summary>Refuses what comes from now on, and takes what waits. Owner only, once and last.</summary>
    public T? TakeAllAndClose() => OldestFirst(Interlocked.Exchange(ref _newest, _closed));

    /// <summary>An item's place is free again. Owner only.</summary>
    public void Done() => Interlocked.Decrement(ref _count);

    /// <summary>Waits until something came since the last wait, <see cref="Wake"/> was called or the time is over. Owner only.</summary>
    public void Wait(TimeSpan atMost) => _arrived.WaitOne(atMost);

    /// <summary>Ends the owner's wait. Any thread.</summary>
    public void Wake() => _arrived.Set();

    /// <inheritdoc/>
    public void Dispose() => _arrived.Dispose();

    private static T? OldestFirst(InboxItem? newest)
    {
        InboxItem? oldest = null;
        while (newest is not null)
        {
            (InboxItem? older, newest.Next) = (newest.Next, oldest);
            oldest = newest;
            newest = older;
        }

        return (T?)oldest;
    }

    private sealed class ClosedMark : InboxItem;
}
