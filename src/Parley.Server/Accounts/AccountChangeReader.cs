using Microsoft.Data.Sqlite;
using Parley.Server.Storage;
using Parley.Sip.Authentication;

namespace Parley.Server.Accounts;

/// <summary>Copies accounts from the database into a table, and later what changed since.</summary>
/// <remarks>
/// <c>PRAGMA data_version</c> moves when another connection commits; then the revision says whether accounts were
/// among it, and the rows with a younger revision are what is new. One thread reads; the table is read by any.
/// </remarks>
internal sealed class AccountChangeReader : IDisposable
{
    private readonly Database _database;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _dataVersion;
    private long _seenDataVersion = -1;
    private long _seenRevision = -1;

    public AccountChangeReader(string dataFolder)
    {
        _database = Database.Open(dataFolder, Database.Accounts);
        _connection = _database.Connect();
        _dataVersion = Command("PRAGMA data_version");
        try
        {
            Read();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The accounts, for look-ups by any thread.</summary>
    public RecordTable Table { get; private set; } = new();

    /// <summary>Brings the table up to date with what is committed.</summary>
    /// <exception cref="StorageException">The database cannot be read; the table is as it was.</exception>
    public void Read()
    {
        try
        {
            long dataVersion = (long)_dataVersion.ExecuteScalar()!;
            if (dataVersion == _seenDataVersion) return;
            using (SqliteTransaction snapshot = _connection.BeginTransaction(deferred: true))
            {
                ReadSnapshot(snapshot);
                snapshot.Commit();
            }

            _seenDataVersion = dataVersion;
        }
        catch (SqliteException e)
        {
            throw _database.Translate(e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _dataVersion.Dispose();
        _connection.Dispose();
    }

    private void ReadSnapshot(SqliteTransaction snapshot)
    {
        (long revision, long trimmedTo) = ReadState(snapshot);
        if (revision == _seenRevision) return;
        if (_seenRevision < trimmedTo || _seenRevision < 0)
        {
            var all = new RecordTable();
            ReadAccounts(all, -1, snapshot);
            Table = all;
        }
        else
        {
            Remove(_seenRevision, snapshot);
            ReadAccounts(Table, _seenRevision, snapshot);
        }

        _seenRevision = revision;
    }

    private (long Revision, long TrimmedTo) ReadState(SqliteTransaction snapshot)
    {
        using SqliteCommand command = Command("SELECT revision, trimmed_to FROM account_state", snapshot);
        using SqliteDataReader reader = command.ExecuteReader();
        reader.Read();
        return (reader.GetInt64(0), reader.GetInt64(1));
    }

    private void ReadAccounts(RecordTable table, long afterRevision, SqliteTransaction snapshot)
    {
        using SqliteCommand command = Command(
            "SELECT user, domain, realm, secret FROM account" + (afterRevision < 0 ? "" : " WHERE revision > $after"), snapshot);
        if (afterRevision >= 0) command.Parameters.AddWithValue("$after", afterRevision);
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            byte[] addressOfRecord = AccountName.FromStored(reader.GetString(0), reader.GetString(1)).ToUtf8();
            byte[] secret = reader.GetFieldValue<byte[]>(3);
            if (secret.Length != DigestSecret.LengthBytes || addressOfRecord.Length > AddressOfRecord.MaxBytes)
                throw new StorageException(StorageFailure.Corrupt, _database.Path, $"the database {_database.Path} is damaged: an account has a wrong form");
            table.Put(Account.CreateRecord(addressOfRecord, reader.GetString(2), secret));
        }
    }

    private void Remove(long afterRevision, SqliteTransaction snapshot)
    {
        using SqliteCommand command = Command("SELECT user, domain FROM account_removal WHERE revision > $after", snapshot);
        command.Parameters.AddWithValue("$after", afterRevision);
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read()) Table.Remove(AccountName.FromStored(reader.GetString(0), reader.GetString(1)).ToUtf8());
    }

    private SqliteCommand Command(string sql, SqliteTransaction? transaction = null)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        return command;
    }
}
