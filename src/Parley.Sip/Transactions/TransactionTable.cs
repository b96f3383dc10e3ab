using System.Diagnostics.CodeAnalysis;

namespace Parley.Sip.Transactions;

/// <summary>Answers of <see cref="TransactionTable{T}.Add"/>.</summary>
public enum TransactionTableResult
{
    /// <summary>It is in.</summary>
    Added,

    /// <summary>The key is taken; nothing changed.</summary>
    Duplicate,

    /// <summary>As many as allowed are in; nothing changed. A new request is answered with 503 (Service Unavailable).</summary>
    Full,
}

/// <summary>What is found by <see cref="TransactionKey"/>: bounded, and without allocation once it has been as large as it gets.</summary>
/// <typeparam name="T">What is held: a transaction, or the lane's own record of one.</typeparam>
/// <remarks>Not thread-safe: one lane owns it.</remarks>
public sealed class TransactionTable<T>
    where T : class
{
    private readonly Dictionary<TransactionKey, T> _entries = [];

    /// <summary>An empty table.</summary>
    /// <param name="capacity">The most that it holds; 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public TransactionTable(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Capacity = capacity;
    }

    /// <summary>The most that it holds.</summary>
    public int Capacity { get; }

    /// <summary>How many it holds.</summary>
    public int Count => _entries.Count;

    /// <summary>All that it holds, in no order. Adding ends the enumeration with an exception; removing does not.</summary>
    public Dictionary<TransactionKey, T>.ValueCollection Values => _entries.Values;

    /// <summary>Puts one in.</summary>
    public TransactionTableResult Add(in TransactionKey key, T entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (_entries.Count >= Capacity) return _entries.ContainsKey(key) ? TransactionTableResult.Duplicate : TransactionTableResult.Full;
        return _entries.TryAdd(key, entry) ? TransactionTableResult.Added : TransactionTableResult.Duplicate;
    }

    /// <summary>Finds one.</summary>
    public bool TryGet(in TransactionKey key, [MaybeNullWhen(false)] out T entry) => _entries.TryGetValue(key, out entry);

    /// <summary>Takes one out.</summary>
    /// <returns>False when there was none.</returns>
    public bool Remove(in TransactionKey key) => _entries.Remove(key);
}
