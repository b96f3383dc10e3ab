using Parley.Core;
using Parley.Sip.Messages;

namespace Parley.Endpoint.Sip;

/// <summary>What a client transaction makes of its INVITE: the ACK of a failure, the CANCEL, and the INVITE itself for another transport.</summary>
/// <remarks>Source: RFC 3261 9.1, 17.1.1.3, 18.1.1.</remarks>
internal sealed class MadeRequests(SipLane lane)
{
    private const int MadeRoomBytes = 64;       // what a CANCEL may have more than its INVITE: Max-Forwards, Content-Length

    private readonly SipMessageIndex _index = new(lane.Endpoint.Options.Limits);

    /// <summary>The CANCEL of an INVITE.</summary>
    /// <param name="invite">The INVITE.</param>
    /// <param name="rows">Whole rows to add; empty for none.</param>
    /// <param name="branch">Its branch, which is the CANCEL's too: a part of it.</param>
    /// <returns>Null when none can be made.</returns>
    public PooledBuffer? MakeCancel(PooledBuffer invite, ReadOnlySpan<byte> rows, out ReadOnlySpan<byte> branch)
    {
        branch = default;
        if (!SipParser.TryIndex(invite.Span, _index, out _)) return null;
        var view = new SipMessageView(invite.Span, _index);
        if (view.TryGetVia(out ViaView via) != HeaderStatus.Ok) return null;
        branch = via.Branch;
        PooledBuffer cancel = lane.Loop.Buffers.Rent(Math.Min(invite.Length + rows.Length + MadeRoomBytes, BufferPool.MaxLengthBytes));
        if (SipRequestWriter.TryWriteCancel(view, rows, cancel.Whole, out int written)) return Filled(cancel, written);
        cancel.Release();
        return null;
    }

    /// <summary>The ACK of a failure.</summary>
    /// <returns>Null when none can be made.</returns>
    public PooledBuffer? MakeAck(PooledBuffer invite, in SipMessageView response)
    {
        if (!SipParser.TryIndex(invite.Span, _index, out _)) return null;
        PooledBuffer ack = lane.Loop.Buffers.Rent(Math.Min(invite.Length + response.Bytes.Length, BufferPool.MaxLengthBytes));
        if (SipRequestWriter.TryWriteAck(new SipMessageView(invite.Span, _index), response, ack.Whole, out int written)) return Filled(ack, written);
        ack.Release();
        return null;
    }

    /// <summary>Writes UDP into the topmost Via of a request that was made for TCP.</summary>
    public void NameUdpInVia(PooledBuffer request)
    {
        if (!SipParser.TryIndex(request.Span, _index, out _)) return;
        var view = new SipMessageView(request.Span, _index);
        if (view.TryGetVia(out ViaView via) != HeaderStatus.Ok) return;
        int at = via.Bytes.IndexOf(via.TransportBytes);
        SipTransport.Udp.ViaName.CopyTo(request.Span[(via.Offset + at)..]);     // as long as TCP
    }

    private static PooledBuffer Filled(PooledBuffer buffer, int written)
    {
        buffer.Length = written;
        return buffer;
    }
}
