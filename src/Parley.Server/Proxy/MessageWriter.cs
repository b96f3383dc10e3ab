using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>Applies edits into a pooled buffer.</summary>
internal static class MessageWriter
{
    /// <summary>The message with all edits.</summary>
    /// <returns>Null when it is longer than any message may be.</returns>
    public static PooledBuffer? Apply(SipEdits edits, scoped in SipMessageView message, BufferPool buffers)
    {
        int length = edits.Measure(message);
        if (length > SipLimits.LargestMessageBytes) return null;
        PooledBuffer buffer = buffers.Rent(length);
        edits.TryApply(message, buffer.Span, out _);
        return buffer;
    }
}
