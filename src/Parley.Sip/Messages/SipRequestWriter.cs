namespace Parley.Sip.Messages;

/// <summary>Writes the requests that a client transaction makes out of another one. Allocates nothing.</summary>
public static class SipRequestWriter
{
    /// <summary>Writes the ACK to a final response that is no 2xx.</summary>
    /// <param name="original">The INVITE as it was sent.</param>
    /// <param name="response">The response: its To goes into the ACK.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="written">Bytes of the ACK.</param>
    /// <returns>False when the destination is too small, or the original has no Via or CSeq that can be read.</returns>
    /// <remarks>Source: RFC 3261 17.1.1.3.</remarks>
    public static bool TryWriteAck(scoped in SipMessageView original, scoped in SipMessageView response, Span<byte> destination, out int written) =>
        TryWrite(original, response, "ACK"u8, default, destination, out written);

    /// <summary>Writes the CANCEL of a request.</summary>
    /// <param name="original">The request as it was sent.</param>
    /// <param name="rows">Whole rows to add, each with its CRLF: Reason (RFC 3326). Empty for none.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="written">Bytes of the CANCEL.</param>
    /// <returns>False when the destination is too small, or the original has no Via or CSeq that can be read.</returns>
    /// <remarks>Source: RFC 3261 9.1.</remarks>
    public static bool TryWriteCancel(scoped in SipMessageView original, scoped ReadOnlySpan<byte> rows, Span<byte> destination, out int written) =>
        TryWrite(original, original, "CANCEL"u8, rows, destination, out written);

    private static bool TryWrite(scoped in SipMessageView original, scoped in SipMessageView toSource, scoped ReadOnlySpan<byte> method,
        scoped ReadOnlySpan<byte> rows, Span<byte> destination, out int written)
    {
        written = 0;
        if (original.TryGetVia(out ViaView via) != HeaderStatus.Ok || original.TryGetCSeq(out CSeqView cseq) != HeaderStatus.Ok) return false;
        var writer = new WireWriter(destination);
        writer.Append(method);
        writer.Append(" "u8);
        writer.Append(original.RequestUri);
        writer.Append(" SIP/2.0\r\n"u8);
        writer.AppendRow(HeaderId.Via, via.Bytes);
        writer.CopyRows(original, HeaderId.Route);
        writer.CopyRows(original, HeaderId.From);
        writer.CopyRows(toSource, HeaderId.To);
        writer.CopyRows(original, HeaderId.CallId);
        writer.Append("CSeq: "u8);
        writer.Append(cseq.Number);
        writer.Append(" "u8);
        writer.Append(method);
        writer.Append("\r\n"u8);
        writer.Append(rows);
        writer.Append("Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"u8);
        if (writer.HasOverflowed) return false;
        written = writer.Length;
        return true;
    }
}
