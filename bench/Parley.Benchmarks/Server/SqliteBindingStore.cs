using Microsoft.Data.Sqlite;
using Parley.Server.Registrar;
using Parley.Server.Storage;

namespace Parley.Benchmarks.Server;

/// <summary>The log of bindings in SQLite, a row per change and a transaction per batch: what the journal is measured against (docs/performance.md).</summary>
internal sealed class SqliteBindingStore : IBindingStore
{
    /// <summary>How many rows that are no longer needed a commit deletes at most: some more than it adds, and not so many that it takes long.</summary>
    private const int ForgottenPerChange = 4;
    private const int ForgottenPerCommit = 1024;

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _append;
    private readonly SqliteParameter _sequence, _record;
    private readonly SqliteCommand _forget;
    private readonly SqliteParameter _forgetBelow;
    private long _first = 1;                // the oldest change that is still there
    private long _next = 1;                 // the sequence number of the next change
    private long _generation = 1;           // the first change of this generation
    private long _neededFrom = 1;           // older changes may go

    /// <summary>A store in a folder.</summary>
    public SqliteBindingStore(string folder)
    {
        _connection = new SqliteConnection($"Data Source={Path.Combine(folder, "location.db")};Pooling=False");
        _connection.Open();
        using (SqliteCommand create = _connection.CreateCommand())
        {
            create.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE IF NOT EXISTS binding_change (sequence INTEGER PRIMARY KEY, record BLOB NOT NULL)";
            create.ExecuteNonQuery();
        }

        _append = _connection.CreateCommand();
        _append.CommandText = "INSERT INTO binding_change (sequence, record) VALUES ($sequence, $record)";
        _sequence = _append.Parameters.Add("$sequence", SqliteType.Integer);
        _record = _append.Parameters.Add("$record", SqliteType.Blob);
        _forget = _connection.CreateCommand();
        _forget.CommandText = "DELETE FROM binding_change WHERE sequence < $below";
        _forgetBelow = _forget.Parameters.Add("$below", SqliteType.Integer);
    }

    /// <inheritdoc/>
    public long ChangeCount => _next - _first;

    /// <inheritdoc/>
    public int Load(RecordReceiver receive)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = "SELECT sequence, record FROM binding_change ORDER BY sequence";
        using SqliteDataReader reader = command.ExecuteReader();
        bool isFirst = true;
        while (reader.Read())
        {
            long sequence = reader.GetInt64(0);
            if (isFirst) _first = _neededFrom = _generation = sequence;
            isFirst = false;
            _next = sequence + 1;
            receive(reader.GetFieldValue<byte[]>(1));
        }

        return 0;
    }

    /// <inheritdoc/>
    public void Commit(RecordBatch changes)
    {
        long next = _next;
        long forgetBelow = Math.Min(_neededFrom, _first + ForgottenPerCommit + (ForgottenPerChange * changes.Count));
        using SqliteTransaction transaction = _connection.BeginTransaction(deferred: false);
        _append.Transaction = _forget.Transaction = transaction;
        for (int i = 0; i < changes.Count; i++)
        {
            _sequence.Value = next++;
            _record.Value = changes[i].ToArray();
            _append.ExecuteNonQuery();
        }

        if (forgetBelow > _first)
        {
            // From the oldest on: what is left is always the end of the log, so a removal never goes before what it removes.
            _forgetBelow.Value = forgetBelow;
            _forget.ExecuteNonQuery();
        }

        transaction.Commit();

        (_next, _first) = (next, forgetBelow);
    }

    /// <inheritdoc/>
    public void BeginGeneration() => _generation = _next;

    /// <inheritdoc/>
    public void ForgetEarlierGenerations() => _neededFrom = _generation;

    /// <inheritdoc/>
    public void Maintain()
    {
        // SQLite does it within its commits.
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _append.Dispose();
        _forget.Dispose();
        _connection.Dispose();
    }
}
