using System.Text;

namespace Parley.Sip.Messages;

/// <summary>A CSeq value.</summary>
/// <remarks>Source: RFC 3261 8.1.1.5 and 20.16.</remarks>
public readonly ref struct CSeqView
{
    /// <summary>The sequence number, 0 to 2^31 - 1.</summary>
    public uint Number { get; private init; }

    /// <summary>The method, <see cref="SipMethod.Unknown"/> for one that is not ours.</summary>
    public SipMethod Method { get; private init; }

    /// <summary>The method as it was written.</summary>
    public ReadOnlySpan<byte> MethodBytes { get; private init; }

    /// <summary>Reads a value.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out CSeqView cseq)
    {
        cseq = default;
        int digits = bytes.IndexOfAny(Grammar.WhiteSpace);
        if (digits < 0 || !Grammar.TryParseNumber(bytes[..digits], out uint number) || number > int.MaxValue) return false;
        ReadOnlySpan<byte> method = bytes[Grammar.SkipWhiteSpace(bytes, digits)..];
        if (!Grammar.IsToken(method)) return false;
        cseq = new CSeqView { Number = number, Method = SipMethods.Parse(method), MethodBytes = method };
        return true;
    }
}

/// <summary>A RAck value: what a PRACK acknowledges.</summary>
/// <remarks>Source: RFC 3262 7.2.</remarks>
public readonly ref struct RAckView
{
    /// <summary>The RSeq of the provisional response.</summary>
    public uint ResponseNumber { get; private init; }

    /// <summary>The CSeq of the provisional response.</summary>
    public CSeqView CSeq { get; private init; }

    /// <summary>Reads a value.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out RAckView rack)
    {
        rack = default;
        int digits = bytes.IndexOfAny(Grammar.WhiteSpace);
        if (digits < 0 || !Grammar.TryParseNumber(bytes[..digits], out uint number)) return false;
        if (!CSeqView.TryParse(bytes[Grammar.SkipWhiteSpace(bytes, digits)..], out CSeqView cseq)) return false;
        rack = new RAckView { ResponseNumber = number, CSeq = cseq };
        return true;
    }
}

/// <summary>A word or number with parameters: Event, Subscription-State, Reason, Content-Disposition, Replaces, Session-Expires and others.</summary>
public readonly ref struct ParameterizedValueView
{
    /// <summary>What stands before the parameters.</summary>
    public ReadOnlySpan<byte> Value { get; private init; }

    /// <summary>The parameters.</summary>
    public ParametersView Parameters { get; private init; }

    /// <summary>True when the value is this one, in any case.</summary>
    public bool Is(ReadOnlySpan<byte> value) => Ascii.EqualsIgnoreCase(Value, value);

    /// <summary>Reads a value.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, int offset, out ParameterizedValueView view)
    {
        view = default;
        int length = bytes.IndexOfAny(Grammar.AddressEnd);
        if (length < 0) length = bytes.Length;
        var parameters = new ParametersView(bytes[length..], offset + length);
        if (length == 0 || !parameters.IsWellFormed()) return false;
        view = new ParameterizedValueView { Value = bytes[..length], Parameters = parameters };
        return true;
    }
}

/// <summary>A media type or range: Content-Type, Accept.</summary>
/// <remarks>Source: RFC 3261 20.1 and 20.15.</remarks>
public readonly ref struct MediaTypeView
{
    /// <summary>The type; <c>*</c> in a range.</summary>
    public ReadOnlySpan<byte> Type { get; private init; }

    /// <summary>The subtype; <c>*</c> in a range.</summary>
    public ReadOnlySpan<byte> Subtype { get; private init; }

    /// <summary>The parameters.</summary>
    public ParametersView Parameters { get; private init; }

    /// <summary>True when type and subtype are these, in any case.</summary>
    public bool Is(ReadOnlySpan<byte> type, ReadOnlySpan<byte> subtype) =>
        Ascii.EqualsIgnoreCase(Type, type) && Ascii.EqualsIgnoreCase(Subtype, subtype);

    /// <summary>True when the range covers a type: both stars, the type with a star, or the type itself.</summary>
    public bool Covers(ReadOnlySpan<byte> type, ReadOnlySpan<byte> subtype) =>
        (Type.SequenceEqual("*"u8) || Ascii.EqualsIgnoreCase(Type, type)) && (Subtype.SequenceEqual("*"u8) || Ascii.EqualsIgnoreCase(Subtype, subtype));

    /// <summary>Reads a value.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, int offset, out MediaTypeView media)
    {
        media = default;
        int typeEnd = Grammar.TokenEnd(bytes, 0);
        int slash = Grammar.SkipWhiteSpace(bytes, typeEnd);
        if (typeEnd == 0 || slash == bytes.Length || bytes[slash] != '/') return false;
        int subtypeStart = Grammar.SkipWhiteSpace(bytes, slash + 1);
        int subtypeEnd = Grammar.TokenEnd(bytes, subtypeStart);
        var parameters = new ParametersView(bytes[subtypeEnd..], offset + subtypeEnd);
        if (subtypeEnd == subtypeStart || !parameters.IsWellFormed()) return false;
        media = new MediaTypeView { Type = bytes[..typeEnd], Subtype = bytes[subtypeStart..subtypeEnd], Parameters = parameters };
        return true;
    }
}

/// <summary>Credentials or a challenge: a scheme and its parameters between commas.</summary>
/// <remarks>Source: RFC 3261 20.7, 20.27, 20.28, 20.44 and 25.1.</remarks>
public readonly ref struct CredentialsView
{
    private readonly ReadOnlySpan<byte> _parameters;

    private CredentialsView(ReadOnlySpan<byte> scheme, ReadOnlySpan<byte> parameters)
    {
        Scheme = scheme;
        _parameters = parameters;
    }

    /// <summary>The scheme as it was written.</summary>
    public ReadOnlySpan<byte> Scheme { get; }

    /// <summary>True for Digest.</summary>
    public bool IsDigest => Ascii.EqualsIgnoreCase(Scheme, "Digest"u8);

    /// <summary>The parameters, to go through.</summary>
    public CredentialParametersView Parameters => new(_parameters);

    /// <summary>Finds a parameter by its name, in any case.</summary>
    public bool TryGet(ReadOnlySpan<byte> name, out CredentialParameterView parameter)
    {
        foreach (CredentialParameterView candidate in Parameters)
        {
            if (!Ascii.EqualsIgnoreCase(candidate.Name, name)) continue;
            parameter = candidate;
            return true;
        }

        parameter = default;
        return false;
    }

    /// <summary>Reads a value; all its parameters are checked.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out CredentialsView credentials)
    {
        credentials = default;
        int schemeEnd = Grammar.TokenEnd(bytes, 0);
        int start = Grammar.SkipWhiteSpace(bytes, schemeEnd);
        if (schemeEnd == 0 || start == schemeEnd) return false;
        credentials = new CredentialsView(bytes[..schemeEnd], bytes[start..]);
        CredentialParametersView all = credentials.Parameters;
        while (all.MoveNext())
        {
        }

        return !all.IsMalformed;
    }
}

/// <summary>One parameter of credentials or of a challenge.</summary>
public readonly ref struct CredentialParameterView
{
    internal CredentialParameterView(ReadOnlySpan<byte> name, ReadOnlySpan<byte> rawValue)
    {
        Name = name;
        RawValue = rawValue;
    }

    /// <summary>The name as it was written.</summary>
    public ReadOnlySpan<byte> Name { get; }

    /// <summary>The value as it was written, with its quotes.</summary>
    public ReadOnlySpan<byte> RawValue { get; }

    /// <summary>True for a quoted string.</summary>
    public bool IsQuoted => RawValue.Length > 1 && RawValue[0] == '"';

    /// <summary>The value without quotes; quoted pairs are still in it, as digests are computed over it (RFC 7616 3.4).</summary>
    public ReadOnlySpan<byte> Value => IsQuoted ? RawValue[1..^1] : RawValue;
}

/// <summary>The parameters of credentials: <c>auth-param *(COMMA auth-param)</c>.</summary>
public ref struct CredentialParametersView
{
    private readonly ReadOnlySpan<byte> _bytes;
    private int _at;
    private CredentialParameterView _current;

    internal CredentialParametersView(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The parameter that <see cref="MoveNext"/> went to.</summary>
    public readonly CredentialParameterView Current => _current;

    /// <summary>True once <see cref="MoveNext"/> stopped at something that is no parameter.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>This, from the start.</summary>
    public readonly CredentialParametersView GetEnumerator() => new(_bytes);

    /// <summary>Goes to the next parameter.</summary>
    /// <returns>False at the end, and where the grammar is broken.</returns>
    public bool MoveNext()
    {
        int nameStart = Grammar.SkipWhiteSpace(_bytes, _at);
        while (nameStart < _bytes.Length && _bytes[nameStart] == ',') nameStart = Grammar.SkipWhiteSpace(_bytes, nameStart + 1);
        if (nameStart == _bytes.Length) return false;
        int nameEnd = Grammar.TokenEnd(_bytes, nameStart);
        int at = Grammar.SkipWhiteSpace(_bytes, nameEnd);
        if (nameEnd == nameStart || at == _bytes.Length || _bytes[at] != '=') return Fail();
        int valueStart = Grammar.SkipWhiteSpace(_bytes, at + 1);
        if (valueStart == _bytes.Length) return Fail();
        int valueEnd;
        if (_bytes[valueStart] == '"')
        {
            valueEnd = Grammar.QuotedEnd(_bytes, valueStart);
        }
        else
        {
            int length = _bytes[valueStart..].IndexOfAny(Grammar.CredentialEnd);
            valueEnd = length < 0 ? _bytes.Length : valueStart + length;
        }

        if (valueEnd <= valueStart) return Fail();
        _at = Grammar.SkipWhiteSpace(_bytes, valueEnd);
        if (_at < _bytes.Length && _bytes[_at] != ',') return Fail();
        _current = new CredentialParameterView(_bytes[nameStart..nameEnd], _bytes[valueStart..valueEnd]);
        return true;
    }

    private bool Fail()
    {
        IsMalformed = true;
        _at = _bytes.Length;
        return false;
    }
}
