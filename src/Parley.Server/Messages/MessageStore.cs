using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Parley.Server.Accounts;
using Parley.Server.Configuration;
using Parley.Server.Storage;

namespace Parley.Server.Messages;

/// <summary>Texts that wait for users who are not there, in the data folder's <c>messages.db</c>.</summary>
/// <remarks>
/// Lanes ask and a thread of its own works, one order after the other, so that no lane waits for the disk. How many wait for whom is in memory too: a REGISTER of a user
/// for whom nothing waits costs a look at it. What was stored survives the end of the process (<see cref="Database"/>). Without <see cref="Start"/> the owner
/// calls <see cref="RunPending"/>.
/// </remarks>
internal sealed class MessageStore : IDisposable
{
    private const int MaxOrders = 4096;
    private const int MostLoaded = 100;
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private readonly Database _database;
    private readonly SqliteConnection _connection;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentQueue<Action> _orders = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly Lock _gate = new();
    private readonly HashSet<string> _underDelivery = new(StringComparer.Ordinal);      // this and the following are changed under the lock
    private volatile UserCounts _waiting = new();
    private int _total;
    private Thread? _thread;
    private volatile bool _isClosed;

    /// <summary>Opens the store of a data folder; makes both when they are missing.</summary>
    /// <exception cref="StorageException">It cannot be used.</exception>
    public MessageStore(string dataFolder, TimeProvider time, ILogger logger)
    {
        (_time, _logger) = (time, logger);
        _database = Database.Open(dataFolder, Database.Messages);
        _connection = _database.Connect();
        Sweep();
    }

    /// <summary>How many wait in all.</summary>
    public int Count => Volatile.Read(ref _total);

    /// <summary>Starts the thread.</summary>
    public void Start()
    {
        _thread = new Thread(RunUntilClosed) { IsBackground = true, Name = "messages" };
        _thread.Start();
    }

    /// <summary>True when something waits for a user. Any thread; no lock and no allocation.</summary>
    public bool HasFor(ReadOnlySpan<byte> user) => _waiting.HasAny(user);

    /// <summary>Stores a text. Any thread.</summary>
    /// <param name="message">The text.</param>
    /// <param name="limits">How many may wait.</param>
    /// <param name="done">Told on the store's thread whether it is stored.</param>
    /// <returns>False when as many wait as may, or the store cannot follow: it is not stored, and nobody is told.</returns>
    public bool TrySave(StoredMessage message, MessageOptions limits, Action<bool> done)
    {
        lock (_gate)
        {
            if (_isClosed || _waiting.Of(message.User) >= limits.MaxPerUser || _total >= limits.MaxTotal || _orders.Count >= MaxOrders) return false;
            _waiting.Add(message.User, 1);
            _total++;
            Order(() =>     // within the lock: a sweep must see what is counted and not yet stored
            {
                bool isSaved = Try(() => Insert(message));
                if (!isSaved) Uncount(message.User);
                done(isSaved);
            });
            return true;
        }
    }

    /// <summary>Takes the texts of a user for delivery, the oldest first, so that nobody else delivers them meanwhile. Any thread.</summary>
    /// <param name="user">The user.</param>
    /// <param name="loaded">Gets them on the store's thread; <see cref="EndDelivery"/> is due then.</param>
    /// <returns>False when they are under delivery, or the store cannot follow.</returns>
    public bool TryTake(string user, Action<IReadOnlyList<StoredMessage>> loaded)
    {
        lock (_gate)
        {
            if (_isClosed || _orders.Count >= MaxOrders || !_underDelivery.Add(user)) return false;
        }

        Order(() =>
        {
            List<StoredMessage> messages = [];
            Try(() => Load(user, messages));
            loaded(messages);
        });
        return true;
    }

    /// <summary>A text was delivered. Any thread.</summary>
    public void Delete(StoredMessage message) => Order(() =>
    {
        if (Try(() => Execute("DELETE FROM message WHERE id = $id", ("$id", message.Id)))) Uncount(message.User);
    });

    /// <summary>The delivery of a user's texts has ended, with all of them or before. Any thread.</summary>
    public void EndDelivery(string user) => Order(() =>
    {
        lock (_gate) _underDelivery.Remove(user);
    });

    /// <summary>Does what was ordered.</summary>
    public void RunPending()
    {
        while (_orders.TryDequeue(out Action? order)) order();
    }

    /// <summary>Does what was ordered, and closes the store.</summary>
    public void Dispose()
    {
        if (_isClosed) return;
        _isClosed = true;
        _arrived.Release();
        _thread?.Join();
        RunPending();
        _connection.Dispose();
        _arrived.Dispose();
    }

    private void Order(Action order)
    {
        _orders.Enqueue(order);
        if (!_isClosed && _thread is not null) _arrived.Release();
    }

    private void RunUntilClosed()
    {
        long swept = _time.GetTimestamp();
        while (!_isClosed)
        {
            _arrived.Wait(SweepInterval);
            RunPending();
            if (_time.GetElapsedTime(swept) < SweepInterval) continue;
            swept = _time.GetTimestamp();
            Try(Sweep);
        }
    }

    private bool Try(Action work)
    {
        try
        {
            work();
            return true;
        }
        catch (SqliteException e)
        {
            Log.MessagesFailed(_logger, _database.Translate(e));
            return false;
        }
    }

    /// <summary>Removes what has expired, and counts what waits.</summary>
    private void Sweep()
    {
        Execute("DELETE FROM message WHERE expires <= $now", ("$now", _time.GetUtcNow().ToUnixTimeMilliseconds()));
        using SqliteCommand command = Command("SELECT user, count(*) FROM message GROUP BY user");
        using SqliteDataReader reader = command.ExecuteReader();
        UserCounts waiting = new();
        int total = 0;
        while (reader.Read())
        {
            int count = reader.GetInt32(1);
            waiting.Add(reader.GetString(0), count);
            total += count;
        }

        lock (_gate)
        {
            if (!_orders.IsEmpty) return;       // what is about to be stored is counted already: another time
            (_waiting, _total) = (waiting, total);
        }
    }

    private void Insert(StoredMessage message) => Execute(
        "INSERT INTO message (user, sender, content_type, body, received, expires) VALUES ($user, $sender, $type, $body, $received, $expires)",
        ("$user", message.User),
        ("$sender", message.Sender),
        ("$type", message.ContentType),
        ("$body", message.Body),
        ("$received", message.Received.ToUnixTimeMilliseconds()),
        ("$expires", message.ExpiresAt.ToUnixTimeMilliseconds()));

    private void Load(string user, List<StoredMessage> messages)
    {
        using SqliteCommand command = Command(
            "SELECT id, sender, content_type, body, received, expires FROM message WHERE user = $user AND expires > $now ORDER BY id LIMIT $most",
            ("$user", user), ("$now", _time.GetUtcNow().ToUnixTimeMilliseconds()), ("$most", MostLoaded));
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            messages.Add(new StoredMessage(
                user, reader.GetString(1), reader.GetString(2), reader.GetFieldValue<byte[]>(3), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(4)), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(5)))
            {
                Id = reader.GetInt64(0),
            });
        }
    }

    private void Uncount(string user)
    {
        lock (_gate)
        {
            if (_waiting.Of(user) == 0) return;     // it has expired meanwhile
            _waiting.Add(user, -1);
            _total--;
        }
    }

    private void Execute(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using SqliteCommand command = Command(sql, parameters);
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach ((string name, object value) in parameters) command.Parameters.AddWithValue(name, value);
        return command;
    }
}
