namespace Parley.Server.Storage;

/// <summary>Records in their order, one behind the other in memory that is used again and again. One thread.</summary>
internal sealed class RecordBatch
{
    private byte[] _bytes = [];
    private int _length;
    private (int Offset, int Length)[] _records = new (int, int)[16];

    /// <summary>How many records it has.</summary>
    public int Count { get; private set; }

    /// <summary>A record; valid until one is added or replaced.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public ReadOnlySpan<byte> this[int index] => index < Count ? Room(index) : throw new ArgumentOutOfRangeException(nameof(index));

    /// <summary>Adds a record.</summary>
    /// <returns>Where to write it, before anything else is done here.</returns>
    public Span<byte> Add(int lengthBytes)
    {
        if (Count == _records.Length) Array.Resize(ref _records, 2 * Count);
        return Place(Count++, lengthBytes);
    }

    /// <summary>Puts a record in the place of another one.</summary>
    /// <returns>Where to write it, before anything else is done here.</returns>
    public Span<byte> Replace(int index, int lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        return Place(index, lengthBytes);
    }

    /// <summary>Takes all records out.</summary>
    public void Clear() => (_length, Count) = (0, 0);

    private Span<byte> Room(int index) => _bytes.AsSpan(_records[index].Offset, _records[index].Length);

    private Span<byte> Place(int index, int lengthBytes)
    {
        if (_bytes.Length - _length < lengthBytes) Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _length + lengthBytes));
        _records[index] = (_length, lengthBytes);
        _length += lengthBytes;
        return Room(index);
    }
}
