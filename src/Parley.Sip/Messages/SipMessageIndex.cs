namespace Parley.Sip.Messages;

/// <summary>The parts of one message: where its start line, headers and body are. Filled in one pass, used again for the next message.</summary>
/// <remarks>
/// Holds offsets only, never bytes: whoever has an index keeps the bytes that belong to it. Not thread-safe.
/// Offsets count from the first of the bytes that were parsed.
/// </remarks>
public sealed class SipMessageIndex
{
    private readonly byte[] _firstRow = new byte[HeaderTable.Count];    // by header: 1 + its first slot, 0 for none
    private readonly ulong[] _repeated = new ulong[(HeaderTable.Count + 63) / 64];    // by header: a bit when it has several rows
    private HeaderSlot[] _slots;

    /// <summary>An index for messages within the default limits.</summary>
    public SipMessageIndex()
        : this(SipLimits.Default)
    {
    }

    /// <summary>An index for messages within some limits; it grows to what it meets, up to the limit.</summary>
    public SipMessageIndex(SipLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        Limits = limits;
        _slots = new HeaderSlot[Math.Min(32, limits.MaxHeaderCount)];
    }

    /// <summary>What it refuses.</summary>
    public SipLimits Limits { get; }

    /// <summary>Header rows.</summary>
    public int Count { get; private set; }

    /// <summary>A header row, in the order of the message.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not 0 to <see cref="Count"/> - 1.</exception>
    public HeaderSlot this[int row]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Count);
            return _slots[row];
        }
    }

    // Filled by the first who asks; all else is filled by the parser.
    internal ReadHeader<ViaView.Parts> Via;
    internal ReadHeader<NameAddressView.Parts> From;
    internal ReadHeader<NameAddressView.Parts> To;

    internal bool IsRequest { get; set; }

    internal SipMethod Method { get; set; }

    /// <summary>Status of a response, 100 to 699; 0 for requests.</summary>
    internal int StatusCode { get; set; }

    internal bool IsVersion2 { get; set; }

    /// <summary>Where the start line begins: behind the empty lines that came first.</summary>
    internal int Start { get; set; }

    internal int MethodLength { get; set; }

    internal int UriOffset { get; set; }

    internal int UriLength { get; set; }

    internal int VersionOffset { get; set; }

    internal int VersionLength { get; set; }

    internal int ReasonOffset { get; set; }

    internal int ReasonLength { get; set; }

    internal int HeadersOffset { get; set; }

    /// <summary>Where the empty line starts that ends the headers: the last row ends here.</summary>
    internal int HeadersEnd { get; set; }

    internal int BodyOffset { get; set; }

    internal int BodyLength { get; set; }

    /// <summary>Value of Content-Length, -1 when there is none.</summary>
    internal int ContentLength { get; set; }

    /// <summary>Where the message ends; what follows it is not the message's.</summary>
    internal int End => BodyOffset + BodyLength;

    /// <summary>The first row of a header, -1 when there is none. <see cref="HeaderId.Unknown"/> finds the first unknown header.</summary>
    public int FirstRow(HeaderId id) => _firstRow[(int)id] - 1;

    /// <summary>The next row of the same header, -1 when there is none.</summary>
    public int NextRow(int row)
    {
        HeaderId id = this[row].Id;
        if (!IsRepeated(id)) return -1;
        for (int next = row + 1; next < Count; next++)
        {
            if (_slots[next].Id == id) return next;
        }

        return -1;
    }

    /// <summary>Where a row ends, behind its CRLF: where the next one or the empty line starts.</summary>
    public int RowEnd(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Count);
        return row + 1 < Count ? _slots[row + 1].RowOffset : HeadersEnd;
    }

    /// <summary>True when a header has more than one row.</summary>
    public bool IsRepeated(HeaderId id) => (_repeated[(int)id >> 6] & (1UL << ((int)id & 63))) != 0;

    internal void Clear()
    {
        Count = 0;
        Via.Clear();
        From.Clear();
        To.Clear();
        _firstRow.AsSpan().Clear();
        _repeated.AsSpan().Clear();
        IsRequest = IsVersion2 = false;
        Method = SipMethod.Unknown;
        StatusCode = Start = MethodLength = UriOffset = UriLength = VersionOffset = VersionLength = ReasonOffset = ReasonLength = 0;
        HeadersOffset = HeadersEnd = BodyOffset = BodyLength = 0;
        ContentLength = -1;
    }

    /// <summary>The first header of a set that has more than one row; <see cref="HeaderId.Unknown"/> when none has.</summary>
    internal HeaderId FirstRepeated(ReadOnlySpan<ulong> headers)
    {
        for (int word = 0; word < _repeated.Length; word++)
        {
            ulong found = _repeated[word] & headers[word];
            if (found != 0) return (HeaderId)((word * 64) + System.Numerics.BitOperations.TrailingZeroCount(found));
        }

        return HeaderId.Unknown;
    }

    /// <returns>False when there are as many as the limit allows.</returns>
    internal bool TryAdd(HeaderSlot slot)
    {
        if (Count == _slots.Length)
        {
            if (Count == Limits.MaxHeaderCount) return false;
            Array.Resize(ref _slots, Math.Min(Count * 2, Limits.MaxHeaderCount));
        }

        _slots[Count++] = slot;
        ref byte first = ref _firstRow[(int)slot.Id];
        if (first == 0) first = (byte)Count;
        else _repeated[(int)slot.Id >> 6] |= 1UL << ((int)slot.Id & 63);
        return true;
    }

    /// <summary>Takes over another index, whatever its limits: what it describes was accepted under them.</summary>
    internal void CopyFrom(SipMessageIndex other)
    {
        if (_slots.Length < other.Count) _slots = new HeaderSlot[other._slots.Length];
        other._slots.AsSpan(0, other.Count).CopyTo(_slots);
        other._firstRow.AsSpan().CopyTo(_firstRow);
        other._repeated.AsSpan().CopyTo(_repeated);
        Count = other.Count;
        (Via, From, To) = (other.Via, other.From, other.To);
        (IsRequest, Method, StatusCode, IsVersion2) = (other.IsRequest, other.Method, other.StatusCode, other.IsVersion2);
        (Start, MethodLength, UriOffset, UriLength) = (other.Start, other.MethodLength, other.UriOffset, other.UriLength);
        (VersionOffset, VersionLength, ReasonOffset, ReasonLength) = (other.VersionOffset, other.VersionLength, other.ReasonOffset, other.ReasonLength);
        (HeadersOffset, HeadersEnd, BodyOffset, BodyLength, ContentLength) =
            (other.HeadersOffset, other.HeadersEnd, other.BodyOffset, other.BodyLength, other.ContentLength);
    }
}
