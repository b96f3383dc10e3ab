using Parley.Core;
using Parley.Endpoint.Sip;
using Parley.Server.Hosting;
using Parley.Sip.Messages;

namespace Parley.Server.Proxy;

/// <summary>Makes the copy of a response that goes back: without our Via, and with the challenges of other branches.</summary>
/// <remarks>One lane owns it. Source: RFC 3261 16.7 steps 3, 7 and 9.</remarks>
internal sealed class ResponseForwarder(ServerState server, SipLane lane)
{
    private readonly SipEdits _edits = new();

    /// <summary>Writes the response.</summary>
    /// <param name="response">The response as received.</param>
    /// <param name="source">Where it came from.</param>
    /// <param name="challenges">Rows to add; empty for none.</param>
    /// <returns>Null when no Via would be left, so that it is not meant to go on, or when it is too long.</returns>
    public PooledBuffer? Write(scoped in SipMessageView response, NetworkAddress source, scoped ReadOnlySpan<byte> challenges = default)
    {
        int vias = 0;
        foreach (HeaderValue _ in response.Values(HeaderId.Via))
        {
            if (++vias > 1) break;
        }

        if (vias < 2) return null;
        _edits.Clear();
        _edits.RemoveFirstValues(response, HeaderId.Via);
        AssertedIdentity.Apply(_edits, response, server, source);
        if (!challenges.IsEmpty) _edits.Insert(response.Index.RowEnd(response.Index.Count - 1), challenges);
        return MessageWriter.Apply(_edits, response, lane.Loop.Buffers);
    }

    /// <summary>Adds rows to a response that was written before.</summary>
    /// <param name="written">The response; its lease is taken over.</param>
    /// <param name="rows">Whole rows.</param>
    /// <returns>The longer response, or the same when it would be too long.</returns>
    public PooledBuffer AddRows(PooledBuffer written, ReadOnlySpan<byte> rows)
    {
        if (rows.IsEmpty || written.Length + rows.Length > SipLimits.LargestMessageBytes) return written;
        ReadOnlySpan<byte> bytes = written.Span;
        int headers = bytes.IndexOf("\r\n"u8) + 2;
        PooledBuffer longer = lane.Loop.Buffers.Rent(bytes.Length + rows.Length);
        bytes[..headers].CopyTo(longer.Span);
        rows.CopyTo(longer.Span[headers..]);
        bytes[headers..].CopyTo(longer.Span[(headers + rows.Length)..]);
        written.Release();
        return longer;
    }
}
