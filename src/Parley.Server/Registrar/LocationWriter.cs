using System.Buffers;
using Microsoft.Extensions.Logging;
using Parley.Server.Configuration;
using Parley.Server.Storage;

namespace Parley.Server.Registrar;

/// <summary>The one writer of the location table: applies updates, commits them, publishes them, sweeps what has ended.</summary>
/// <remarks>One thread at a time calls it, except for <see cref="Find"/> and <see cref="Limits"/>. Knows no clock and no queue.</remarks>
internal sealed class LocationWriter
{
    /// <summary>How many updates share a commit at most.</summary>
    /// <remarks>
    /// Bounds what is staged and written at once, a quarter of a megabyte of usual bindings, and how many registrations a write that
    /// fails takes with it. When a lane's round has more, all of them wait until the last commit.
    /// </remarks>
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
    private readonly StagedChanges _staged = new(MaxBatch + MostRewritten);
    private readonly RecordTable _table = new();
    private readonly ArrayBufferWriter<byte> _live = new();     // what the sweep leaves of a record
    private RegistrarOptions _limits;
    private int _newInBatch;                    // staged addresses of record that the table does not have
    private int _rewriteSlot = NotRewriting;    // the next slot whose record goes over to the new generation
    private int _rewriteLayout;
    private long _noGenerationBelow;            // after a generation could not be begun: how many changes there are before the next try
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

    public IBindingWatch? Watch { get; set; }

    public int Count => _table.Count;

    public BindingSet Find(scoped ReadOnlySpan<byte> addressOfRecord, ArrayBufferWriter<byte> buffer) => new(_table.Find(addressOfRecord, buffer));

    /// <summary>Fills the table from the store. What has ended comes in too, so that the sweep removes it from the store.</summary>
    public void Load()
    {
        int damaged = 0;
        int places = _store is null ? 0 : _store.Load(record =>
        {
            if (RecordHeader.IsAlone(record)) _table.Remove(RecordHeader.KeyOf(record));
            else if (BindingSet.IsValidRecord(record))
            {
                RecordHeader.Rehash(record);
                _table.Put(record);
            }
            else damaged++;
        });
        if (damaged + places > 0) Log.DamagedBindings(_logger, damaged + places);
    }

    /// <summary>Applies updates in their order, so many at a time as share a commit (<see cref="MaxBatch"/>), and sets what became of each.</summary>
    /// <param name="oldest">The updates, linked.</param>
    /// <param name="now">The wall-clock time.</param>
    public void Apply(BindingUpdate? oldest, DateTimeOffset now)
    {
        RegistrarOptions limits = Limits;
        while (oldest is not null)
        {
            BindingUpdate first = oldest;
            int count = 0;
            for (; oldest is not null && count < MaxBatch; oldest = oldest.Next, count++) Stage(oldest, now, limits);
            if (TryCommitAndPublish()) continue;
            for (BindingUpdate? update = first; update != oldest; update = update!.Next)
            {
                if (update!.Outcome == BindingOutcome.Accepted) update.Refuse(BindingOutcome.StorageFailed, new BindingSet(_table.Get(update.AddressOfRecord)));
            }
        }
    }

    /// <summary>Refuses updates because the service has ended.</summary>
    public static void Refuse(BindingUpdate? oldest)
    {
        for (; oldest is not null; oldest = oldest.Next) oldest.Refuse(BindingOutcome.Closed, default);
    }

    /// <summary>How many slots are to be swept now: a piece of the table, when a second has gone by since the last piece.</summary>
    /// <remarks>A minute's worth of pieces is the whole table, so this needs no list of deadlines. Look-ups do not depend on it.</remarks>
    public int SlotsToSweep(DateTimeOffset now)
    {
        if (now < _nextSweep && _nextSweep - now <= SweepInterval) return 0;     // a clock that was set back does not stop the sweep
        _nextSweep = now + SweepInterval;
        return Math.Max(SmallestSweepPiece, _table.Capacity / SweepRounds);
    }

    /// <summary>Removes what has ended from the next slots of the table.</summary>
    /// <param name="now">The wall-clock time.</param>
    /// <param name="slots">How many, at most <see cref="MaxBatch"/>.</param>
    public void Sweep(DateTimeOffset now, int slots)
    {
        DateTimeOffset soon = Watch is { } watch ? now + watch.Lead : now;
        for (; slots > 0; slots--)
        {
            if (_sweepSlot >= _table.Capacity) _sweepSlot = 0;
            var bindings = new BindingSet(_table.At(_sweepSlot++));
            if (bindings.EarliestExpiry > soon) continue;
            Watch?.OnExpiring(bindings, now);
            if (bindings.EarliestExpiry > now) continue;
            _live.ResetWrittenCount();
            bindings.WriteLiveAt(now, _live);
            // The store may keep what has ended beside what has not: whoever reads it looks at the time.
            if (_live.WrittenCount == 0) _staged.SetRemoved(bindings.AddressOfRecord);
            else _table.Put(_live.WrittenSpan);
        }

        TryCommitAndPublish();
    }

    private void Stage(BindingUpdate update, DateTimeOffset now, RegistrarOptions limits)
    {
        if (!_staged.TryGet(update.AddressOfRecord, out ReadOnlySpan<byte> record)) record = _table.Get(update.AddressOfRecord);
        var existing = new BindingSet(record);
        update.ApplyTo(existing, now, limits, _comparer);
        if (update.Outcome != BindingOutcome.Accepted) return;
        BindingSet result = update.Bindings;
        if (existing.IsEmpty && !result.IsEmpty && ++_newInBatch + _table.Count > _options.MaxAddressesOfRecord)
        {
            update.Refuse(BindingOutcome.LocationFull, existing);
        }
        else if (!result.IsEmpty) _staged.Set(result.Record);
        else if (!existing.IsEmpty) _staged.SetRemoved(update.AddressOfRecord);
    }

    /// <summary>Writes what is staged to the store, and then lets everybody see it.</summary>
    /// <returns>False when it could not be written: nothing has changed.</returns>
    private bool TryCommitAndPublish()
    {
        int changes = _staged.Count;        // those that were asked for, before what goes over to a new generation
        try
        {
            if (_store is not null && changes > 0)
            {
                StageRewrite(_store);
                if (!TryCommit(_store)) return false;
            }

            Publish(changes);
            return true;
        }
        finally
        {
            // However it ended: what was staged here goes with no later commit, of which nobody waits for it.
            _staged.Clear();
            _newInBatch = 0;
        }
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
            if (store.ChangeCount - _table.Count <= _table.Count + _options.ReplacedChanges || !TryBeginGeneration(store)) return;
            (_rewriteSlot, _rewriteLayout) = (0, _table.Layout);
        }

        if (_rewriteLayout != _table.Layout) (_rewriteSlot, _rewriteLayout) = (0, _table.Layout);
        int most = Math.Min(MostRewritten, Math.Max(SmallestRewrite, 2 * _staged.Count));
        for (; most > 0 && _rewriteSlot < _table.Capacity; _rewriteSlot++)
        {
            ReadOnlySpan<byte> record = _table.At(_rewriteSlot);
            if (record.IsEmpty || _staged.TryGet(RecordHeader.KeyOf(record), out _)) continue;
            _staged.Set(record);
            most--;
        }
    }

    /// <summary>Without a new generation the log only stays long, so nothing fails with it; it is tried again when the log is half as long again.</summary>
    private bool TryBeginGeneration(IBindingStore store)
    {
        if (store.ChangeCount < _noGenerationBelow) return false;
        try
        {
            store.BeginGeneration();
            _noGenerationBelow = 0;
            return true;
        }
        catch (StorageException e)
        {
            _noGenerationBelow = store.ChangeCount + (store.ChangeCount / 2);
            Log.StoreNotMaintained(_logger, e);
            return false;
        }
    }

    /// <summary>Takes the first changes over into the table; those behind them only went over to the new generation.</summary>
    private void Publish(int changes)
    {
        for (int i = 0; i < changes; i++)
        {
            ReadOnlySpan<byte> change = _staged.Changes[i];
            if (RecordHeader.IsAlone(change)) _table.Remove(RecordHeader.KeyOf(change));
            else _table.Put(change);
        }
    }
}
