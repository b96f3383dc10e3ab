using Parley.Core;

namespace Parley.Net;

/// <summary>Datagrams that a socket has yet to hand to the system: a ring that grows up to its capacity.</summary>
internal sealed class DatagramQueue(int capacity)
{
    private Entry[] _ring = [];
    private int _head;

    public int Count { get; private set; }

    public bool IsFull => Count == capacity;

    /// <summary>One of those that wait.</summary>
    /// <param name="index">0 for the first.</param>
    public ref readonly Entry this[int index] => ref _ring[(_head + index) & (_ring.Length - 1)];

    /// <summary>Adds a datagram; its lease is the queue's. Not when it is full.</summary>
    public void Add(PooledBuffer datagram, NetworkAddress remote)
    {
        if (Count == _ring.Length) Grow();
        _ring[(_head + Count++) & (_ring.Length - 1)] = new Entry(datagram, remote);
    }

    /// <summary>Drops the first ones and gives their leases back.</summary>
    public void Remove(int count)
    {
        Count -= count;
        for (; count > 0; count--)
        {
            _ring[_head].Datagram.Release();
            _ring[_head] = default;
            _head = (_head + 1) & (_ring.Length - 1);
        }
    }

    private void Grow()
    {
        var larger = new Entry[Math.Max(4, 2 * _ring.Length)];
        for (int i = 0; i < Count; i++) larger[i] = this[i];
        (_ring, _head) = (larger, 0);
    }

    public readonly record struct Entry(PooledBuffer Datagram, NetworkAddress Remote);
}
