using System.Buffers;
using Microsoft.Extensions.Logging;
using Parley.Server.Storage;

namespace Parley.Server.Accounts;

/// <summary>The accounts as a running server sees them: in memory, looked up by any thread, kept up to date with what other processes change.</summary>
/// <remarks>
/// A thread of its own asks the database twice a second whether something changed, and at once when somebody
/// calls <see cref="TryRefresh"/>. Nothing changed costs a few microseconds; a change costs reading the accounts that changed.
/// </remarks>
internal sealed class AccountDirectory : IDisposable
{
    /// <summary>How many refreshes may wait; they are all answered by one look at the database.</summary>
    public const int QueueCapacity = 16384;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    private readonly Inbox<AccountRefresh> _inbox = new(QueueCapacity);
    private readonly AccountChangeReader _changes;
    private readonly ILogger _logger;
    private Thread? _thread;
    private volatile bool _isStopping;
    private bool _isFailing;

    /// <summary>Opens the accounts of a data folder and reads them.</summary>
    /// <exception cref="StorageException">They cannot be used.</exception>
    public AccountDirectory(string dataFolder, ILogger logger)
    {
        _logger = logger;
        _changes = new AccountChangeReader(dataFolder);
    }

    /// <summary>How many accounts there are.</summary>
    public int Count => _changes.Table.Count;

    /// <summary>Starts the thread that keeps it up to date. Without it the owner calls <see cref="RunPending"/>.</summary>
    public void Start()
    {
        _thread = new Thread(RunUntilStopped) { IsBackground = true, Name = "accounts" };
        _thread.Start();
    }

    /// <summary>Finds an account. Any thread; no lock, no allocation.</summary>
    /// <param name="addressOfRecord">Canonical (<see cref="AddressOfRecord.TryFormat"/>).</param>
    /// <param name="buffer">The caller's, to be used again and again; what was in it is gone.</param>
    /// <param name="account">The account, in the buffer.</param>
    public bool TryFind(scoped ReadOnlySpan<byte> addressOfRecord, ArrayBufferWriter<byte> buffer, out Account account)
    {
        ReadOnlySpan<byte> record = _changes.Table.Find(addressOfRecord, buffer);
        account = new Account(record);
        return !record.IsEmpty;
    }

    /// <summary>
    /// Brings the directory up to date and then calls <see cref="AccountRefresh.OnRefreshed"/>: for before a user is
    /// called unknown or a password wrong, as somebody may have added or changed it a moment ago. Any thread.
    /// </summary>
    /// <returns>False when too many wait or the directory has ended: answer from what is known. The refresh is the caller's again.</returns>
    public bool TryRefresh(AccountRefresh refresh) => _inbox.TryAdd(refresh);

    /// <summary>Looks at the database and answers everybody who waits. Only when <see cref="Start"/> was not called.</summary>
    public void RunPending()
    {
        // Who waits is taken first: what was committed before somebody asked is then seen.
        AccountRefresh? oldest = _inbox.TakeAll();
        Update();
        Answer(oldest);
    }

    /// <summary>Stops, and answers who still waits.</summary>
    public void Dispose()
    {
        if (_isStopping) return;
        _isStopping = true;
        _inbox.Wake();
        if (_thread is null) Answer(_inbox.TakeAllAndClose());
        else _thread.Join();
        _changes.Dispose();
        _inbox.Dispose();
    }

    private void RunUntilStopped()
    {
        while (!_isStopping)
        {
            _inbox.Wait(PollInterval);
            RunPending();
        }

        Answer(_inbox.TakeAllAndClose());
    }

    private void Update()
    {
        try
        {
            _changes.Read();
            _isFailing = false;
        }
        catch (StorageException e)
        {
            // The accounts that are known stay usable. Said once, not twice a second.
            if (!_isFailing) Log.AccountsNotRefreshed(_logger, e);
            _isFailing = true;
        }
    }

    private void Answer(AccountRefresh? oldest)
    {
        while (oldest is not null)
        {
            AccountRefresh refresh = oldest;
            oldest = (AccountRefresh?)refresh.Next;
            refresh.Next = null;
            _inbox.Done();
            refresh.OnRefreshed();
        }
    }
}
