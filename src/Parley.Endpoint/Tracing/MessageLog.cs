using Parley.Core;
using Parley.Endpoint.Sip;

namespace Parley.Endpoint.Tracing;

/// <summary>Keeps the messages of one or more endpoints in the order of their times.</summary>
/// <remarks>Bounded: when it is full, later messages are counted and not kept. Safe on every thread.</remarks>
public sealed class MessageLog : ISipTrace
{
    private readonly Lock _gate = new();
    private readonly List<TracedMessage> _messages = [];
    private readonly int _capacity;

    /// <summary>An empty log.</summary>
    /// <param name="capacity">How many messages it keeps.</param>
    public MessageLog(int capacity = 10_000)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        _capacity = capacity;
    }

    /// <summary>Messages that came when it was full.</summary>
    public long Dropped { get; private set; }

    /// <summary>What was kept so far, by time; of equal times what was written first.</summary>
    public IReadOnlyList<TracedMessage> Messages
    {
        get
        {
            lock (_gate)
            {
                return [.. _messages.OrderBy(message => message.At)];
            }
        }
    }

    /// <inheritdoc/>
    public void OnMessage(Instant now, bool isSent, NetworkAddress local, in SipFlow flow, ReadOnlySpan<byte> message)
    {
        var traced = new TracedMessage(now, isSent, local, flow.Transport, flow.Remote, message.ToArray());
        lock (_gate)
        {
            if (_messages.Count < _capacity) _messages.Add(traced);
            else Dropped++;
        }
    }
}
