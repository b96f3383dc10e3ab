using Parley.Core;

namespace Parley.Sip.Messages;

/// <summary>Writes a response to a request straight into a buffer: start, then any headers, then finish.</summary>
/// <remarks>
/// What does not fit is noticed at the end: <see cref="TryFinish(out int)"/> returns false. Allocates nothing.
/// Source: RFC 3261 8.2.6.
/// </remarks>
public ref struct SipResponseWriter
{
    private WireWriter _writer;

    /// <summary>A writer into a buffer.</summary>
    public SipResponseWriter(Span<byte> destination) => _writer = new WireWriter(destination);

    /// <summary>Status line, Via, From, To, Call-ID and CSeq of the request, and its Timestamp in a 100. What the request lacks is left out.</summary>
    /// <param name="request">The request.</param>
    /// <param name="status">100 to 699.</param>
    /// <param name="toTag">Appended to a To that has no tag; empty for none (a 100).</param>
    /// <param name="reason">The reason phrase; empty for the standard one.</param>
    /// <param name="source">Where the request came from, to be filled into the topmost Via (received, rport); the default value leaves it as it is.</param>
    /// <exception cref="ArgumentOutOfRangeException">No status.</exception>
    /// <exception cref="ArgumentException">The tag is no token, or the reason has a CR or LF.</exception>
    public void Start(scoped in SipMessageView request, int status, scoped ReadOnlySpan<byte> toTag = default,
        scoped ReadOnlySpan<byte> reason = default, NetworkAddress source = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(status, 100);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(status, 699);
        if (!toTag.IsEmpty && !Grammar.IsToken(toTag)) throw new ArgumentException("A tag is a token.", nameof(toTag));
        if (reason.ContainsAny((byte)'\r', (byte)'\n')) throw new ArgumentException("A reason phrase is one line.", nameof(reason));
        _writer.Append("SIP/2.0 "u8);
        _writer.Append((uint)status);
        _writer.Append(" "u8);
        _writer.Append(reason.IsEmpty ? ReasonPhrases.Get(status) : reason);
        _writer.Append("\r\n"u8);
        WriteVias(request, source);
        _writer.CopyRows(request, HeaderId.From);
        WriteTo(request, toTag);
        _writer.CopyRows(request, HeaderId.CallId);
        _writer.CopyRows(request, HeaderId.CSeq);
        if (status == 100) _writer.CopyRows(request, HeaderId.Timestamp);
    }

    /// <summary>Copies all rows of a header from the request: Record-Route where a dialog is made (RFC 3261 12.1.1).</summary>
    public void CopyHeader(scoped in SipMessageView request, HeaderId id) => _writer.CopyRows(request, id);

    /// <summary>Adds a row.</summary>
    /// <exception cref="ArgumentException">The value has a CR or LF outside a fold.</exception>
    public void AddHeader(HeaderId id, scoped ReadOnlySpan<byte> value) => _writer.AppendRow(id, value);

    /// <summary>Adds a row with a number.</summary>
    public void AddHeader(HeaderId id, uint number) => _writer.AppendRow(id, number);

    /// <summary>Adds a row of a header that is not in the table.</summary>
    /// <exception cref="ArgumentException">The name is no token, or the value has a CR or LF outside a fold.</exception>
    public void AddHeader(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
    {
        if (!Grammar.IsToken(name)) throw new ArgumentException("A header name is a token.", nameof(name));
        WireWriter.ThrowIfBreaksRow(value);
        _writer.Append(name);
        _writer.Append(": "u8);
        _writer.Append(value);
        _writer.Append("\r\n"u8);
    }

    /// <summary>Adds rows that were built before, each with its CRLF.</summary>
    /// <exception cref="ArgumentException">The last row does not end, or one is empty: the headers would end there.</exception>
    public void AddRows(scoped ReadOnlySpan<byte> rows)
    {
        if (rows.IsEmpty) return;
        if (!rows.EndsWith("\r\n"u8)) throw new ArgumentException("A row ends with CRLF.", nameof(rows));
        if (rows.StartsWith("\r\n"u8) || rows.IndexOf("\r\n\r\n"u8) >= 0) throw new ArgumentException("A row is empty.", nameof(rows));
        _writer.Append(rows);
    }

    /// <summary>Ends a response without body.</summary>
    /// <returns>False when the buffer is too small: its content is of no use then.</returns>
    public bool TryFinish(out int written) => TryFinish(default, default, out written);

    /// <summary>Ends a response with a body.</summary>
    /// <param name="contentType">Its media type; not written when the body is empty.</param>
    /// <param name="body">The body.</param>
    /// <param name="written">Bytes of the response.</param>
    /// <returns>False when the buffer is too small: its content is of no use then.</returns>
    public bool TryFinish(scoped ReadOnlySpan<byte> contentType, scoped ReadOnlySpan<byte> body, out int written)
    {
        if (!body.IsEmpty) _writer.AppendRow(HeaderId.ContentType, contentType);
        _writer.AppendRow(HeaderId.ContentLength, (uint)body.Length);
        _writer.Append("\r\n"u8);
        _writer.Append(body);
        written = _writer.HasOverflowed ? 0 : _writer.Length;
        return !_writer.HasOverflowed;
    }

    private void WriteVias(scoped in SipMessageView request, NetworkAddress source)
    {
        if (!source.IsSpecified || request.TryGetVia(out ViaView via) != HeaderStatus.Ok)
        {
            _writer.CopyRows(request, HeaderId.Via);
            return;
        }

        // The topmost Via need not be in the first row: that one may be empty.
        SipMessageIndex index = request.Index;
        for (int row = index.FirstRow(HeaderId.Via); row >= 0; row = index.NextRow(row))
        {
            int start = index[row].RowOffset, end = index.RowEnd(row);
            if (via.Offset >= start && via.Offset < end)
            {
                _writer.Append(request.Buffer[start..via.Offset]);
                _writer.AppendStamped(via, source);
                start = via.Offset + via.Bytes.Length;
            }

            _writer.Append(request.Buffer[start..end]);
        }
    }

    private void WriteTo(scoped in SipMessageView request, scoped ReadOnlySpan<byte> toTag)
    {
        if (toTag.IsEmpty || request.TryGetTo(out NameAddressView to) != HeaderStatus.Ok || !to.Tag.IsEmpty)
        {
            _writer.CopyRows(request, HeaderId.To);
            return;
        }

        _writer.Append(HeaderTable.Get(HeaderId.To).LinePrefix);
        _writer.Append(to.Bytes);
        _writer.Append(";tag="u8);
        _writer.Append(toTag);
        _writer.Append("\r\n"u8);
    }
}
