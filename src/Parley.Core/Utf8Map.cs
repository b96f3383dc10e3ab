using System.Diagnostics.CodeAnalysis;

namespace Parley.Core;

/// <summary>Values by UTF-8 texts, found by bytes as they came from the wire, without making a text of them.</summary>
/// <remarks>Made once and then read by any thread. Letter case counts.</remarks>
/// <typeparam name="TValue">What is kept.</typeparam>
public sealed class Utf8Map<TValue>
{
    private readonly Dictionary<byte[], TValue> _values;
    private readonly Dictionary<byte[], TValue>.AlternateLookup<ReadOnlySpan<byte>> _byBytes;

    /// <summary>A map of some values.</summary>
    /// <param name="values">Each with its text.</param>
    /// <exception cref="ArgumentException">A text is there twice.</exception>
    public Utf8Map(IEnumerable<KeyValuePair<string, TValue>> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        _values = new Dictionary<byte[], TValue>(Comparer.Instance);
        foreach ((string text, TValue value) in values) _values.Add(System.Text.Encoding.UTF8.GetBytes(text), value);
        _byBytes = _values.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>How many there are.</summary>
    public int Count => _values.Count;

    /// <summary>Finds a value.</summary>
    /// <param name="text">Its text in UTF-8.</param>
    /// <param name="value">The value.</param>
    public bool TryGetValue(ReadOnlySpan<byte> text, [MaybeNullWhen(false)] out TValue value)
    {
        if (_values.Count > 0) return _byBytes.TryGetValue(text, out value);
        value = default;
        return false;
    }

    private sealed class Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly Comparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = default(HashCode);       // seeded, so that nobody can choose texts that collide
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
