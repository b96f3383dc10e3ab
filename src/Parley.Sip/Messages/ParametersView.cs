using System.Text;

namespace Parley.Sip.Messages;

/// <summary>One parameter of a header value.</summary>
public readonly ref struct ParameterView
{
    internal ParameterView(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool hasValue, int offset, int nameEnd, int valueOffset)
    {
        Name = name;
        RawValue = value;
        HasValue = hasValue;
        Offset = offset;
        NameEnd = nameEnd;
        ValueOffset = valueOffset;
    }

    /// <summary>The name, in the case it was written.</summary>
    public ReadOnlySpan<byte> Name { get; }

    /// <summary>The value as it was written, with its quotes; empty when there is none.</summary>
    public ReadOnlySpan<byte> RawValue { get; }

    /// <summary>The value without quotes; quoted pairs are still in it (<see cref="QuotedText"/>).</summary>
    public ReadOnlySpan<byte> Value => IsQuoted ? RawValue[1..^1] : RawValue;

    /// <summary>True when there is an equals sign and a value.</summary>
    public bool HasValue { get; }

    /// <summary>True for a quoted string.</summary>
    public bool IsQuoted => RawValue.Length > 1 && RawValue[0] == '"';

    /// <summary>Where its semicolon is in the message.</summary>
    public int Offset { get; }

    /// <summary>Where its name ends in the message.</summary>
    public int NameEnd { get; }

    /// <summary>Where its value starts in the message; <see cref="NameEnd"/> when it has none.</summary>
    public int ValueOffset { get; }

    /// <summary>Where it ends in the message.</summary>
    public int End => HasValue ? ValueOffset + RawValue.Length : NameEnd;

    /// <summary>True when it has this name, in any case.</summary>
    public bool Is(ReadOnlySpan<byte> name) => Ascii.EqualsIgnoreCase(Name, name);
}

/// <summary>The parameters of a header value: <c>*( SEMI generic-param )</c>.</summary>
/// <remarks>Source: RFC 3261 7.3.1 and 25.1.</remarks>
public ref struct ParametersView
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly int _offset;
    private int _at;
    private int _start;
    private int _nameStart;
    private int _nameEnd;
    private int _valueStart;
    private int _valueEnd;
    private bool _hasValue;

    /// <summary>Parameters as they are behind a value.</summary>
    /// <param name="bytes">Nothing, or a semicolon and what follows; white space may come first.</param>
    /// <param name="offset">Where that is in the message.</param>
    public ParametersView(ReadOnlySpan<byte> bytes, int offset)
    {
        _bytes = bytes;
        _offset = offset;
    }

    /// <summary>All of them as they were written.</summary>
    public readonly ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Where they start in the message.</summary>
    public readonly int Offset => _offset;

    /// <summary>True once <see cref="MoveNext"/> stopped at something that is no parameter.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>The parameter that <see cref="MoveNext"/> went to.</summary>
    public readonly ParameterView Current => new(
        _bytes[_nameStart.._nameEnd], _bytes[_valueStart.._valueEnd], _hasValue, _offset + _start, _offset + _nameEnd, _offset + _valueStart);

    /// <summary>This, from the start.</summary>
    public readonly ParametersView GetEnumerator() => new(_bytes, _offset);

    /// <summary>Goes to the next parameter.</summary>
    /// <returns>False at the end, and where the grammar is broken.</returns>
    public bool MoveNext()
    {
        int at = Grammar.SkipWhiteSpace(_bytes, _at);
        if (at == _bytes.Length) return false;
        int start = at;
        if (_bytes[at] != ';') return Fail();
        int nameStart = Grammar.SkipWhiteSpace(_bytes, at + 1);
        int nameEnd = Grammar.TokenEnd(_bytes, nameStart);
        if (nameEnd == nameStart) return Fail();
        int valueStart = nameEnd, valueEnd = nameEnd;
        at = Grammar.SkipWhiteSpace(_bytes, nameEnd);
        bool hasValue = at < _bytes.Length && _bytes[at] == '=';
        if (hasValue)
        {
            valueStart = Grammar.SkipWhiteSpace(_bytes, at + 1);
            if (valueStart == _bytes.Length) return Fail();
            if (_bytes[valueStart] == '"')
            {
                valueEnd = Grammar.QuotedEnd(_bytes, valueStart);
            }
            else
            {
                int length = _bytes[valueStart..].IndexOfAny(Grammar.ParameterEnd);
                valueEnd = length < 0 ? _bytes.Length : valueStart + length;
            }

            if (valueEnd <= valueStart) return Fail();
        }

        _at = hasValue ? valueEnd : nameEnd;
        (_start, _nameStart, _nameEnd, _valueStart, _valueEnd, _hasValue) = (start, nameStart, nameEnd, valueStart, valueEnd, hasValue);
        return true;
    }

    /// <summary>True when the parameter that <see cref="MoveNext"/> went to has this name, in any case.</summary>
    public readonly bool Is(ReadOnlySpan<byte> name) =>
        _nameEnd - _nameStart == name.Length && Ascii.EqualsIgnoreCase(_bytes[_nameStart.._nameEnd], name);

    /// <summary>Finds a parameter by its name, in any case.</summary>
    public readonly bool TryGet(ReadOnlySpan<byte> name, out ParameterView parameter)
    {
        ParametersView all = GetEnumerator();
        while (all.MoveNext())
        {
            if (!all.Is(name)) continue;
            parameter = all.Current;
            return true;
        }

        parameter = default;
        return false;
    }

    /// <summary>True when all of it follows the grammar.</summary>
    internal readonly bool IsWellFormed()
    {
        ParametersView all = GetEnumerator();
        while (all.MoveNext())
        {
        }

        return !all.IsMalformed;
    }

    private bool Fail()
    {
        IsMalformed = true;
        _at = _bytes.Length;
        return false;
    }
}
