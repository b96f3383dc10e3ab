using Microsoft.Data.Sqlite;
using Parley.Core;
using Parley.Server.Storage;

namespace Parley.Server.Protection;

/// <summary>The bans in the data folder: the server writes them, people list and lift them, and they outlive a restart.</summary>
/// <remarks>Any number of processes may use it at a time; one instance belongs to one thread.</remarks>
public sealed class BanStore : IDisposable
{
    private readonly Database _database;
    private readonly SqliteConnection _connection;
    private long _seenDataVersion = -1;

    /// <summary>Opens the bans of a data folder; makes both when they are missing.</summary>
    /// <exception cref="StorageException">They cannot be used.</exception>
    public BanStore(string dataFolder)
    {
        _database = Database.Open(dataFolder, Database.Bans);
        _connection = _database.Connect();
    }

    /// <summary>The bans that stand, by source and user.</summary>
    /// <exception cref="StorageException">The database failed.</exception>
    public IReadOnlyList<Ban> List(DateTimeOffset now) => Run("SELECT source, user, port, failures, since, until, times FROM ban WHERE until > $now ORDER BY source, user", command =>
    {
        command.Parameters.AddWithValue("$now", now.ToUnixTimeMilliseconds());
        using SqliteDataReader reader = command.ExecuteReader();
        var bans = new List<Ban>();
        while (reader.Read())
        {
            if (!NetworkAddress.TryParseHost(reader.GetString(0), 0, out NetworkAddress source)) continue;
            bans.Add(new Ban(
                source, reader.GetString(1), (ushort)reader.GetInt32(2), reader.GetInt32(3), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(4)),
                DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(5)), reader.GetInt32(6)));
        }

        return bans;
    });

    /// <summary>Lifts the bans of the source that an address belongs to; a running server notices within a second.</summary>
    /// <returns>How many there were that still stood.</returns>
    /// <exception cref="StorageException">The database failed.</exception>
    public int Lift(NetworkAddress address, DateTimeOffset now) => Run("DELETE FROM ban WHERE source = $source AND until > $now", command =>
    {
        command.Parameters.AddWithValue("$source", Source.Show(Source.Of(address)));
        command.Parameters.AddWithValue("$now", now.ToUnixTimeMilliseconds());
        return command.ExecuteNonQuery();
    });

    /// <summary>Writes bans, each in place of an older one of the same source and user.</summary>
    /// <exception cref="StorageException">The database failed.</exception>
    internal void Put(IReadOnlyList<Ban> bans)
    {
        foreach (Ban ban in bans)
        {
            Run("INSERT OR REPLACE INTO ban (source, user, port, failures, since, until, times) VALUES ($source, $user, $port, $failures, $since, $until, $times)", command =>
            {
                command.Parameters.AddWithValue("$source", Source.Show(ban.Source));
                command.Parameters.AddWithValue("$user", ban.User);
                command.Parameters.AddWithValue("$port", (int)ban.Port);
                command.Parameters.AddWithValue("$failures", ban.Failures);
                command.Parameters.AddWithValue("$since", ban.Since.ToUnixTimeMilliseconds());
                command.Parameters.AddWithValue("$until", ban.Until.ToUnixTimeMilliseconds());
                command.Parameters.AddWithValue("$times", ban.Times);
                return command.ExecuteNonQuery();
            });
        }
    }

    /// <summary>Removes the bans that are over.</summary>
    /// <exception cref="StorageException">The database failed.</exception>
    internal void RemoveOver(DateTimeOffset now) => Run("DELETE FROM ban WHERE until <= $now", command =>
    {
        command.Parameters.AddWithValue("$now", now.ToUnixTimeMilliseconds());
        return command.ExecuteNonQuery();
    });

    /// <summary>True when another process has changed something since the last call; what it changes later is then seen by the next one.</summary>
    /// <exception cref="StorageException">The database failed.</exception>
    internal bool HasChanged()
    {
        long version = Run("PRAGMA data_version", command => (long)command.ExecuteScalar()!);
        bool hasChanged = version != _seenDataVersion;
        _seenDataVersion = version;
        return hasChanged;
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private T Run<T>(string sql, Func<SqliteCommand, T> run)
    {
        try
        {
            using SqliteCommand command = _connection.CreateCommand();
            command.CommandText = sql;
            return run(command);
        }
        catch (SqliteException e)
        {
            throw _database.Translate(e);
        }
    }
}
