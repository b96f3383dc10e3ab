using System.Buffers;
using Microsoft.Extensions.Logging;
using Parley.Server.Configuration;
using Parley.Server.Storage;

namespace Parley.Server.Registrar;

/// <summary>The bindings of all addresses of record (the "location service" of RFC 3261 6): looked up by any thread without a lock, changed by one at a time.</summary>
/// <remarks>
/// A lane applies the updates of a round as one batch, on its own thread: in their order, with one write to the store, then
/// visible to <see cref="Find"/>, and only then completed. So a 200 means that the binding survives the end of the process, and
/// no REGISTER waits for another thread. Lanes take turns, for a few microseconds an update. What may take longer (forcing the store
/// onto the disk, deleting what it no longer needs) has a thread of its own, beside the lanes.
/// </remarks>
internal sealed class LocationService : IDisposable
{
    /// <summary>How many slots are swept at a time: lanes wait no longer than that takes.</summary>
    private const int SweptAtATime = 1024;

    /// <summary>How often what is on its way to the disk is forced onto it: what a power cut may take. More at a time holds up the lane that shares the processor.</summary>
    private static readonly TimeSpan MaintainInterval = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly ManualResetEvent _stopping = new(false);
    private readonly IBindingStore? _store;
    private readonly LocationWriter _writer;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private Thread? _thread;
    private bool _isClosed;

    /// <summary>A service over a store.</summary>
    /// <param name="store">What makes bindings last; null keeps them in memory only. The service disposes it.</param>
    /// <param name="options">How bindings are kept.</param>
    /// <param name="limits">What is granted at first; see <see cref="Limits"/>.</param>
    /// <param name="comparer">Which contact addresses are the same.</param>
    /// <param name="time">The wall clock.</param>
    /// <param name="logger">Gets failures of the store.</param>
    public LocationService(
        IBindingStore? store, LocationOptions options, RegistrarOptions limits, IContactComparer comparer, TimeProvider time, ILogger logger)
    {
        (_store, _time, _logger) = (store, time, logger);
        _writer = new LocationWriter(store, options, limits, comparer, logger);
    }

    /// <summary>What the registrar grants; may be replaced at any time by any thread.</summary>
    public RegistrarOptions Limits
    {
        get => _writer.Limits;
        set => _writer.Limits = value;
    }

    /// <summary>Hears of bindings that end soon; null for nobody. Set before anything else.</summary>
    public IBindingWatch? Watch
    {
        get => _writer.Watch;
        set => _writer.Watch = value;
    }

    /// <summary>How many addresses of record have bindings, those included that have ended and are not yet swept.</summary>
    public int Count => _writer.Count;

    /// <summary>Reads what the store holds. Once, before anything else.</summary>
    /// <exception cref="StorageException">The store cannot be read.</exception>
    public void Load() => _writer.Load();

    /// <summary>Starts the thread for what is done beside the lanes. Without it the owner calls <see cref="Maintain"/>.</summary>
    public void Start()
    {
        _thread = new Thread(RunUntilStopped) { IsBackground = true, Name = "location" };
        _thread.Start();
    }

    /// <summary>Finds the bindings of an address of record. Any thread; no lock, no allocation.</summary>
    /// <param name="addressOfRecord">Canonical (<see cref="Accounts.AddressOfRecord.TryFormat"/>).</param>
    /// <param name="buffer">The caller's, to be used again and again; what was in it is gone.</param>
    /// <returns>
    /// A snapshot in the buffer, in which some bindings may have ended (<see cref="BindingSet.LiveAt"/>); the empty set when there are none.
    /// </returns>
    public BindingSet Find(scoped ReadOnlySpan<byte> addressOfRecord, ArrayBufferWriter<byte> buffer) => _writer.Find(addressOfRecord, buffer);

    /// <summary>Applies updates, and calls <see cref="BindingUpdate.OnCompleted"/> for each when all are done. Any thread.</summary>
    /// <param name="updates">The updates; empty afterwards.</param>
    public void Apply(BindingBatch updates)
    {
        BindingUpdate? next = updates.Take();
        lock (_gate)
        {
            if (_isClosed) LocationWriter.Refuse(next);
            else _writer.Apply(next, _time.GetUtcNow());
        }

        while (next is not null)
        {
            BindingUpdate update = next;
            next = update.Next;
            update.Next = null;
            update.OnCompleted();
        }
    }

    /// <summary>Removes what has ended from a piece of the table, and has the store do what takes time.</summary>
    public void Maintain()
    {
        DateTimeOffset now = _time.GetUtcNow();
        for (int left = _writer.SlotsToSweep(now); left > 0; left -= SweptAtATime)
        {
            lock (_gate) _writer.Sweep(now, Math.Min(left, SweptAtATime));
        }

        MaintainStore();
    }

    /// <summary>Refuses new updates, forces what was completed onto the disk, and closes the store.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isClosed) return;
            _isClosed = true;
        }

        _stopping.Set();
        _thread?.Join();
        MaintainStore();
        _store?.Dispose();
        _stopping.Dispose();
    }

    private void MaintainStore()
    {
        try
        {
            _store?.Maintain();
        }
        catch (StorageException e)
        {
            Log.StoreNotMaintained(_logger, e);     // nothing is lost; the next turn, or the next start, tries again
        }
    }

    private void RunUntilStopped()
    {
        while (!_stopping.WaitOne(MaintainInterval)) Maintain();
    }
}
