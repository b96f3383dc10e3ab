using Parley.Core;

namespace Parley.Net.Streams;

/// <summary>What a connection has yet to write: a ring of leased buffers, filled on any thread and written by one.</summary>
internal sealed class StreamQueue(int capacityBytes)
{
    private readonly Lock _gate = new();
    private PooledBuffer?[] _ring = [];
    private int _head;
    private int _count;
    private int _headOffset;        // bytes of the first buffer that are written
    private int _lengthBytes;
    private bool _isClosed;

    /// <summary>True when nothing more is accepted: it was closed, or it was full.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_gate) return _isClosed;
        }
    }

    /// <summary>True when nothing is left to write.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate) return _count == 0;
        }
    }

    /// <summary>True when something came that was too much.</summary>
    public bool HasOverflowed { get; private set; }

    /// <summary>Takes a lease and queues the buffer.</summary>
    /// <returns>False when the queue is closed, or is so from now on because it is full.</returns>
    public bool TryAdd(PooledBuffer bytes)
    {
        lock (_gate)
        {
            if (_isClosed) return false;
            if (_lengthBytes + (long)bytes.Length > capacityBytes)
            {
                _isClosed = HasOverflowed = true;
                return false;
            }

            if (bytes.Length == 0) return true;
            if (_count == _ring.Length) Grow();
            _ring[(_head + _count++) & (_ring.Length - 1)] = bytes.Retain();
            _lengthBytes += bytes.Length;
            return true;
        }
    }

    /// <summary>Accepts nothing any more; what is queued stays.</summary>
    /// <returns>False when it was closed before.</returns>
    public bool Close()
    {
        lock (_gate)
        {
            if (_isClosed) return false;
            return _isClosed = true;
        }
    }

    /// <summary>Shows the first buffers; they stay the queue's, and stay where they are until <see cref="Consume"/>.</summary>
    /// <param name="buffers">Takes them.</param>
    /// <param name="offset">How much of the first one is written already.</param>
    /// <returns>How many.</returns>
    public int Peek(Span<PooledBuffer> buffers, out int offset)
    {
        lock (_gate)
        {
            offset = _headOffset;
            int count = Math.Min(buffers.Length, _count);
            for (int i = 0; i < count; i++) buffers[i] = _ring[(_head + i) & (_ring.Length - 1)]!;
            return count;
        }
    }

    /// <summary>Gives back what has been written.</summary>
    /// <returns>True when nothing is left.</returns>
    public bool Consume(int lengthBytes)
    {
        lock (_gate)
        {
            _lengthBytes -= lengthBytes;
            lengthBytes += _headOffset;
            while (_count > 0 && lengthBytes >= _ring[_head]!.Length)
            {
                lengthBytes -= _ring[_head]!.Length;
                Drop();
            }

            _headOffset = lengthBytes;
            return _count == 0;
        }
    }

    /// <summary>Closes the queue and gives everything back.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _isClosed = true;
            _headOffset = _lengthBytes = 0;
            while (_count > 0) Drop();
        }
    }

    private void Drop()
    {
        _ring[_head]!.Release();
        _ring[_head] = null;
        _head = (_head + 1) & (_ring.Length - 1);
        _count--;
    }

    private void Grow()
    {
        var larger = new PooledBuffer?[Math.Max(4, 2 * _ring.Length)];
        for (int i = 0; i < _count; i++) larger[i] = _ring[(_head + i) & (_ring.Length - 1)];
        (_ring, _head) = (larger, 0);
    }
}
