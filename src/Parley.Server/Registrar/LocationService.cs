using Microsoft.Extensions.Logging;
using Parley.Server.Configuration;
using Parley.Server.Storage;

namespace Parley.Server.Registrar;

/// <summary>The bindings of all addresses of record (the "location service" of RFC 3261 6): looked up by any thread, changed by one.</summary>
/// <remarks>
/// Lanes submit updates; the writer takes all that wait as one batch, applies them in order, commits the batch to the
/// store as one, makes the results visible to <see cref="Find"/>, and only then calls the completions. So a 200 means that the
/// binding is on disk, and registrations that arrive together share one commit. A restart of the process loses nothing
/// that was completed.
/// </remarks>
internal sealed class LocationService : IDisposable
{
    /// <summary>How many updates may wait; <see cref="TrySubmit"/> refuses more.</summary>
    public const int QueueCapacity = 16384;

    /// <summary>After a commit the next one waits so long, for updates to share it: at most so much is added to the answer of a REGISTER, and only under load.</summary>
    private static readonly TimeSpan CommitSpacing = TimeSpan.FromMilliseconds(4);

    private readonly ManualResetEvent _stopping = new(false);
    private readonly Inbox<BindingUpdate> _inbox = new(QueueCapacity);
    private readonly LocationWriter _writer;
    private readonly TimeProvider _time;
    private Thread? _thread;
    private volatile bool _isStopping;

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
        _time = time;
        _writer = new LocationWriter(store, options, limits, comparer, logger);
    }

    /// <summary>What the registrar grants; may be replaced at any time by any thread.</summary>
    public RegistrarOptions Limits
    {
        get => _writer.Limits;
        set => _writer.Limits = value;
    }

    /// <summary>How many addresses of record have bindings, those included that have ended and are not yet swept.</summary>
    public int Count => _writer.Count;

    /// <summary>Reads what the store holds. Once, before anything else.</summary>
    /// <exception cref="StorageException">The store cannot be read.</exception>
    public void Load() => _writer.Load();

    /// <summary>Starts the writer's thread. Without it the owner calls <see cref="RunPending"/>.</summary>
    public void Start()
    {
        _thread = new Thread(RunUntilStopped) { IsBackground = true, Name = "location" };
        _thread.Start();
    }

    /// <summary>Finds the bindings of an address of record. Any thread; no lock, no allocation.</summary>
    /// <param name="addressOfRecord">Canonical (<see cref="Accounts.AddressOfRecord.TryFormat"/>).</param>
    /// <returns>A snapshot, in which some bindings may have ended (<see cref="BindingSet.LiveAt"/>); the empty set when there are none.</returns>
    public BindingSet Find(ReadOnlySpan<byte> addressOfRecord) => _writer.Find(addressOfRecord);

    /// <summary>Queues an update; <see cref="BindingUpdate.OnCompleted"/> is called when it is done. Any thread.</summary>
    /// <returns>False when the queue is full or the service has ended: answer 503. The update is the caller's again.</returns>
    public bool TrySubmit(BindingUpdate update) => _inbox.TryAdd(update);

    /// <summary>Does everything that waits, and a piece of the sweep. Only when <see cref="Start"/> was not called.</summary>
    public void RunPending()
    {
        Run(_inbox.TakeAll());
        _writer.SweepIfDue(_time.GetUtcNow());
    }

    /// <summary>Refuses new updates, finishes those that wait, and closes the store.</summary>
    public void Dispose()
    {
        if (_isStopping) return;
        _isStopping = true;
        _stopping.Set();
        _inbox.Wake();
        if (_thread is null) Run(_inbox.TakeAllAndClose());
        else _thread.Join();
        _writer.Dispose();
        _inbox.Dispose();
        _stopping.Dispose();
    }

    private void RunUntilStopped()
    {
        while (!_isStopping)
        {
            _inbox.Wait(LocationWriter.SweepInterval);
            RunPending();
            _stopping.WaitOne(CommitSpacing);
        }

        Run(_inbox.TakeAllAndClose());
    }

    private void Run(BindingUpdate? oldest)
    {
        while (oldest is not null)
        {
            oldest = _writer.RunBatch(oldest, _time.GetUtcNow(), out int done);
            for (; done > 0; done--) _inbox.Done();
        }
    }
}
