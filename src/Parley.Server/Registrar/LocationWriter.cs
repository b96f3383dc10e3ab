using Microsoft.Extensions.Logging;
using Parley.Server.Configuration;
using Parley.Server.Storage;

namespace Parley.Server.Registrar;

/// <summary>The one writer of the location table: applies batches, commits them, publishes them, sweeps what has ended.</summary>
/// <remarks>One thread calls it, except for <see cref="Find"/> and <see cref="Limits"/>. Knows no clock and no queue.</remarks>
internal sealed class LocationWriter : IDisposable
{
    /// <summary>How many updates share a commit at most: a commit of so many takes a few milliseconds, which each of them waits.</summary>
    public const int MaxBatch = 1024;

    /// <summary>How often a piece of the table is swept.</summary>
    public static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private const int SweepRounds = 60;             // so many pieces make the whole table
    private const int SmallestSweepPiece = 256;

    private readonly IBindingStore? _store;
    private readonly LocationOptions _options;
    private readonly IContactComparer _comparer;
    private readonly ILogger _logger;
    private readonly BindingUpdate[] _batch = new BindingUpdate[MaxBatch];
    private readonly StagedChanges _staged = new(MaxBatch);
    private readonly RecordTable _table = new();
    private RegistrarOptions _limits;
    private DateTimeOffset _nextSweep;
    private int _sweepSlot;

    public LocationWriter(IBindingStore? store, LocationOptions options, RegistrarOptions limits, IContactComparer comparer, ILogger logger)
    {
        (_store, _options, _limits, _comparer, _logger) = (store, options, limits, comparer, logger);
    }

    public RegistrarOptions Limits
    {
        get => Volatile.Read(ref _limits);
        set => Volatile.Write(ref _limits, value);
    }

    public int Count => _table.Count;

    public BindingSet Find(ReadOnlySpan<byte> addressOfRecord) => new(_table.Find(addressOfRecord));

    /// <summary>Fills the table from the store. What has ended comes in too, so that the sweep removes it from the store.</summary>
    public void Load()
    {
        int damaged = 0;
        _store?.Load(record =>
        {
            if (!BindingSet.IsValidRecord(record))
            {
                damaged++;
                return;
            }

            RecordHeader.Rehash(record);
            _table.Put(record);
        });
        if (damaged > 0) Log.DamagedBindings(_logger, damaged);
    }

    /// <summary>Applies the first of some updates as one batch, at most <see cref="MaxBatch"/> of them, and completes them.</summary>
    /// <param name="oldest">The updates, linked, in the order they came.</param>
    /// <param name="now">The wall-clock time.</param>
    /// <param name="done">How many it took.</param>
    /// <returns>The first update that it did not take; null when it took all.</returns>
    public BindingUpdate? RunBatch(BindingUpdate oldest, DateTimeOffset now, out int done)
    {
        RegistrarOptions limits = Limits;
        BindingUpdate? next = oldest;
        for (done = 0; next is not null && done < MaxBatch; done++)
        {
            BindingUpdate update = _batch[done] = next;
            next = (BindingUpdate?)update.Next;
            update.Next = null;
            Stage(update, now, limits);
        }

        bool isCommitted = TryCommit();
        if (isCommitted) Publish();
        _staged.Clear();
        for (int i = 0; i < done; i++)
        {
            BindingUpdate update = _batch[i];
            _batch[i] = null!;
            if (!isCommitted && update.Outcome == BindingOutcome.Accepted)
            {
                update.Outcome = BindingOutcome.StorageFailed;
                update.Bindings = Find(update.AddressOfRecord);
            }

            update.OnCompleted();
        }

        return next;
    }

    /// <summary>Removes what has ended from a piece of the table, when a second has gone by since the last piece.</summary>
    /// <remarks>A minute's worth of pieces is the whole table, so this needs no list of deadlines. Look-ups do not depend on it.</remarks>
    public void SweepIfDue(DateTimeOffset now)
    {
        if (now < _nextSweep && _nextSweep - now <= SweepInterval) return;     // a clock that was set back does not stop the sweep
        _nextSweep = now + SweepInterval;
        int piece = Math.Max(SmallestSweepPiece, _table.Capacity / SweepRounds);
        for (; piece > 0 && _staged.Count < MaxBatch; piece--)
        {
            if (_sweepSlot >= _table.Capacity) _sweepSlot = 0;
            var bindings = new BindingSet(_table.At(_sweepSlot++));
            if (bindings.EarliestExpiry > now) continue;
            BindingSet live = bindings.Without(now);
            // The store may keep what has ended beside what has not: whoever reads it looks at the time.
            if (live.IsEmpty) _staged.Set(bindings.AddressOfRecord, null);
            else _table.Put(live.Record!);
        }

        if (TryCommit()) Publish();
        _staged.Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => _store?.Dispose();

    private void Stage(BindingUpdate update, DateTimeOffset now, RegistrarOptions limits)
    {
        if (!_staged.TryGet(update.AddressOfRecord, out byte[]? record)) record = _table.Find(update.AddressOfRecord);
        var existing = new BindingSet(record);
        update.AppliedAt = now;
        update.Outcome = BindingSet.Apply(existing, update, now, limits, _comparer, out BindingSet result);
        if (existing.IsEmpty && !result.IsEmpty && _table.Count + _staged.Count >= _options.MaxAddressesOfRecord)
        {
            update.Outcome = BindingOutcome.LocationFull;
            result = existing;
        }

        update.Bindings = result;
        if (result.Record != record) _staged.Set(update.AddressOfRecord, result.Record);
    }

    /// <summary>Writes what is staged to the store.</summary>
    /// <returns>False when it could not: nothing was written, and what is staged must not be seen.</returns>
    private bool TryCommit()
    {
        if (_store is null || _staged.Count == 0) return true;
        try
        {
            _store.Commit(_staged.Changes);
            return true;
        }
        catch (StorageException e)
        {
            Log.CommitFailed(_logger, _staged.Count, e);
            return false;
        }
    }

    private void Publish()
    {
        foreach (ref readonly BindingChange change in _staged.Changes)
        {
            if (change.Record is null) _table.Remove(change.AddressOfRecord);
            else _table.Put(change.Record);
        }
    }
}
