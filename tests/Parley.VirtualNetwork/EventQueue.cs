using Parley.Core;

namespace Parley.Net.Virtual;

/// <summary>Something that happens at a time.</summary>
internal abstract class VirtualEvent
{
    public abstract void Happen();
}

/// <summary>What is to happen, earliest first, and in the order of asking when at the same time: so that a run repeats exactly.</summary>
internal sealed class EventQueue
{
    private readonly PriorityQueue<VirtualEvent, Order> _events = new();
    private long _sequence;

    public int Count => _events.Count;

    public void Add(Instant at, VirtualEvent what) => _events.Enqueue(what, new Order(at.Ticks, _sequence++));

    public bool TryPeek(out Instant at)
    {
        bool any = _events.TryPeek(out _, out Order order);
        at = any ? Instant.FromTicks(order.Ticks) : Instant.Never;
        return any;
    }

    public VirtualEvent Take() => _events.Dequeue();

    private readonly record struct Order(long Ticks, long Sequence) : IComparable<Order>
    {
        public int CompareTo(Order other) => Ticks != other.Ticks ? Ticks.CompareTo(other.Ticks) : Sequence.CompareTo(other.Sequence);
    }
}
