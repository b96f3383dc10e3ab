using System.Buffers.Text;
using Parley.Core;

namespace Parley.Sip.Messages;

/// <summary>Changes to a message, kept apart from its bytes and applied in one copy: what is not changed is copied as it came.</summary>
/// <remarks>
/// All offsets are those of the message as it was received, whatever was edited before. Edits at one place come out in
/// the order they were made, but what is put in front comes out last made first. Used again after <see cref="Clear"/>;
/// its memory stays, so the steady state allocates nothing. Not thread-safe.
/// </remarks>
public sealed class SipEdits
{
    private Edit[] _edits = new Edit[16];
    private int _count;
    private byte[] _text = new byte[512];
    private int _textLength;

    private struct Edit
    {
        public int Offset;
        public int Removed;
        public int TextOffset;
        public int TextLength;
    }

    /// <summary>True when there is nothing to change.</summary>
    public bool IsEmpty => _count == 0;

    /// <summary>Forgets all edits.</summary>
    public void Clear() => _count = _textLength = 0;

    /// <summary>Puts text at a place.</summary>
    public void Insert(int offset, ReadOnlySpan<byte> text) => Replace(offset, 0, text);

    /// <summary>Takes bytes out.</summary>
    public void Remove(int offset, int lengthBytes) => Add(offset, lengthBytes, _textLength, isInFront: false);

    /// <summary>Puts text in the place of bytes. No check is made of what the text does to the message.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative offset or length.</exception>
    public void Replace(int offset, int lengthBytes, ReadOnlySpan<byte> text)
    {
        int start = _textLength;
        AppendText(text);
        Add(offset, lengthBytes, start, isInFront: false);
    }

    /// <summary>Gives a request another Request-URI.</summary>
    /// <exception cref="ArgumentException">The URI is empty or has a space or line end.</exception>
    public void SetRequestUri(scoped in SipMessageView request, ReadOnlySpan<byte> uri)
    {
        if (uri.IsEmpty || uri.ContainsAny(Grammar.NeverInUri)) throw new ArgumentException("Not a URI.", nameof(uri));
        Replace(request.Index.UriOffset, request.Index.UriLength, uri);
    }

    /// <summary>Puts a row before the first of its kind, or first of all: Via, Record-Route, Route, Path.</summary>
    /// <exception cref="ArgumentException">The value has a CR or LF outside a fold.</exception>
    public void PrependValue(scoped in SipMessageView message, HeaderId id, ReadOnlySpan<byte> value)
    {
        int row = message.Index.FirstRow(id);
        int offset = row < 0 ? message.Index.HeadersOffset : message.Index[row].RowOffset;
        int start = AppendRow(id, value);
        Add(offset, 0, start, isInFront: true);
    }

    /// <summary>Puts a row behind the last of its kind, or last of all.</summary>
    /// <exception cref="ArgumentException">The value has a CR or LF outside a fold.</exception>
    public void AppendValue(scoped in SipMessageView message, HeaderId id, ReadOnlySpan<byte> value)
    {
        SipMessageIndex index = message.Index;
        int offset = index.HeadersEnd;
        for (int row = index.FirstRow(id); row >= 0; row = index.NextRow(row)) offset = index.RowEnd(row);
        int start = AppendRow(id, value);
        Add(offset, 0, start, isInFront: false);
    }

    /// <summary>Puts a row of a header that is not in the table behind all headers.</summary>
    /// <exception cref="ArgumentException">The name is no token, or the value has a CR or LF outside a fold.</exception>
    public void AppendHeader(scoped in SipMessageView message, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (!Grammar.IsToken(name)) throw new ArgumentException("A header name is a token.", nameof(name));
        WireWriter.ThrowIfBreaksRow(value);
        int start = _textLength;
        AppendText(name);
        AppendText(": "u8);
        AppendText(value);
        AppendText("\r\n"u8);
        Add(message.Index.HeadersEnd, 0, start, isInFront: false);
    }

    /// <summary>Gives a header one row with this value, in the place of its first row and all others.</summary>
    /// <exception cref="ArgumentException">The value has a CR or LF outside a fold.</exception>
    public void SetHeader(scoped in SipMessageView message, HeaderId id, ReadOnlySpan<byte> value)
    {
        int row = message.Index.FirstRow(id);
        if (row < 0)
        {
            AppendValue(message, id, value);
            return;
        }

        WireWriter.ThrowIfBreaksRow(value);
        HeaderSlot slot = message.Index[row];
        Replace(slot.ValueOffset, slot.ValueLength, value);
        for (row = message.Index.NextRow(row); row >= 0; row = message.Index.NextRow(row)) RemoveRow(message, row);
    }

    /// <summary>Gives a header one row with this number.</summary>
    public void SetHeader(scoped in SipMessageView message, HeaderId id, uint number)
    {
        Span<byte> digits = stackalloc byte[10];
        Utf8Formatter.TryFormat(number, digits, out int length);
        SetHeader(message, id, digits[..length]);
    }

    /// <summary>Takes all rows of a header out.</summary>
    public void RemoveHeader(scoped in SipMessageView message, HeaderId id)
    {
        for (int row = message.Index.FirstRow(id); row >= 0; row = message.Index.NextRow(row)) RemoveRow(message, row);
    }

    /// <summary>Takes a row out.</summary>
    public void RemoveRow(scoped in SipMessageView message, int row)
    {
        int start = message.Index[row].RowOffset;
        Remove(start, message.Index.RowEnd(row) - start);
    }

    /// <summary>Takes the first values of a header out: whole rows where nothing is left in them, else elements of the list.</summary>
    /// <param name="message">The message.</param>
    /// <param name="id">The header: Route, Via.</param>
    /// <param name="count">How many; when there are fewer, all go.</param>
    public void RemoveFirstValues(scoped in SipMessageView message, HeaderId id, int count = 1)
    {
        int row = -1, firstOffset = 0;
        foreach (HeaderValue value in message.Values(id))
        {
            if (value.Row != row)
            {
                // The row before is gone whole: all its values were among the first.
                if (row >= 0) RemoveRow(message, row);
                if (count <= 0) return;
                row = value.Row;
                firstOffset = value.Offset;
            }
            else if (count <= 0)
            {
                Remove(firstOffset, value.Offset - firstOffset);
                return;
            }

            count--;
        }

        if (row >= 0) RemoveRow(message, row);
    }

    /// <summary>Takes the last value of a header out: Route, where a strict router left the Request-URI (RFC 3261 16.4).</summary>
    public void RemoveLastValue(scoped in SipMessageView message, HeaderId id)
    {
        int row = -1, end = 0, previousEnd = -1;
        foreach (HeaderValue value in message.Values(id))
        {
            previousEnd = value.Row == row ? end : -1;
            row = value.Row;
            end = value.Offset + value.Length;
        }

        if (row < 0) return;
        if (previousEnd < 0) RemoveRow(message, row);
        else Remove(previousEnd, end - previousEnd);
    }

    /// <summary>Puts text in the place of one value.</summary>
    /// <exception cref="ArgumentException">The text has a CR or LF outside a fold.</exception>
    public void ReplaceValue(scoped in HeaderValue value, ReadOnlySpan<byte> text)
    {
        WireWriter.ThrowIfBreaksRow(text);
        Replace(value.Offset, value.Length, text);
    }

    /// <summary>Sets Max-Forwards, or inserts it (RFC 3261 16.6 step 3).</summary>
    public void SetMaxForwards(scoped in SipMessageView request, int maxForwards) => SetHeader(request, HeaderId.MaxForwards, (uint)maxForwards);

    /// <summary>Fills the source of a request into its topmost Via: received where it is due, rport where it is asked for.</summary>
    /// <param name="via">The topmost Via of the request.</param>
    /// <param name="source">Where the request came from.</param>
    /// <remarks>What the client wrote into received and rport itself is overwritten. Source: RFC 3261 18.2.1, RFC 3581 4.</remarks>
    public void StampVia(scoped in ViaView via, NetworkAddress source)
    {
        foreach (ParameterView parameter in via.Parameters)
        {
            if (parameter.Is("received"u8))
            {
                Remove(parameter.Offset, parameter.End - parameter.Offset);
            }
            else if (parameter.Is("rport"u8))
            {
                int start = _textLength;
                AppendText("="u8);
                AppendNumber(source.Port);
                Add(parameter.NameEnd, parameter.End - parameter.NameEnd, start, isInFront: false);
            }
        }

        if (!ViaStamp.NeedsReceived(via, source)) return;
        Span<byte> host = stackalloc byte[64];
        int text = _textLength;
        AppendText(";received="u8);
        AppendText(ViaStamp.FormatReceived(source, host));
        Add(via.Offset + via.Bytes.Length, 0, text, isInFront: false);
    }

    /// <summary>Puts another body in, with its Content-Type and Content-Length.</summary>
    /// <param name="message">The message.</param>
    /// <param name="contentType">The media type; left out with an empty body.</param>
    /// <param name="body">The body; empty for none.</param>
    /// <exception cref="ArgumentException">The media type has a CR or LF outside a fold.</exception>
    public void SetBody(scoped in SipMessageView message, ReadOnlySpan<byte> contentType, ReadOnlySpan<byte> body)
    {
        RemoveHeader(message, HeaderId.ContentEncoding);
        if (body.IsEmpty) RemoveHeader(message, HeaderId.ContentType);
        else SetHeader(message, HeaderId.ContentType, contentType);
        SetHeader(message, HeaderId.ContentLength, (uint)body.Length);
        Replace(message.Index.BodyOffset, message.Index.BodyLength, body);
    }

    /// <summary>Adds Content-Length where it is missing: a stream needs it (RFC 3261 18.3).</summary>
    public void EnsureContentLength(scoped in SipMessageView message)
    {
        if (!message.Has(HeaderId.ContentLength)) SetHeader(message, HeaderId.ContentLength, (uint)message.BodyLength);
    }

    /// <summary>Bytes of the message with all edits.</summary>
    public int Measure(scoped in SipMessageView message)
    {
        int at = message.Index.Start, length = 0;
        for (int i = 0; i < _count; i++)
        {
            ref readonly Edit edit = ref _edits[i];
            if (edit.Offset > at)
            {
                length += edit.Offset - at;
                at = edit.Offset;
            }

            length += edit.TextLength;
            at = Math.Max(at, edit.Offset + edit.Removed);
        }

        return length + Math.Max(0, message.Buffer.Length - at);
    }

    /// <summary>Writes the message with all edits. The list stays, so that a fork can be written again with one more edit.</summary>
    /// <returns>False when the destination is too small; nothing useful is in it then.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An edit lies outside the message.</exception>
    public bool TryApply(scoped in SipMessageView message, Span<byte> destination, out int written)
    {
        ReadOnlySpan<byte> source = message.Buffer;
        int at = message.Index.Start;
        written = 0;
        for (int i = 0; i < _count; i++)
        {
            ref readonly Edit edit = ref _edits[i];
            ArgumentOutOfRangeException.ThrowIfGreaterThan(edit.Offset + edit.Removed, source.Length);
            if (edit.Offset > at)
            {
                if (!TryCopy(source[at..edit.Offset], destination, ref written)) return false;
                at = edit.Offset;
            }

            if (!TryCopy(_text.AsSpan(edit.TextOffset, edit.TextLength), destination, ref written)) return false;
            at = Math.Max(at, edit.Offset + edit.Removed);
        }

        return TryCopy(source[at..], destination, ref written);
    }

    private static bool TryCopy(ReadOnlySpan<byte> bytes, Span<byte> destination, ref int written)
    {
        if (!bytes.TryCopyTo(destination[written..])) return false;
        written += bytes.Length;
        return true;
    }

    private int AppendRow(HeaderId id, ReadOnlySpan<byte> value)
    {
        WireWriter.ThrowIfBreaksRow(value);
        int start = _textLength;
        AppendText(HeaderTable.Get(id).LinePrefix);
        AppendText(value);
        AppendText("\r\n"u8);
        return start;
    }

    private void AppendText(ReadOnlySpan<byte> text)
    {
        if (_textLength + text.Length > _text.Length) Array.Resize(ref _text, Math.Max(_text.Length * 2, _textLength + text.Length));
        text.CopyTo(_text.AsSpan(_textLength));
        _textLength += text.Length;
    }

    private void AppendNumber(uint number)
    {
        Span<byte> digits = stackalloc byte[10];
        Utf8Formatter.TryFormat(number, digits, out int length);
        AppendText(digits[..length]);
    }

    // Keeps the list in the order of offsets. Edits come roughly in that order, so looking from the end finds the place at once.
    private void Add(int offset, int removed, int textStart, bool isInFront)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(removed);
        if (_count == _edits.Length) Array.Resize(ref _edits, _count * 2);
        int at = _count;
        while (at > 0 && (_edits[at - 1].Offset > offset || (isInFront && _edits[at - 1].Offset == offset))) at--;
        _edits.AsSpan(at, _count - at).CopyTo(_edits.AsSpan(at + 1));
        _edits[at] = new Edit { Offset = offset, Removed = removed, TextOffset = textStart, TextLength = _textLength - textStart };
        _count++;
    }
}
