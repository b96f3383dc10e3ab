using System.Collections;
using System.Text;

namespace Parley.Sip.Messages;

/// <summary>A parameter of a URI or of a header value.</summary>
public readonly struct SipParameter : IEquatable<SipParameter>
{
    /// <summary>A parameter.</summary>
    /// <param name="name">Its name. Compared without case.</param>
    /// <param name="value">Its value, without escapes and quotes; null for one that has none.</param>
    /// <param name="isQuoted">True to write it in quotes where a header has it, even if it needs none.</param>
    /// <exception cref="ArgumentException">The name is empty, or name or value have a CR or LF.</exception>
    public SipParameter(string name, string? value = null, bool isQuoted = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = SipText.OneLine(name, nameof(name));
        Value = value is null ? null : SipText.OneLine(value, nameof(value));
        IsQuoted = isQuoted;
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The value without escapes and quotes; null when there is none.</summary>
    public string? Value { get; }

    /// <summary>True when a header has it in quotes. Does not count when parameters are compared.</summary>
    public bool IsQuoted { get; }

    /// <inheritdoc/>
    public bool Equals(SipParameter other) => string.Equals(Name, other.Name, StringComparison.OrdinalIgnoreCase) && Value == other.Value;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SipParameter other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name?.GetHashCode(StringComparison.OrdinalIgnoreCase), Value);

    /// <summary>True when name and value are the same.</summary>
    public static bool operator ==(SipParameter left, SipParameter right) => left.Equals(right);

    /// <summary>True when they differ.</summary>
    public static bool operator !=(SipParameter left, SipParameter right) => !left.Equals(right);
}

/// <summary>Parameters in their order. Immutable.</summary>
public sealed class SipParameters : IReadOnlyList<SipParameter>, IEquatable<SipParameters>
{
    private readonly SipParameter[] _items;

    private SipParameters(SipParameter[] items) => _items = items;

    /// <summary>None.</summary>
    public static SipParameters Empty { get; } = new([]);

    /// <inheritdoc/>
    public int Count => _items.Length;

    /// <inheritdoc/>
    public SipParameter this[int index] => _items[index];

    /// <summary>These, in this order.</summary>
    public static SipParameters Create(IEnumerable<SipParameter> parameters) => new([.. parameters]);

    /// <summary>True when there is one of this name.</summary>
    public bool Contains(string name) => IndexOf(name) >= 0;

    /// <summary>The value of the first of this name.</summary>
    /// <returns>Null when there is none, or when it has no value.</returns>
    public string? Get(string name) => IndexOf(name) is >= 0 and var index ? _items[index].Value : null;

    /// <summary>These with one set: in its place when there is one of the name, else last.</summary>
    /// <exception cref="ArgumentException">The name is empty, or name or value have a CR or LF.</exception>
    public SipParameters With(string name, string? value = null, bool isQuoted = false)
    {
        var parameter = new SipParameter(name, value, isQuoted);
        int index = IndexOf(name);
        if (index < 0) return new SipParameters([.. _items, parameter]);
        var items = (SipParameter[])_items.Clone();
        items[index] = parameter;
        return new SipParameters(items);
    }

    /// <summary>These without those of this name.</summary>
    public SipParameters Without(string name) =>
        Contains(name) ? new SipParameters([.. _items.Where(p => !string.Equals(p.Name, name, StringComparison.OrdinalIgnoreCase))]) : this;

    /// <inheritdoc/>
    public IEnumerator<SipParameter> GetEnumerator() => ((IEnumerable<SipParameter>)_items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>True when the same ones stand in the same order.</summary>
    public bool Equals(SipParameters? other) => other is not null && _items.AsSpan().SequenceEqual(other._items);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SipParameters);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (SipParameter item in _items) hash.Add(item);
        return hash.ToHashCode();
    }

    /// <summary>As a header has them.</summary>
    public override string ToString()
    {
        var builder = new StringBuilder();
        AppendTo(builder);
        return builder.ToString();
    }

    /// <summary>Throws when a header could not have them: a name is no token.</summary>
    internal SipParameters ForHeader(string what)
    {
        foreach (SipParameter item in _items) SipText.Token(item.Name, what);
        return this;
    }

    internal static SipParameters From(ParametersView view)
    {
        List<SipParameter>? items = null;
        foreach (ParameterView p in view)
        {
            string? value = !p.HasValue ? null : p.IsQuoted ? QuotedText.Decode(p.Value) : Encoding.UTF8.GetString(p.Value);
            (items ??= []).Add(new SipParameter(Encoding.UTF8.GetString(p.Name), value, p.IsQuoted));
        }

        return items is null ? Empty : new SipParameters([.. items]);
    }

    internal static bool TryFrom(UriParametersView view, out SipParameters parameters)
    {
        parameters = Empty;
        List<SipParameter>? items = null;
        foreach (UriParameterView p in view)
        {
            if (!TryCreate(p.Name, p.Value, p.HasValue, out SipParameter item)) return false;
            (items ??= []).Add(item);
        }

        if (items is not null) parameters = new SipParameters([.. items]);
        return true;
    }

    internal static bool TryFromUriHeaders(ReadOnlySpan<byte> headers, out SipParameters parameters)
    {
        parameters = Empty;
        var items = new List<SipParameter>();
        foreach (Range range in headers.Split((byte)'&'))
        {
            ReadOnlySpan<byte> header = headers[range];
            int equals = header.IndexOf((byte)'=');
            ReadOnlySpan<byte> value = equals < 0 ? default : header[(equals + 1)..];
            if (!TryCreate(equals < 0 ? header : header[..equals], value, equals >= 0, out SipParameter item)) return false;
            items.Add(item);
        }

        parameters = new SipParameters([.. items]);
        return true;
    }

    internal void AppendTo(StringBuilder builder)
    {
        foreach (SipParameter item in _items)
        {
            builder.Append(';').Append(item.Name);
            if (item.Value is null) continue;
            builder.Append('=');
            if (!item.IsQuoted && (IsBare(item.Value) || IsNeverQuoted(item))) builder.Append(item.Value);
            else SipText.AppendQuoted(builder, item.Value);
        }
    }

    internal void AppendToUri(StringBuilder builder)
    {
        foreach (SipParameter item in _items)
        {
            builder.Append(';');
            SipText.AppendEscaped(builder, item.Name, Grammar.UriParameterUnescaped);
            if (item.Value is null) continue;
            builder.Append('=');
            SipText.AppendEscaped(builder, item.Value, Grammar.UriParameterUnescaped);
        }
    }

    internal void AppendUriHeaders(StringBuilder builder)
    {
        char separator = '?';
        foreach (SipParameter item in _items)
        {
            builder.Append(separator);
            SipText.AppendEscaped(builder, item.Name, Grammar.UriHeaderUnescaped);
            if (item.Value is not null) builder.Append('=');
            SipText.AppendEscaped(builder, item.Value ?? "", Grammar.UriHeaderUnescaped);
            separator = '&';
        }
    }

    // gen-value  =  token / host / quoted-string
    private static bool IsBare(string value) => SipText.IsToken(value) || (Ascii.IsValid(value) && Grammar.IsHost(Encoding.ASCII.GetBytes(value)));

    // These are refused in quotes. An IPv6 address in received has no brackets, and tags and branches have what a token may not (RFC 3261 25.1, RFC 5118 4.5).
    private static bool IsNeverQuoted(SipParameter item) =>
        item.Name.ToUpperInvariant() is "RECEIVED" or "BRANCH" or "TAG" && item.Value!.Length > 0 && !Encoding.UTF8.GetBytes(item.Value).AsSpan().ContainsAny(Grammar.ParameterEnd);

    private static bool TryCreate(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool hasValue, out SipParameter parameter)
    {
        parameter = default;
        if (!SipText.TryUnescape(name, out string nameText) || !SipText.TryUnescape(value, out string valueText)) return false;
        if (nameText.Length == 0 || nameText.AsSpan().ContainsAny('\r', '\n') || valueText.AsSpan().ContainsAny('\r', '\n')) return false;
        parameter = new SipParameter(nameText, hasValue ? valueText : null);
        return true;
    }

    private int IndexOf(string name)
    {
        for (int i = 0; i < _items.Length; i++)
        {
            if (string.Equals(_items[i].Name, name, StringComparison.OrdinalIgnoreCase)) return i;
        }

        return -1;
    }
}
