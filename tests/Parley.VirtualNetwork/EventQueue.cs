using Parley.Core;

namespace Parley.Net.Virtual;

/// <summary>Something that happens at a time.</summary>
internal abstract class VirtualEvent
{
    /// <summary>True when nothing is lost if it does not happen: nobody waits for it.</summary>
    public bool IsIdle { get; protected internal set; }

    public abstract void Happen();
}

/// <summary>What is to happen, earliest first, and in the order of asking when at the same time: so that a run repeats exactly.</summary>
internal sealed class EventQueue
{
    private readonly PriorityQueue<VirtualEvent, Order> _events = new();
    private long _sequence;

    /// <summary>Events that somebody waits for.</summary>
    public int Awaited { get; private set; }

    public void Add(Instant at, VirtualEvent what)
    {
        if (!what.IsIdle) Awaited++;
        _events.Enqueue(what, new Order(at.Ticks, _sequence++));
    }

    /// <summary>Nobody waits for an event any more; it stays in the queue.</summary>
    public void Abandon(VirtualEvent what)
    {
        if (what.IsIdle) return;
        what.IsIdle = true;
        Awaited--;
    }

    public bool TryPeek(out Instant at)
    {
        bool any = _events.TryPeek(out _, out Order order);
        at = any ? Instant.FromTicks(order.Ticks) : Instant.Never;
        return any;
    }

    public VirtualEvent Take()
    {
        VirtualEvent next = _events.Dequeue();
        if (!next.IsIdle) Awaited--;
        return next;
    }

    private readonly record struct Order(long Ticks, long Sequence) : IComparable<Order>
    {
        public int CompareTo(Order other) => Ticks != other.Ticks ? Ticks.CompareTo(other.Ticks) : Sequence.CompareTo(other.Sequence);
    }
}
