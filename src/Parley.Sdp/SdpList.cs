using System.Collections;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Parley.Sdp;

/// <summary>An immutable list that equals another with equal items, so that descriptions compare as values.</summary>
[CollectionBuilder(typeof(SdpList), nameof(SdpList.Create))]
public readonly struct SdpList<T> : IReadOnlyList<T>, IEquatable<SdpList<T>>
    where T : IEquatable<T>
{
    private readonly ImmutableArray<T> _items;

    internal SdpList(ImmutableArray<T> items) => _items = items;

    /// <inheritdoc/>
    public int Count => _items.IsDefault ? 0 : _items.Length;

    /// <inheritdoc/>
    public T this[int index] => _items[index];

    /// <summary>The items in order.</summary>
    public ReadOnlySpan<T> Span => _items.IsDefault ? [] : _items.AsSpan();

    /// <summary>The list with one more item at its end.</summary>
    public SdpList<T> Add(T item) => new(_items.IsDefault ? [item] : _items.Add(item));

    /// <summary>The list with another item at a place.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such place.</exception>
    public SdpList<T> SetItem(int index, T item)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count);
        return new SdpList<T>(_items.SetItem(index, item));
    }

    /// <inheritdoc cref="IEnumerable{T}.GetEnumerator"/>
    public ReadOnlySpan<T>.Enumerator GetEnumerator() => Span.GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(SdpList<T> other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SdpList<T> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (T item in Span) hash.Add(item);
        return hash.ToHashCode();
    }

    /// <summary>True when the items are equal.</summary>
    public static bool operator ==(SdpList<T> left, SdpList<T> right) => left.Equals(right);

    /// <summary>True when they differ.</summary>
    public static bool operator !=(SdpList<T> left, SdpList<T> right) => !left.Equals(right);

    IEnumerator<T> IEnumerable<T>.GetEnumerator() => ((IEnumerable<T>)(_items.IsDefault ? [] : _items)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable<T>)this).GetEnumerator();
}

/// <summary>Makes <see cref="SdpList{T}"/> from collection expressions.</summary>
public static class SdpList
{
    /// <summary>A list of these items.</summary>
    public static SdpList<T> Create<T>(ReadOnlySpan<T> items)
        where T : IEquatable<T> => new([.. items]);
}
