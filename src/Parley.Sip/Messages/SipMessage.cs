using System.Diagnostics;
using Parley.Core;

namespace Parley.Sip.Messages;

/// <summary>A copy of a message that outlives the call it came with: pooled bytes, an index of its own, and a count of who holds it.</summary>
/// <remarks>
/// Comes from a <see cref="SipMessagePool"/> with one lease; each further holder takes one with <see cref="Retain"/>. After the last
/// release it serves another message. Leases may be given back on any thread; the content does not change while it is held.
/// </remarks>
public sealed class SipMessage
{
    private readonly SipMessagePool _pool;
    private PooledBuffer? _buffer;
    private int _leases;

    internal SipMessage(SipMessagePool pool)
    {
        _pool = pool;
        Index = new SipMessageIndex(pool.Limits);
    }

    /// <summary>The message.</summary>
    public SipMessageView View
    {
        get
        {
            Debug.Assert(_leases > 0, "A message was read after its release.");
            return new SipMessageView(_buffer!.Span, Index);
        }
    }

    /// <summary>Its bytes, to be sent again; the caller takes a lease of its own to keep them.</summary>
    public PooledBuffer Buffer => _buffer!;

    internal SipMessageIndex Index { get; }

    internal SipMessage? NextFree { get; set; }

    /// <summary>Takes one more lease.</summary>
    /// <returns>This message.</returns>
    public SipMessage Retain()
    {
        int leases = Interlocked.Increment(ref _leases);
        Debug.Assert(leases > 1, "A message was retained after its release.");
        return this;
    }

    /// <summary>Gives one lease back; the last one returns the message to its pool.</summary>
    public void Release()
    {
        int leases = Interlocked.Decrement(ref _leases);
        Debug.Assert(leases >= 0, "A message was released twice.");
        if (leases != 0) return;
        PooledBuffer buffer = _buffer!;
        _buffer = null;
        buffer.Release();
        _pool.Return(this);
    }

    internal void Lease(PooledBuffer buffer)
    {
        _leases = 1;
        _buffer = buffer;
    }
}

/// <summary>Messages that are used again and again.</summary>
/// <remarks>Safe on every thread.</remarks>
public sealed class SipMessagePool
{
    private readonly Lock _gate = new();
    private SipMessage? _free;
    private long _outstanding;

    /// <summary>A pool over a pool of buffers, for messages within the default limits.</summary>
    public SipMessagePool(BufferPool buffers)
        : this(buffers, SipLimits.Default)
    {
    }

    /// <summary>A pool over a pool of buffers.</summary>
    public SipMessagePool(BufferPool buffers, SipLimits limits)
    {
        ArgumentNullException.ThrowIfNull(buffers);
        ArgumentNullException.ThrowIfNull(limits);
        Buffers = buffers;
        Limits = limits;
    }

    /// <summary>What <see cref="TryAdopt"/> refuses.</summary>
    public SipLimits Limits { get; }

    /// <summary>Where the bytes come from.</summary>
    public BufferPool Buffers { get; }

    /// <summary>Messages that were taken and not yet given back.</summary>
    public long Outstanding => Interlocked.Read(ref _outstanding);

    /// <summary>A copy of a message, with one lease. Offsets are those of the original.</summary>
    public SipMessage Copy(scoped in SipMessageView message)
    {
        SipMessage copy = Take();
        copy.Index.CopyFrom(message.Index);
        copy.Lease(Buffers.Copy(message.Buffer));
        return copy;
    }

    /// <summary>A message over bytes that were written, with one lease.</summary>
    /// <param name="bytes">A whole message. Its lease goes to the message: also when it is refused, it is released.</param>
    /// <param name="message">The message.</param>
    /// <param name="result">What the parser said.</param>
    /// <returns>False when the bytes are no message.</returns>
    public bool TryAdopt(PooledBuffer bytes, out SipMessage? message, out SipParseResult result)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        message = Take();
        message.Lease(bytes);
        if (SipParser.TryIndex(bytes.Span, message.Index, out result)) return true;
        message.Release();
        message = null;
        return false;
    }

    internal void Return(SipMessage message)
    {
        Interlocked.Decrement(ref _outstanding);
        lock (_gate)
        {
            message.NextFree = _free;
            _free = message;
        }
    }

    private SipMessage Take()
    {
        SipMessage? message;
        lock (_gate)
        {
            message = _free;
            _free = message?.NextFree;
        }

        message ??= new SipMessage(this);
        message.NextFree = null;
        Interlocked.Increment(ref _outstanding);
        return message;
    }
}
