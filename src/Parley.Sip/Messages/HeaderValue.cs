namespace Parley.Sip.Messages;

/// <summary>What came of asking for a header.</summary>
public enum HeaderStatus : byte
{
    /// <summary>It is there and well-formed.</summary>
    Ok,

    /// <summary>It is not there.</summary>
    Missing,

    /// <summary>It breaks its grammar, or is there twice although it may be there once.</summary>
    Malformed,
}

/// <summary>One value of a header, as it is in the message.</summary>
public readonly ref struct HeaderValue
{
    internal HeaderValue(ReadOnlySpan<byte> bytes, int offset, int row, bool isClosed)
    {
        Bytes = bytes;
        Offset = offset;
        Row = row;
        IsClosed = isClosed;
    }

    /// <summary>The value without the white space around it; folds are still in it.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Where it starts in the message.</summary>
    public int Offset { get; }

    /// <summary>Bytes of it.</summary>
    public int Length => Bytes.Length;

    /// <summary>The row of the index that it is in.</summary>
    public int Row { get; }

    /// <summary>False when a quote or angle bracket in it is never closed: the value is then the rest of its row, and malformed.</summary>
    public bool IsClosed { get; }
}

/// <summary>The values of a header in the order of the message: over all its rows and, where the header is a list, between commas.</summary>
/// <remarks>Quoted strings and angle brackets hide commas. Empty elements of a list are passed over.</remarks>
public ref struct HeaderValues
{
    private readonly ReadOnlySpan<byte> _message;
    private readonly SipMessageIndex _index;
    private readonly ReadOnlySpan<byte> _name;
    private readonly HeaderRows _rows;
    private readonly bool _isWordList;
    private int _row;
    private int _at;
    private int _end;
    private int _currentRow;
    private int _currentStart;
    private int _currentEnd;
    private bool _isClosed;

    internal HeaderValues(ReadOnlySpan<byte> message, SipMessageIndex index, HeaderId id)
    {
        _message = message;
        _index = index;
        HeaderDefinition definition = HeaderTable.Get(id);
        _rows = definition.Rows;
        _isWordList = definition.Syntax == HeaderSyntax.CallId;
        _row = index.FirstRow(id);
        EnterRow();
    }

    internal HeaderValues(ReadOnlySpan<byte> message, SipMessageIndex index, ReadOnlySpan<byte> name)
    {
        _message = message;
        _index = index;
        _name = name;
        _rows = HeaderRows.Many;
        _row = index.FirstRow(HeaderId.Unknown);
        SkipOtherNames();
        EnterRow();
    }

    /// <summary>The value that <see cref="MoveNext"/> went to.</summary>
    public readonly HeaderValue Current => new(_message[_currentStart.._currentEnd], _currentStart, _currentRow, _isClosed);

    /// <summary>This.</summary>
    public readonly HeaderValues GetEnumerator() => this;

    /// <summary>Goes to the next value.</summary>
    /// <returns>False when there is none.</returns>
    public bool MoveNext()
    {
        while (_row >= 0)
        {
            if (_rows != HeaderRows.CommaList)
            {
                (_currentRow, _currentStart, _currentEnd, _isClosed) = (_row, _at, _end, true);
                NextRow();
                return true;
            }

            while (_at < _end)
            {
                ReadOnlySpan<byte> rest = _message[.._end];
                int start = Grammar.SkipWhiteSpace(rest, _at);
                int comma = _isWordList ? NextPlainComma(rest, start) : Grammar.NextComma(rest, start);
                bool isClosed = comma >= 0;
                if (!isClosed) comma = _end;
                int valueEnd = Grammar.TrimEnd(rest, start, comma);
                _at = comma + 1;
                if (valueEnd == start) continue;
                (_currentRow, _currentStart, _currentEnd, _isClosed) = (_row, start, valueEnd, isClosed);
                return true;
            }

            NextRow();
        }

        return false;
    }

    // A word may have quotes and brackets that never close (RFC 3261 25.1), so in a list of words commas are just commas.
    private static int NextPlainComma(ReadOnlySpan<byte> text, int at)
    {
        int skip = text[at..].IndexOf((byte)',');
        return skip < 0 ? text.Length : at + skip;
    }

    private void NextRow()
    {
        _row = _index.NextRow(_row);
        SkipOtherNames();
        EnterRow();
    }

    private void SkipOtherNames()
    {
        while (_row >= 0 && _name.Length > 0)
        {
            HeaderSlot slot = _index[_row];
            if (System.Text.Ascii.EqualsIgnoreCase(SipMessageView.RowName(_message, slot), _name)) return;
            _row = _index.NextRow(_row);
        }
    }

    private void EnterRow()
    {
        if (_row < 0) return;
        HeaderSlot slot = _index[_row];
        _at = slot.ValueOffset;
        _end = slot.ValueOffset + slot.ValueLength;
    }
}
