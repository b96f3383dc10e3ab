using Microsoft.Data.Sqlite;
using Parley.Server.Storage;

namespace Parley.Server.Registrar;

/// <summary>Bindings in SQLite: a row per address of record, a transaction per batch.</summary>
internal sealed class SqliteBindingStore : IBindingStore
{
    private readonly Database _database;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _put;
    private readonly SqliteParameter _putKey, _putRecord;
    private readonly SqliteCommand _remove;
    private readonly SqliteParameter _removeKey;

    /// <summary>The store in a data folder.</summary>
    /// <exception cref="StorageException">It cannot be used.</exception>
    public SqliteBindingStore(string folder)
    {
        _database = Database.Open(folder, Database.Location);
        _connection = _database.Connect();
        _put = _connection.CreateCommand();
        _put.CommandText = "INSERT INTO binding (address_of_record, record) VALUES ($key, $record) ON CONFLICT DO UPDATE SET record = excluded.record";
        _putKey = _put.Parameters.Add("$key", SqliteType.Blob);
        _putRecord = _put.Parameters.Add("$record", SqliteType.Blob);
        _remove = _connection.CreateCommand();
        _remove.CommandText = "DELETE FROM binding WHERE address_of_record = $key";
        _removeKey = _remove.Parameters.Add("$key", SqliteType.Blob);
    }

    /// <inheritdoc/>
    public void Load(Action<byte[]> receive)
    {
        try
        {
            using SqliteCommand command = _connection.CreateCommand();
            command.CommandText = "SELECT record FROM binding";
            using SqliteDataReader reader = command.ExecuteReader();
            while (reader.Read()) receive(reader.GetFieldValue<byte[]>(0));
        }
        catch (SqliteException e)
        {
            throw _database.Translate(e);
        }
    }

    /// <inheritdoc/>
    public void Commit(ReadOnlySpan<BindingChange> batch)
    {
        try
        {
            using SqliteTransaction transaction = _connection.BeginTransaction(deferred: false);
            _put.Transaction = _remove.Transaction = transaction;
            foreach (ref readonly BindingChange change in batch)
            {
                if (change.Record is null)
                {
                    _removeKey.Value = change.AddressOfRecord;
                    _remove.ExecuteNonQuery();
                }
                else
                {
                    _putKey.Value = change.AddressOfRecord;
                    _putRecord.Value = change.Record;
                    _put.ExecuteNonQuery();
                }
            }

            transaction.Commit();
        }
        catch (SqliteException e)
        {
            throw _database.Translate(e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _put.Dispose();
        _remove.Dispose();
        _connection.Dispose();
    }
}
