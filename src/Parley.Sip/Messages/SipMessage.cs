using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
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
/// <remarks>
/// One lane takes messages from it; leases may be given back on any thread. Returned messages are pushed to a list that
/// the lane takes over as a whole when its own is used up, so neither side waits for the other.
/// </remarks>
public sealed class SipMessagePool
{
    private SipMessage? _free;          // the lane's
    private SipMessage? _returned;      // everybody's: pushed by compare-and-swap, taken as a whole
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

    /// <summary>A copy of a message, with one lease. Offsets are those of the original. Called by the lane.</summary>
    public SipMessage Copy(scoped in SipMessageView message)
    {
        SipMessage copy = Take();
        copy.Index.CopyFrom(message.Index);
        copy.Lease(Buffers.Copy(message.Buffer));
        return copy;
    }

    /// <summary>A message over bytes that were written, with one lease. Called by the lane.</summary>
    /// <param name="bytes">A whole message. Its lease goes to the message: also when it is refused, it is released.</param>
    /// <param name="message">The message.</param>
    /// <param name="result">What the parser said.</param>
    /// <returns>False when the bytes are no message.</returns>
    public bool TryAdopt(PooledBuffer bytes, [NotNullWhen(true)] out SipMessage? message, out SipParseResult result)
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
        SipMessage? head = Volatile.Read(ref _returned);
        while (true)
        {
            message.NextFree = head;
            SipMessage? seen = Interlocked.CompareExchange(ref _returned, message, head);
            if (ReferenceEquals(seen, head)) return;
            head = seen;
        }
    }

    private SipMessage Take()
    {
        _free ??= Interlocked.Exchange(ref _returned, null);
        SipMessage message = _free ?? new SipMessage(this);
        _free = message.NextFree;
        message.NextFree = null;
        Interlocked.Increment(ref _outstanding);
        return message;
    }
}
