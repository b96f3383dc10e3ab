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

    /// <summary>How many bindings a commit takes over to a new generation of the store at most, besides its updates.</summary>
    private const int MostRewritten = MaxBatch;

    private const int NotRewriting = -1;
    private const int SweepRounds = 60;             // so many pieces make the whole table
    private const int SmallestSweepPiece = 256;
    private const int SmallestRewrite = 32;

    private readonly IBindingStore? _store;
    private readonly LocationOptions _options;
    private readonly IContactComparer _comparer;
    private readonly ILogger _logger;
    private readonly BindingUpdate[] _batch = new BindingUpdate[MaxBatch];
    private readonly StagedChanges _staged = new(MaxBatch + MostRewritten);
    private readonly RecordTable _table = new();
    private RegistrarOptions _limits;
    private int _newInBatch;                    // staged addresses of record that the table does not have
    private int _rewriteSlot = NotRewriting;    // the next slot whose record goes over to the new generation
    private int _rewriteLayout;
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
            if (RecordHeader.IsAlone(record)) _table.Remove(RecordHeader.KeyOf(record));
            else if (BindingSet.IsValidRecord(record))
            {
                RecordHeader.Rehash(record);
                _table.Put(record);
            }
            else damaged++;
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

        bool isCommitted = TryCommitAndPublish();
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
            if (live.IsEmpty) _staged.Set(RecordHeader.CreateAlone(bindings.AddressOfRecord));
            else _table.Put(live.Record!);
        }

        TryCommitAndPublish();
    }

    /// <inheritdoc/>
    public void Dispose() => _store?.Dispose();

    private void Stage(BindingUpdate update, DateTimeOffset now, RegistrarOptions limits)
    {
        if (!_staged.TryGet(update.AddressOfRecord, out byte[]? record)) record = _table.Find(update.AddressOfRecord);
        var existing = new BindingSet(record);
        update.AppliedAt = now;
        update.Outcome = BindingSet.Apply(existing, update, now, limits, _comparer, out BindingSet result);
        if (existing.IsEmpty && !result.IsEmpty && ++_newInBatch + _table.Count > _options.MaxAddressesOfRecord)
        {
            update.Outcome = BindingOutcome.LocationFull;
            result = existing;
        }

        update.Bindings = result;
        if (result.Record != record) _staged.Set(result.Record ?? RecordHeader.CreateAlone(update.AddressOfRecord));
    }

    /// <summary>Writes what is staged to the store, and then lets everybody see it.</summary>
    /// <returns>False when it could not be written: nothing has changed.</returns>
    private bool TryCommitAndPublish()
    {
        bool isCommitted = true;
        if (_store is not null && _staged.Count > 0)
        {
            StageRewrite(_store);
            isCommitted = TryCommit(_store);
        }

        if (isCommitted) Publish();
        _staged.Clear();
        _newInBatch = 0;
        return isCommitted;
    }

    private bool TryCommit(IBindingStore store)
    {
        try
        {
            store.Commit(_staged.Changes);
        }
        catch (StorageException e)
        {
            Log.CommitFailed(_logger, _staged.Count, e);
            if (_rewriteSlot != NotRewriting) _rewriteSlot = 0;     // what went over with this commit did not
            return false;
        }

        if (_rewriteSlot == _table.Capacity)
        {
            store.ForgetEarlierGenerations();
            _rewriteSlot = NotRewriting;
        }

        return true;
    }

    /// <summary>
    /// When the store holds many changes that were replaced since, adds to each commit some of what is bound, until all
    /// of it is in the store's new generation. Twice as many as there are changes, so that it comes to an end.
    /// </summary>
    private void StageRewrite(IBindingStore store)
    {
        if (_rewriteSlot == NotRewriting)
        {
            if (store.ChangeCount - _table.Count <= _table.Count + _options.ReplacedChanges) return;
            store.BeginGeneration();
            (_rewriteSlot, _rewriteLayout) = (0, _table.Layout);
        }

        if (_rewriteLayout != _table.Layout) (_rewriteSlot, _rewriteLayout) = (0, _table.Layout);
        int most = Math.Min(MostRewritten, Math.Max(SmallestRewrite, 2 * _staged.Count));
        for (; most > 0 && _rewriteSlot < _table.Capacity; _rewriteSlot++)
        {
            byte[]? record = _table.At(_rewriteSlot);
            if (record is null || _staged.TryGet(RecordHeader.KeyOf(record), out _)) continue;
            _staged.Set(record);
            most--;
        }
    }

    private void Publish()
    {
        foreach (byte[] change in _staged.Changes)
        {
            if (RecordHeader.IsAlone(change)) _table.Remove(RecordHeader.KeyOf(change));
            else _table.Put(change);
        }
    }
}
