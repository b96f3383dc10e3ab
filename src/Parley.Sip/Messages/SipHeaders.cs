using System.Collections;
using System.Text;

namespace Parley.Sip.Messages;

/// <summary>One header row.</summary>
/// <param name="Id">The header; <see cref="HeaderId.Unknown"/> when its name is not in the table.</param>
/// <param name="Name">Its full name.</param>
/// <param name="Value">Its value on one line.</param>
public readonly record struct SipHeader(HeaderId Id, string Name, string Value);

/// <summary>The header rows of a message in their order. Immutable: each change gives another collection.</summary>
/// <remarks>
/// Rows are kept as text and read when asked. Content-Length is not among them: it is written from the body.
/// A value with a CR or LF is refused, so no value can add a row.
/// </remarks>
public sealed class SipHeaders : IReadOnlyList<SipHeader>, IEquatable<SipHeaders>
{
    private readonly SipHeader[] _rows;

    private SipHeaders(SipHeader[] rows) => _rows = rows;

    /// <summary>None.</summary>
    public static SipHeaders Empty { get; } = new([]);

    /// <inheritdoc/>
    public int Count => _rows.Length;

    /// <inheritdoc/>
    public SipHeader this[int index] => _rows[index];

    /// <summary>The first value of a header: of a list the first element.</summary>
    /// <returns>Null when there is none.</returns>
    public string? this[HeaderId id] => Values(id) is [string first, ..] ? first : null;

    /// <summary>The value of the first row of this name, full or compact and in any case.</summary>
    /// <returns>Null when there is none.</returns>
    public string? this[string name]
    {
        get
        {
            HeaderId id = Find(name);
            foreach (SipHeader row in _rows)
            {
                if (Is(row, id, name)) return row.Value;
            }

            return null;
        }
    }

    /// <summary>From; null when it is missing or malformed.</summary>
    public NameAddress? From => Address(HeaderId.From);

    /// <summary>To; null when it is missing or malformed.</summary>
    public NameAddress? To => Address(HeaderId.To);

    /// <summary>Call-ID; null when it is missing.</summary>
    public string? CallId => this[HeaderId.CallId];

    /// <summary>CSeq; null when it is missing or malformed.</summary>
    public CSeq? CSeq => Messages.CSeq.TryParse(this[HeaderId.CSeq], out CSeq cseq) ? cseq : null;

    /// <summary>The Via values that are well-formed, topmost first.</summary>
    public IEnumerable<Via> Vias => Values(HeaderId.Via).Select(v => Via.TryParse(v, out Via? via) ? via : null).OfType<Via>();

    /// <summary>Max-Forwards; null when it is missing or malformed.</summary>
    public int? MaxForwards => Number(HeaderId.MaxForwards) is <= 255 and var number ? (int)number : null;

    /// <summary>Expires in seconds; null when it is missing or malformed.</summary>
    public uint? Expires => Number(HeaderId.Expires);

    /// <summary>Content-Type; null when it is missing.</summary>
    public string? ContentType => this[HeaderId.ContentType];

    /// <summary>The addresses of a header that are well-formed: Contact, Route, Record-Route, Path. A star is none.</summary>
    public IEnumerable<NameAddress> Addresses(HeaderId id) =>
        Values(id).Select(v => NameAddress.TryParse(v, out NameAddress? address) ? address : null).OfType<NameAddress>();

    /// <summary>The first address of a header; null when it is missing or malformed.</summary>
    public NameAddress? Address(HeaderId id) => NameAddress.TryParse(this[id], out NameAddress? address) ? address : null;

    /// <summary>A header that is a number; null when it is missing or malformed.</summary>
    public uint? Number(HeaderId id) => this[id] is { } value && Grammar.TryParseSeconds(Encoding.UTF8.GetBytes(value), out uint number) ? number : null;

    /// <summary>All values of a header: of a list each element.</summary>
    public IReadOnlyList<string> Values(HeaderId id)
    {
        HeaderDefinition definition = HeaderTable.Get(id);
        var values = new List<string>();
        foreach (SipHeader row in _rows)
        {
            if (row.Id != id) continue;
            if (definition.Rows == HeaderRows.CommaList) AddElements(values, row.Value, definition.Syntax == HeaderSyntax.CallId);
            else values.Add(row.Value);
        }

        return values;
    }

    /// <summary>True when there is a row of this header.</summary>
    public bool Contains(HeaderId id) => Array.Exists(_rows, row => row.Id == id);

    /// <summary>These with one more row, last.</summary>
    /// <exception cref="ArgumentException">The value has a CR or LF, or the header is <see cref="HeaderId.Unknown"/> or Content-Length.</exception>
    public SipHeaders Add(HeaderId id, string value) => new([.. _rows, Row(id, value)]);

    /// <summary>These with one more row, last.</summary>
    public SipHeaders Add(HeaderId id, NameAddress value) => Add(id, value.ToString());

    /// <summary>These with one more row, last.</summary>
    public SipHeaders Add(Via value) => Add(HeaderId.Via, value.ToString());

    /// <summary>These with one more row, last.</summary>
    public SipHeaders Add(CSeq value) => Add(HeaderId.CSeq, value.ToString());

    /// <summary>These with one more row, last.</summary>
    /// <param name="name">The name, full or compact.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="ArgumentException">The name is no token or is Content-Length, or the value has a CR or LF.</exception>
    public SipHeaders Add(string name, string value) => new([.. _rows, Row(name, value)]);

    /// <summary>These with one more row, before the first of its kind or first of all.</summary>
    /// <exception cref="ArgumentException">The value has a CR or LF, or the header is <see cref="HeaderId.Unknown"/> or Content-Length.</exception>
    public SipHeaders Prepend(HeaderId id, string value)
    {
        int at = Math.Max(0, Array.FindIndex(_rows, row => row.Id == id));
        return new SipHeaders([.. _rows[..at], Row(id, value), .. _rows[at..]]);
    }

    /// <summary>These with one row of this header, in the place of its first, or last.</summary>
    /// <exception cref="ArgumentException">The value has a CR or LF, or the header is <see cref="HeaderId.Unknown"/> or Content-Length.</exception>
    public SipHeaders Set(HeaderId id, string value)
    {
        SipHeader set = Row(id, value);
        int at = Array.FindIndex(_rows, row => row.Id == id);
        return at < 0 ? new SipHeaders([.. _rows, set]) : new SipHeaders([.. _rows[..at], set, .. _rows[(at + 1)..].Where(row => row.Id != id)]);
    }

    /// <summary>These with one row of this header, in the place of its first, or last.</summary>
    public SipHeaders Set(HeaderId id, NameAddress value) => Set(id, value.ToString());

    /// <summary>These without the rows of this header.</summary>
    public SipHeaders Remove(HeaderId id) => Contains(id) ? new SipHeaders([.. _rows.Where(row => row.Id != id)]) : this;

    /// <summary>These without the rows of this name.</summary>
    public SipHeaders Remove(string name)
    {
        HeaderId id = Find(name);
        return new SipHeaders([.. _rows.Where(row => !Is(row, id, name))]);
    }

    /// <inheritdoc/>
    public IEnumerator<SipHeader> GetEnumerator() => ((IEnumerable<SipHeader>)_rows).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>True when the same rows stand in the same order.</summary>
    public bool Equals(SipHeaders? other) => other is not null && _rows.AsSpan().SequenceEqual(other._rows);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SipHeaders);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (SipHeader row in _rows) hash.Add(row);
        return hash.ToHashCode();
    }

    internal static SipHeaders FromView(in SipMessageView view)
    {
        var rows = new List<SipHeader>(view.Index.Count);
        for (int i = 0; i < view.Index.Count; i++)
        {
            HeaderId id = view.Index[i].Id;
            if (id == HeaderId.ContentLength) continue;
            string name = id == HeaderId.Unknown ? Encoding.UTF8.GetString(view.RowName(i)) : HeaderTable.Get(id).Name;
            rows.Add(new SipHeader(id, name, SipText.Decode(view.RowValue(i))));
        }

        return new SipHeaders([.. rows]);
    }

    private static SipHeader Row(HeaderId id, string value)
    {
        if (id is HeaderId.Unknown or HeaderId.ContentLength) throw new ArgumentException("It has no name, or is written from the body.", nameof(id));
        return new SipHeader(id, HeaderTable.Get(id).Name, SipText.OneLine(value, nameof(value)).Trim(' ', '\t'));
    }

    private static SipHeader Row(string name, string value)
    {
        HeaderId id = Find(SipText.Token(name, nameof(name)));
        return id == HeaderId.Unknown ? new SipHeader(id, name, SipText.OneLine(value, nameof(value)).Trim(' ', '\t')) : Row(id, value);
    }

    private static HeaderId Find(string name) => HeaderTable.Find(Encoding.UTF8.GetBytes(name));

    private static bool Is(SipHeader row, HeaderId id, string name) =>
        row.Id == id && (id != HeaderId.Unknown || string.Equals(row.Name, name, StringComparison.OrdinalIgnoreCase));

    private static void AddElements(List<string> elements, string value, bool isWordList)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        int at = 0;
        while (at < bytes.Length)
        {
            int comma = isWordList ? Array.IndexOf(bytes, (byte)',', at) : Grammar.NextComma(bytes, at);
            if (comma < 0) comma = bytes.Length;
            ReadOnlySpan<byte> element = Grammar.Trim(bytes.AsSpan(at, comma - at));
            if (!element.IsEmpty) elements.Add(Encoding.UTF8.GetString(element));
            at = comma + 1;
        }
    }
}
