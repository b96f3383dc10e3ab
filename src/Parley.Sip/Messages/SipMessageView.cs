namespace Parley.Sip.Messages;

/// <summary>A message over the bytes it came in: headers are read when somebody asks, and answer the same on every call.</summary>
/// <remarks>
/// Valid as long as the bytes and the index are; never crosses an <c>await</c>. Offsets of values count from the first byte
/// given. Nothing here allocates.
/// </remarks>
public readonly ref struct SipMessageView
{
    private readonly ReadOnlySpan<byte> _bytes;

    /// <summary>A view over bytes and the index that was made of them.</summary>
    /// <param name="bytes">The same bytes that the index was made of, at least up to the end of the message.</param>
    /// <param name="index">Their index, of a result that was indexed.</param>
    /// <exception cref="ArgumentException">The bytes are too short to be those of the index.</exception>
    public SipMessageView(ReadOnlySpan<byte> bytes, SipMessageIndex index)
    {
        ArgumentNullException.ThrowIfNull(index);
        if (index.End > bytes.Length) throw new ArgumentException("Not the bytes of this index.", nameof(bytes));
        _bytes = bytes[..index.End];
        Index = index;
    }

    /// <summary>The index.</summary>
    public SipMessageIndex Index { get; }

    /// <summary>The message's bytes: without empty lines before it and bytes behind it.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes[Index.Start..];

    /// <summary>The bytes that offsets count from: <see cref="Bytes"/> with any empty lines that came before.</summary>
    public ReadOnlySpan<byte> Buffer => _bytes;

    /// <summary>True for a request, false for a response.</summary>
    public bool IsRequest => Index.IsRequest;

    /// <summary>The method of a request; <see cref="SipMethod.Unknown"/> for responses and for methods that are not ours.</summary>
    public SipMethod Method => Index.Method;

    /// <summary>The method of a request as it was written; empty for responses.</summary>
    public ReadOnlySpan<byte> MethodBytes => _bytes.Slice(Index.Start, Index.MethodLength);

    /// <summary>The Request-URI as it was written; empty for responses.</summary>
    public ReadOnlySpan<byte> RequestUri => _bytes.Slice(Index.UriOffset, Index.UriLength);

    /// <summary>True for SIP/2.0.</summary>
    public bool IsVersion2 => Index.IsVersion2;

    /// <summary>The version as it was written.</summary>
    public ReadOnlySpan<byte> Version => _bytes.Slice(Index.VersionOffset, Index.VersionLength);

    /// <summary>The status of a response, 100 to 699; 0 for requests.</summary>
    public int StatusCode => Index.StatusCode;

    /// <summary>The reason phrase of a response.</summary>
    public ReadOnlySpan<byte> ReasonPhrase => _bytes.Slice(Index.ReasonOffset, Index.ReasonLength);

    /// <summary>The start line without its CRLF.</summary>
    public ReadOnlySpan<byte> StartLine => _bytes[Index.Start..(Index.HeadersOffset - 2)];

    /// <summary>The body; empty when there is none.</summary>
    public ReadOnlySpan<byte> Body => _bytes.Slice(Index.BodyOffset, Index.BodyLength);

    /// <summary>Bytes of the body.</summary>
    public int BodyLength => Index.BodyLength;

    /// <summary>The value of a row as it was written, folds included.</summary>
    public ReadOnlySpan<byte> RowValue(int row)
    {
        HeaderSlot slot = Index[row];
        return _bytes.Slice(slot.ValueOffset, slot.ValueLength);
    }

    /// <summary>The name of a row as it was written.</summary>
    public ReadOnlySpan<byte> RowName(int row) => RowName(_bytes, Index[row]);

    /// <summary>True when the message has this header.</summary>
    public bool Has(HeaderId id) => Index.FirstRow(id) >= 0;

    /// <summary>All values of a header, to go through with foreach.</summary>
    public HeaderValues Values(HeaderId id) => new(_bytes, Index, id);

    /// <summary>All values of a header that is not in the table: one per row.</summary>
    /// <param name="name">Its name, in any case.</param>
    public HeaderValues Values(ReadOnlySpan<byte> name) =>
        HeaderTable.Find(name) is var id and not HeaderId.Unknown ? new(_bytes, Index, id) : new(_bytes, Index, name);

    /// <summary>The first value of a header, over its rows and commas.</summary>
    public bool TryGetFirst(HeaderId id, out HeaderValue value)
    {
        value = default;
        int row = Index.FirstRow(id);
        if (row < 0) return false;
        HeaderValues values = Values(id);
        if (!values.MoveNext()) return false;
        value = values.Current;
        return true;
    }

    /// <summary>The value of a header that may be there once.</summary>
    /// <returns>Malformed when it is there twice.</returns>
    public HeaderStatus TryGetSingle(HeaderId id, out HeaderValue value)
    {
        value = default;
        int row = Index.FirstRow(id);
        if (row < 0) return HeaderStatus.Missing;
        HeaderSlot slot = Index[row];
        value = new HeaderValue(_bytes.Slice(slot.ValueOffset, slot.ValueLength), slot.ValueOffset, row, isClosed: true);
        return Index.IsRepeated(id) ? HeaderStatus.Malformed : HeaderStatus.Ok;
    }

    /// <summary>The Request-URI.</summary>
    public HeaderStatus TryGetRequestUri(out SipUriView uri)
    {
        uri = default;
        if (!IsRequest) return HeaderStatus.Missing;
        return SipUriView.TryParse(RequestUri, Index.UriOffset, out uri) ? HeaderStatus.Ok : HeaderStatus.Malformed;
    }

    /// <summary>The topmost Via.</summary>
    public HeaderStatus TryGetVia(out ViaView via)
    {
        ref ReadHeader<ViaView.Parts> read = ref Index.Via;
        if (!read.IsRead) ReadVia(ref read);
        via = read.Status == HeaderStatus.Ok
            ? new ViaView(_bytes.Slice(read.Offset, read.LengthBytes), read.Offset, ReadHeader<ViaView.Parts>.PartsOf(ref read))
            : default;
        return read.Status;
    }

    /// <summary>From.</summary>
    public HeaderStatus TryGetFrom(out NameAddressView from) => TryGetOnce(ref Index.From, HeaderId.From, out from);

    /// <summary>To.</summary>
    public HeaderStatus TryGetTo(out NameAddressView to) => TryGetOnce(ref Index.To, HeaderId.To, out to);

    /// <summary>A header that is one address: From, To, Reply-To, Refer-To, Referred-By; or the first of several: Route, Record-Route, Path, P-Asserted-Identity.</summary>
    public HeaderStatus TryGetAddress(HeaderId id, out NameAddressView address)
    {
        address = default;
        HeaderValue value;
        if (HeaderTable.Get(id).Rows == HeaderRows.Single)
        {
            HeaderStatus status = TryGetSingle(id, out value);
            if (status != HeaderStatus.Ok) return status;
        }
        else if (!TryGetFirst(id, out value))
        {
            return Has(id) ? HeaderStatus.Malformed : HeaderStatus.Missing;
        }

        return NameAddressView.TryParse(value, out address) ? HeaderStatus.Ok : HeaderStatus.Malformed;
    }

    /// <summary>The first Route.</summary>
    public HeaderStatus TryGetRoute(out NameAddressView route) => TryGetAddress(HeaderId.Route, out route);

    /// <summary>The first Contact.</summary>
    public HeaderStatus TryGetContact(out ContactView contact)
    {
        contact = default;
        if (!TryGetFirst(HeaderId.Contact, out HeaderValue value)) return Has(HeaderId.Contact) ? HeaderStatus.Malformed : HeaderStatus.Missing;
        return ContactView.TryParse(value, out contact) ? HeaderStatus.Ok : HeaderStatus.Malformed;
    }

    /// <summary>CSeq.</summary>
    public HeaderStatus TryGetCSeq(out CSeqView cseq)
    {
        cseq = default;
        HeaderStatus status = TryGetSingle(HeaderId.CSeq, out HeaderValue value);
        if (status != HeaderStatus.Ok) return status;
        return CSeqView.TryParse(value.Bytes, out cseq) ? HeaderStatus.Ok : HeaderStatus.Malformed;
    }

    /// <summary>RAck.</summary>
    public HeaderStatus TryGetRAck(out RAckView rack)
    {
        rack = default;
        HeaderStatus status = TryGetSingle(HeaderId.RAck, out HeaderValue value);
        if (status != HeaderStatus.Ok) return status;
        return RAckView.TryParse(value.Bytes, out rack) ? HeaderStatus.Ok : HeaderStatus.Malformed;
    }

    /// <summary>Call-ID. Compared byte by byte (RFC 3261 20.8).</summary>
    public HeaderStatus TryGetCallId(out ReadOnlySpan<byte> callId)
    {
        callId = default;
        HeaderStatus status = TryGetSingle(HeaderId.CallId, out HeaderValue value);
        if (status != HeaderStatus.Ok) return status;
        if (!HeaderGrammar.IsCallId(value.Bytes)) return HeaderStatus.Malformed;
        callId = value.Bytes;
        return HeaderStatus.Ok;
    }

    /// <summary>Max-Forwards, 0 to 255.</summary>
    public HeaderStatus TryGetMaxForwards(out int maxForwards)
    {
        HeaderStatus status = TryGetNumber(HeaderId.MaxForwards, out uint number);
        maxForwards = (int)Math.Min(number, 255);
        return status == HeaderStatus.Ok && number > 255 ? HeaderStatus.Malformed : status;
    }

    /// <summary>Content-Length in bytes.</summary>
    public HeaderStatus TryGetContentLength(out uint lengthBytes) => TryGetNumber(HeaderId.ContentLength, out lengthBytes);

    /// <summary>Expires in seconds; more than 2^32 - 1 is 2^32 - 1.</summary>
    public HeaderStatus TryGetExpires(out uint seconds) => TryGetSeconds(HeaderId.Expires, out seconds);

    /// <summary>A header that is a number of seconds: Expires, Min-Expires, Flow-Timer.</summary>
    public HeaderStatus TryGetSeconds(HeaderId id, out uint seconds)
    {
        seconds = 0;
        HeaderStatus status = TryGetSingle(id, out HeaderValue value);
        if (status != HeaderStatus.Ok) return status;
        return Grammar.TryParseSeconds(value.Bytes, out seconds) ? HeaderStatus.Ok : HeaderStatus.Malformed;
    }

    /// <summary>A header that is a number of 32 bits: Content-Length, RSeq, Max-Breadth.</summary>
    public HeaderStatus TryGetNumber(HeaderId id, out uint number)
    {
        number = 0;
        HeaderStatus status = TryGetSingle(id, out HeaderValue value);
        if (status != HeaderStatus.Ok) return status;
        return Grammar.TryParseNumber(value.Bytes, out number) ? HeaderStatus.Ok : HeaderStatus.Malformed;
    }

    /// <summary>A word or number with parameters: Event, Subscription-State, Content-Disposition, Session-Expires, Replaces, the first Reason.</summary>
    public HeaderStatus TryGetParameterized(HeaderId id, out ParameterizedValueView view)
    {
        view = default;
        HeaderValue value;
        if (HeaderTable.Get(id).Rows == HeaderRows.Single)
        {
            HeaderStatus status = TryGetSingle(id, out value);
            if (status != HeaderStatus.Ok) return status;
        }
        else if (!TryGetFirst(id, out value))
        {
            return HeaderStatus.Missing;
        }

        return value.IsClosed && ParameterizedValueView.TryParse(value.Bytes, value.Offset, out view) ? HeaderStatus.Ok : HeaderStatus.Malformed;
    }

    /// <summary>Content-Type.</summary>
    public HeaderStatus TryGetContentType(out MediaTypeView media)
    {
        media = default;
        HeaderStatus status = TryGetSingle(HeaderId.ContentType, out HeaderValue value);
        if (status != HeaderStatus.Ok) return status;
        return MediaTypeView.TryParse(value.Bytes, value.Offset, out media) ? HeaderStatus.Ok : HeaderStatus.Malformed;
    }

    /// <summary>True when a list of tokens has one: Require, Proxy-Require, Supported, Unsupported, Allow, Allow-Events.</summary>
    /// <param name="id">The header.</param>
    /// <param name="token">The token; case does not matter (RFC 3261 7.3.1) but for methods, which are asked for as they are written.</param>
    public bool HasToken(HeaderId id, ReadOnlySpan<byte> token)
    {
        foreach (HeaderValue value in Values(id))
        {
            if (System.Text.Ascii.EqualsIgnoreCase(value.Bytes, token)) return true;
        }

        return false;
    }

    private void ReadVia(ref ReadHeader<ViaView.Parts> read)
    {
        if (!TryGetFirst(HeaderId.Via, out HeaderValue value)) read.SetStatus(Has(HeaderId.Via) ? HeaderStatus.Malformed : HeaderStatus.Missing);
        else if (ViaView.TryParse(value, out ViaView via)) read.SetFound(value.Offset, value.Length, via.Found);
        else read.SetStatus(HeaderStatus.Malformed);
    }

    private HeaderStatus TryGetOnce(ref ReadHeader<NameAddressView.Parts> read, HeaderId id, out NameAddressView address)
    {
        if (!read.IsRead)
        {
            HeaderStatus status = TryGetAddress(id, out NameAddressView first);
            if (status == HeaderStatus.Ok) read.SetFound(first.Offset, first.Bytes.Length, first.Found);
            else read.SetStatus(status);
        }

        address = read.Status == HeaderStatus.Ok
            ? new NameAddressView(_bytes.Slice(read.Offset, read.LengthBytes), read.Offset, ReadHeader<NameAddressView.Parts>.PartsOf(ref read))
            : default;
        return read.Status;
    }

    internal static ReadOnlySpan<byte> RowName(ReadOnlySpan<byte> message, HeaderSlot slot)
    {
        ReadOnlySpan<byte> row = message[slot.RowOffset..slot.ValueOffset];
        int end = row.IndexOf((byte)':');
        return row[..Grammar.TrimEnd(row, 0, end < 0 ? row.Length : end)];
    }
}
